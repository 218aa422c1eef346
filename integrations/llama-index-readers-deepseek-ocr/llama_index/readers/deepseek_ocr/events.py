"""What happens in a run as events of LlamaIndex's instrumentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.observers import RunFinished
from dsocr_loaders.pipeline import PageFinished, PageRetried, SourceOpened, SourceRefused
from dsocr_loaders.values import RawAnswer
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]  # not listed, but public
from llama_index.core.instrumentation.events import BaseEvent

if TYPE_CHECKING:
    from dsocr_loaders.observers import Event

__all__ = [
    "DeepSeekOCRFileRefusedEvent",
    "DeepSeekOCRFileStartEvent",
    "DeepSeekOCRPageEndEvent",
    "DeepSeekOCRPageRetryEvent",
    "DeepSeekOCRRunEndEvent",
    "InstrumentationObserver",
]

_dispatcher = get_dispatcher(__name__)


class DeepSeekOCRFileStartEvent(BaseEvent):
    """A file was opened; `pages` of it will be read."""

    source: str
    pages: int

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "DeepSeekOCRFileStartEvent"


class DeepSeekOCRFileRefusedEvent(BaseEvent):
    """A file cannot be read; `message` says why."""

    source: str
    message: str

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "DeepSeekOCRFileRefusedEvent"


class DeepSeekOCRPageRetryEvent(BaseEvent):
    """A try to read a page failed with `message` and is made again in `delay_s` seconds."""

    source: str
    page_number: int
    attempt: int
    message: str
    delay_s: float

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "DeepSeekOCRPageRetryEvent"


class DeepSeekOCRPageEndEvent(BaseEvent):
    """A page has its result: `status` as in the metadata, `message` why it failed, tokens 0 where nobody counts.

    `repairs` names the rungs that a damaged answer was repaired by, `faults` what is wrong with the answer that stayed.
    """

    source: str
    page_number: int
    status: str
    attempts: int
    repairs: list[str]
    faults: list[str]
    prompt_tokens: int
    output_tokens: int
    message: str

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "DeepSeekOCRPageEndEvent"


class DeepSeekOCRRunEndEvent(BaseEvent):
    """A run is over; `report` is its printed report."""

    pages: int
    failed_pages: int
    elapsed_s: float
    report: str

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name."""
        return "DeepSeekOCRRunEndEvent"


class InstrumentationObserver:
    """Passes what happens on to LlamaIndex's dispatcher, whose handlers get it where the reader's run is watched."""

    def observe(self, event: Event) -> None:
        """Take the next event."""
        translated = _translated(event)
        if translated is not None:
            _dispatcher.event(translated)


def _translated(event: Event) -> BaseEvent | None:
    match event:
        case SourceOpened(source=source, page_numbers=numbers):
            return DeepSeekOCRFileStartEvent(source=source.name, pages=len(numbers))
        case SourceRefused(failure=failure):
            return DeepSeekOCRFileRefusedEvent(source=failure.name, message=failure.message)
        case PageRetried(place=place, attempt=attempt, error=error, delay_s=delay_s):
            return DeepSeekOCRPageRetryEvent(
                source=place.source.name,
                page_number=place.page_number,
                attempt=attempt,
                message=str(error),
                delay_s=delay_s,
            )
        case PageFinished(result=page):
            answer = page.answer if isinstance(page.answer, RawAnswer) else None
            return DeepSeekOCRPageEndEvent(
                source=page.source.name,
                page_number=page.page_number,
                status=page.status.value,
                attempts=page.attempts,
                repairs=list(page.repairs),
                faults=[finding.fault.value for finding in page.health],
                prompt_tokens=(answer and answer.prompt_tokens) or 0,
                output_tokens=(answer and answer.output_tokens) or 0,
                message=page.error.message if page.error else "",
            )
        case RunFinished(report=report):
            return DeepSeekOCRRunEndEvent(
                pages=report.pages, failed_pages=report.failed_pages, elapsed_s=report.elapsed_s, report=str(report)
            )
        case _:
            return None
