"""Damaged answers: which rung mends them, what the page's result says about it, and what it may cost."""

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
from dsocr_loaders.values import AnswerFault, PageResult, PageStatus, RawAnswer, Span, Task, TextSource

WORDS = [
    *("rain", "hill", "valley", "river", "bridge", "mill", "farmer", "letter", "winter", "harvest", "market", "stone"),
    *("road", "village", "window", "garden", "ferry", "lantern", "orchard", "meadow", "chapel", "cellar", "wagon"),
    *("barrel", "kettle", "needle", "ribbon", "saddle", "anchor", "pigeon", "thistle", "willow"),
]
CHOICE = random.Random(7)  # noqa: S311 - the same prose in every run
SENTENCES = [" ".join(CHOICE.choices(WORDS, k=11)).capitalize() + "." for _ in range(40)]
TABLE = "<|ref|>table<|/ref|><|det|>[[300, 50, 800, 950]]<|/det|>\n"
CAPTION = "<|ref|>table_caption<|/ref|><|det|>[[250, 50, 290, 950]]<|/det|>\nTable 1: Rain\n\n"
ROWS = "<table>" + "".join(f"<tr><td>{number}</td><td>{number * 7}</td></tr>" for number in range(20)) + "</table>"


pytestmark = pytest.mark.usefixtures("warm_page_workers")


def grounded(text, box=(60, 50, 940, 960)):
    return f"<|ref|>text<|/ref|><|det|>[{list(box)}]<|/det|>\n{text}"


WHOLE = grounded(" ".join(SENTENCES))
LOOP = grounded(" ".join(SENTENCES[:20]) + " and then the rain came back over the hills again" * 90)
PICTURE = "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"


def cut_off(text):
    return RawAnswer(text, "length", 900, 7000, "model", "scripted 1")


@pytest.fixture(scope="module")
def page_of_text(tmp_path_factory):
    """Return a function that writes a PDF of so many full A4 pages, with or without a text layer."""

    @functools.cache
    def make(pages=1, *, is_scan=False):
        path = tmp_path_factory.mktemp("full") / "full.pdf"
        with pymupdf.open() as document:
            for number in range(pages):
                page = document.new_page(width=595, height=842)
                for line, sentence in enumerate(SENTENCES):
                    page.insert_text((40, 60 + 19 * line), f"{sentence} {number}", fontsize=11)
            if not is_scan:
                document.save(path)
                return path
            with pymupdf.open() as scan:
                for page in document:
                    image = page.get_pixmap(dpi=60)
                    scan.new_page(width=595, height=842).insert_image((0, 0, 595, 842), pixmap=image)
                scan.save(path)
        return path

    return make


@pytest.fixture
def run(run):
    """Render less than usual: it is what these tests take their time for."""
    return functools.partial(run, dpi=60)


@pytest.fixture(scope="module")
def full_page(page_of_text):
    return page_of_text()


def pages_of(items):
    return [item for item in items if isinstance(item, PageResult)]


def rungs(page):
    return [(step.rung, step.reads, step.helped) for step in page.repair_steps]


def answering(**by_rung):
    """Return what an engine says: `first` to a page's first question, else what is scripted for the rung."""

    def answer(request):
        page = request.page
        if request.task is Task.FREE:
            return by_rung.get("free", LOOP)
        if page.width > page.height:
            return by_rung.get(f"turn_{page.rotation}", LOOP)
        if page.height < 700:
            return by_rung.get("upper" if request.attempt % 2 == 0 else "lower", LOOP)
        if request.resolution != "gundam":
            return by_rung.get("resolution", LOOP)
        if not request.decoding.ngram_whitelist:
            return by_rung.get("ngram", LOOP)
        return by_rung["first"]

    return answer


