"""A run as log records."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dsocr_loaders.errors import placed
from dsocr_loaders.observers.report import RunFinished, RunStarted
from dsocr_loaders.pipeline import (
    FigureRead,
    PageFinished,
    PageRepairTried,
    PageRetried,
    SourceDone,
    SourceOpened,
    SourceRefused,
)

if TYPE_CHECKING:
    from dsocr_loaders.observers.report import Event
    from dsocr_loaders.values import PagePlace, PageResult

__all__ = ["LogObserver"]


class LogObserver:
    """Writes what a person would want to read in a log.

    Beginnings, ends, retries, repairs and what is wrong with answers at INFO, each page at DEBUG, pages that failed and
    sources that were refused at WARNING.

    Args:
        logger: by default `dsocr_loaders.run`.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("dsocr_loaders.run")

    def observe(self, event: Event) -> None:
        """Take the next event."""
        log = self._logger
        match event:
            case RunStarted():
                log.info("reading with %s, %d pages at a time", event.engine, event.capacity)
            case SourceOpened(source=source, page_numbers=numbers):
                log.info("%s: %d pages", source.name, len(numbers))
            case SourceDone(source=source):
                log.info("%s: done", source.name)
            case SourceRefused(failure=failure):
                log.warning("%s", placed(failure.message, failure.name))
            case PageRetried(place=place, error=error):
                log.info(
                    "%s; trying again in %.1f s",
                    placed(str(error), place.source.name, place.page_number),
                    event.delay_s,
                )
            case PageRepairTried(place=place, step=step):
                log.info("%s: repair by %s: %s", place, step.rung, step.detail)
            case FigureRead(place=place, detail=detail) if detail:
                log.info("%s: the figure in region %d was not read: %s", place, event.region, detail)
            case PageFinished(place=place, result=result):
                self._finished(place, result)
            case RunFinished(report=report):
                log.info("%d pages in %.1f s, %d failed", report.pages, report.elapsed_s, report.failed_pages)
            case _:
                pass

    def _finished(self, place: PagePlace, result: PageResult) -> None:
        if result.error is not None:
            self._logger.warning("%s", result.error.message)
            return
        self._logger.debug("%s: %s", place, result.status)
        for finding in result.health:
            self._logger.info("%s: %s: %s", place, finding.fault, finding.detail)
