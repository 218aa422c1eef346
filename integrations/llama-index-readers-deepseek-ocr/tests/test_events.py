"""Runs as LlamaIndex's instrumentation shows them."""

from __future__ import annotations

import pytest
from dsocr_loaders.errors import PagesFailed, engine_error
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler

from llama_index.readers.deepseek_ocr import DeepSeekOCRReader
from llama_index.readers.deepseek_ocr.events import (
    DeepSeekOCRFileRefusedEvent,
    DeepSeekOCRFileStartEvent,
    DeepSeekOCRPageEndEvent,
    DeepSeekOCRPageRetryEvent,
    DeepSeekOCRRunEndEvent,
)


class Remembering(BaseEventHandler):
    """Keeps this package's events."""

    seen: list = []  # noqa: RUF012 - pydantic copies it for each handler

    @classmethod
    def class_name(cls):
        return "Remembering"

    def handle(self, event, **_):
        if type(event).__name__.startswith("DeepSeekOCR"):
            self.seen.append(event)


@pytest.fixture
def seen():
    handler = Remembering()
    dispatcher = get_dispatcher()
    dispatcher.add_event_handler(handler)
    yield handler.seen
    dispatcher.event_handlers.remove(handler)


def test_pages_and_report_are_events(report, answers, seen):
    """This test ensures that a handler gets the file, each page and the report, as plain values."""
    engine = ScriptedEngine(answers)
    with DeepSeekOCRReader(engine) as reader:
        reader.load_data(report, name="report.pdf")
    engine.close()

    kinds = [type(event) for event in seen]
    assert DeepSeekOCRFileStartEvent is kinds[0]
    assert DeepSeekOCRRunEndEvent is kinds[-1]
    assert [DeepSeekOCRPageEndEvent] * 2 == kinds[1:-1]
    assert {("report.pdf", 1, "ok", 1), ("report.pdf", 2, "ok", 1)} == {
        (event.source, event.page_number, event.status, event.attempts) for event in seen[1:-1]
    }
    assert (2, 0) == (seen[-1].pages, seen[-1].failed_pages)
    assert "pages   2: 2 ok" in seen[-1].report


def test_retries_and_failures_are_events(report, answers, seen, tmp_path):
    """This test ensures that second tries, failed pages and refused files are told with their reason."""
    busy = engine_error("busy", "The server is busy.", retry_after_s=0.0)
    engine = ScriptedEngine({1: [busy, answers[1]], 2: engine_error("bad_request", "The page is refused.")})
    with DeepSeekOCRReader(engine) as reader, pytest.raises(PagesFailed):
        reader.load_data([report, tmp_path / "missing.pdf"])
    engine.close()

    (retry,) = [event for event in seen if isinstance(event, DeepSeekOCRPageRetryEvent)]
    (refused,) = [event for event in seen if isinstance(event, DeepSeekOCRFileRefusedEvent)]
    failed = [event for event in seen if isinstance(event, DeepSeekOCRPageEndEvent) and event.message]
    assert (1, 1, "The server is busy.") == (retry.page_number, retry.attempt, retry.message)
    assert refused.source.endswith("missing.pdf")
    assert "no such file" in refused.message
    assert [2] == [event.page_number for event in failed]
    assert "The page is refused." in failed[0].message


def test_repairs_are_told(report, answers, seen):
    """This test ensures that a handler learns that a page was repaired, and what is still wrong with it."""
    engine = ScriptedEngine({**answers, 1: f"{answers[1]}{' again' * 2000}"})
    with DeepSeekOCRReader(engine, max_repair_reads=0, repair=["trim"]) as reader:
        reader.load_data(report)
    engine.close()

    pages = sorted((event for event in seen if isinstance(event, DeepSeekOCRPageEndEvent)), key=lambda e: e.page_number)
    assert [(["trim"], ["truncated"]), ([], [])] == [(page.repairs, page.faults) for page in pages]