def test_a_loop_is_trimmed_without_a_read(full_page, run):
    """This test ensures that a loop that ended by itself costs nothing to cut out, and the raw answer stays whole."""
    looping = LOOP + ".\n\n" + grounded(" ".join(SENTENCES[20:]), (60, 500, 940, 960))
    engine = ScriptedEngine(looping)

    (page,) = pages_of(run(full_page, engine))

    assert (PageStatus.REPAIRED, ("trim",), 1, ()) == (page.status, page.repairs, page.attempts, page.health)
    assert [("trim", 0, True)] == rungs(page)
    assert "cut " in page.repair_steps[0].detail
    assert looping == page.answer.text
    text = " ".join(region.text for region in page.regions)
    assert 1 == text.count("and then the rain came back")
    assert all(sentence in text for sentence in SENTENCES)
    spans = [span for region in page.regions for span in region.spans]
    assert spans == sorted(spans, key=lambda span: span.start)
    assert Span(0, len(looping)) != spans[0]
    engine.close()


def test_a_loop_is_read_with_other_ngrams(full_page, run):
    """This test ensures that a loop to the end is trimmed, then asked for once more, and the better answer wins."""
    engine = ScriptedEngine(answering(first=cut_off(LOOP), ngram=WHOLE))

    (page,) = pages_of(run(full_page, engine))

    assert (PageStatus.REPAIRED, ("ngram",), 2, ()) == (page.status, page.repairs, page.attempts, page.health)
    assert [("trim", 0, False), ("ngram", 1, True)] == rungs(page)
    assert WHOLE == page.answer.text
    assert (40, 400) == (engine.requests[1].decoding.ngram_size, engine.requests[1].decoding.ngram_window)
    assert engine.digests[0] == engine.digests[1]
    engine.close()


@pytest.mark.parametrize(("turn", "reads"), [(90, 1), (270, 2)])
def test_a_page_on_its_side_is_turned(page_of_text, run, turn, reads):
    """This test ensures that a turned page is read as it was turned, and its boxes lie on the page as shown."""
    upright = CAPTION.replace("[[250, 50, 290, 950]]", "[[50, 250, 950, 290]]") + TABLE.replace(
        "[[300, 50, 800, 950]]", "[[50, 300, 950, 800]]"
    )
    wrong = cut_off(CAPTION + TABLE + "<table>" + "<tr><td></td></tr>" * 300)
    engine = ScriptedEngine(answering(**{"first": wrong, "turn_90": wrong, f"turn_{turn}": upright + ROWS}))

    (page,) = pages_of(run(page_of_text(is_scan=True), engine))

    assert (PageStatus.REPAIRED, ("rotate",), 1 + reads) == (page.status, page.repairs, page.attempts)
    assert f"turned by {turn} degrees clockwise: better" in page.repair_steps[-1].detail
    table = next(region for region in page.regions if region.type == "table")
    left, right = (300, 800) if turn == 90 else (199, 699)
    box = table.boxes[0]
    assert pytest.approx((left / 999, 49.5 / 999, right / 999, 949.5 / 999), abs=0.001) == (
        box.x0,
        box.y0,
        box.x1,
        box.y1,
    )
    assert reads + 1 == len(set(engine.digests))
    assert (595.0, 842.0) == (page.width, page.height)
    engine.close()


def test_another_resolution_where_the_engine_offers_it(page_of_text, run):
    """This test ensures that the rung is there for engines that name modes, and left out for the others."""
    for modes, expected in (((), None), (("gundam", "large"), "large")):
        engine = ScriptedEngine(answering(first=PICTURE, resolution=WHOLE, free=PICTURE))
        engine.resolutions = modes
        (page,) = pages_of(run(page_of_text(is_scan=True), engine))

        assert expected == next((r.resolution for r in engine.requests if r.resolution != "gundam"), None)
        assert (("resolution",) if modes else ()) == page.repairs
        engine.close()


def test_a_page_that_is_called_a_picture_is_read_freely(page_of_text, run):
    """This test ensures that the prompt without boxes is asked, and its text stands for the whole page."""
    engine = ScriptedEngine(answering(first=PICTURE, free="\n".join(SENTENCES)))
    with Reader(engine, dpi=60) as reader:
        (chunk, *_) = reader.load(page_of_text(is_scan=True))

    assert [Task.DOCUMENT, Task.FREE] == [request.task for request in engine.requests]
    assert "Free OCR." == engine.requests[1].prompt
    assert ("repaired", "page") == (chunk.metadata.page_status, chunk.metadata.bbox_source)
    assert [0.0, 0.0, 1.0, 1.0] == [getattr(chunk.metadata, f"bbox_{edge}") for edge in ("x0", "y0", "x1", "y1")]
    assert SENTENCES[7] in chunk.text
    engine.close()


