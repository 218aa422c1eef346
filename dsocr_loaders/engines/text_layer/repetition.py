"""What stands at the same height on several pages: running heads and feet, wherever their margin ends."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Run

__all__ = ["NOTHING_REPEATED", "EdgeRow", "Repetition", "edge_rows", "repetition_of", "rows_by_height"]

_OUTER = 0.2  # of the page's height: running heads stand outside
_MARGIN = 0.13  # of the page's height: rows whose words change from page to page stand outside
_MOST_ROWS = 2
_LONGEST = 120  # characters
_LARGEST = 1.05  # of the body's size
_GAP = 1.0  # of the font size, between the glyphs of the row and those of the next
_LEVEL_PT = 2.0  # rows closer than this stand at the same height
_FEWEST_SAME, _FEWEST_OTHER = 2, 3  # pages, with the same words and with others
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(frozen=True, slots=True)
class Repetition:
    """Baselines of running heads and feet, in points from the top and from the bottom of the page."""

    heads: tuple[float, ...]
    feet: tuple[float, ...]

    def is_head(self, baseline: float) -> bool:
        """Whether a row at this distance from the top is a running head."""
        return any(abs(baseline - at) <= _LEVEL_PT for at in self.heads)

    def is_foot(self, baseline: float) -> bool:
        """Whether a row at this distance from the bottom is a running foot."""
        return any(abs(baseline - at) <= _LEVEL_PT for at in self.feet)


NOTHING_REPEATED = Repetition((), ())


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """A row that may be furniture: whether at the top, how far from that edge in points and of the height, its words.

    Numbers are left out of the words, and their order does not count: left and right pages mirror each other.
    """

    is_top: bool
    distance: float
    share: float
    words: tuple[str, ...]


def rows_by_height(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the runs in rows, from top to bottom."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda each: each.place.centre[1]):
        first = rows[-1][0].place if rows else None
        if first is not None and run.place.centre[1] - first.centre[1] < min(run.place.height, first.height) / 2:
            rows[-1].append(run)
        else:
            rows.append([run])
    return rows


def edge_rows(runs: Sequence[Run], height: float, body_size: float) -> list[EdgeRow]:
    """Return the outermost rows of a page that are short, plain and set apart from the next one inwards."""
    rows = rows_by_height(runs)
    if len(rows) <= _MOST_ROWS:
        return []
    tops = [min(run.place.y0 for run in row) for row in rows]
    bottoms = [max(run.place.y1 for run in row) for row in rows]
    found = []
    for at in range(_MOST_ROWS):
        if tops[at + 1] - bottoms[at] >= _GAP * rows[at][0].size:
            found += _candidate(rows[at], rows[at][0].baseline, height, body_size, is_top=True)
        below = len(rows) - 1 - at
        if tops[below] - bottoms[below - 1] >= _GAP * rows[below][0].size:
            found += _candidate(rows[below], height - rows[below][0].baseline, height, body_size, is_top=False)
    return found


def _candidate(row: Sequence[Run], distance: float, height: float, body_size: float, *, is_top: bool) -> list[EdgeRow]:
    text = tidy(" ".join(run.text for run in row))
    is_plain = all(run.size <= _LARGEST * body_size and not run.is_bold for run in row)
    if not is_plain or len(text) > _LONGEST or not 0 <= distance <= _OUTER * height:
        return []
    words = tuple(sorted(_DIGITS.sub(" ", text.casefold()).split()))
    return [EdgeRow(is_top, distance, distance / height, words)]


def repetition_of(pages: Sequence[Sequence[EdgeRow]]) -> Repetition:
    """Return where rows repeat: with the same words on two pages, or near the edge with any words on three."""
    return Repetition(*(tuple(_levels(pages, is_top=is_top)) for is_top in (True, False)))


def _levels(pages: Sequence[Sequence[EdgeRow]], *, is_top: bool) -> list[float]:
    placed = sorted(
        ((row.distance, index, row) for index, page in enumerate(pages) for row in page if row.is_top is is_top),
        key=lambda each: each[:2],
    )
    levels: list[list[tuple[float, int, EdgeRow]]] = []
    for each in placed:
        if levels and each[0] - levels[-1][0][0] <= _LEVEL_PT:
            levels[-1].append(each)
        else:
            levels.append([each])
    repeated = []
    for level in levels:
        pages_of_words: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for _, index, row in level:
            pages_of_words[row.words].add(index)
        is_same = max(map(len, pages_of_words.values())) >= _FEWEST_SAME
        is_near = level[0][2].share <= _MARGIN and len({index for _, index, _ in level}) >= _FEWEST_OTHER
        if is_same or is_near:
            repeated.append(sum(distance for distance, _, _ in level) / len(level))
    return repeated
