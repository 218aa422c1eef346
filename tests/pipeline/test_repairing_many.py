"""Many pages with damage among them: order, bounds, permits, tries, and who leaves or dies in the middle."""

from __future__ import annotations

import asyncio
import functools
import random
import threading

import pymupdf
import pytest

from dsocr_loaders import Reader
from dsocr_loaders.errors import EngineDead, engine_error
from dsocr_loaders.pipeline import PageFinished, PageRead, PageRepairTried
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageResult, PageStatus, RawAnswer, Task

pytestmark = pytest.mark.usefixtures("warm_page_workers")

WORDS = [
    "rain",
    "hill",
    "valley",
    "river",
    "bridge",
    "mill",
    "farmer",
    "letter",
    "winter",
    "harvest",
    "market",
    "stone",
]
CHOICE = random.Random(5)  # noqa: S311 - the same prose in every run
PROSE = " ".join(CHOICE.choices(WORDS, k=300))
WHOLE = f"<|ref|>text<|/ref|><|det|>[[50, 40, 950, 960]]<|/det|>\n{PROSE}"
LOOP = f"{WHOLE[:900]}{' and then the wind blew over the fields again' * 90}"


@pytest.fixture(scope="module")
def page_of_text(tmp_path_factory):
    """Return a function that writes a PDF of so many full pages without a text layer."""

    @functools.cache
    def make(pages=1):
        path = tmp_path_factory.mktemp("full") / "full.pdf"
        with pymupdf.open() as document, pymupdf.open() as scan:
            for number in range(pages):
                page = document.new_page(width=595, height=842)
                for line in range(40):
                    page.insert_text((40, 60 + 19 * line), f"{PROSE[30 * line : 30 * line + 75]} {number}", fontsize=11)
                image = page.get_pixmap(dpi=60)
                scan.new_page(width=595, height=842).insert_image((0, 0, 595, 842), pixmap=image)
            scan.save(path)
        return path

    return make


@pytest.fixture
def run(run):
    """Render less than usual: it is what these tests take their time for."""
    return functools.partial(run, dpi=60)


def pages_of(items):
    return [item for item in items if isinstance(item, PageResult)]


def rungs(page):
    return [(step.rung, step.reads, step.helped) for step in page.repair_steps]


def cut_off(text):
    return RawAnswer(text, "length", 900, 7000, "model", "scripted 1")


def mended_by_ngrams(request, *, reply=WHOLE):
    """Return a loop to a page's first question, and to others, but for other n-gram values."""
    is_second = request.task is Task.DOCUMENT and not request.decoding.ngram_whitelist
    return reply if is_second else cut_off(LOOP)