def test_a_page_that_is_too_much_is_read_in_halves(page_of_text, run):
    """This test ensures that both halves make one page: every line once, in order, in boxes on the whole page."""

    def box(line, offset, height):
        top, bottom = (round(999 * (y - offset) / height) for y in (48 + 19 * line, 63 + 19 * line))
        return grounded(SENTENCES[line], (60, top, 900, bottom))

    def answer(request):
        height = request.page.height
        if height > 800:
            return cut_off("\n\n".join(box(line, 0, 842) for line in range(25)))
        is_upper = request.attempt == 2
        seen = range(40)
        offset = 0 if is_upper else 842 - height
        inside = [line for line in seen if 48 + 19 * line >= offset and 63 + 19 * line <= offset + height]
        return "\n\n".join(box(line, offset, height) for line in inside)

    engine = ScriptedEngine(answer)

    (page,) = pages_of(run(page_of_text(is_scan=True), engine))

    assert (PageStatus.REPAIRED, ("halves",), 3) == (page.status, page.repairs, page.attempts)
    assert SENTENCES == [region.text for region in page.regions]
    for line, region in enumerate(page.regions):
        assert pytest.approx((48 + 19 * line) / 842, abs=0.003) == region.boxes[0].y0
        assert pytest.approx((63 + 19 * line) / 842, abs=0.003) == region.boxes[0].y1
    assert 3 == len(set(engine.digests))
    engine.close()


def test_the_text_layer_is_the_last_way(full_page, run):
    """This test ensures that a page whose answer nothing mends is read from its own text layer if that is good."""
    engine = ScriptedEngine("")

    (page,) = pages_of(run(full_page, engine))

    assert (PageStatus.REPAIRED, ("text_layer",), TextSource.TEXT_LAYER) == (
        page.status,
        page.repairs,
        page.text_source,
    )
    assert SENTENCES[3] in " ".join(region.text for region in page.regions)
    assert [("free", 1, False), ("halves", 2, False), ("text_layer", 0, True)] == rungs(page)
    engine.close()


def test_what_was_there_stays_if_nothing_is_better(page_of_text, run):
    """This test ensures that no text is lost to a ladder that does not help, and the page says what is wrong."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(page_of_text(is_scan=True), engine))

    assert (PageStatus.TRUNCATED, ("trim",), 5) == (page.status, page.repairs, page.attempts)
    assert {AnswerFault.TRUNCATED} <= {finding.fault for finding in page.health}
    assert all(sentence in page.regions[0].text for sentence in SENTENCES[:20])
    assert [("trim", 0, True), ("ngram", 1, False), ("free", 1, False), ("halves", 2, False)] == rungs(page)[:4]
    engine.close()


@pytest.mark.parametrize(("most", "asked"), [(0, 1), (1, 2), (2, 3), (4, 5)])
def test_extra_reads_of_a_page_are_bounded(page_of_text, run, most, asked):
    """This test ensures that a page never has more extra reads than it may have, and says what was left out."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(page_of_text(is_scan=True), engine, max_repair_reads=most))

    assert asked == len(engine.requests) == page.attempts
    assert ("max_repair_reads" in page.repair_steps[-1].detail or "text layer" in page.repair_steps[-1].detail) is True
    engine.close()


def test_extra_reads_of_a_run_are_bounded(page_of_text, run, monkeypatch):
    """This test ensures that a run where every page loops costs half as much again and a few reads, not five times."""
    monkeypatch.setattr("dsocr_loaders.repair.budget.FREE_READS", 3)
    pages, engine = 8, ScriptedEngine(cut_off(LOOP), capacity=8)

    results = pages_of(run(page_of_text(pages, is_scan=True), engine))

    assert pages + 3 + pages // 2 >= len(engine.requests) > pages + 3
    assert list(range(1, pages + 1)) == [page.page_number for page in results]
    assert any("the run's extra reads are used up" in step.detail for page in results for step in page.repair_steps)
    assert {PageStatus.TRUNCATED} == {page.status for page in results}
    engine.close()


