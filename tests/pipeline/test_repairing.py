"""Damaged answers: which rung mends them, what the page's result says about it, and what it may cost."""

from __future__ import annotations

import functools
import random

import pymupdf
import pytest

from dsocr_loaders import Reader
from dsocr_loaders.errors import MissingDependency
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


def test_pages_of_a_mixed_document(page_of_text):
    """This test ensures that where good text layers come first, a damaged page goes to the model again."""
    engine = ScriptedEngine(answering(first=cut_off(LOOP), ngram=WHOLE))

    with Reader(engine, dpi=60, prefer_text_layer=True) as reader:
        (page,) = reader.iter_pages(page_of_text(is_scan=True))

    assert (PageStatus.REPAIRED, ("ngram",), 2) == (page.status, page.repairs, page.attempts)
    assert page.route.startswith("model: ")
    assert engine.digests[0] == engine.digests[1]
    engine.close()


@pytest.mark.parametrize("repair", [True, ["trim", "text_layer"]])
def test_without_pymupdf(page_of_text, run, monkeypatch, repair):
    """This test ensures that the text layer is left out where it cannot be read, unless somebody named it."""
    path, engine = page_of_text(), ScriptedEngine("")
    monkeypatch.setattr("dsocr_loaders.pipeline.repairing.find_spec", lambda _: None)

    if repair is True:
        (page,) = pages_of(run(path, engine))
        assert (PageStatus.FAILED, ["free", "halves"]) == (page.status, [step.rung for step in page.repair_steps])
    else:
        with pytest.raises(MissingDependency, match="pip install"):
            pages_of(run(path, engine, repair=repair))
    engine.close()


def test_a_fallback_reads_what_no_repair_mends(page_of_text, run):
    """This test ensures that a page that is still without text fails, and is read as `on_page_error` says."""
    fallback = ScriptedEngine("other words", text_source=TextSource.TEXT_LAYER)
    engine = ScriptedEngine("")

    (page,) = pages_of(run(page_of_text(is_scan=True), engine, fallback=fallback))

    assert ("other words", ("text_layer",), 4) == (page.regions[0].text, page.repairs, page.attempts)
    assert ["free", "halves", "text_layer", "text_layer"] == [step.rung for step in page.repair_steps]
    engine.close()
    fallback.close()
