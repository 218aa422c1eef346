"""Figures and the journal: a rerun asks about no figure again, and only for what is missing."""

from __future__ import annotations

import pymupdf
import pytest

from dsocr_loaders import read
from dsocr_loaders.errors import JournalError, engine_error
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import Task

pytestmark = pytest.mark.usefixtures("warm_page_workers")

LEFT, RIGHT = (100, 100, 450, 400), (550, 100, 850, 400)
PAGE = "\n\n".join(
    f"<|ref|>{label}<|/ref|><|det|>[{list(box)}]<|/det|>{words}"
    for label, box, words in (
        ("image", LEFT, ""),
        ("image", RIGHT, ""),
        ("text", (100, 650, 300, 760), "\nRain."),
    )
)


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    """Return a PDF of two pages, each with a black box left and a circle right."""
    path = tmp_path_factory.mktemp("charts") / "charts.pdf"
    with pymupdf.open() as document:
        for number in range(2):
            page = document.new_page(width=600, height=800)
            page.draw_rect((80, 120, 240, 300), fill=(0, 0, 0))
            page.draw_circle((435, 200), 70 + number, fill=(0.5, 0, 0))
            page.insert_text((60, 600), "Rain.", fontsize=40)
        document.save(path)
    return path


def settings(tmp_path, **more):
    return {"journal": str(tmp_path / "j.sqlite"), "dpi": 60, "repair": False, "read_figures": True, **more}


def answering(*, fails=False):
    """Return an engine that reads nothing in the second page's left figure; with `fails` it refuses the right ones."""

    def answer(request):
        if request.task is not Task.FIGURE:
            return PAGE
        if request.page.width < 200:
            return engine_error("bad_request", "No.") if fails else "a circle"
        return "a box"

    return ScriptedEngine(answer)


def texts(document):
    return [[r.reading and r.reading.text for r in page.regions if r.type == "figure"] for page in document.pages]


def test_a_rerun_with_figures_is_free(charts, tmp_path):
    """This test ensures that neither pages nor figures are read twice."""
    engine = answering()
    first = read(charts, engine=engine, **settings(tmp_path))
    asked = len(engine.requests)

    again = read(charts, engine=engine, **settings(tmp_path))

    assert [["a box", "a circle"]] * 2 == texts(first) == texts(again)
    assert asked == len(engine.requests) == sum(page.attempts for page in first.pages)
    assert [(0, True)] * 2 == [(page.attempts, page.is_recalled) for page in again.pages]
    assert [page.regions for page in first.pages] == [page.regions for page in again.pages]
    engine.close()


def test_figures_that_are_asked_for_later(charts, tmp_path):
    """This test ensures that a journal that was written without figures serves a run with them: only these are read."""
    engine = answering()
    read(charts, engine=engine, **settings(tmp_path, read_figures=False))
    before = len(engine.requests)

    document = read(charts, engine=engine, **settings(tmp_path))

    assert [["a box", "a circle"]] * 2 == texts(document)
    assert {Task.FIGURE} == {request.task for request in engine.requests[before:]}
    engine.close()


def test_a_figure_that_failed_is_read_in_the_next_run(charts, tmp_path):
    """This test ensures that a failure is not kept, and what was read beside it is."""
    engine, better = answering(fails=True), answering()
    failed = read(charts, engine=engine, **settings(tmp_path))

    document = read(charts, engine=better, **settings(tmp_path))

    assert [["a box", None]] * 2 == texts(failed)
    assert [["a box", "a circle"]] * 2 == texts(document)
    assert 2 == len(better.requests)
    for each in (engine, better):
        each.close()


def test_an_empty_answer_is_an_answer(charts, tmp_path):
    """This test ensures that a figure in which nothing is read costs no read in each rerun."""
    engine = ScriptedEngine(lambda request: "" if request.task is Task.FIGURE else PAGE)
    read(charts, engine=engine, **settings(tmp_path))
    asked = len(engine.requests)

    document = read(charts, engine=engine, **settings(tmp_path))

    assert ([[None, None]] * 2, asked) == (texts(document), len(engine.requests))
    assert [2, 2] == [len(page.notes) for page in document.pages]
    engine.close()


def test_a_disk_that_is_full(charts, tmp_path, monkeypatch):
    """This test ensures that an answer that cannot be kept ends the run, and leaves no permit behind."""

    async def fail(*_):
        raise JournalError("the disk is full")

    monkeypatch.setattr("dsocr_loaders.journal.JournalStore.record_answer", fail)
    engine = answering()

    with pytest.raises(JournalError, match="the disk is full"):
        read(charts, engine=engine, **settings(tmp_path))

    assert 0 == engine.loop.images.held
    engine.close()
