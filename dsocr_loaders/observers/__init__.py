"""Who watches a run: the delivery of its events, its report, a progress bar, log records.

An observer is any object with `observe(event)`. Events are `RunStarted`, those of `dsocr_loaders.pipeline.events`, and
`RunFinished` with the run's report.
"""

from __future__ import annotations

from dsocr_loaders.observers.delivery import MOST_WAITING, EventDelivery
from dsocr_loaders.observers.logs import LogObserver
from dsocr_loaders.observers.progress import ProgressObserver
from dsocr_loaders.observers.report import Event, Observer, RunCount, RunFinished, RunReport, RunStarted

__all__ = [
    "MOST_WAITING",
    "Event",
    "EventDelivery",
    "LogObserver",
    "Observer",
    "ProgressObserver",
    "RunCount",
    "RunFinished",
    "RunReport",
    "RunStarted",
]
