"""How much of an endpoint's own rate a run keeps, what order costs, and how many images are held."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from documents import make_pdf
from runs import measure, plan_for
from tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["share_table"]

SHARE_FLOOR = 0.97
ORDER_FLOOR = 0.99
HEADROOM = 1.1
MOST_BEYOND = 1.25  # images of a run that has to find the slots, over those of one that is told them


def share_table(folder: Path, *, waves: Mapping[int, int], pages_per_s: float, floor: float) -> Table:
    """Return shares of the list schedule: in order and as they come with the slots told, and with slots to be found.

    Told means `max_concurrency` is the number of slots, so that the image budget, 1.1 times the engine's slots, is
    known and asserted. Where the slots are found from the server's metrics, the search goes a little beyond them.

    Args:
        folder: for PDFs.
        waves: pages a slot, by the number of slots. Starting and filling the slots takes seconds whatever the length.
        pages_per_s: of the endpoints; see `plan_for`.
        floor: least share.
    """
    table = Table(
        "Engine share: the endpoint's list schedule over the time from PDF to the last chunk",
        ("slots", "pages", "optimum s", "run", "took s", "share", "images", "allowed"),
    )
    for slots, waves_of_pages in waves.items():
        plan, pages = plan_for(slots, pages_per_s), waves_of_pages * slots
        pdf, allowed = make_pdf(folder, pages), ceil(HEADROOM * slots)
        runs = {
            "in order": measure(plan, pdf, max_concurrency=slots),
            "as they come": measure(plan, pdf, max_concurrency=slots, ordered=False),
            "slots found": measure(plan, pdf, max_concurrency=4 * slots),
        }
        for name, run in runs.items():
            held = run.client["most_held"]
            table.add(
                slots, pages, run.endpoint.list_schedule_s, name, run.client["took_s"], run.share, held, allowed
            )  # fmt: skip
            most = allowed if name != "slots found" else ceil(MOST_BEYOND * allowed)
            table.ceiling(f"images at {slots} slots, {name}", held, most)
            if run.client["pages"] != pages:
                table.misses.append(f"{run.client['pages']} results for {pages} pages")
            if name != "as they come":
                table.floor(f"share at {slots} slots, {name}", run.share, floor)
        tax = runs["in order"].share / runs["as they come"].share
        table.floor(f"order tax at {slots} slots", tax, ORDER_FLOOR if floor == SHARE_FLOOR else floor)
    return table
