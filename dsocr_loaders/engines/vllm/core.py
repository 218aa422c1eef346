"""The program of the core: `python -P -m dsocr_loaders.engines.vllm.core`, started by `process`.

It loads one model, says so, reads the pages that it is asked for, and ends when its input does, which it does when
the owner closes it or dies in whatever way. What vLLM prints goes to standard error.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.vllm.messages import Ask, Begin, Broken, NotStarted, Started
from dsocr_loaders.engines.vllm.start_faults import chain_of, explain_breakdown, explain_start
from dsocr_loaders.errors import EngineError, engine_error
from dsocr_loaders.pages.beginning import end_with_owner, import_like_owner, take_over_pipes
from dsocr_loaders.pages.wire import read_frame, write_frame

if TYPE_CHECKING:
    from io import FileIO

    from dsocr_loaders.engines.vllm.launch import Launch
    from dsocr_loaders.engines.vllm.messages import FromCore, ToCore
    from dsocr_loaders.engines.vllm.stepping import PageStepper

__all__ = ["main"]

_LAST_STEP_S: Final = 3.0
_log = logging.getLogger(__name__)


def main() -> None:
    """Load the model, read pages, end with the input."""
    # Ctrl-C in a terminal reaches the whole group of processes; what it means is the owner's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = take_over_pipes()
    frame = read_frame(requests)
    if frame is None:
        return
    begin: Begin = pickle.loads(frame)  # noqa: S301 - written by our own process
    import_like_owner(begin.import_paths)
    end_with_owner()
    _say_where_the_engine_is()
    speaker = _Speaker(replies)
    listener = _Listener(requests)
    threading.Thread(target=listener.listen, daemon=True, name="listen").start()
    try:
        stepper = _started(begin.launch, speaker)
    except Exception as error:  # noqa: BLE001 - whatever it is, the owner has to learn it
        speaker.tell(_not_started(error, begin.launch))
        _end(1)
    listener.serve(stepper)
    try:
        stepper.run()
    except Exception as error:  # noqa: BLE001 - likewise
        speaker.tell(Broken(explain_breakdown(chain_of(error)), traceback.format_exc()))
        _end(1)
    _end(0)


def _say_where_the_engine_is() -> None:
    """Have vLLM compute in this process, and keep its statistics to itself, which the user's own choice overrides."""
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # another process would mean 21 MB more to carry for each page
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    # Workers of a parallel model: one that is forked would hold the pipes to the owner, and this process has threads.
    os.environ.setdefault("VLLM_WORKER_MULTIPROCESSING_METHOD", "spawn")


def _started(launch: Launch, speaker: _Speaker) -> PageStepper:
    """Return the stepper of a loaded engine, having told that it is."""
    from dsocr_loaders.engines.vllm.interface import ModelFacts, make_llm_engine  # noqa: PLC0415 - imports vLLM
    from dsocr_loaders.engines.vllm.rendering import PageRenderer  # noqa: PLC0415 - likewise
    from dsocr_loaders.engines.vllm.stepping import PageStepper  # noqa: PLC0415 - likewise

    engine = make_llm_engine(launch.arguments)
    facts = ModelFacts(engine)
    if launch.architecture and launch.architecture not in facts.architectures:
        raise engine_error(
            "no_engine",
            f"{launch.arguments['model']} is {', '.join(facts.architectures)}, and its name says {launch.family}, "
            f"which is {launch.architecture}: prompts and resolution modes go by the name.",
        )
    stepper = PageStepper(engine, PageRenderer(facts), speaker.tell)
    speaker.tell(Started(facts.version, facts.device, facts.context_tokens))
    return stepper


def _not_started(error: Exception, launch: Launch) -> NotStarted:
    if isinstance(error, EngineError):
        return NotStarted(error.cause, str(error), traceback.format_exc())
    cause, message = explain_start(chain_of(error), launch.arguments)
    return NotStarted(cause, message, traceback.format_exc())


class _Speaker:
    """Says things to the owner, from any thread."""

    def __init__(self, replies: FileIO) -> None:
        self._replies = replies
        self._lock = threading.Lock()

    def tell(self, message: FromCore) -> None:
        with self._lock, suppress(OSError):  # an owner that is gone ends this process by closing its input
            write_frame(self._replies, message)


class _Listener:
    """Hears the owner: pages for the stepper, and the end of the input."""

    def __init__(self, requests: FileIO) -> None:
        self._requests = requests
        self._stepper: PageStepper | None = None
        self._is_serving = threading.Event()

    def serve(self, stepper: PageStepper) -> None:
        self._stepper = stepper
        self._is_serving.set()

    def listen(self) -> None:
        while (frame := read_frame(self._requests)) is not None:
            message: ToCore = pickle.loads(frame)  # noqa: S301 - written by our own process
            self._is_serving.wait()
            self._pass_on(message)
        if self._stepper is not None:
            self._stepper.stop()
            time.sleep(_LAST_STEP_S)
        _end(0)  # in the middle of loading, or of a step that takes too long

    def _pass_on(self, message: ToCore) -> None:
        if self._stepper is None or isinstance(message, Begin):
            return
        if isinstance(message, Ask):
            self._stepper.ask(message)
        else:
            self._stepper.withdraw(message)


def _end(status: int) -> None:
    """End at once. The GPU's memory goes with the process; orderly ways may wait for threads that never end."""
    with suppress(Exception):
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
