"""Memory and first chunk of long files next to short ones."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from documents import make_pdf
from runs import client, plan_for
from tables import Table

from dsocr_loaders.testing.endpoint import EndpointPlan, SimulatedEndpoint

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["first_chunk_table", "memory_table"]

MEMORY_CEILING = 1.10
FIRST_CHUNK_CEILING = 1.2
SLOTS = 64


def memory_table(folder: Path, *, short: int, long: int) -> Table:
    """Return peak memory over a short and a long file; the endpoint is faster than two cores can feed."""
    table = Table(
        "Memory: peak of the reading process and of its page workers",
        ("pages", "seconds", "peak MiB", "workers' peak MiB"),
    )
    peaks = []
    for pages in (short, long):
        with SimulatedEndpoint(plan_for(SLOTS, 200.0)) as endpoint:
            said = client(endpoint, make_pdf(folder, pages))
        table.add(pages, said["took_s"], said["peak_mib"], said["workers_peak_mib"])
        peaks.append(said["peak_mib"])
        if said["pages"] != pages:
            table.misses.append(f"{said['pages']} results for {pages} pages")
    table.ceiling(f"memory at {long} pages over that at {short}", peaks[1] / peaks[0], MEMORY_CEILING)
    return table


def first_chunk_table(folder: Path, *, short: int, long: int, rounds: int) -> Table:
    """Return the time to the first chunk of a short and a long file; the runs are given up after eight pages.

    The endpoint has a real one's speed here, so that the answers take the seconds that they take. Both files are asked
    for eight pages at a time: with more requests running, a server's answers take longer.
    """
    table = Table("First chunk: seconds from the call, median", ("pages", "rounds", "first chunk s"))
    pdfs = [make_pdf(folder, pages) for pages in (short, long)]
    times: list[list[float]] = [[], []]
    with SimulatedEndpoint(EndpointPlan(slots=SLOTS)) as endpoint:
        for _ in range(rounds):
            for position, pdf in enumerate(pdfs):
                times[position].append(client(endpoint, pdf, give_up_after=8, max_concurrency=8)["first_chunk_s"])
    medians = [statistics.median(each) for each in times]
    for pages, median in zip((short, long), medians, strict=True):
        table.add(pages, rounds, median)
    table.ceiling(f"first chunk of {long} pages over that of {short}", medians[1] / medians[0], FIRST_CHUNK_CEILING)
    return table
