"""Figures: which are asked about, what of their crops the engine sees, what becomes of the answers and of failures."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pymupdf
import pytest

from dsocr_loaders import Reader
from dsocr_loaders.errors import EngineDead, SettingsError, engine_error
from dsocr_loaders.figures import MOST_FIGURES
from dsocr_loaders.geometry import Box
from dsocr_loaders.observers.report import RunCount, RunStarted
from dsocr_loaders.pipeline import FigureRead, PageRead
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import (
    AnswerFault,
    LayoutAnswer,
    PageResult,
    PageStatus,
    RawAnswer,
    Region,
    RegionType,
    Task,
    TextSource,
)

pytestmark = pytest.mark.usefixtures("warm_page_workers")

CHART = "<table><tr><td>Year</td><td>Rain</td></tr><tr><td>2020</td><td>71</td></tr></table>"
LEFT, RIGHT = (100, 100, 450, 400), (550, 100, 900, 400)
ICON = (100, 600, 130, 630)


def tagged(label, box, text=""):
    return f"<|ref|>{label}<|/ref|><|det|>[{list(box)}]<|/det|>\n{text}\n"


PAGE = tagged("image", LEFT) + tagged("image_caption", (100, 410, 450, 430), "Figure 1: Rain") + tagged("image", RIGHT)


@pytest.fixture(scope="module")
def two_charts(tmp_path_factory):
    """Return a PDF page with a bar chart left, a circle right, an icon and some lines of text."""
    path = tmp_path_factory.mktemp("charts") / "charts.pdf"
    with pymupdf.open() as document:
        page = document.new_page(width=600, height=800)
        for x in range(80, 260, 30):
            page.draw_rect((x, 300 - x / 2, x + 20, 310), fill=(0, 0, 0.6))
        page.draw_circle((435, 200), 80, fill=(0.5, 0, 0))
        page.draw_rect((60, 480, 78, 504), fill=(0, 0, 0))
        for line in range(8):
            page.insert_text((60, 540 + 20 * line), "The rain fell on the hills and the river rose.", fontsize=11)
        document.save(path)
    return path


def answering(page=PAGE, left=CHART, right="C1=CC=CC=C1"):
    """Return what an engine says: `page` to the first question, else what is scripted for the figure."""

    def answer(request):
        if request.task is not Task.FIGURE:
            return page
        return left if is_left(request) else right

    return answer


def is_left(request):
    """Tell the two figures apart by their ink, which a circle and bars have of different amount."""
    ink = request.page.ink
    return ink.shares[0] == 0 and ink.shares[-1] > 0


def pages_of(items):
    return [item for item in items if isinstance(item, PageResult)]


def figures(page):
    return [region for region in page.regions if region.type is RegionType.FIGURE]


class Meeting(ScriptedEngine):
    """Answers about one figure once it is asked about another; in vain it waits half a minute."""

    async def read(self, prepared, request):
        answer = super().read(prepared, request)
        if request.task is Task.FIGURE:
            self.waiting = getattr(self, "waiting", None) or asyncio.Barrier(2)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            await asyncio.wait_for(self.waiting.wait(), 30)
            self.in_flight -= 1
        return await answer


def test_figures_are_asked_about_alone(two_charts, run):
    """This test ensures that each figure is a question of its own, and its answer stands at the figure."""
    engine = ScriptedEngine(answering())

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert [CHART, "C1=CC=CC=C1"] == [figure.reading.text for figure in figures(page)]
    assert [(RegionType.TABLE,), (RegionType.TEXT,)] == [
        tuple(part.type for part in figure.reading.parts) for figure in figures(page)
    ]
    assert ["", ""] == [figure.text for figure in figures(page)]
    assert [Task.DOCUMENT, Task.FIGURE, Task.FIGURE] == [request.task for request in engine.requests]
    assert ["Parse the figure."] * 2 == [request.prompt for request in engine.requests[1:]]
    assert (PageStatus.OK, 3, ()) == (page.status, page.attempts, page.notes)


def test_nothing_is_asked_by_default(two_charts, run):
    """This test ensures that figures cost no read unless they are to be read."""
    engine = ScriptedEngine(answering())

    (page,) = pages_of(run(two_charts, engine))

    assert (1, [None, None]) == (len(engine.requests), [figure.reading for figure in figures(page)])


def test_figures_of_a_page_are_read_side_by_side(two_charts, run):
    """This test ensures that figures do not wait for each other, and results are in order whoever is first."""
    engine = Meeting(answering())

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert 2 == engine.most_in_flight
    assert [CHART, "C1=CC=CC=C1"] == [figure.reading.text for figure in figures(page)]


def test_images_and_slots_are_shared(two_charts, run):
    """This test ensures that figures wait for permits like pages do: one image at a time is enough, and no more."""
    engine = ScriptedEngine(answering(), capacity=1)

    (page,) = pages_of(run(two_charts, engine, read_figures=True, max_in_flight=1))

    assert (1, 1, 2) == (
        engine.loop.images.most_held,
        engine.most_in_flight,
        sum(map(bool, map(reading_of, figures(page)))),
    )
    assert 0 == engine.loop.images.held


def reading_of(figure):
    return figure.reading


def test_what_is_not_worth_a_read(two_charts, run):
    """This test ensures that icons, figures without a place and those without ink are not asked about."""
    empty = (600, 700, 900, 950)
    answer = tagged("image", ICON) + tagged("image", empty) + tagged("text", (100, 660, 600, 900), "The rain fell.")
    engine = ScriptedEngine(answering(answer))

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert (1, ()) == (len(engine.requests), page.notes)


def test_of_many_figures_the_largest_are_read(two_charts, run):
    """This test ensures that a sheet of pictures costs a bounded number of reads, and says so."""
    boxes = [(100, 100, 300 + 10 * number, 300) for number in range(MOST_FIGURES + 3)]
    engine = ScriptedEngine(answering("".join(tagged("image", box) for box in boxes), right="A", left="A"))

    (page,) = pages_of(run(two_charts, engine, read_figures=True, repair=False))

    assert MOST_FIGURES + 1 == len(engine.requests)
    assert [None] * 3 == [figure.reading for figure in figures(page)[:3]]
    assert (f"3 more figures were not read: of one page the {MOST_FIGURES} largest are.",) == page.notes


def test_a_figure_that_fails_costs_itself_alone(two_charts, run):
    """This test ensures that a figure's failure is a note, and page and other figures are as if it were not there."""
    engine = ScriptedEngine(answering(left=engine_error("bad_request", "The image is too small.")))

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert (PageStatus.OK, None) == (page.status, page.error)
    assert [None, "C1=CC=CC=C1"] == [figure.reading and figure.reading.text for figure in figures(page)]
    (note,) = page.notes
    assert note.startswith("The figure in region 0 was not read: The image is too small.")


