"""The stream and its two faces: order, bounds, retries, failures and closing, with real page workers."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.errors import EngineDead, EngineError, EngineRejected, engine_error
from dsocr_loaders.pages import PagePool, RenderJob
from dsocr_loaders.pipeline import PageStream, RunItem, SourceDone, SourceOpened, aiterate, iterate
from dsocr_loaders.settings import Settings
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageResult, PageStatus, RawAnswer, ReadRequest, SourceFailure, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)


def pages_of(items: Iterator[RunItem]) -> list[PageResult]:
    return [item for item in items if isinstance(item, PageResult)]


def test_hands_over_pages_in_order(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """Answers that come in any order leave in page order, between the source's opening and its end."""
    path = make_pdf(*(f"page {number}" for number in range(8)))
    engine = ScriptedEngine(ANSWER, capacity=4, delay_s=lambda request: 0.2 if request.page.page_number == 1 else 0.0)

    items = list(run(path, engine))

    assert isinstance(items[0], SourceOpened)
    assert isinstance(items[-1], SourceDone)
    assert list(range(1, 9)) == [item.page_number for item in items[1:-1]]
    assert {PageStatus.OK} == {item.status for item in items[1:-1]}
    assert ["words"] * 8 == [item.regions[0].text for item in items[1:-1]]
    engine.close()


