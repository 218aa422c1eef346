"""The thread of a model: it loads it, collects the pages that are waiting, and reads them together."""

from __future__ import annotations

import atexit
import gc
import logging
import sys
import threading
import time
import weakref
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.transformers.faults import is_out_of_memory, read_fault
from dsocr_loaders.engines.transformers.generation import Answered, answers_of, prompted
from dsocr_loaders.engines.transformers.tensors import tensors_of
from dsocr_loaders.errors import DsocrError, EngineError, engine_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.engines.transformers.generation import PromptedPage
    from dsocr_loaders.engines.transformers.loading import LoadedModel
    from dsocr_loaders.engines.transformers.preparing import ViewedPage
    from dsocr_loaders.values import ReadRequest

__all__ = ["ModelThread", "WaitingPage"]

_log = logging.getLogger("dsocr_loaders.engines")

_LEAST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 2.0
_WAIT_SHARE: Final = 0.05  # of what the last batch took: the most that waiting for company may cost
_LONGEST_END_S: Final = 10.0
_LONGEST_EXIT_S: Final = 120.0  # one step of a large page on a slow CPU


@dataclass(slots=True, eq=False)
class WaitingPage:
    """A page that waits to be read.

    Attributes:
        viewed: what the page worker made.
        request: what is asked.
        answer: of the model; cancelled by whoever does not want it any more.
    """

    viewed: ViewedPage
    request: ReadRequest
    answer: Future[Answered] = field(default_factory=Future)

    def fail(self, error: BaseException) -> None:
        """End the wait with an error, if somebody waits."""
        with suppress(InvalidStateError):
            self.answer.set_exception(error)


class ModelThread:
    """Reads pages with a model that it loads for the first one. A daemon thread, started on first use.

    A batch takes what is waiting, up to `batch_size`, and waits a moment for more: at most 0.2 s, or a twentieth of
    what the last batch took. A page that is cancelled leaves its batch at the next token. Where memory runs out, the
    batch is halved and read again, and later ones stay that small.

    Args:
        load: returns the model.
        batch_size: most pages of a batch.
    """

    def __init__(self, load: Callable[[], LoadedModel], batch_size: int) -> None:
        self._state = _State(load, batch_size)
        self._finalizer = weakref.finalize(self, self._state.finish)

    @property
    def batch_size(self) -> int:
        """Most pages of a batch, as far as is known now."""
        return self._state.batch_size

    def ready(self) -> Future[None]:
        """Return a future that is done once the model is loaded, or failed to be. May be called from any thread.

        Raises:
            EngineDead: the thread was ended.
        """
        return self._state.ready()

    def submit(self, page: WaitingPage) -> None:
        """Let a page be read. May be called from any thread.

        Raises:
            EngineDead: the thread was ended.
        """
        self._state.add(page)

    def close(self) -> None:
        """End at the next token; pages that wait or are being read end with `EngineDead`. Safe to call twice."""
        self._finalizer()


class _State:
    """What the thread and its owner share; it does not know the owner, so that a forgotten one ends it."""

    def __init__(self, load: Callable[[], LoadedModel], batch_size: int) -> None:
        self.load = load
        self.batch_size = batch_size
        self.is_ended = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._waiting: deque[WaitingPage] = deque()
        self._reading: list[WaitingPage] = []
        self._loads: list[Future[None]] = []
        self._is_loaded = False
        self._end = _ended()

    def add(self, page: WaitingPage) -> None:
        with self._changed:
            self._start()
            self._waiting.append(page)
            self._changed.notify()

    def ready(self) -> Future[None]:
        done: Future[None] = Future()
        with self._changed:
            self._start()
            if self._is_loaded:
                done.set_result(None)
            else:
                self._loads.append(done)
                self._changed.notify()
        return done

    def _start(self) -> None:
        if self.is_ended:
            raise engine_error(self._end.cause, str(self._end))
        if self._thread is None:
            self._thread = threading.Thread(target=_run, args=(self,), name="dsocr-model", daemon=True)
            self._thread.start()
            atexit.register(_end_at_exit, weakref.ref(self))

    def end(self, reason: EngineError | None = None) -> None:
        """Let everybody who waits, and who comes later, fail."""
        with self._changed:
            if not self.is_ended:
                self.is_ended = True
                self._end = reason or self._end
            waiting: list[Future[Any]] = [*(page.answer for page in (*self._waiting, *self._reading)), *self._loads]
            self._waiting.clear()
            self._loads.clear()
            self._changed.notify()
        _fail(waiting, self._end)

    def finish(self) -> None:
        """End, and wait a while for the thread."""
        self.end()
        self.join(_LONGEST_END_S)

    def join(self, limit_s: float) -> None:
        """Wait for the thread."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=limit_s)

    def await_page(self) -> bool:
        """Wait until somebody waits for a page or the model; return False when it is time to end."""
        with self._changed:
            self._reading = []
            self._changed.wait_for(lambda: self._waiting or self._loads or self.is_ended)
            return not self.is_ended

    def loaded(self, error: EngineError | None) -> None:
        """Tell all who wait for the model that it is there; or that it is not, the pages that wait too."""
        with self._changed:
            self._is_loaded = error is None
            loads, self._loads = self._loads, []
            pages: list[WaitingPage] = []
            if error is not None:
                pages, self._waiting = list(self._waiting), deque()
        if error is not None:
            waiting: list[Future[Any]] = [*(page.answer for page in pages), *loads]
            _fail(waiting, error)
            return
        for each in loads:
            with suppress(InvalidStateError):
                each.set_result(None)

    def take(self, wait_s: float) -> list[WaitingPage]:
        """Return pages for a batch, after a wait for its last ones; none if they were all cancelled meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) >= self.batch_size or self.is_ended, wait_s)
            wanted = [page for page in self._waiting if not page.answer.cancelled()]
            batch: list[WaitingPage] = []
            if wanted and not self.is_ended:
                # Sampling is one setting for all rows.
                temperature = wanted[0].request.decoding.temperature
                alike = [page for page in wanted if page.request.decoding.temperature == temperature]
                batch = alike[: self.batch_size]
            self._waiting = deque(page for page in wanted if page not in batch)
            self._reading = batch
            return list(batch)


