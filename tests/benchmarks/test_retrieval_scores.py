"""The figures of the retrieval benchmark are what they say."""

from __future__ import annotations

import pytest

from dsocr_loaders.geometry import Box


@pytest.fixture
def scores(benchmark):
    return benchmark("retrieval_scores")


@pytest.fixture
def question(benchmark):
    module = benchmark("retrieval_set")
    table = Box(0.0, 0.0, 1.0, 0.5)
    row = Box(0.0, 0.4, 1.0, 0.5)
    gold = module.Gold(2, (table,), (row,), ("October", "6"))
    return module.Question("q1", "How many in October?", "en", "report", "table", (gold,), is_final=False)


def passage(benchmark, text, page_number, box, document="report"):
    systems = benchmark("retrieval_systems")
    pieces = (systems.Piece(page_number, box, text), systems.Piece(page_number))
    return systems.Passage(document, "en", text, pieces, 10)


def test_area_counts_what_overlaps_once(scores) -> None:
    """The area of a union is that of its parts less what they share."""
    boxes = [Box(0.0, 0.0, 0.5, 0.5), Box(0.25, 0.25, 0.75, 0.75), Box(0.3, 0.3, 0.4, 0.4)]

    assert pytest.approx(0.25 + 0.25 - 0.0625) == scores.area(boxes)
    assert 0.0 == scores.area([])


@pytest.mark.parametrize(
    ("text", "word", "is_said"),
    [
        ("| october | 6 |", "6", True),
        ("| october | 16 |", "6", False),
        ("| october | 6.5 |", "6", False),
        ("it was 6. then", "6", True),
        ("遮光率为六成的黑网", "六成", True),
        ("level +12 cm", "+12 cm", True),
    ],
)
def test_words_are_whole(scores, text, word, is_said) -> None:
    """A number is not found inside another, a word of Chinese is found without blanks around it."""
    assert is_said == scores.says(text, word)


def test_right_passage(benchmark, scores, question) -> None:
    """A passage of the lower half of the table has its page, words and row, and half of its box."""
    lower = Box(0.0, 0.25, 1.0, 0.5)
    other = passage(benchmark, "October 6", 2, lower, "another report")

    found = scores.score(question, [passage(benchmark, "October | 6", 2, lower), other])

    expected = {
        "page@1": 1.0,
        "page@5": 1.0,
        "words@1": 1.0,
        "words@5": 1.0,
        "answered@1": 1.0,
        "answered@5": 1.0,
        "iou@1": pytest.approx(0.5),
        "row@1": pytest.approx(1.0),
        "cite@1": pytest.approx(0.4),
        "inside@1": pytest.approx(1.0),
        "tokens@1": 10.0,
        "tokens@5": 20.0,
        "one": 1.0,
    }
    assert expected == found


def test_wrong_page(benchmark, scores, question) -> None:
    """The words on another page of the document are no answer, and its boxes do not count."""
    found = scores.score(question, [passage(benchmark, "October | 6", 1, question.gold[0].boxes[0])])

    assert (
        0.0
        == found["page@5"]
        == found["words@5"]
        == found["iou@1"]
        == found["inside@1"]
        == found["row@1"]
        == found["cite@1"]
    )


def test_verdicts(scores) -> None:
    """A clear difference is a verdict, in the direction of what is better; a small one is none."""
    page = next(figure for figure in scores.FIGURES if figure.name == "page@1")
    tokens = next(figure for figure in scores.FIGURES if figure.is_better_small)
    good = [{"page@1": 1.0, "tokens@1": 50.0, "answered@1": 1.0, "one": 1.0}] * 40
    bad = [{"page@1": 0.0, "tokens@1": 90.0, "answered@1": 1.0, "one": 1.0}] * 40
    mixed = [*good[:39], bad[0]]

    assert "+" == scores.difference(good, bad, page).verdict
    assert "-" == scores.difference(bad, good, page).verdict
    assert "+" == scores.difference(good, bad, tokens).verdict
    assert "" == scores.difference(good, mixed, page).verdict
