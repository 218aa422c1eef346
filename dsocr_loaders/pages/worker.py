"""The page worker's side: `python -P -m dsocr_loaders.pages.worker`, started by `dsocr_loaders.pages.process`.

It answers jobs from its standard input on its standard output until the input ends, which it does when the owner
closes it or dies in whatever way.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, cast

from dsocr_loaders.errors import SettingsError, SourceDamaged
from dsocr_loaders.pages.memory import limit_memory
from dsocr_loaders.pages.opening import load_pdf_library
from dsocr_loaders.pages.wire import Done, Failed, Greeting, Order, Reply, read_frame, write_frame

if TYPE_CHECKING:
    from io import FileIO

    from dsocr_loaders.pages.jobs import Job
    from dsocr_loaders.pages.workbench import Workbench

__all__ = ["main"]

_LOOK_FOR_OWNER_S = 2.0
_ALARM_DELAY_S = 10.0  # the owner's own limit comes first; the alarm is for a worker that hangs and has lost its owner


def main() -> None:
    """Answer jobs until standard input ends."""
    # Ctrl-C in a terminal reaches the whole group of processes; what it means is the owner's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = _take_over_pipes()
    greeting = read_frame(requests)
    if greeting is None:
        return
    _import_like_owner(pickle.loads(greeting))  # noqa: S301 - written by our own process
    if hasattr(os, "getppid") and sys.platform != "win32":
        threading.Thread(target=_end_with_owner, args=(os.getppid(),), daemon=True).start()
    # Only now: Pillow, too, may lie where the owner's sys.path alone leads.
    from dsocr_loaders.pages.workbench import Workbench  # noqa: PLC0415 - see above

    bench = Workbench()
    write_frame(replies, Done(None))
    while (frame := read_frame(requests)) is not None:
        order: Order = pickle.loads(frame)  # noqa: S301 - written by our own process
        _set_alarm(order.timeout_s + _ALARM_DELAY_S)
        reply = _reply(bench, order)
        _set_alarm(0)
        try:
            write_frame(replies, reply)
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - pickling runs code of the engine's values
            write_frame(replies, _unsendable(error))


def _take_over_pipes() -> tuple[FileIO, FileIO]:
    """Return the two ends of the conversation, out of reach of whatever prints: 1 becomes 2, 0 becomes empty."""
    requests, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return io.FileIO(requests, "r"), io.FileIO(replies, "w")


def _import_like_owner(greeting: Greeting) -> None:
    known = set(greeting.sys_path)
    sys.path[:] = [*greeting.sys_path, *(entry for entry in sys.path if entry not in known)]


def _end_with_owner(owner: int) -> None:
    # The input does not end if the owner forked and died: its child still holds the other end of the pipe.
    while os.getppid() == owner:
        time.sleep(_LOOK_FOR_OWNER_S)
    os._exit(1)


def _set_alarm(delay_s: float) -> None:
    # The system itself then ends the process, even where a library hangs with the interpreter's lock held.
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, delay_s)


def _reply(bench: Workbench, order: Order) -> Reply:
    try:
        job = _unpickled_job(order.pickled_job)
        limit_memory(sys.maxsize)
        load_pdf_library(job)
        limit_memory(job.options.limits.worker_bytes)
        return Done(bench.perform(job))
    except Exception as error:  # noqa: BLE001 - it is raised again on the owner's side
        return Failed(_sendable(error), traceback.format_exc())


class _JobUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as declared in the standard library
        if module == "__main__":
            # Here that would be this very module, which may well have something of the same name.
            raise AttributeError(f"{name!r} is defined in the script itself (__main__)")
        return super().find_class(module, name)


def _unpickled_job(pickled: bytes) -> Job[object]:
    try:
        return cast("Job[object]", _JobUnpickler(io.BytesIO(pickled)).load())
    except Exception as error:
        raise SettingsError(
            f"The engine's prepare cannot be loaded in a page worker ({type(error).__name__}: {error}). Put it into a "
            "module of its own that can be imported, outside the script and outside other functions."
        ) from error


def _sendable(error: Exception) -> Exception:
    """Return the error, or what can be said about it if it does not survive the journey."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - written by our own process
    except Exception:  # noqa: BLE001 - whatever it was, the text is what counts
        return SourceDamaged(f"{type(error).__name__}: {error}")
    return error


def _unsendable(error: Exception) -> Failed:
    return Failed(
        SettingsError(
            "What the engine's prepare returned cannot be sent from the page worker to the engine "
            f"({type(error).__name__}: {error}). Return plain values: bytes, numbers, strings, dataclasses."
        ),
        traceback.format_exc(),
    )


if __name__ == "__main__":
    main()
