"""The page worker's side: `python -P -m dsocr_loaders.pages.worker`, started by `dsocr_loaders.pages.process`.

It answers jobs from its standard input on its standard output until the input ends, which it does when the owner
closes it or dies in whatever way.
"""

from __future__ import annotations

import io
import pickle
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any, cast

from dsocr_loaders.errors import SettingsError, SourceDamaged
from dsocr_loaders.pages.beginning import end_with_owner, import_like_owner, take_over_pipes
from dsocr_loaders.pages.memory import limit_memory
from dsocr_loaders.pages.opening import load_pdf_library
from dsocr_loaders.pages.wire import Done, Failed, Greeting, Order, Reply, read_frame, write_frame

if TYPE_CHECKING:
    from dsocr_loaders.pages.jobs import Job
    from dsocr_loaders.pages.workbench import Workbench

__all__ = ["main"]

_ALARM_DELAY_S = 10.0  # the owner's own limit comes first; the alarm is for a worker that hangs and has lost its owner


def main() -> None:
    """Answer jobs until standard input ends."""
    # Ctrl-C in a terminal reaches the whole group of processes; what it means is the owner's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = take_over_pipes()
    frame = read_frame(requests)
    if frame is None:
        return
    greeting: Greeting = pickle.loads(frame)  # noqa: S301 - written by our own process
    import_like_owner(greeting.sys_path)
    end_with_owner()
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
