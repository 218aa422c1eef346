"""The only scheduler: sources in, one result for each page out, in order.

`stream` admits pages and keeps the engine busy; `page` reads one page, in several `attempts` if need be (`retries` says
how many and when); `answering` has one question about it answered; `repairing` climbs the ladder of repairs; `figures`
has its figures read alone; `desk` renders for an engine and asks it; `parsing` takes answers apart without holding up
the loop; `outlet` restores the order; `faces` lets blocking and `await`ing callers iterate; `events` are what observers
learn.
"""

from __future__ import annotations

from dsocr_loaders.pipeline.events import (
    FigureRead,
    PageFinished,
    PageRead,
    PageRendered,
    PageRepairTried,
    PageRetried,
    PageStarted,
    RunEvent,
    SourceDone,
    SourceOpened,
    SourceRefused,
    Tell,
    tell_nobody,
)
from dsocr_loaders.pipeline.faces import ItemStream, aiterate, iterate
from dsocr_loaders.pipeline.stream import PageStream, RunItem
from dsocr_loaders.pipeline.threads import in_thread

__all__ = [
    "FigureRead",
    "ItemStream",
    "PageFinished",
    "PageRead",
    "PageRendered",
    "PageRepairTried",
    "PageRetried",
    "PageStarted",
    "PageStream",
    "RunEvent",
    "RunItem",
    "SourceDone",
    "SourceOpened",
    "SourceRefused",
    "Tell",
    "aiterate",
    "in_thread",
    "iterate",
    "tell_nobody",
]
