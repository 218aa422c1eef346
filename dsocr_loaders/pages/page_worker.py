"""A page worker as its owner sees it: jobs go in, results come out, and what dies is replaced."""

from __future__ import annotations

import logging
import pickle
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Self, TypeVar, cast

from dsocr_loaders.errors import DsocrError, SettingsError, SourceDamaged, engine_error
from dsocr_loaders.pages.opening import PDF, BackendChoice
from dsocr_loaders.pages.process import WORKER_MODULE, WorkerLost, WorkerProcess
from dsocr_loaders.pages.wire import Failed, Order

if TYPE_CHECKING:
    from types import TracebackType

    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.pages.jobs import Job
    from dsocr_loaders.pages.wire import Reply

__all__ = ["PAGE_TIMEOUT_S", "PageWorker", "closed_error"]

PAGE_TIMEOUT_S = 120.0
"""Longest time for one page; a page of a PDF that takes longer is one that a library hangs on."""

_TRIES = 2

logger = logging.getLogger("dsocr_loaders.pages")

T = TypeVar("T")


class PageWorker:
    """A subprocess that does jobs, one at a time, started on the first one and replaced when it dies.

    Ends with `close`, at the end of a `with` block, or at the latest when the object goes away or the interpreter
    ends; if the owner is killed, the worker ends by itself.

    Args:
        choice: shared by workers of one pool, so that the choice of library is logged once.
    """

    def __init__(self, choice: BackendChoice | None = None) -> None:
        self._choice = choice or BackendChoice()
        self._busy = threading.Lock()
        self._slot = _Slot()
        self._finalizer = weakref.finalize(self, self._slot.close)

    def run(self, job: Job[T], timeout_s: float = PAGE_TIMEOUT_S) -> T:
        """Do one job and return its result. Blocks; may be called from any thread.

        A worker that crashes or takes longer than `timeout_s` is replaced, and the job is tried once more.

        Raises:
            DsocrError: as it was raised in the worker.
            SourceDamaged: the job crashed or hung twice.
            SettingsError: the engine's `prepare`, or what it returns, cannot be pickled.
            EngineDead: the worker was closed.
        """
        order = Order(_pickled(self._choice.settled(job)), timeout_s)
        lost: WorkerLost | None = None
        with self._busy:
            for _ in range(_TRIES):
                process = self._slot.process()
                try:
                    reply = process.ask(order, timeout_s)
                except WorkerLost as error:
                    lost = error
                    if not self._slot.is_closed:
                        logger.warning("%s: the page worker %s.", job.place, error)
                except BaseException:
                    process.kill()  # interrupted in between: its reply would be taken for that of the next job
                    raise
                else:
                    return cast("T", _result(reply))
        if self._slot.is_closed:
            raise closed_error()
        if lost is not None and not lost.has_started:
            raise DsocrError(f"The page worker does not start: it {lost}. It is {sys.executable!r} -m {WORKER_MODULE}.")
        hints = [f"{job.place}: the page worker {lost}, and again when it was tried once more."]
        if str(lost).startswith("crashed"):
            # The libraries do not say so: pdfium ends its process at once.
            hints.append(f"It may have needed more memory than limits.worker_bytes={job.options.limits.worker_bytes}.")
        if job.source.media_type == PDF:
            hints.append('Another pdf_backend ("pymupdf" or "pdfium") may read it.')
        raise SourceDamaged(" ".join(hints)) from lost

    @property
    def process_id(self) -> int | None:
        """The subprocess's id, None while none runs."""
        return self._slot.process_id

    def close(self) -> None:
        """Kill the subprocess, even in the middle of a job. Safe to call twice, and from any thread."""
        self._slot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _Slot:
    """The place of one subprocess; closed once and for all."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a garbage collection while it is held may bring this slot's own end
        self._process: WorkerProcess | None = None
        self.is_closed = False

    def process(self) -> WorkerProcess:
        """Return the running subprocess, started now if there is none."""
        with self._lock:
            if self.is_closed:
                raise closed_error()
            if self._process is not None and not self._process.is_usable:
                self._process.kill()
                self._process = None
            if self._process is None:
                self._process = WorkerProcess()
                if self.is_closed:
                    self.close()
                    raise closed_error()
            return self._process

    @property
    def process_id(self) -> int | None:
        process = self._process
        return process.popen.pid if process is not None and process.is_usable else None

    def close(self) -> None:
        with self._lock:
            self.is_closed = True
            process, self._process = self._process, None
        if process is not None:
            process.kill()


def closed_error() -> EngineError:
    """Return the error for a job that meets closed workers."""
    return engine_error("died", "The page workers are closed. Make a new Reader to read more.")


def _pickled(job: Job[T]) -> bytes:
    try:
        return pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise SettingsError(
            f"The engine's prepare cannot be sent to a page worker ({type(error).__name__}: {error}). It has to be a "
            "function of a module that can be imported, or a functools.partial of one with plain arguments: no lambda, "
            "no function inside another, no object with locks or connections."
        ) from error


def _result(reply: Reply) -> object:
    if isinstance(reply, Failed):
        logger.debug("In the page worker:\n%s", reply.traceback)
        raise reply.error
    return reply.result
