"""One run of the worker module as a subprocess: starting it, talking to it, ending it.

Started with `subprocess`, never with multiprocessing, so that it works inside daemonic pool workers, in scripts
without a `__main__` guard, in threads and under a running event loop. The PDF libraries run in there alone: they hold
the interpreter's lock while they render, are not safe in threads, and may crash.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from dsocr_loaders.errors import DsocrError
from dsocr_loaders.pages.beginning import environment_for_child, import_paths
from dsocr_loaders.pages.wire import Greeting, Order, read_frame, write_frame

if TYPE_CHECKING:
    from io import FileIO

    from dsocr_loaders.pages.wire import Reply

__all__ = ["WORKER_MODULE", "WorkerLost", "WorkerProcess", "signal_name"]

WORKER_MODULE = "dsocr_loaders.pages.worker"
_START_TIMEOUT_S = 60.0
_KILL_TIMEOUT_S = 5.0
_STDERR_BYTES = 4096  # of what a worker wrote last, for the message when it dies


class WorkerLost(Exception):
    """The subprocess crashed or hung; the text completes "the page worker ...".

    Attributes:
        has_started: whether it had ever answered.
    """

    def __init__(self, message: str, *, has_started: bool) -> None:
        super().__init__(message)
        self.has_started = has_started


class WorkerProcess:
    """One run of the worker module, for one caller at a time; only `kill` may be called by others.

    Raises:
        DsocrError: the system does not start it.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._is_greeted = False
        self._is_killed = False
        self._replies: queue.SimpleQueue[bytearray | None] = queue.SimpleQueue()
        self._last_words = bytearray()
        try:
            self.popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", WORKER_MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment_for_child(),
            )
        except OSError as error:
            raise DsocrError(f"The page worker cannot be started with {sys.executable!r}: {error}.") from error
        self._requests = cast("FileIO", self.popen.stdin)
        replies, errors = cast("FileIO", self.popen.stdout), cast("FileIO", self.popen.stderr)
        threading.Thread(target=_collect_replies, args=(replies, self._replies), daemon=True).start()
        self._listener = threading.Thread(target=_collect_tail, args=(errors, self._last_words), daemon=True)
        self._listener.start()

    @property
    def is_usable(self) -> bool:
        """Whether it runs and belongs to this process; one that a fork brought along belongs to the parent."""
        return not self._is_killed and self._owner == os.getpid() and self.popen.poll() is None

    def ask(self, order: Order, timeout_s: float) -> Reply:
        """Return the reply to `order`.

        Raises:
            WorkerLost: the subprocess crashed or took longer than `timeout_s`, and is killed.
        """
        if not self._is_greeted:
            self._exchange(Greeting(import_paths()), _START_TIMEOUT_S)
            self._is_greeted = True
        return self._exchange(order, timeout_s)

    def _exchange(self, message: Greeting | Order, timeout_s: float) -> Reply:
        try:
            write_frame(self._requests, message)
        except (OSError, ValueError):  # ValueError: closed by another thread
            raise self._death() from None
        try:
            frame = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            self.kill()
            words = f"hung: it did not finish within {timeout_s:g} seconds"
            raise WorkerLost(words, has_started=self._is_greeted) from None
        if frame is None:
            raise self._death()
        return cast("Reply", pickle.loads(frame))  # noqa: S301 - written by our own process

    def _death(self) -> WorkerLost:
        """Return how the subprocess died."""
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=1)
        self.kill()
        self._listener.join(timeout=1)
        code = self.popen.returncode
        how = f"crashed (exit status {code}" if code is None or code >= 0 else f"crashed ({signal_name(-code)}"
        words = self._last_words.decode("utf-8", "replace").strip()
        message = f"{how}; it said: {words})" if words else f"{how})"
        return WorkerLost(message, has_started=self._is_greeted)

    def kill(self) -> None:
        """End the subprocess now. Safe to call twice, and from any thread."""
        self._is_killed = True
        if self._owner != os.getpid():
            self.popen.returncode = 0  # the parent's child, not ours: nothing to wait for
        else:
            self.popen.kill()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=_KILL_TIMEOUT_S)
        with suppress(OSError):
            self._requests.close()


def signal_name(number: int) -> str:
    """Return the name of a signal, such as `SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _collect_replies(stream: FileIO, replies: queue.SimpleQueue[bytearray | None]) -> None:
    with stream, suppress(OSError):
        while (frame := read_frame(stream)) is not None:
            replies.put(frame)
    replies.put(None)


def _collect_tail(stream: FileIO, tail: bytearray) -> None:
    with stream, suppress(OSError):
        while block := stream.read(_STDERR_BYTES):
            tail += block
            del tail[:-_STDERR_BYTES]