def test_a_figure_is_tried_again(two_charts, run, monkeypatch):
    """This test ensures that what may pass is waited for, as for pages, and that the tries are counted."""
    monkeypatch.setattr("dsocr_loaders.pipeline.attempts.retry_delay_s", lambda *_: 0.0)
    replies = [tagged("image", LEFT), engine_error("busy", "Come back later."), CHART]
    engine = ScriptedEngine(lambda _: replies.pop(0))

    (page,) = pages_of(run(two_charts, engine, read_figures=True, repair=False))

    assert (CHART, 3) == (figures(page)[0].reading.text, page.attempts)


@pytest.mark.parametrize("nothing", ["", "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"])
def test_an_answer_without_text_is_a_note(two_charts, run, nothing):
    """This test ensures that a figure in which nothing was read says so, and has no empty reading."""
    engine = ScriptedEngine(answering(left=nothing))

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert None is figures(page)[0].reading
    assert ("The figure in region 0 was not read: the model read nothing in it",) == page.notes


def test_a_loop_in_a_figure_is_cut_out(two_charts, run):
    """This test ensures that repetition is no searchable text, and that the raw answer still tells of it."""
    looping = "Rain in the year 2020." + " and it rained again over all of the hills" * 80
    engine = ScriptedEngine(answering(left=looping))

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    reading = figures(page)[0].reading
    assert (looping, 1) == (reading.answer.text, reading.text.count("and it rained again"))
    assert AnswerFault.LOOP in {finding.fault for finding in reading.health}
    assert reading.text == "".join(looping[span.start : span.end] for span in reading.parts[0].spans).strip()
    assert (PageStatus.OK, ()) == (page.status, page.health)


