"""How far a reading of a page is from the truth: order, text, boxes.

All texts are compared by letters and digits alone, with single blanks, so that no form of output (Markdown, HTML,
plain text) has an advantage; tags, the marks of Markdown and addresses of links go first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Reading", "Scores", "mean_scores", "overlap", "plain", "scores_of"]

_LEAST_LETTERS = 8  # a shorter line is not looked for: it may stand in many places
_LEAST_LIKENESS = 80.0  # percent, of a line with the place where it is found
_HIDDEN = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)\s]*\)|&[a-z]+;")
_MARKS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody read on a page; boxes as fractions of it."""

    text: str
    boxes: tuple[tuple[float, ...], ...]
    lines: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one page: two distances from 0 (as in truth) to 1, and how well true regions and lines are covered, 0 to 1."""

    order: float
    text: float
    boxes: float
    lines: float


def plain(text: str) -> str:
    """Return what is compared of a text."""
    return " ".join(_MARKS.sub("", _HIDDEN.sub(" ", text)).split()).casefold()


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the intersection over union."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = ((first[2] - first[0]) * (first[3] - first[1]), (second[2] - second[0]) * (second[3] - second[1]))
    return width * height / (sum(areas) - width * height)


def scores_of(truth: Sequence[dict], reading: Reading) -> Scores:
    """Return the scores of a page whose true regions are `truth`.

    A figure's labels have no order. Whether they belong to a page's text is a matter of taste, so the text is compared
    with and without them, and the smaller distance counts.
    """
    shown = plain(reading.text)
    bodies = [region for region in truth if region["type"] != "figure"]
    texts = {plain(" ".join(region["text"] for region in regions)) for regions in (truth, bodies)}
    boxes = [box for region in truth for box in region["boxes"]]
    lines = [line for region in truth for line in region["lines"]]
    return Scores(
        order=order_distance([line["text"] for region in bodies for line in region["lines"]], shown),
        text=min(Levenshtein.normalized_distance(text, shown) for text in texts),
        boxes=_covered(boxes, reading.boxes),
        lines=_covered([line["box"] for line in lines], reading.lines),
    )


def order_distance(lines: Sequence[str], shown: str) -> float:
    """Return the share of pairs of lines that stand in the wrong order; a line that is not found is wrong in each pair.

    Lines whose letters stand in the truth twice, or that are shorter than eight letters, are left out. That is
    Kendall's distance, of lines instead of regions, so that columns read across are seen.
    """
    packed = shown.replace(" ", "")
    keys = [plain(line).replace(" ", "") for line in lines]
    whole = "".join(keys)
    keys = [key for key in keys if len(key) >= _LEAST_LETTERS and whole.count(key) == 1]
    places = [_place(key, packed) for key in keys]
    pairs = list(combinations(places, 2))
    wrong = sum(first is None or second is None or first > second for first, second in pairs)
    return wrong / len(pairs) if pairs else 0.0


def _place(key: str, packed: str) -> int | None:
    exact = packed.find(key)
    if exact >= 0:
        return exact
    found = fuzz.partial_ratio_alignment(key, packed, score_cutoff=_LEAST_LIKENESS)
    return found.dest_start if found is not None and len(packed) >= len(key) else None


def _covered(true: Sequence[Sequence[float]], found: Sequence[Sequence[float]]) -> float:
    best = [max((overlap(box, other) for other in found), default=0.0) for box in true]
    return sum(best) / len(best) if best else 1.0


def mean_scores(scores: Iterable[Scores]) -> Scores:
    """Return the means over pages."""
    every = list(scores)
    return Scores(*(sum(getattr(each, name) for each in every) / len(every) for name in Scores.__slots__))