def _fail(waiting: Sequence[Future[Any]], error: EngineError) -> None:
    """Let everybody who waits fail, each with an error of its own."""
    for each in waiting:
        with suppress(InvalidStateError):
            each.set_exception(engine_error(error.cause, str(error)))


def _ended() -> EngineError:
    return engine_error("died", "The engine was closed while it read a page.")


def _end_at_exit(known: weakref.ref[_State]) -> None:
    """Let the thread end before the interpreter does: torch aborts the process if it is computing then."""
    state = known()
    if state is not None:
        state.end()
        state.join(_LONGEST_EXIT_S)


def _run(state: _State) -> None:
    loaded: LoadedModel | None = None
    wait_s = _LEAST_WAIT_S
    while state.await_page():
        if loaded is None:
            loaded = _load(state)
            continue
        began = time.monotonic()
        _read(state, loaded, state.take(wait_s))
        wait_s = min(_LONGEST_WAIT_S, max(_LEAST_WAIT_S, _WAIT_SHARE * (time.monotonic() - began)))
    del loaded
    _free_memory()


def _load(state: _State) -> LoadedModel | None:
    """Return the model; None if that failed, which those who wait have been told."""
    try:
        loaded = state.load()
    except EngineError as error:
        state.loaded(error)
        _free_memory()
        return None
    most = loaded.inputs.most_pages
    if most is not None and most < state.batch_size:
        _log.info("this model reads %d page at a time", most)
        state.batch_size = most
    state.loaded(None)
    return loaded


def _read(state: _State, loaded: LoadedModel, batch: Sequence[WaitingPage]) -> None:
    ready: list[tuple[WaitingPage, PromptedPage]] = []
    for waiting in batch:
        request = waiting.request
        try:
            page = prompted(
                loaded,
                request.prompt,
                waiting.viewed.image_tokens,
                tensors_of(waiting.viewed),
                request.decoding,
                partial(_is_dropped, state, waiting),
            )
        except Exception as error:  # noqa: BLE001 - costs this page and no other
            waiting.fail(error if isinstance(error, DsocrError) else read_fault(error, str(loaded.device)))
        else:
            ready.append((waiting, page))
    _read_together(state, loaded, ready)


def _is_dropped(state: _State, waiting: WaitingPage) -> bool:
    return state.is_ended or waiting.answer.cancelled()


def _read_together(state: _State, loaded: LoadedModel, pages: Sequence[tuple[WaitingPage, PromptedPage]]) -> None:
    """Read pages as one batch; as smaller ones if there is no memory for it, or one of them makes the model fail."""
    pages = [(waiting, page) for waiting, page in pages if not page.is_dropped()]
    if not pages:
        return
    error = _answered(loaded, pages)
    if error is None:
        return
    count = len(pages)
    if count > 1 and is_out_of_memory(error):
        half = count // 2
        state.batch_size = min(state.batch_size, half)
        _log.warning(
            "Out of memory on %s with %d pages together; from now on %d. Pass engine_options={'batch_size': %d} to "
            "begin with that.",
            loaded.device,
            count,
            half,
            half,
        )
        _free_memory()
        _read_together(state, loaded, pages[:half])
        _read_together(state, loaded, pages[half:])
        return
    fault = read_fault(error, str(loaded.device))
    if fault.stops_run:
        state.end(fault)
    elif count > 1:
        for each in pages:
            _read_together(state, loaded, [each])
    else:
        pages[0][0].fail(fault)
        _free_memory()


def _answered(loaded: LoadedModel, pages: Sequence[tuple[WaitingPage, PromptedPage]]) -> Exception | None:
    """Hand over the answers, or return what went wrong, without the frames that hold on to the device's memory."""
    try:
        answers = answers_of(loaded, [page for _, page in pages])
    except Exception as error:  # noqa: BLE001 - see `_read_together`
        return error.with_traceback(None)
    for (waiting, _), answer in zip(pages, answers, strict=True):
        with suppress(InvalidStateError):
            waiting.answer.set_result(answer)
    return None


def _free_memory() -> None:
    """Give back to the device what torch keeps for later."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    with suppress(RuntimeError):  # a device that failed cannot be asked for anything
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()