def test_boxes_in_a_figure_lie_on_the_page(two_charts, run):
    """This test ensures that what stands in the crop's middle stands in the figure's middle on the page, exactly."""
    engine = ScriptedEngine(
        answering(left=tagged("text", (0, 0, 999, 999), "all") + tagged("text", (0, 0, 0, 0), "edge"))
    )

    (page,) = pages_of(run(two_charts, engine, read_figures=True, dpi=72))

    crop = engine.requests[1].page
    whole, edge = (part.boxes[0] for part in figures(page)[0].reading.parts)
    box = figures(page)[0].boxes[0]
    assert (crop.width / 600, crop.height / 800) == pytest.approx((whole.width, whole.height), abs=1e-9)
    assert (edge.x0, edge.y0) == (whole.x0, whole.y0)
    # The figure is 240 points high, so it is rendered at 300 dpi: a page of 2500 x 3334 pixels.
    assert (250, 333) == pytest.approx((whole.x0 * 2500, whole.y0 * 3334), abs=1e-6)
    assert (1127, 1335) == pytest.approx((whole.x1 * 2500, whole.y1 * 3334), abs=1e-6)
    assert (box.x0 >= whole.x0, box.y1 <= whole.y1) == (True, True)


def test_repaired_and_fallback_pages(two_charts, run):
    """This test ensures that figures are those of the reading that the page ends with, and none of a text layer's."""
    layer = LayoutAnswer((Region(RegionType.FIGURE, "", (Box(0.1, 0.1, 0.5, 0.5),), ""),), "text layer")
    fallback = ScriptedEngine(layer, text_source=TextSource.TEXT_LAYER)
    engine = ScriptedEngine(engine_error("bad_request", "No."))

    (page,) = pages_of(run(two_charts, engine, fallback=fallback, read_figures=True, on_page_error="text_layer"))

    assert (TextSource.TEXT_LAYER, [None], 1) == (
        page.text_source,
        list(map(reading_of, page.regions)),
        len(engine.requests),
    )


def test_events_and_report(two_charts, run):
    """This test ensures that observers learn of each figure, and that the report counts them with their tokens."""
    events = []
    engine = ScriptedEngine(answering(left=RawAnswer(CHART, "stop", 100, 40, "m", "scripted 1"), right=""))

    (page,) = pages_of(run(two_charts, engine, read_figures=True, stream={"tell": events.append}))

    count = RunCount(RunStarted("scripted", 4))
    for event in events:
        count.add(event)
    report = count.report()
    seen = sorted((e.region, e.is_read, e.reads, e.detail) for e in events if isinstance(e, FigureRead))
    assert [(0, True, 1, ""), (2, False, 1, "the model read nothing in it")] == seen
    assert 3 == sum(isinstance(event, PageRead) for event in events)
    assert (1, 1, 2, 3) == (report.figures_read, report.figures_unread, report.figure_reads, report.attempts)
    assert (40, 3) == (report.output_tokens, page.attempts)
    assert "figures 1 read, 1 not; 2 extra reads" in str(report)


