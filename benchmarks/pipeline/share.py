"""How much of an endpoint's own rate a run keeps, what order costs, and how many images are held."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from documents import make_pdf
from runs import measure, plan_for
from tables import Table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["share_table"]

SHARE_FLOOR = 0.97
ORDER_FLOOR = 0.99
HEADROOM = 1.1


def share_table(folder: Path, *, slots: tuple[int, ...], waves: int, pages_per_s: float, floor: float) -> Table:
    """Return shares of the list schedule, in order and as they come.

    Args:
        folder: for PDFs.
        slots: of the endpoints.
        waves: pages a slot.
        pages_per_s: of the endpoints; see `plan_for`.
        floor: least share.
    """
    table = Table(
        "Engine share: the endpoint's list schedule over the time from PDF to the last chunk",
        (
            "slots",
            "pages",
            "optimum s",
            "in order s",
            "share",
            "as they come s",
            "share",
            "order tax",
            "images",
            "allowed",
        ),
    )
    for count in slots:
        plan = plan_for(count, pages_per_s)
        pdf = make_pdf(folder, waves * count)
        ordered = measure(plan, pdf, max_concurrency=max(256, count))
        loose = measure(plan, pdf, max_concurrency=max(256, count), ordered=False)
        tax = ordered.share / loose.share
        allowed = ceil(HEADROOM * count)
        held = ordered.client["most_held"]
        table.add(
            count, waves * count, ordered.endpoint.list_schedule_s, ordered.client["took_s"], ordered.share,
            loose.client["took_s"], loose.share, tax, held, allowed,
        )  # fmt: skip
        table.floor(f"share at {count} slots", ordered.share, floor)
        table.floor(f"order tax at {count} slots", tax, ORDER_FLOOR if floor == SHARE_FLOOR else floor)
        if ordered.client["pages"] != waves * count:
            table.misses.append(f"{ordered.client['pages']} results for {waves * count} pages")
    return table
