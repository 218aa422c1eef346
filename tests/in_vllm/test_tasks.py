"""Every task, figures and words to find, on real vLLM with the checkpoint that knows what its pages answer."""

from __future__ import annotations

import pytest

from dsocr_loaders import Reader
from dsocr_loaders.geometry import box_to_model
from dsocr_loaders.tables import parse_tables, table_markdown
from dsocr_loaders.testing.closed_book import PAGES
from dsocr_loaders.values import RegionType, Task

OPTIONS = {"enforce_eager": True, "max_model_len": 4096, "max_num_seqs": 4}
CHARTS = (4, 7)  # pages with a figure that the checkpoint knows


@pytest.fixture(scope="module")
def reader(checkpoint, servers):
    """A reader that reads figures too, and keeps the model loaded."""
    servers.close()  # vLLM takes 4 GB
    with Reader("vllm", model=str(checkpoint), engine_options=OPTIONS, resolution="gundam", read_figures=True) as made:
        yield made


def asked(reader, task, pages, book):
    """Return the raw answers to a task, by page number."""
    settings = {name: getattr(reader.settings, name) for name in ("engine", "model", "engine_options", "resolution")}
    with Reader(**settings, task=task, pages=pages, repair=False) as other:
        return {page.page_number: page.answer.text for page in other.iter_pages(book)}


def test_figures_are_read_from_their_crops(reader, book):
    """This test ensures that each chart's table comes back from the figure's crop, into its chunk and at its place."""
    chunks = Reader.load(reader, book)

    report = reader.last_report
    assert (len(CHARTS), 0, len(CHARTS)) == (report.figures_read, report.figures_unread, report.figure_reads)
    figures = [chunk for chunk in chunks if chunk.metadata.region_type == RegionType.FIGURE]
    tables = [table_markdown(parse_tables(PAGES[number - 1].answer(Task.FIGURE))[0]) for number in CHARTS]
    assert [True] * len(CHARTS) == [table in chunk.text for table, chunk in zip(tables, figures, strict=True)]
    assert list(CHARTS) == [chunk.metadata.page_number for chunk in figures]


@pytest.mark.parametrize(("task", "pages"), [("ocr", "1,5"), ("figure", "4,7"), ("describe", "2,4"), ("free", "2")])
def test_other_tasks(reader, book, task, pages):
    """This test ensures that each task's exact prompt reaches the model, which answers it letter by letter."""
    assert reader.engine is not None

    answers = asked(reader, task, pages, book)

    assert {number: PAGES[number - 1].answer(Task(task)) for number in map(int, pages.split(","))} == answers


@pytest.mark.parametrize(("words", "page"), [("Readings", 3), ("Whom to call", 6), ("Before you begin", 1)])
def test_words_are_located(reader, book, words, page):
    """This test ensures that the model finds words on a page where the page's own heading is."""
    (found,) = reader.locate(words, book, page=page)

    heading = next(part for part in PAGES[page - 1].sheet.parts if part.text.lstrip("# ").endswith(words))
    assert (page, words) == (found.page_number, found.words)
    assert box_to_model(heading.box) == box_to_model(found.boxes[0])
