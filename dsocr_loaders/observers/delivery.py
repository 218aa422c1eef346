"""Events from a run to its observers, without the run ever waiting for them."""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING

from dsocr_loaders.observers.report import RunCount, RunFinished, RunStarted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.observers.report import Event, Observer, RunReport
    from dsocr_loaders.pipeline import RunEvent

__all__ = ["MOST_WAITING", "EventDelivery"]

MOST_WAITING = 2_000
"""Events that wait for slow observers; what comes on top is left out and counted. An event may hold a page's text."""

_LONGEST_GOODBYE_S = 2.0

_log = logging.getLogger(__name__)


class EventDelivery:
    """Takes events on the run's thread and hands them to observers on another, in order. One for each run.

    Args:
        observers: each gets every event. Without any there is no thread, and only the report is kept.
        engine: fingerprint of the engine.
        capacity: of the engine.
    """

    def __init__(self, observers: Sequence[Observer], *, engine: str, capacity: int) -> None:
        started = RunStarted(engine, capacity)
        self._count = RunCount(started)
        self._observers = list(observers)
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._unseen = 0
        self._report: RunReport | None = None
        self._thread: threading.Thread | None = None
        if self._observers:
            self._events.put(started)
            self._thread = threading.Thread(target=self._deliver, name="dsocr-observers", daemon=True)
            self._thread.start()

    def tell(self, event: RunEvent) -> None:
        """Pass an event on; takes microseconds and never blocks."""
        if self._report is not None:
            return
        self._count.add(event)
        if self._thread is None:
            return
        if self._events.qsize() >= MOST_WAITING:
            self._unseen += 1
        else:
            self._events.put(event)

    def finish(self) -> RunReport:
        """End the run and return its report. Safe to call twice; waits two seconds at most for slow observers."""
        if self._report is None:
            self._report = self._count.report(unseen_events=self._unseen)
            if self._unseen:
                _log.warning("Observers were too slow: %d events were left out.", self._unseen)
            if self._thread is not None:
                self._events.put(RunFinished(self._report))
                self._events.put(None)
                if self._thread is not threading.current_thread():
                    self._thread.join(_LONGEST_GOODBYE_S)
        return self._report

    def _deliver(self) -> None:
        while (event := self._events.get()) is not None:
            for observer in tuple(self._observers):
                try:
                    observer.observe(event)
                except Exception:  # noqa: BLE001 - an observer's own bug must not end the run
                    _log.exception("The observer %r failed and gets no more events of this run.", observer)
                    self._observers.remove(observer)
