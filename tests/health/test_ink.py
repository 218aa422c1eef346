"""Faults that only the page's ink shows."""

from __future__ import annotations

import pytest

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.testing.pages import report_source
from dsocr_loaders.values import Decoding, InkGrid, PageImage, RawAnswer, Task

COLUMNS, ROWS = 32, 44


def grid(*, rows: range = range(4, 40), columns: range = range(3, 29), share: int = 40) -> InkGrid:
    """Return ink in these rows and columns: a page full of text, unless another share is given."""
    cells = (share if row in rows and column in columns else 0 for row in range(ROWS) for column in range(COLUMNS))
    return InkGrid(COLUMNS, ROWS, bytes(cells))


def page(ink: InkGrid | None) -> PageImage:
    return PageImage(report_source(), 1, "1", 595, 842, "pt", ink=ink)


def tag(label: str, box: str) -> str:
    return f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>\n"


def faults(text: str, ink: InkGrid | None, task: Task = Task.DOCUMENT) -> list[str]:
    answer = RawAnswer(text, "stop", None, None, "model", "engine")
    findings = examine(answer, parse_answer(text, task=task), page(ink), Decoding(), task=task)
    return [finding.fault.value for finding in findings]


WORDS = "The valley road was closed in spring. " * 3
PICTURE = tag("image", "[[0, 0, 999, 999]]")
STORY = "".join(f"In {year} the mill was sold for {year * 7} crowns. " for year in range(1700, 1800))
WHOLE = tag("text", "[[90, 85, 910, 915]]") + STORY
TOP = tag("text", "[[90, 85, 910, 200]]") + WORDS
TITLE = tag("title", "[[90, 200, 910, 500]]") + "# A history of the valley and of those who live there"


@pytest.mark.parametrize(
    ("text", "ink", "expected"),
    [
        (PICTURE, grid(), ["picture_only"]),
        (PICTURE, grid(share=180), []),
        (PICTURE, grid(rows=range(20, 22)), []),
        (PICTURE, None, []),
        (PICTURE + tag("image_caption", "[[0, 900, 999, 940]]") + WORDS, grid(), []),
        (WHOLE, grid(), []),
        (TOP, grid(), ["little_text"]),
        (TOP, grid(rows=range(4, 9)), []),
        (TOP, grid(share=26), ["little_text"]),
        (TOP, grid(share=21), []),
        (TOP, grid(share=180), []),
        (TOP, None, []),
        (TOP + "\n" + tag("image", "[[90, 200, 910, 915]]"), grid(), []),
        (tag("text", "[[90, 85, 910, 200]]") + STORY, grid(), []),
        (tag("text", "[[90, 85, 910, 915]]") + "Page", grid(), ["little_text"]),
        (TITLE, grid(rows=range(9, 22)), []),
        (tag("text", "[[90, 85, 910, 915]]"), grid(), ["empty"]),
    ],
)
def test_holds_the_answer_against_the_ink(text: str, ink: InkGrid | None, expected: list[str]) -> None:
    """This test ensures that pictures in the place of text, and text that is missing, are found by the ink alone."""
    assert expected == faults(text, ink)


@pytest.mark.parametrize(
    ("task", "expected"), [(Task.FREE, ["little_text"]), (Task.DESCRIBE, []), (Task.LOCATE, []), (Task.FIGURE, [])]
)
def test_only_some_tasks_ask_for_the_whole_page(task: Task, expected: list[str]) -> None:
    """This test ensures that a description of a page is not expected to hold its text; a plain reading is."""
    assert expected == faults("A mill.", grid(), task)


def test_boxes_may_touch_the_edges() -> None:
    """This test ensures that boxes at the page's edges, or without area, find no cell beyond the grid."""
    text = tag("text", "[[0, 0, 999, 999]]") + STORY + "\n" + tag("text", "[[999, 999, 999, 999]]") + "x"

    assert [] == faults(text, grid(rows=range(ROWS), columns=range(COLUMNS)))
