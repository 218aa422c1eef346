"""Page workers side by side, for code that runs on an event loop."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.pages.fair_queue import FairQueue
from dsocr_loaders.pages.opening import BackendChoice
from dsocr_loaders.pages.page_worker import PAGE_TIMEOUT_S, PageWorker, closed_error

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dsocr_loaders.pages.jobs import Job

__all__ = ["PagePool"]

T = TypeVar("T")


class PagePool:
    """Page workers, each with a thread that waits for it, started as they are needed.

    Ends with `close`, or at the latest when the object goes away or the interpreter ends.

    A pool belongs to one `Reader` and serves all its runs, one job of each in turn. Readers do not share one: that
    would take global state whose end nobody decides. Whoever wants to start workers once keeps one reader.

    Args:
        workers: how many at most; each is a process.
        timeout_s: longest time for one job.

    Raises:
        SettingsError: `workers` is less than 1.
    """

    def __init__(self, workers: int, *, timeout_s: float = PAGE_TIMEOUT_S) -> None:
        if workers < 1:
            raise SettingsError(f"workers={workers} is not allowed; allowed: a whole number from 1.")
        self._crew = _Crew(workers, timeout_s)
        self._finalizer = weakref.finalize(self, self._crew.close)

    async def run(self, job: Job[T], *, party: Hashable = None) -> T:
        """Do one job, as `PageWorker.run`, without blocking the event loop; on whichever loop awaits it.

        Jobs of several parties that wait are taken in turn, one of each. Cancelling gives up a job that waits; one
        that runs is finished and its result dropped.

        Raises:
            DsocrError: see `PageWorker.run`.
        """
        return cast("T", await asyncio.wrap_future(self._crew.submit(job, party)))

    def close(self) -> None:
        """Kill the workers, even in the middle of a job; jobs that run or wait end with `EngineDead`.

        Takes a fraction of a second. Safe to call twice, and from any thread.
        """
        self._finalizer()


class _Crew:
    """Threads and their workers. The threads know nothing of the pool, so that it can go away while they wait.

    Daemon threads rather than a `ThreadPoolExecutor`, whose threads the interpreter waits for before it lets anyone
    clean up: a page that hangs would keep a finished program alive.
    """

    def __init__(self, workers: int, timeout_s: float) -> None:
        self._owner = os.getpid()
        self._timeout_s = timeout_s
        self._most = workers
        self._lock = threading.RLock()  # a garbage collection while it is held may bring the end of the pool
        self._queue: FairQueue[tuple[Job[Any], Future[Any]]] = FairQueue()
        self._choice = BackendChoice()
        self._workers: list[PageWorker] = []
        self._unfinished = 0  # jobs that wait or run
        self._is_closed = False

    def submit(self, job: Job[Any], party: Hashable) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            if self._is_closed or self._owner != os.getpid():
                raise closed_error()
            self._queue.put((job, future), party)
            self._unfinished += 1
            if len(self._workers) < min(self._most, self._unfinished):
                worker = PageWorker(self._choice)
                self._workers.append(worker)
                name = f"dsocr-pages-{len(self._workers)}"
                threading.Thread(target=self._serve, args=(worker,), name=name, daemon=True).start()
        return future

    def _serve(self, worker: PageWorker) -> None:
        while (item := self._queue.get()) is not None:
            job, future = item
            is_wanted = future.set_running_or_notify_cancel()
            result, error = _outcome(worker, job, self._timeout_s) if is_wanted else (None, None)
            # Before the job is seen to be over: the next one then finds this worker free, and starts no other.
            with self._lock:
                self._unfinished -= 1
            if error is not None:
                future.set_exception(error)
            elif is_wanted:
                future.set_result(result)
            # Whatever the names still hold would stay in memory until the next job comes.
            del item, job, future, result, error

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            workers = tuple(self._workers)
        for worker in workers:
            worker.close()
        # Jobs that still wait are taken even so, and the closed workers refuse them.
        self._queue.close()


def _outcome(worker: PageWorker, job: Job[Any], timeout_s: float) -> tuple[object, BaseException | None]:
    try:
        return worker.run(job, timeout_s), None
    except BaseException as error:  # noqa: BLE001 - whoever awaits the job gets it
        return None, error