def test_an_engine_that_dies_ends_the_run(two_charts, run):
    """This test ensures that what ends a run ends it from a figure too, at once, and leaves no permit behind."""
    engine = ScriptedEngine(
        answering(left=engine_error("died", "The engine is gone.")),
        delay_s=lambda request: 60.0 if request.task is Task.FIGURE and not is_left(request) else 0.0,
    )
    began = time.monotonic()

    with pytest.raises(EngineDead, match="The engine is gone"):
        list(run(two_charts, engine, read_figures=True))

    assert (0, 0, 0) == (engine.in_flight, engine.loop.images.held, engine.loop.slots.held)
    assert time.monotonic() - began < 40


def test_a_model_that_reads_no_figures(two_charts):
    """This test ensures that it is an error, not silence, where the model was not trained for the task."""
    with (
        Reader(ScriptedEngine(PAGE), model="deepseek-ai/DeepSeek-OCR-2", read_figures=True) as reader,
        pytest.raises(SettingsError, match=r"read_figures.*deepseek-ai/DeepSeek-OCR-2"),
    ):
        reader.read(two_charts)


def test_an_engine_without_eyes(two_charts, run, caplog):
    """This test ensures that an engine that sees no pixels is not asked, and that the log says why."""
    engine = ScriptedEngine(PAGE, needs_image=False)

    (page,) = pages_of(run(two_charts, engine, read_figures=True))

    assert [None, None] == [figure.reading for figure in figures(replace(page))]
    assert "read_figures has no effect" in caplog.text


def test_a_figure_that_takes_too_long_is_a_note(two_charts, run, monkeypatch):
    """This test ensures that `timeout_s` holds for a figure as for a page, and that the page does not wait longer."""
    monkeypatch.setattr("dsocr_loaders.pipeline.attempts.retry_delay_s", lambda *_: 0.0)
    engine = ScriptedEngine(answering(tagged("image", LEFT)), delay_s=lambda r: 60.0 if r.task is Task.FIGURE else 0.0)

    (page,) = pages_of(run(two_charts, engine, read_figures=True, repair=False, timeout_s=0.2))

    (note,) = page.notes
    assert "no answer within 0.2 s" in note
    assert (PageStatus.OK, len(engine.requests)) == (page.status, page.attempts)


def test_leaving_a_run_while_figures_are_read(two_charts, run):
    """This test ensures that a caller who stops while a figure is read leaves no read, permit or slot behind."""
    engine = ScriptedEngine(answering(), delay_s=lambda request: 60.0 if request.task is Task.FIGURE else 0.0)
    events = []
    items = run([two_charts, two_charts], engine, read_figures=True, stream={"tell": events.append})

    next(items)
    deadline = time.monotonic() + 30
    while len(engine.requests) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    items.close()

    assert (0, 0, 0) == (engine.in_flight, engine.loop.images.held, engine.loop.slots.held)
    assert not [event for event in events if isinstance(event, FigureRead)]


def test_crops_are_saved_of_figures_that_were_read(two_charts, tmp_path):
    """This test ensures that a chunk of a figure has what was read in it and its saved crop."""
    settings = {"save_images": str(tmp_path), "read_figures": True, "repair": False}
    with Reader(ScriptedEngine(answering()), **settings) as reader:
        chunks = reader.load(two_charts)

    assert [True, True] == [bool(chunk.metadata.image_path) for chunk in chunks]
    assert (True, "C1=CC=CC=C1") == ("| 71 |" in chunks[0].text, chunks[1].text)


def test_figures_of_a_text_layer_are_not_read(two_charts, run):
    """This test ensures that what a model reads never mixes with a text layer that a page was repaired from."""
    engine = ScriptedEngine(tagged("image", (0, 0, 999, 999)))

    (page,) = pages_of(run(two_charts, engine, read_figures=True, repair=["text_layer"]))

    assert (TextSource.TEXT_LAYER, ("text_layer",)) == (page.text_source, page.repairs)
    assert [True, 1] == [len(figures(page)) > 0, len(engine.requests)]
