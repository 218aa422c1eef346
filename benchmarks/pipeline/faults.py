"""What faults cost: throughput, and the pages that were not hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documents import make_pdf
from runs import Measured, measure, plan_for
from tables import Table

from dsocr_loaders.testing.endpoint import EndpointFault, FaultPlan

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["fault_table"]

THROUGHPUT_FLOOR = 0.97
LATENCY_CEILING = 1.05
SHARES = {
    EndpointFault.BUSY: 0.01,
    EndpointFault.BUSY_RETRY_AFTER: 0.01,
    EndpointFault.SERVER_FAULT: 0.01,
    EndpointFault.RESET: 0.01,
    EndpointFault.CUT: 0.01,
}


def fault_table(folder: Path, *, slots: int, pages: int, pages_per_s: float, floor: float, ceiling: float) -> Table:
    """Return a clean run next to one in which one page in twenty goes wrong at its first try.

    A share is of the list schedule of all requests that were paid for, second tries and cut answers included, so the
    two can be compared. The time of an untouched page is that from asking for a slot to the answer, at the 99th
    percentile of the pages that needed one try in both runs.
    """
    table = Table(
        "Faults: 5 % of the pages, five kinds, at their first try",
        ("run", "pages", "requests", "seconds", "share", "p99 of untouched pages s", "failed"),
    )
    pdf = make_pdf(folder, pages)
    clean = measure(plan_for(slots, pages_per_s), pdf)
    hit = measure(plan_for(slots, pages_per_s, FaultPlan(shares=SHARES, retry_after_s=0.5)), pdf)
    retried = {str(number) for number in hit.client["retried"]}
    untouched = [number for number in hit.client["read_s"] if number not in retried]
    p99 = []
    for name, run in (("clean", clean), ("faults", hit)):
        p99.append(
            _percentile([run.client["read_s"][number] for number in untouched if number in run.client["read_s"]])
        )
        failed = run.client["statuses"].get("failed", 0)
        table.add(name, run.client["pages"], run.endpoint.requests, run.client["took_s"], run.share, p99[-1], failed)
        if failed or run.client["pages"] != pages:
            table.misses.append(f"{name}: {run.client['pages']} results for {pages} pages, {failed} failed")
    if not _was_hit(hit):
        table.misses.append("no fault was seen")
    table.floor("share with faults over the clean one", hit.share / clean.share, floor)
    table.ceiling("p99 of untouched pages with faults over the clean one", p99[1] / p99[0], ceiling)
    return table


def _was_hit(run: Measured) -> bool:
    return sum(run.endpoint.faults.values()) > 0


def _percentile(values: list[float]) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]
