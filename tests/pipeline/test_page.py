"""One page: what becomes of it, its tries and its permits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pymupdf
import pytest

from dsocr_loaders.errors import EngineUnavailable, engine_error
from dsocr_loaders.pipeline.retries import MOST_ATTEMPTS, MOST_UNREACHED
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageResult, PageStatus, ReadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dsocr_loaders.engines import Prepared
    from dsocr_loaders.pipeline import RunItem

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


def pages_of(items: Iterator[RunItem]) -> list[PageResult]:
    return [item for item in items if isinstance(item, PageResult)]


def test_a_result_says_what_page_it_is_of(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """Size, unit, label and number of pages come from the file; a page that could not be opened has no size."""
    path = make_pdf("1", "", "3")
    with pymupdf.open(path) as document:
        document.set_page_labels([{"startpage": 0, "prefix": "A-", "style": "D", "firstpagenum": 1}])
        document.saveIncr()
    engine = ScriptedEngine({1: ANSWER, 3: engine_error("bad_request", "no")})

    pages = pages_of(run(path, engine))

    assert [
        ("ok", 200.0, 120.0, "pt", "A-1", 3),
        ("blank", 200.0, 120.0, "pt", "A-2", 3),
        ("failed", 0.0, 0.0, "pt", "A-3", 3),
    ] == [(page.status, page.width, page.height, page.unit, page.label, page.total_pages) for page in pages]
    engine.close()


def test_a_result_says_what_is_wrong_with_its_answer(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Faults of an answer are in the page's result, short answers and long ones, and its status follows from them."""
    engine = ScriptedEngine({1: ANSWER, 2: f"{ANSWER}{' again' * 2000}", 3: f"{ANSWER} and then <|ref|>te"})

    first, second, third = pages_of(run(make_pdf("1", "2", "3"), engine, repair=False))

    assert (PageStatus.OK, ()) == (first.status, first.health)
    assert (PageStatus.TRUNCATED, ["loop"]) == (second.status, [finding.fault for finding in second.health])
    assert (PageStatus.TRUNCATED, ["truncated"]) == (third.status, [finding.fault for finding in third.health])
    engine.close()


def test_an_answer_is_held_against_the_ink_of_its_page(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """A page of text that the engine calls a picture is one; the page's ink reaches the examination."""
    engine = ScriptedEngine("<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>")
    lines = "\n".join("The mill by the river" for _ in range(5))

    (page,) = pages_of(run(make_pdf(lines), engine, repair=False))

    assert ["picture_only"] == [finding.fault for finding in page.health]
    engine.close()


def test_gives_up_an_answer_that_takes_too_long(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer within `timeout_s` is tried again like any fault that may pass, and the message says what to do."""
    monkeypatch.setattr("dsocr_loaders.pipeline.retries._FIRST_DELAY_S", 0.0)
    engine = ScriptedEngine(ANSWER, delay_s=lambda request: 60.0 if request.page.page_number == 1 else 0.0)

    first, second = pages_of(run(make_pdf("1", "2"), engine, timeout_s=0.05))

    assert (PageStatus.FAILED, "timeout", MOST_ATTEMPTS) == (first.status, first.error.cause, first.attempts)
    assert "page 1: no answer within 0.05 s; raise timeout_s" in first.error.message
    assert PageStatus.OK is second.status
    assert 0 == engine.in_flight
    engine.close()


class LoadsSlowly(ScriptedEngine):
    """Takes longer to load than an answer may take."""

    loaded = 0

    async def make_ready(self, prepared: Prepared) -> None:
        del prepared
        if not self.loaded:
            await asyncio.sleep(0.4)
        self.loaded += 1


def test_loading_a_model_takes_none_of_the_time_for_an_answer(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """An engine that has to load a model first is awaited without a limit."""
    engine = LoadsSlowly(ANSWER)

    pages = pages_of(run(make_pdf("1", "2"), engine, timeout_s=0.2))

    assert [(PageStatus.OK, 1)] * 2 == [(page.status, page.attempts) for page in pages]
    assert 2 == engine.loaded
    engine.close()


def test_second_ways_hold_no_more_images_than_first_ones(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """A page takes a permit for each further try, and one for the fallback."""

    def answer(request: ReadRequest) -> Exception | str:
        number = request.page.page_number
        if number > 8:
            return ANSWER
        return engine_error("busy", "busy", retry_after_s=0.0) if number % 2 else engine_error("bad_request", "no")

    path = make_pdf(*(f"page {number}" for number in range(20)))
    engine, fallback = (ScriptedEngine(reply, capacity=8, delay_s=0.01) for reply in (answer, ANSWER))

    pages = pages_of(run(path, engine, fallback=fallback, max_in_flight=1))

    assert [8, 12] == [sum(page.status == status for page in pages) for status in ("repaired", "ok")]
    assert (1, 1) == (engine.most_in_flight, fallback.most_in_flight)
    engine.close()
    fallback.close()


def test_an_engine_that_answers_now_and_then_is_not_gone(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Only pages in a row that cannot reach the engine end the run; an answer in between starts the count anew."""
    lost = engine_error("connect", "cannot be reached", retry_after_s=0.0)
    texts = [f"page {number}" for number in range(2 * MOST_UNREACHED + 2)]
    engine = ScriptedEngine(lambda request: lost if request.page.page_number % 2 else ANSWER)

    pages = pages_of(run(make_pdf(*texts), engine, max_in_flight=1))

    assert ["failed", "ok"] * (MOST_UNREACHED + 1) == [page.status for page in pages]
    engine.close()


def test_a_lost_engine_ends_the_run_behind_what_was_begun(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Pages that wait for another try wait no longer, no file is begun any more, and every begun page has a result."""
    patient = engine_error("connect", "cannot be reached", retry_after_s=30.0)
    hasty = engine_error("connect", "cannot be reached", retry_after_s=0.0)
    engine = ScriptedEngine(lambda request: patient if request.page.page_number == 1 else hasty, capacity=20)
    sources, seen = [make_pdf(*map(str, range(5)))] + [make_pdf("1")] * 60, []

    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        seen.extend(run(sources, engine, max_in_flight=5))

    pages = [item for item in seen if isinstance(item, PageResult)]
    assert [1, 2, 3, 4, 5] == [page.page_number for page in pages][:5]
    assert {"connect"} == {page.error.cause for page in pages}
    assert len(pages) < 40
    engine.close()
