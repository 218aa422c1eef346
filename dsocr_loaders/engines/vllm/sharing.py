"""Cores that readers share: one for each model and its options in this process, however many readers there are.

A model takes most of a GPU's memory, so two readers with equal settings must not load it twice. A core is kept by the
engines that use it, and by nothing else: it ends when the last of them is closed or forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from dsocr_loaders.engines.handover import HandoverFolder
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.vllm.messages import Ask, Broken, NotStarted, PageAnswer, Refused, Started, Withdraw
from dsocr_loaders.engines.vllm.process import CoreProcess
from dsocr_loaders.errors import EngineError, engine_error

if TYPE_CHECKING:
    from dsocr_loaders.engines.vllm.launch import Launch
    from dsocr_loaders.engines.vllm.messages import FromCore
    from dsocr_loaders.engines.vllm.prepare import PreparedViews
    from dsocr_loaders.values import Decoding

__all__ = ["SharedCore", "join_core"]

_log = logging.getLogger("dsocr_loaders.engines")

_START_AGAIN = "What was read is kept. Close the Reader, or make a new one, to start vLLM again."


class SharedCore:
    """A core with its event loop and the folder of pages on their way to it. `join_core` makes it.

    Attributes:
        launch: what it loads.
        loop: on which its users read; their permits are shared.
        folder: for `prepare`.
        is_started: whether its model is loaded.
    """

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.loop = EngineLoop("vllm")
        self.folder = HandoverFolder()
        self.is_started = False
        self._lock = threading.RLock()  # a garbage collection while it is held may bring a user's end
        self._users: set[object] = set()
        self._is_over = False
        # From here on for the loop alone.
        self._process: CoreProcess | None = None
        self._start: asyncio.Future[Started] | None = None
        self._answers: dict[int, asyncio.Future[PageAnswer]] = {}
        self._asked = 0
        self._death: EngineError | None = None

    def take(self, user: object) -> bool:
        """Count `user` in; False if the core is over and a new one has to be made."""
        with self._lock:
            if self._is_over:
                return False
            self._users.add(user)
            return True

    def release(self, user: object) -> None:
        """Count `user` out, and end the core if that was the last one. Safe to call twice, from any thread."""
        with self._lock:
            self._users.discard(user)
            if self._users:
                return
            self._is_over = True
        _forget(self)
        self._close()

    def _close(self) -> None:
        self.loop.close()
        if self._process is not None:
            self._process.close()
        self.folder.close()

    @property
    def process_id(self) -> int | None:
        """The core's, None before the first page."""
        return self._process.process_id if self._process is not None else None

    async def started(self) -> Started:
        """Return what the core said when its model was loaded, starting it first if nobody has.

        There is no limit of time: a model may have to be fetched. What vLLM logs says how far it is.

        Raises:
            EngineError: it does not start. That is final for this core.
        """
        if self._start is None:
            self._start = asyncio.get_running_loop().create_future()
            self._begin(self._start)
        try:
            return await asyncio.shield(self._start)
        except EngineError as error:
            raise _copy(error) from error

    def _begin(self, start: asyncio.Future[Started]) -> None:
        loop = asyncio.get_running_loop()
        began = time.monotonic()

        def hear(message: FromCore) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._hear, message)

        def ended(how: str) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end, engine_error("died", f"vLLM's process {how} {_START_AGAIN}"))

        def report(done: asyncio.Future[Started]) -> None:
            if not done.cancelled() and done.exception() is None:
                what = done.result()
                _log.info(
                    "vLLM %s is up on %s with %s, context %d, after %.0f s",
                    what.vllm_version, what.device, self.launch.arguments["model"], what.context_tokens,
                    time.monotonic() - began,
                )  # fmt: skip

        start.add_done_callback(report)
        _log.info("starting vLLM with %s; that may take minutes", self.launch.arguments["model"])
        try:
            self._process = CoreProcess(self.launch, hear, ended)
        except EngineError as error:
            self._end(error)

    def _hear(self, message: FromCore) -> None:
        if isinstance(message, PageAnswer):
            if (future := self._answers.get(message.number)) is not None and not future.done():
                future.set_result(message)
        elif isinstance(message, Refused):
            if (future := self._answers.get(message.number)) is not None and not future.done():
                future.set_exception(engine_error(message.cause, message.message))
        elif isinstance(message, Started):
            if self._start is not None and not self._start.done():
                self.is_started = True
                self._start.set_result(message)
                for permits in (self.loop.images, self.loop.slots):  # the engines' capacity has risen
                    permits.look_again()
        elif isinstance(message, NotStarted):
            _log.debug("In vLLM's process:\n%s", message.traceback)
            self._end(engine_error(message.cause, message.message))
        elif isinstance(message, Broken):
            _log.debug("In vLLM's process:\n%s", message.traceback)
            self._end(engine_error("died", f"{message.message} {_START_AGAIN}"))

    def _end(self, error: EngineError) -> None:
        """Let everybody who waits, and whoever comes, learn that the core is over. The first reason counts."""
        if self._death is not None:
            return
        self._death = error
        with self._lock:
            self._is_over = True
        _forget(self)
        if self._start is not None and not self._start.done():
            if error.cause == "died":  # it never said a word
                error = engine_error("no_engine", f"vLLM did not start: {error}")
            self._start.set_exception(error)
            self._start.exception()  # it is not lost if everybody who waited has left
        for future in self._answers.values():
            if not future.done():
                future.set_exception(_copy(error))

    async def ask(self, views: PreparedViews, prompt: str, decoding: Decoding) -> PageAnswer:
        """Return the answer for one page. For the loop, after `started`. Cancelling it takes the page back.

        Raises:
            EngineError: the page is refused, or the core is over.
        """
        if self._death is not None or self._process is None:
            raise _copy(self._death) if self._death else engine_error("died", "vLLM was not started.")
        self._asked += 1
        number = self._asked
        future = self._answers[number] = asyncio.get_running_loop().create_future()
        self._process.send(Ask(number, views, prompt, decoding))
        try:
            answer: PageAnswer = await future
        except asyncio.CancelledError:
            self._process.send(Withdraw(number))
            raise
        finally:
            del self._answers[number]
        return answer


def _copy(error: EngineError) -> EngineError:
    """Return the same error without a history, so that several reads can raise it."""
    return engine_error(error.cause, str(error))


# The one thing that readers of a process have in common: a GPU that holds a model once.
_cores: dict[tuple[int, str], SharedCore] = {}
_lock = threading.RLock()


def join_core(launch: Launch, user: object) -> SharedCore:
    """Return the core for `launch`, shared with whoever uses the same one now; `user` has to be released from it."""
    key = (os.getpid(), launch.key)  # a forked process has none of its parent's threads
    with _lock:
        core = _cores.get(key)
        if core is None or not core.take(user):
            core = _cores[key] = SharedCore(launch)
            core.take(user)
        return core


def _forget(core: SharedCore) -> None:
    with _lock:
        for key in [key for key, each in _cores.items() if each is core]:
            del _cores[key]