@pytest.mark.parametrize(("most", "asked"), [(0, 1), (1, 2), (2, 3), (4, 5)])
def test_extra_reads_of_a_page_are_bounded(page_of_text, run, most, asked):
    """This test ensures that a page never has more extra reads than it may have, and says what was left out."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(page_of_text(), engine, max_repair_reads=most))

    assert asked == len(engine.requests) == page.attempts
    assert ("max_repair_reads" in page.repair_steps[-1].detail or "text layer" in page.repair_steps[-1].detail) is True
    engine.close()


def test_extra_reads_of_a_run_are_bounded(page_of_text, run, monkeypatch):
    """This test ensures that a run where every page loops costs half as much again and a few reads, not five times."""
    monkeypatch.setattr("dsocr_loaders.repair.budget.FREE_READS", 3)
    pages, engine = 8, ScriptedEngine(cut_off(LOOP), capacity=8)

    results = pages_of(run(page_of_text(pages), engine))

    assert pages + 3 + pages // 2 >= len(engine.requests) > pages + 3
    assert list(range(1, pages + 1)) == [page.page_number for page in results]
    assert any("the run's extra reads are used up" in step.detail for page in results for step in page.repair_steps)
    assert {PageStatus.TRUNCATED} == {page.status for page in results}
    engine.close()


def test_many_pages_with_damage_among_them(page_of_text, run):
    """This test ensures that order, one result for each page, permits and events hold while pages are repaired."""

    def answer(request):
        if request.page.page_number % 3:
            return WHOLE
        return mended_by_ngrams(request)

    engine, events = ScriptedEngine(answer, capacity=4, delay_s=0.002), []

    results = pages_of(run(page_of_text(12), engine, stream={"tell": events.append}))

    assert list(range(1, 13)) == [page.page_number for page in results]
    assert ["ok", "ok", "repaired"] * 4 == [page.status for page in results]
    assert 4 >= engine.most_in_flight
    assert 0 == engine.loop.images.held == engine.loop.slots.held
    assert 5 >= engine.loop.images.most_held
    tried = [event for event in events if isinstance(event, PageRepairTried)]
    assert {"trim": 4, "ngram": 4} == {rung: sum(e.step.rung == rung for e in tried) for rung in ("trim", "ngram")}
    third = [type(event) for event in events if getattr(event, "place", None) and event.place.page_number == 3]
    assert [PageRepairTried, PageFinished] == third[-2:]
    assert [1, 2] == [e.attempt for e in events if isinstance(e, PageRead) and e.place.page_number == 3]
    engine.close()


def test_a_read_that_fails_is_tried_again_and_costs_the_rung_alone(page_of_text, run):
    """This test ensures that extra reads have tries like first ones, and one that fails leaves what there was."""
    busy, seen = engine_error("busy", "busy", retry_after_s=0.0), []

    def answer(request):
        seen.append(request.attempt)
        if request.task is Task.FREE:
            return engine_error("bad_request", "no such prompt")
        return mended_by_ngrams(request, reply=busy if len(seen) < 4 else cut_off(LOOP))

    engine = ScriptedEngine(answer)

    (page,) = pages_of(run(page_of_text(), engine, repair=["trim", "ngram", "free"]))

    assert [1, 2, 3, 4, 5] == seen
    assert (5, PageStatus.TRUNCATED, ("trim",)) == (page.attempts, page.status, page.repairs)
    assert [("trim", 0, True), ("ngram", 3, False), ("free", 1, False)] == rungs(page)
    assert "no such prompt" in page.repair_steps[-1].detail
    assert 0 == engine.loop.images.held
    engine.close()


def test_an_engine_that_dies_ends_the_run(page_of_text, run):
    """This test ensures that a fault that ends a run does so in the middle of a repair too."""
    engine = ScriptedEngine(lambda request: mended_by_ngrams(request, reply=engine_error("died", "the engine is gone")))

    with pytest.raises(EngineDead, match="the engine is gone"):
        pages_of(run(page_of_text(2), engine))

    assert 0 == engine.loop.images.held
    engine.close()


def test_a_caller_who_leaves_ends_a_repair(page_of_text):
    """This test ensures that a cancelled caller leaves no permit taken and no read under way."""
    is_repairing = threading.Event()

    def delay_s(request):
        if request.attempt > 1:
            is_repairing.set()
        return 0.0 if request.attempt == 1 else 60.0

    engine = ScriptedEngine(mended_by_ngrams, delay_s=delay_s)

    async def read():
        async with Reader(engine, dpi=60) as reader:
            return [page async for page in reader.aiter_pages(page_of_text(2))]

    async def leave():
        task = asyncio.create_task(read())
        await asyncio.to_thread(is_repairing.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())

    assert (0, 0, 0) == (engine.in_flight, engine.loop.images.held, engine.loop.slots.held)
    engine.close()


def test_a_bug_in_a_repair_costs_the_repair(page_of_text, run, monkeypatch):
    """This test ensures that what was read of a page stays, whatever goes wrong while it is repaired."""

    def fail(*_):
        raise ValueError("a bug")

    monkeypatch.setattr("dsocr_loaders.pipeline.repairing.joined", fail)
    engine = ScriptedEngine(cut_off(WHOLE))

    (page,) = pages_of(run(page_of_text(), engine, repair=["halves"]))

    assert (PageStatus.TRUNCATED, (), 3) == (page.status, page.repairs, page.attempts)
    assert ["ValueError: a bug"] == [step.detail for step in page.repair_steps]
    engine.close()