def test_bounds_the_images_in_flight(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """No more pages are with the engine than `max_in_flight`, nor than its capacity."""
    path = make_pdf(*(f"page {number}" for number in range(24)))
    named = ScriptedEngine(ANSWER, capacity=8, delay_s=0.05)
    default = ScriptedEngine(ANSWER, capacity=4, delay_s=0.05)

    pages_of(run(path, named, max_in_flight=3))
    pages_of(run(path, default))

    assert 3 == named.most_in_flight
    assert 4 == default.most_in_flight
    named.close()
    default.close()


def test_holds_a_tenth_more_images_than_the_engine_has_slots(
    make_pdf: Callable[..., Path], pool: PagePool, spool: Spool
) -> None:
    """While an engine of ten slots reads, eleven pages are rendered, and no twelfth."""

    class CountingPool:
        rendered = 0

        async def run(self, job: object, *, party: object) -> object:
            self.rendered += isinstance(job, RenderJob)
            return await pool.run(job, party=party)

    engine = ScriptedEngine(ANSWER, capacity=10, delay_s=60.0)
    sources = resolve_sources(make_pdf(*map(str, range(14))), spool=spool)
    counting = CountingPool()

    with closing(iterate(PageStream(sources, engine, Settings(), counting))) as items:
        next(items)
        wait_until(lambda: engine.in_flight == 10)
        time.sleep(0.2)
        rendered = counting.rendered

    assert 11 == rendered
    engine.close()


def test_many_small_files_are_not_read_far_ahead(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """What waits for the caller stays bounded over file borders too, where three items stand for one page."""
    engine = ScriptedEngine(ANSWER, capacity=1)

    with closing(run([make_pdf("1")] * 40, engine, max_in_flight=1)) as items:
        for _ in range(30):
            next(items)
        wait_until(lambda: len(engine.requests) >= 13)
        time.sleep(0.3)
        read = len(engine.requests)

    assert read <= 14
    engine.close()


def test_a_call_that_was_given_up_loses_no_page(make_pdf: Callable[..., Path], pool: PagePool, spool: Spool) -> None:
    """Cancelling `next` cancels no read, and the following call returns the same page; a closed stream is over."""
    engine = ScriptedEngine(ANSWER, delay_s=0.2)
    stream = PageStream(resolve_sources(make_pdf("1", "2"), spool=spool), engine, Settings(), pool)
    engine.loop.submit(stream.next()).result()

    given_up = engine.loop.submit(stream.next())
    wait_until(lambda: engine.in_flight > 0)
    given_up.cancel()
    page = engine.loop.submit(stream.next()).result(timeout=5.0)
    engine.loop.submit(stream.close()).result(timeout=5.0)

    assert (1, PageStatus.OK) == (page.page_number, page.status)
    assert engine.loop.submit(stream.next()).result(timeout=5.0) is None
    engine.close()


def test_an_exception_of_the_callers_sources_is_raised(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """What goes wrong in a generator of sources comes out as it is, behind the pages before it."""

    def sources() -> Iterator[Path]:
        yield make_pdf("1")
        raise ZeroDivisionError

    engine, pages = ScriptedEngine(ANSWER), []

    with pytest.raises(ZeroDivisionError):
        pages.extend(item for item in run(sources(), engine) if isinstance(item, PageResult))

    assert 1 == len(pages)
    engine.close()


def test_closed_page_workers_end_the_run(make_pdf: Callable[..., Path], spool: Spool) -> None:
    """Workers that somebody closed are the engine's end, and not a fault of the file."""
    closed = PagePool(1)
    closed.close()
    engine = ScriptedEngine(ANSWER)

    with pytest.raises(EngineDead, match="page workers are closed"):
        list(iterate(PageStream(resolve_sources(make_pdf("1"), spool=spool), engine, Settings(), closed)))

    engine.close()


def test_waits_for_a_caller_that_takes_nothing(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """The caller's iterator is the backpressure: reading stops when the buffer of results is full."""
    path = make_pdf(*(f"page {number}" for number in range(30)))
    engine = ScriptedEngine(ANSWER, capacity=1)

    with closing(run(path, engine, max_in_flight=1)) as items:
        next(items)
        wait_until(lambda: len(engine.requests) >= 10)
        time.sleep(0.2)
        read = len(engine.requests)

    assert 10 == read
    engine.close()


def test_asks_no_engine_about_a_blank_page(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """A page without ink is blank, and the engine never hears of it."""
    engine = ScriptedEngine(ANSWER)

    pages = pages_of(run(make_pdf("one", "", "three"), engine))

    assert [PageStatus.OK, PageStatus.BLANK, PageStatus.OK] == [page.status for page in pages]
    assert {1, 3} == {request.page.page_number for request in engine.requests}
    assert 0 == pages[1].attempts
    engine.close()


def test_reads_the_pages_that_were_chosen(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """`pages` picks pages of each file; they keep their numbers."""
    engine = ScriptedEngine(ANSWER)

    pages = pages_of(run(make_pdf("1", "2", "3", "4"), engine, pages="2,-1"))

    assert [2, 4] == [page.page_number for page in pages]
    engine.close()


def test_tries_again_what_may_pass(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """A retryable fault is tried again, and the result tells how often; the others are not held up."""
    busy = engine_error("busy", "busy", retry_after_s=0.05)
    engine = ScriptedEngine({1: [busy, busy, ANSWER], 2: ANSWER}, capacity=1)

    first, second = pages_of(run(make_pdf("1", "2"), engine, max_in_flight=1))

    assert (PageStatus.OK, 3) == (first.status, first.attempts)
    assert (PageStatus.OK, 1) == (second.status, second.attempts)
    assert [1, 2] == [request.page.page_number for request in engine.requests[:2]]
    engine.close()


@pytest.mark.parametrize(
    ("fault", "attempts", "cause"),
    [
        (engine_error("cut", "cut off", retry_after_s=0.0), 3, "cut"),
        (engine_error("busy", "busy", retry_after_s=0.0), 8, "busy"),
        (engine_error("bad_request", "no"), 1, "bad_request"),
        (ValueError("a bug in the engine"), 1, ""),
    ],
)
def test_a_failed_page_costs_one_page(
    fault: Exception,
    attempts: int,
    cause: str,
    make_pdf: Callable[..., Path],
    run: Callable[..., Iterator[RunItem]],
) -> None:
    """A page that cannot be read is a failed result with its cause, its file and number; the next page is read."""
    engine = ScriptedEngine({1: fault, 2: ANSWER})

    first, second = pages_of(run(make_pdf("1", "2"), engine))

    assert (PageStatus.FAILED, attempts, cause) == (first.status, first.attempts, first.error.cause)
    assert first.error.message.endswith(f"report.pdf, page 1: {fault}")
    assert PageStatus.OK is second.status
    engine.close()


def test_stops_the_run_when_no_page_would_fare_better(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]], caplog: pytest.LogCaptureFixture
) -> None:
    """A refused key ends the run with its error, after the pages before it, however many pages it meets."""
    refused = engine_error("unauthorized", "wrong key")
    engine = ScriptedEngine(lambda request: ANSWER if request.page.page_number == 1 else refused)
    items = run(make_pdf("1", "2", "3", "4"), engine)

    seen = [next(items), next(items)]
    with pytest.raises(EngineRejected, match="wrong key"):
        list(items)

    gc.collect()
    assert 1 == seen[1].page_number
    assert [] == [record for record in caplog.records if record.name == "asyncio"]
    engine.close()


def test_a_source_that_cannot_be_read_costs_one_source(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]], tmp_path: Path
) -> None:
    """Missing and damaged files are failures in their place; the files around them are read."""
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\ngarbage")
    engine = ScriptedEngine(ANSWER)

    items = list(run([make_pdf("1"), tmp_path / "missing.pdf", broken, make_pdf("2")], engine))

    failures = [item for item in items if isinstance(item, SourceFailure)]
    assert ["SourceNotFound", "SourceDamaged"] == [failure.kind for failure in failures]
    assert 2 == len(pages_of(iter(items)))
    engine.close()


def test_marks_truncated_and_empty_answers(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """An answer at its token limit is truncated; an empty one for a page with ink is a failure."""
    cut_off = RawAnswer(ANSWER, "length", 10, 20, "model", "engine")
    engine = ScriptedEngine({1: cut_off, 2: "", 3: ANSWER})

    pages = pages_of(run(make_pdf("1", "2", "3"), engine, repair=False))

    assert [PageStatus.TRUNCATED, PageStatus.FAILED, PageStatus.OK] == [page.status for page in pages]
    assert "no_answer" == pages[1].error.cause
    engine.close()


def test_reads_a_failed_page_by_the_fallback(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """With a fallback a page that failed, or whose answer is empty, is read by it and says so."""
    engine = ScriptedEngine({1: engine_error("bad_request", "no"), 2: ANSWER, 3: ""})
    fallback = ScriptedEngine("other words", text_source=TextSource.TEXT_LAYER)

    first, second, third = pages_of(run(make_pdf("1", "2", "3"), engine, fallback=fallback, repair=False))

    for page in (first, third):
        assert (PageStatus.REPAIRED, ("text_layer",), "other words", "text_layer", None) == (
            page.status,
            page.repairs,
            page.regions[0].text,
            page.text_source,
            page.error,
        )
    assert (PageStatus.OK, (), "ocr") == (second.status, second.repairs, second.text_source)
    engine.close()
    fallback.close()


def test_a_fallback_that_fails_leaves_the_first_error(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Whatever goes wrong in the fallback, a bug too, costs this page alone, and the engine's own error stays."""
    engine = ScriptedEngine({1: engine_error("bad_request", "no"), 2: ANSWER, 3: engine_error("bad_request", "no")})
    fallback = ScriptedEngine({1: ValueError("a bug in the fallback"), 3: ""})

    first, second, third = pages_of(run(make_pdf("1", "2", "3"), engine, fallback=fallback))

    for page in (first, third):
        assert (PageStatus.FAILED, "bad_request", ()) == (page.status, page.error.cause, page.repairs)
    assert PageStatus.OK is second.status
    engine.close()
    fallback.close()


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("a.pdf", "no", "a.pdf, page 1: no"),
        ("a.pdf", "a.pdf: it is gone", "a.pdf, page 1: it is gone"),
        ("a.pdf", "a.pdf, page 1: it is blurred", "a.pdf, page 1: it is blurred"),
        ("a.pdf", "no answer for page 1 of a.pdf", "no answer for page 1 of a.pdf"),
        ("a.pdf", "a.pdf has 12 pages", "a.pdf, page 1: a.pdf has 12 pages"),
        ("rep", "the report is broken", "rep, page 1: the report is broken"),
    ],
)
def test_names_file_and_page_once(
    name: str,
    said: str,
    expected: str,
    make_pdf: Callable[..., Path],
    pool: PagePool,
    spool: Spool,
) -> None:
    """The message of a failed page names its file and page, whatever of these the error itself says."""
    engine = ScriptedEngine(engine_error("bad_request", said))
    sources = resolve_sources(make_pdf("1").read_bytes(), spool=spool, name=name)

    (page,) = pages_of(iterate(PageStream(sources, engine, Settings(), pool)))

    assert expected == page.error.message
    engine.close()


def test_closing_cancels_what_is_under_way(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Leaving the iterator ends the engine's reads within a second."""
    engine = ScriptedEngine(ANSWER, delay_s=lambda request: 0.0 if request.page.page_number == 1 else 60.0)
    items = run(make_pdf("1", "2", "3"), engine)

    while not isinstance(next(items), PageResult):
        pass
    while not engine.in_flight:
        time.sleep(0.01)
    started = time.monotonic()
    items.close()

    assert time.monotonic() - started < 1.0
    assert 0 == engine.in_flight
    engine.close()


def test_an_abandoned_iterator_may_be_collected_at_any_moment(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection that comes while the loop takes another coroutine closes the iterator and waits for nothing."""
    engine = ScriptedEngine(ANSWER, delay_s=60.0)
    items = run(make_pdf("1"), engine)
    next(items)
    while not engine.in_flight:
        time.sleep(0.01)
    hand_over = asyncio.run_coroutine_threadsafe

    def collect_and_hand_over(*arguments: object) -> object:
        monkeypatch.setattr("asyncio.run_coroutine_threadsafe", hand_over)
        gc.collect()
        return hand_over(*arguments)

    cycle: list[object] = [items]
    cycle.append(cycle)
    del items, cycle
    monkeypatch.setattr("asyncio.run_coroutine_threadsafe", collect_and_hand_over)
    submitting = threading.Thread(target=lambda: engine.loop.submit(asyncio.sleep(0)).result(), daemon=True)
    submitting.start()
    submitting.join(timeout=5.0)

    assert not submitting.is_alive()
    assert 0 == engine.in_flight
    engine.close()


def test_an_engine_that_is_closed_meanwhile_ends_the_run(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Closing the engine from another thread raises EngineDead in the caller, and nothing hangs."""
    engine = ScriptedEngine(ANSWER, delay_s=60.0)
    items = run(make_pdf("1"), engine)
    next(items)

    def close_when_reading() -> None:
        while not engine.in_flight:
            time.sleep(0.01)
        engine.close()

    closer = threading.Thread(target=close_when_reading)
    closer.start()
    with pytest.raises(EngineError) as caught:
        list(items)
    closer.join()

    assert isinstance(caught.value, EngineDead)


def test_reads_for_an_event_loop_without_holding_it_up(
    make_pdf: Callable[..., Path], pool: PagePool, spool: Spool
) -> None:
    """The awaitable face gives the same items, and the caller's loop keeps ticking."""
    path = make_pdf(*(f"page {number}" for number in range(6)))
    engine = ScriptedEngine(ANSWER, delay_s=0.05)
    lags: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - before - 0.001)

    async def read() -> list[int]:
        ticking = asyncio.create_task(tick())
        stream = PageStream(resolve_sources(path, spool=spool), engine, Settings(), pool)
        async with aclosing(aiterate(stream)) as items:
            numbers = [item.page_number async for item in items if isinstance(item, PageResult)]
        ticking.cancel()
        return numbers

    numbers = asyncio.run(read())

    assert list(range(1, 7)) == numbers
    assert sorted(lags)[int(len(lags) * 0.9)] < 0.05
    engine.close()


def test_cancelling_an_awaiting_caller_cancels_the_reads(
    make_pdf: Callable[..., Path], pool: PagePool, spool: Spool
) -> None:
    """A cancelled task leaves no read behind."""
    path = make_pdf("1", "2")
    engine = ScriptedEngine(ANSWER, delay_s=60.0)

    async def read() -> None:
        stream = PageStream(resolve_sources(path, spool=spool), engine, Settings(), pool)
        async with aclosing(aiterate(stream)) as items:
            async for _ in items:
                pass

    async def cancel() -> None:
        task = asyncio.create_task(read())
        while not engine.in_flight:  # noqa: ASYNC110 - the engine lives on another loop and has no event to wait for
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())

    assert 0 == engine.in_flight
    engine.close()


def test_a_second_try_sees_its_attempt(make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]) -> None:
    """The request of each try carries its number, so that an engine can decode differently."""
    engine = ScriptedEngine({1: [engine_error("cut", "cut", retry_after_s=0.0), ANSWER]})

    pages_of(run(make_pdf("1"), engine))

    attempts: list[ReadRequest] = engine.requests
    assert [1, 2] == [request.attempt for request in attempts]
    engine.close()
