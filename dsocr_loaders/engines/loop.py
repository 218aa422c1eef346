"""An event loop in a thread of its own, which every engine has one of.

Engines and the pipeline live on it, so the package works from plain scripts, threads and running event loops alike:
the caller's side, blocking or `await`ing, only hands coroutines over.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders.engines.permits import FairPermits
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

__all__ = ["EngineLoop"]

T = TypeVar("T")


class EngineLoop:
    """An event loop that runs in a daemon thread, started on first use.

    Args:
        name: shown as the thread's name.

    Attributes:
        slots: permits for reads at the same time, shared by all runs of the engine. A read that waits for one is not
            being read yet: no time limit runs. For use on the loop.
        images: permits for page images, from before a page is rendered until its answer is parsed; likewise.
    """

    def __init__(self, name: str) -> None:
        self.slots = FairPermits()
        self.images = FairPermits()
        self._name = name
        self._owner = os.getpid()  # threads do not survive a fork
        self._lock = threading.RLock()  # a garbage collection while it is held may close an iterator, which submits
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finalizer: weakref.finalize[[asyncio.AbstractEventLoop, threading.Thread], EngineLoop] | None = None
        self._is_closed = False

    def submit(self, coroutine: Coroutine[object, object, T]) -> Future[T]:
        """Start `coroutine` on the loop and return its future. May be called from any thread.

        Raises:
            EngineDead: the loop is closed.
        """
        if self._owner != os.getpid():
            coroutine.close()
            raise engine_error(
                "died", "The engine was made before this process was forked. Make a new one in each process."
            )
        with self._lock:
            if self._is_closed or (self._finalizer is not None and not self._finalizer.alive):
                coroutine.close()
                raise engine_error("died", "The engine is closed. Make a new Reader to read more.")
            if self._loop is None:
                self._loop = self._start()
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this very loop, where waiting for a submitted coroutine would never end."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_run, args=(loop,), name=f"dsocr-{self._name}", daemon=True)
        thread.start()
        self._finalizer = weakref.finalize(self, _stop, loop, thread)
        return loop

    def close(self) -> None:
        """Cancel what runs, end the loop and its thread. Safe to call twice, and from the loop's own thread."""
        with self._lock:
            self._is_closed = True
            finalizer = self._finalizer
        if finalizer is not None:  # not under the lock: a coroutine that cleans up may close or submit in its turn
            finalizer()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        leftover = asyncio.all_tasks(loop)
        for task in leftover:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*leftover, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


_LONGEST_WAIT_S = 5.0


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join(timeout=_LONGEST_WAIT_S)
