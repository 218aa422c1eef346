"""What happens in a run as custom events of LangChain's callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dsocr_loaders.observers import RunFinished
from dsocr_loaders.pipeline import PageFinished, PageRetried, SourceOpened, SourceRefused
from dsocr_loaders.values import RawAnswer
from langchain_core.callbacks import CallbackManager
from langchain_core.runnables.config import ensure_config

if TYPE_CHECKING:
    from uuid import UUID

    from dsocr_loaders.observers import Event
    from langchain_core.callbacks import Callbacks

__all__ = ["CallbackObserver", "observer_for"]


def observer_for(callbacks: Callbacks) -> CallbackObserver | None:
    """Return an observer for `callbacks` and those of the chain that the caller runs in, None if there are none."""
    config = ensure_config()
    manager = CallbackManager.configure(inheritable_callbacks=config.get("callbacks"), local_callbacks=callbacks)
    if not manager.handlers:
        return None
    return CallbackObserver(manager)


class CallbackObserver:
    """Calls `on_custom_event` of each handler: `name` is one of `deepseek_ocr_file`, `deepseek_ocr_file_refused`,
    `deepseek_ocr_page_retry`, `deepseek_ocr_page` and `deepseek_ocr_run`, `data` a dict of plain values.

    Handlers are called on a thread of the run's own. The run id is that of the chain around the loader, if any.
    """  # noqa: D205 - one sentence that needs two lines

    def __init__(self, manager: CallbackManager) -> None:
        self._manager = manager
        self._run_id: UUID | None = manager.parent_run_id

    def observe(self, event: Event) -> None:
        """Take the next event."""
        translated = _translated(event)
        if translated is not None:
            name, data = translated
            self._manager.on_custom_event(name, data, run_id=self._run_id)


def _translated(event: Event) -> tuple[str, dict[str, Any]] | None:
    match event:
        case SourceOpened(source=source, page_numbers=numbers):
            return "deepseek_ocr_file", {"source": source.name, "pages": len(numbers)}
        case SourceRefused(failure=failure):
            return "deepseek_ocr_file_refused", {"source": failure.name, "message": failure.message}
        case PageRetried(place=place, attempt=attempt, error=error, delay_s=delay_s):
            return "deepseek_ocr_page_retry", {
                "source": place.source.name,
                "page_number": place.page_number,
                "attempt": attempt,
                "message": str(error),
                "delay_s": delay_s,
            }
        case PageFinished(result=page):
            answer = page.answer if isinstance(page.answer, RawAnswer) else None
            return "deepseek_ocr_page", {
                "source": page.source.name,
                "page_number": page.page_number,
                "status": page.status.value,
                "attempts": page.attempts,
                "repairs": list(page.repairs),
                "faults": [finding.fault.value for finding in page.health],
                "prompt_tokens": (answer and answer.prompt_tokens) or 0,
                "output_tokens": (answer and answer.output_tokens) or 0,
                "message": page.error.message if page.error else "",
            }
        case RunFinished(report=report):
            return "deepseek_ocr_run", {
                "pages": report.pages,
                "failed_pages": report.failed_pages,
                "elapsed_s": report.elapsed_s,
                "report": str(report),
            }
        case _:
            return None
