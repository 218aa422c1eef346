"""The core as its owner sees it: a subprocess that is started, spoken to, and ended.

Started with `subprocess`, never with multiprocessing, so that it works inside daemonic pool workers, in scripts without
a `__main__` guard, in notebooks and under a running event loop. It has a session of its own: Ctrl-C does not reach
it, and whatever vLLM starts in there ends with it.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from dsocr_loaders.engines.vllm.messages import Begin
from dsocr_loaders.errors import engine_error
from dsocr_loaders.pages.beginning import environment_for_child, import_paths
from dsocr_loaders.pages.process import signal_name
from dsocr_loaders.pages.wire import read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO

    from dsocr_loaders.engines.vllm.launch import Launch
    from dsocr_loaders.engines.vllm.messages import FromCore, ToCore

__all__ = ["CORE_MODULE", "CoreProcess"]

CORE_MODULE: Final = "dsocr_loaders.engines.vllm.core"
_END_TIMEOUT_S: Final = 5.0
_TAIL_BYTES: Final = 2000  # of what the core wrote last, for the message when it dies


class CoreProcess:
    """One run of the core.

    What it writes to standard error goes to this process's. It ends with `close`, with this object, with the
    interpreter, and when this process dies in whatever way.

    Args:
        launch: what it loads.
        hear: takes each message, on a thread of its own.
        ended: takes how it died, in words that follow "vLLM's process"; once, on that thread.

    Raises:
        EngineUnavailable: cause `no_engine`, the system does not start it.
    """

    def __init__(self, launch: Launch, hear: Callable[[FromCore], None], ended: Callable[[str], None]) -> None:
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", CORE_MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment_for_child(),
                start_new_session=True,
            )
        except OSError as error:
            raise engine_error(
                "no_engine", f"vLLM's process cannot be started with {sys.executable!r}: {error}."
            ) from error
        self.process_id = self._popen.pid
        requests, replies, words = self._popen.stdin, self._popen.stdout, self._popen.stderr
        tail = bytearray()
        self._outbox: queue.SimpleQueue[ToCore | None] = queue.SimpleQueue()
        teller = threading.Thread(target=_pass_on, args=(cast("FileIO", words), tail), daemon=True)
        self._start(teller)
        self._start(threading.Thread(target=_send, args=(cast("FileIO", requests), self._outbox), daemon=True))
        hearing = (cast("FileIO", replies), hear, ended, self._popen, teller, tail)
        self._start(threading.Thread(target=_hear, args=hearing, daemon=True))
        self._finalizer = weakref.finalize(self, _end, self._popen, self._outbox, os.getpid())
        self.send(Begin(import_paths(), launch))

    @staticmethod
    def _start(thread: threading.Thread) -> None:
        thread.name = "dsocr-vllm-core"
        thread.start()

    def send(self, message: ToCore) -> None:
        """Say something to the core; it is lost if that is dead. Never blocks."""
        self._outbox.put(message)

    def close(self) -> None:
        """End the core, and wait until it is gone. Safe to call twice, and from any thread."""
        self._finalizer()


def _send(requests: FileIO, outbox: queue.SimpleQueue[ToCore | None]) -> None:
    # A thread of its own: a core that hangs does not read, and a full pipe must not hold up the event loop.
    with requests, suppress(OSError):
        while (message := outbox.get()) is not None:
            write_frame(requests, message)


def _hear(
    replies: FileIO,
    hear: Callable[[FromCore], None],
    ended: Callable[[str], None],
    popen: subprocess.Popen[bytes],
    teller: threading.Thread,
    tail: bytearray,
) -> None:
    with replies, suppress(OSError):
        while (frame := read_frame(replies)) is not None:
            hear(pickle.loads(frame))  # noqa: S301 - written by our own process
    with suppress(subprocess.TimeoutExpired):
        popen.wait(timeout=_END_TIMEOUT_S)
    teller.join(timeout=1)
    ended(_death(popen.returncode, bytes(tail)))


def _death(status: int | None, tail: bytes) -> str:
    if status is None:
        how = "says nothing any more"
    elif status < 0:
        how = f"was killed ({signal_name(-status)})"
        if -status == getattr(signal, "SIGKILL", None):
            how += "; if nobody did that on purpose, the machine ran out of memory"
    else:
        how = f"ended (exit status {status})"
    words = " ".join(tail.decode("utf-8", "replace").split("\n")[-4:]).strip()
    return f"{how}. Its last words: {words}" if words else f"{how}."


def _pass_on(stream: FileIO, tail: bytearray) -> None:
    """Let what vLLM logs be seen where it would be without this process in between."""
    with stream, suppress(OSError):
        while block := stream.read(_TAIL_BYTES):
            tail += block
            del tail[:-_TAIL_BYTES]
            with suppress(OSError):  # a closed standard error is no reason to lose the tail
                os.write(2, block)


def _end(popen: subprocess.Popen[bytes], outbox: queue.SimpleQueue[ToCore | None], owner: int) -> None:
    if os.getpid() != owner:  # a forked process has no say
        return
    outbox.put(None)  # closes the core's input, which ends it
    try:
        popen.wait(timeout=_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        _kill(popen)
        with suppress(subprocess.TimeoutExpired):
            popen.wait(timeout=_END_TIMEOUT_S)


def _kill(popen: subprocess.Popen[bytes]) -> None:
    """Kill the core and, where there are sessions, all that it started."""
    with suppress(OSError):
        if sys.platform == "win32":
            popen.kill()
        else:
            os.killpg(popen.pid, signal.SIGKILL)
