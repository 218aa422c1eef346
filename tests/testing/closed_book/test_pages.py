from __future__ import annotations

import pymupdf
import pytest

from dsocr_loaders import Reader, parse_answer
from dsocr_loaders.resolution import mode_for, tile_grid
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.testing.closed_book import LOOPING, MODEL, PAGES, write_book, write_looping_page
from dsocr_loaders.testing.closed_book.sheet import Sheet, pdf_of
from dsocr_loaders.values import PageStatus, Task

every_page = pytest.mark.parametrize("number", range(1, 9))


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return write_book(tmp_path_factory.mktemp("book") / "book.pdf")


def test_the_file_is_the_same_each_time(book, tmp_path):
    """This test ensures that two builds of the checkpoint learn the same pages."""
    assert write_book(tmp_path / "again.pdf").read_bytes() == book.read_bytes()


@every_page
def test_what_is_told_is_what_is_drawn(book, number):
    """This test ensures that the answers are true: each region's text stands in its box, as MuPDF reads it."""
    with pymupdf.open(book) as document:
        page = document[number - 1]
        wide, high = page.rect.width, page.rect.height
        for part in PAGES[number - 1].sheet.parts:
            if part.label in {"image", "table", "equation"}:
                continue
            box = part.box
            found = page.get_textbox((box.x0 * wide - 1, box.y0 * high - 1, box.x1 * wide + 1, box.y1 * high + 1))

            assert part.text.lstrip("# ").split() == found.split()


@every_page
def test_every_answer_can_be_read(number):
    """This test ensures that the document's answers have the real model's dialect, with boxes as they were drawn."""
    page = PAGES[number - 1]

    parsed = parse_answer(page.answer())

    assert parsed.issues == ()
    assert [region.label for region in parsed.regions] == [part.label for part in page.sheet.parts]
    for region, part in zip(parsed.regions, page.sheet.parts, strict=True):
        (box,) = region.boxes
        assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(
            (part.box.x0, part.box.y0, part.box.x1, part.box.y1), abs=6e-4
        )


def test_sizes_are_those_that_were_meant(book):
    """This test ensures that the pages go through every kind of tile grid that a small page can have."""
    with pymupdf.open(book) as document:
        sizes = [(round(2 * page.rect.width), round(2 * page.rect.height)) for page in document]

    assert [tile_grid(mode_for(MODEL, "gundam"), *size) for size in sizes] == [
        (0, 0),
        (0, 0),
        (2, 1),
        (0, 0),
        (0, 0),
        (2, 2),
        (1, 2),
        (0, 0),
    ]
    assert len(set(sizes)) == 8


def test_answers_differ_wherever_pages_or_prompts_do():
    """This test ensures that a test which gets the right answer has sent the right page and the right prompt."""
    answers = [answer for page in (*PAGES, LOOPING) for answer in page.answers.values()]

    assert len(set(answers)) == len(answers)


@pytest.mark.parametrize("task", [Task.DOCUMENT, Task.OCR, Task.FREE, Task.FIGURE, Task.DESCRIBE])
def test_every_task_has_a_page(task):
    """This test ensures that no prompt of the model goes untested for want of a page that answers it."""
    prompt = prompt_for(MODEL, task)

    assert [page for page in PAGES if prompt in page.answers]


def test_words_are_located_in_the_box_of_their_region():
    """This test ensures that the answers to the locate prompt have the form that the parser takes."""
    page = PAGES[5]

    (region,) = parse_answer(page.answer(Task.LOCATE, "Whom to call"), task="locate").regions

    assert region.text == "Whom to call"
    assert region.boxes[0].y0 == pytest.approx(page.sheet.parts[3].box.y0, abs=1e-3)


def test_the_book_makes_a_document(book):
    """This test ensures that the right answers make right chunks: joined over pages, with headings, tables, figures."""
    with Reader(ScriptedEngine({number: page.answer() for number, page in enumerate(PAGES, 1)})) as reader:
        chunks = reader.load(book)

    joined = next(chunk for chunk in chunks if "left open at night" in chunk.text)
    assert (joined.metadata.page_number, joined.metadata.page_end) == (1, 2)
    assert [chunk.metadata.page_number for chunk in chunks if chunk.metadata.region_type == "table"] == [3, 5, 7, 8]
    assert "5 The stones > 5.1 Lifting" in {chunk.metadata.heading_path for chunk in chunks}
    assert {chunk.metadata.page_status for chunk in chunks} == {PageStatus.OK}


def test_the_looping_page_has_an_answer_worth_repairing(tmp_path):
    """This test ensures that the page which loops for one prompt answers another one well."""
    path = write_looping_page(tmp_path / "loop.pdf")

    with pymupdf.open(path) as document:
        (page,) = document
        drawn = page.get_text().split()

    assert LOOPING.is_endless
    assert LOOPING.answer().endswith(" and on and on and on")
    assert LOOPING.answer(Task.FREE).lstrip("# ").split() == drawn


def test_a_page_that_is_too_small_is_an_error():
    """This test ensures that nothing is told about a page that could not be drawn on it."""
    sheet = Sheet(100, 100)

    with pytest.raises(ValueError, match="do not fit"):
        sheet.text("far too many words for a page of this size")


def test_brackets_and_backslashes_are_drawn(tmp_path):
    """This test ensures that characters which mean something in a PDF are drawn like all others."""
    sheet = Sheet(200, 100)
    sheet.text(r"f(x) \ (y")
    path = tmp_path / "signs.pdf"
    path.write_bytes(pdf_of([sheet]))

    with pymupdf.open(path) as document:
        text = document[0].get_text().strip()

    assert text == r"f(x) \ (y"
