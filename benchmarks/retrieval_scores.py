"""What a ranking is worth: pages, answer words and boxes found, tokens handed on; and what of it is chance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from retrieval_set import Gold, Question
    from retrieval_systems import Passage

    from dsocr_loaders.geometry import Box

__all__ = ["FIGURES", "Figure", "Interval", "difference", "score", "value"]

_RESAMPLES = 4000
_SEED = 2026
_BLANK = re.compile(r"[\s\\]+")


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of the tables.

    Attributes:
        name: its heading.
        numerator, denominator: of each question's scores; the figure is the ratio of their sums.
        needs_boxes: whether a system without boxes has it not.
        is_better_small: whether less is better.
    """

    name: str
    numerator: str
    denominator: str = "one"
    needs_boxes: bool = False
    is_better_small: bool = False


FIGURES = (
    Figure("page@1", "page@1"),
    Figure("page@5", "page@5"),
    Figure("words@1", "words@1"),
    Figure("words@5", "words@5"),
    Figure("IoU@1", "iou@1", needs_boxes=True),
    Figure("row@1", "row@1", needs_boxes=True),
    Figure("inside@1", "inside@1", needs_boxes=True),
    Figure("cite@1", "cite@1", needs_boxes=True),
    Figure("tok/ans@1", "tokens@1", "answered@1", is_better_small=True),
    Figure("tok/ans@5", "tokens@5", "answered@5", is_better_small=True),
)


def score(question: Question, passages: Sequence[Passage]) -> dict[str, float]:
    """Return what the five best passages are worth for a question, best first.

    * `page@k`: share of the gold pages that the first k passages come from.
    * `words@k`: share of the answer's words that the first k say, counted only where they come from the gold page.
    * `iou@1`: overlap of the best passage's boxes on the gold pages with the gold region's; 0 on a wrong page.
    * `row@1`: share of the answer's own box (the row of a table) that these boxes cover.
    * `inside@1`: share of the area of all boxes of the best passage that is inside the gold region.
    * `cite@1`: overlap of the answer's own box with the boxes of those pieces alone that say most of its words.
    * `tokens@k`, `answered@k`: tokens of the first k, and whether they say every word of the answer.
    """
    scores = {"one": 1.0}
    for k in (1, 5):
        found = [_found(question, gold, passages[:k]) for gold in question.gold]
        scores[f"page@{k}"] = sum(is_there for is_there, _ in found) / len(found)
        shares = [word for _, words in found for word in words]
        scores[f"words@{k}"] = sum(shares) / len(shares)
        scores[f"answered@{k}"] = float(all(shares))
        scores[f"tokens@{k}"] = float(sum(passage.tokens for passage in passages[:k]))
    first = passages[0]
    is_right = first.document == question.document
    overlaps, rows, cited, inside = [], [], [], 0.0
    for gold in question.gold:
        boxes = first.boxes(gold.page_number) if is_right else []
        common = _common(boxes, gold.boxes)
        inside += common
        overlaps.append(_overlap(boxes, gold.boxes))
        rows.append(_common(boxes, gold.answer_boxes) / area(gold.answer_boxes))
        cited.append(_overlap(_saying(first, gold) if is_right else [], gold.answer_boxes))
    shown = sum(area(first.boxes(page_number)) for page_number in first.pages())
    scores["iou@1"] = sum(overlaps) / len(overlaps)
    scores["row@1"] = sum(rows) / len(rows)
    scores["cite@1"] = sum(cited) / len(cited)
    scores["inside@1"] = inside / shown if shown else 0.0
    return scores


def _saying(passage: Passage, gold: Gold) -> list[Box]:
    """Return the boxes of the pieces that say most of the answer's words: what a reader would be pointed at."""
    pieces = [piece for piece in passage.pieces if piece.page_number == gold.page_number and piece.box is not None]
    said = [sum(says(_folded(piece.text), word) for word in gold.words) for piece in pieces]
    most = max(said, default=0)
    return [piece.box for piece, count in zip(pieces, said, strict=True) if count == most > 0]


def _found(question: Question, gold: Gold, passages: Iterable[Passage]) -> tuple[bool, list[bool]]:
    texts = [
        _folded(passage.text)
        for passage in passages
        if passage.document == question.document and gold.page_number in passage.pages()
    ]
    return bool(texts), [any(says(text, word) for text in texts) for word in gold.words]


def _folded(text: str) -> str:
    return _BLANK.sub(" ", text).casefold()


def says(text: str, word: str) -> bool:
    """Return whether a folded text has the words: whole ones, so that "6" is not found in "16"."""
    before = r"(?<![0-9a-z])(?<![0-9][.,])" if re.match(r"[0-9a-z]", word, re.IGNORECASE) else ""
    after = r"(?![0-9a-z])(?![.,][0-9])" if re.search(r"[0-9a-z]$", word, re.IGNORECASE) else ""
    return re.search(before + re.escape(word.casefold()) + after, text) is not None


def area(boxes: Sequence[Box]) -> float:
    """Return the area of a union of boxes, as a share of the page."""
    xs = sorted({x for box in boxes for x in (box.x0, box.x1)})
    total = 0.0
    for left, right in pairwise(xs):
        reach = 0.0
        for y0, y1 in sorted((box.y0, box.y1) for box in boxes if box.x0 <= left and box.x1 >= right):
            total += (right - left) * max(0.0, y1 - max(y0, reach))
            reach = max(reach, y1)
    return total


def _overlap(some: Sequence[Box], others: Sequence[Box]) -> float:
    return _common(some, others) / area([*some, *others])


def _common(some: Sequence[Box], others: Sequence[Box]) -> float:
    return max(0.0, area(some) + area(others) - area([*some, *others]))


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference, ours less another's, with its 95 percent interval by paired bootstrap over questions.

    Attributes:
        low, high: its ends.
        verdict: `"+"` if ours is significantly better, `"-"` if worse, `""` if neither.
    """

    low: float
    high: float
    verdict: str


def value(scores: Sequence[dict[str, float]], figure: Figure) -> float:
    """Return the figure for these questions."""
    below = sum(each[figure.denominator] for each in scores)
    return sum(each[figure.numerator] for each in scores) / below if below else float("inf")


def difference(ours: Sequence[dict[str, float]], theirs: Sequence[dict[str, float]], figure: Figure) -> Interval:
    """Return the difference of a figure for the same questions in the same order."""
    picks = np.random.default_rng(_SEED).integers(0, len(ours), (_RESAMPLES, len(ours)))
    differences = _resampled(ours, figure, picks) - _resampled(theirs, figure, picks)
    low, high = np.percentile(differences, (2.5, 97.5))
    better, worse = ("-", "+") if figure.is_better_small else ("+", "-")
    return Interval(float(low), float(high), better if low > 0 else worse if high < 0 else "")


def _resampled(scores: Sequence[dict[str, float]], figure: Figure, picks: NDArray[np.int64]) -> NDArray[np.float64]:
    above = np.array([each[figure.numerator] for each in scores])[picks].sum(1)
    below = np.array([each[figure.denominator] for each in scores])[picks].sum(1)
    return above / np.maximum(below, 0.5)  # a sample without any answer counts as half a one