@pytest.mark.parametrize("settings", [{"repair": False}, {"task": "figure"}, {"task": "describe"}])
def test_repairs_that_are_off(full_page, run, settings):
    """This test ensures that nobody's page is read twice who did not want it, or whose task is another."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(full_page, engine, **settings))

    assert (1, (), ()) == (len(engine.requests), page.repairs, page.repair_steps)
    engine.close()


def test_words_of_ones_own_are_trimmed_and_not_replaced(full_page, run):
    """This test ensures that a page that was asked the user's own question is asked no other."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(full_page, engine, prompt="<|grounding|>Tell me about the rain."))

    assert (1, ("trim",)) == (len(engine.requests), page.repairs)
    engine.close()


def test_the_rungs_that_one_chooses(page_of_text, run):
    """This test ensures that a ladder of one's own is climbed in its own order."""
    engine = ScriptedEngine(cut_off(LOOP))

    (page,) = pages_of(run(page_of_text(is_scan=True), engine, repair=["free", "ngram"]))

    assert ["free", "ngram"] == [step.rung for step in page.repair_steps]
    engine.close()


def test_engines_that_say_the_same_again_are_not_asked_again(full_page, run):
    """This test ensures that an engine without eyes is left alone: its answer is trimmed, no second one asked for."""
    engine = ScriptedEngine(cut_off(LOOP), needs_image=False)

    (page,) = pages_of(run(full_page, engine, repair=["trim", "ngram", "free", "halves"]))

    assert (1, ("trim",)) == (len(engine.requests), page.repairs)
    engine.close()


def test_many_pages_with_damage_among_them(page_of_text, run):
    """This test ensures that order, one result for each page, permits and events hold while pages are repaired."""

    def answer(request):
        if request.page.page_number % 3:
            return WHOLE
        return answering(first=cut_off(LOOP), ngram=WHOLE)(request)

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
        return answering(first=cut_off(LOOP), ngram=busy if len(seen) < 4 else cut_off(LOOP))(request)

    engine = ScriptedEngine(answer)

    (page,) = pages_of(run(page_of_text(is_scan=True), engine, repair=["trim", "ngram", "free"]))

    assert [1, 2, 3, 4, 5] == seen
    assert (5, PageStatus.TRUNCATED, ("trim",)) == (page.attempts, page.status, page.repairs)
    assert [("trim", 0, True), ("ngram", 3, False), ("free", 1, False)] == rungs(page)
    assert "no such prompt" in page.repair_steps[-1].detail
    assert 0 == engine.loop.images.held
    engine.close()


def test_an_engine_that_dies_ends_the_run(page_of_text, run):
    """This test ensures that a fault that ends a run does so in the middle of a repair too."""
    engine = ScriptedEngine(answering(first=cut_off(LOOP), ngram=engine_error("died", "the engine is gone")))

    with pytest.raises(EngineDead, match="the engine is gone"):
        pages_of(run(page_of_text(2, is_scan=True), engine))

    assert 0 == engine.loop.images.held
    engine.close()


def test_a_caller_who_leaves_ends_a_repair(page_of_text):
    """This test ensures that a cancelled caller leaves no permit taken and no read under way."""
    is_repairing = threading.Event()

    def delay_s(request):
        if request.attempt > 1:
            is_repairing.set()
        return 0.0 if request.attempt == 1 else 60.0

    engine = ScriptedEngine(answering(first=cut_off(LOOP), ngram=WHOLE), delay_s=delay_s)

    async def read():
        async with Reader(engine, dpi=60) as reader:
            return [page async for page in reader.aiter_pages(page_of_text(2, is_scan=True))]

    async def leave():
        task = asyncio.create_task(read())
        await asyncio.to_thread(is_repairing.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())

    assert (0, 0, 0) == (engine.in_flight, engine.loop.images.held, engine.loop.slots.held)
    engine.close()
