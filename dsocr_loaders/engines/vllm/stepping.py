"""The loop that keeps vLLM's engine running: what was rendered goes in, what is finished goes out.

One thread steps; others render. A page that comes in while a step runs joins the next one.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.vllm.messages import PageAnswer, Refused
from dsocr_loaders.errors import DsocrError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.engines.vllm.messages import Ask, FromCore, Withdraw
    from dsocr_loaders.engines.vllm.rendering import PageRenderer, RenderedPage

__all__ = ["PageStepper"]

_RENDER_THREADS: Final = 4  # a page takes one of them 12 ms


class PageStepper:
    """Reads pages with a loaded engine.

    `ask`, `withdraw` and `stop` may be called from any thread, `run` by the one that steps.

    Args:
        engine: vLLM's.
        renderer: for its model.
        tell: takes what is to be said, from any thread.
    """

    def __init__(self, engine: Any, renderer: PageRenderer, tell: Callable[[FromCore], None]) -> None:  # noqa: ANN401 - vLLM's
        self._engine = engine
        self._renderer = renderer
        self._tell = tell
        self._threads = ThreadPoolExecutor(_RENDER_THREADS, thread_name_prefix="render")
        self._inbox: queue.SimpleQueue[tuple[Ask, RenderedPage] | Withdraw | None] = queue.SimpleQueue()
        self._withdrawn: set[int] = set()
        self._reading: set[int] = set()

    def ask(self, ask: Ask) -> None:
        """Read a page."""
        self._threads.submit(self._render, ask)

    def withdraw(self, withdrawal: Withdraw) -> None:
        """Read a page no further. Nothing more is said of it."""
        self._inbox.put(withdrawal)

    def stop(self) -> None:
        """End `run` after the step that runs now."""
        self._inbox.put(None)

    def _render(self, ask: Ask) -> None:
        try:
            self._inbox.put((ask, self._renderer.render(ask)))
        except Exception as error:  # noqa: BLE001 - a page's own fault, whatever it is
            self._tell(_refusal(ask.number, error))

    def run(self) -> None:
        """Step until `stop`.

        Raises:
            Exception: vLLM broke; the engine is of no use any more.
        """
        while self._take_in():
            if not self._engine.has_unfinished_requests():
                continue
            for output in self._engine.step():
                if output.finished:
                    self._answer(output)

    def _take_in(self) -> bool:
        """Take what has come, waiting for it if there is nothing to step; return whether to go on."""
        is_idle = not self._engine.has_unfinished_requests()
        while True:
            try:
                item = self._inbox.get(block=is_idle)
            except queue.Empty:
                return True
            if item is None:
                return False
            is_idle = False
            if isinstance(item, tuple):
                self._begin(*item)
            else:
                self._end(item.number)

    def _begin(self, ask: Ask, page: RenderedPage) -> None:
        if ask.number in self._withdrawn:
            self._withdrawn.remove(ask.number)
            return
        try:
            self._engine.add_request(str(ask.number), *page)
        except ValueError as error:  # vLLM's own checks; anything else is a broken engine
            self._tell(_refusal(ask.number, error))
        else:
            self._reading.add(ask.number)

    def _end(self, number: int) -> None:
        if number in self._reading:
            self._reading.remove(number)
            self._engine.abort_request([str(number)])
        else:
            self._withdrawn.add(number)  # still being rendered, or answered just now

    def _answer(self, output: Any) -> None:  # noqa: ANN401 - vLLM's
        number = int(output.request_id)
        if number not in self._reading:
            return
        self._reading.remove(number)
        answer = output.outputs[0]
        self._tell(
            PageAnswer(
                number=number,
                text=answer.text,
                finish_reason=answer.finish_reason,
                prompt_tokens=len(output.prompt_token_ids or ()),
                output_tokens=len(answer.token_ids),
            )
        )


def _refusal(number: int, error: Exception) -> Refused:
    if isinstance(error, EngineError):
        return Refused(number, error.cause, str(error))
    words = str(error) if isinstance(error, DsocrError) else f"{type(error).__name__}: {error}"
    return Refused(number, "bad_request", f"vLLM cannot read the page: {words}")
