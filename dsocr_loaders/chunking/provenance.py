"""Which boxes a piece of a region has: exact where lines are known, else a proportional band, marked as estimated."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import Box, hull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import Line, Region

__all__ = ["Place", "place_of_range", "place_of_region", "place_of_rows", "places_of_rows", "row_starts"]

_ROW = re.compile(r"<tr\b", re.IGNORECASE)
_MOST_BLANKS = 256
_UNSEEN = " \t\r\n\u00a0\u2028\u3000-\u00ad\u2010"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece is on its page.

    Attributes:
        boxes: empty if nothing is known.
        is_exact: whether the boxes are known to hold this piece, and of its region no more than the rest of the
            lines that it begins and ends in.
    """

    boxes: tuple[Box, ...]
    is_exact: bool


def place_of_region(region: Region) -> Place:
    """Return where the whole of `region` is."""
    return Place(region.boxes, is_exact=bool(region.boxes))


def place_of_range(region: Region, start: int, end: int) -> Place:
    """Return where the characters `start <= i < end` of the region's text are."""
    text = region.text
    if _is_blank(text, 0, start) and _is_blank(text, end, len(text)):
        return place_of_region(region)
    lines = [line.box for line in _lines_in(region.lines, start, end)]
    if lines:
        return Place(_by_column(lines, region.boxes), is_exact=True)
    length = len(text)
    return Place(_band(region.boxes, start / length, end / length), is_exact=False)


def row_starts(region: Region, total: int) -> tuple[int, ...]:
    """Return where each row begins in the text of a table region whose lines are known; empty if that is not clear.

    Args:
        region: whose text is one table, or several with `total` rows together.
        total: how many rows were read from it.
    """
    starts = tuple(found.start() for found in _ROW.finditer(region.text)) if region.lines else ()
    return starts if len(starts) == total else ()


def place_of_rows(
    region: Region,
    first: int,
    last: int,
    total: int,
    *,
    starts: Sequence[int] = (),
    columns: tuple[float, float] = (0.0, 1.0),
) -> Place:
    """Return where rows of a table are.

    Args:
        region: whose text is the table, or several with `total` rows together.
        first: the first of the rows, from 1.
        last: the last one.
        total: how many rows there are.
        starts: as `row_starts` returns them.
        columns: which columns, as shares of the table's width from the left.
    """
    is_whole_width = columns == (0.0, 1.0)
    if first <= 1 and last >= total and is_whole_width:
        return place_of_region(region)
    if starts and is_whole_width:
        end = starts[last] if last < total else len(region.text)
        lines = [line.box for line in _lines_in(region.lines, starts[first - 1], end)]
        if lines:
            return Place(_by_column(lines, region.boxes), is_exact=True)
    bands = _band(region.boxes, (first - 1) / total, last / total)
    left, right = columns
    clipped = (Box(box.x0 + left * box.width, box.y0, box.x0 + right * box.width, box.y1) for box in bands)
    return Place(bands if is_whole_width else tuple(clipped), is_exact=False)


def places_of_rows(
    region: Region,
    groups: Sequence[tuple[int, int]],
    total: int,
    *,
    starts: Sequence[int] = (),
    columns: tuple[float, float] = (0.0, 1.0),
) -> tuple[Place, ...]:
    """Return the place of each of several groups of rows, `(first, last)`, that follow one another.

    Arguments are those of `place_of_rows`. Together the places fill that of all these rows: exact ones meet halfway
    between their lines.
    """
    places = [place_of_rows(region, *group, total, starts=starts, columns=columns) for group in groups]
    whole = place_of_rows(region, groups[0][0], groups[-1][1], total, starts=starts, columns=columns)
    boxes = [box for place in places for box in place.boxes if place.is_exact]
    is_apart = all(one.y1 <= other.y0 for one, other in pairwise(boxes))
    if len(whole.boxes) > 1 or len(boxes) < len(places) or not whole.is_exact or not is_apart:
        return tuple(places)
    outer = whole.boxes[0]
    borders = [outer.y0, *((one.y1 + other.y0) / 2 for one, other in pairwise(boxes)), outer.y1]
    if borders != sorted(borders):
        return tuple(places)
    return tuple(Place((Box(outer.x0, top, outer.x1, bottom),), is_exact=True) for top, bottom in pairwise(borders))


def _is_blank(text: str, start: int, end: int) -> bool:
    """Whether a range holds nothing that is seen, or the hyphen of a word that goes on elsewhere."""
    return start >= end or (end - start <= _MOST_BLANKS and not text[start:end].strip(_UNSEEN))


def _lines_in(lines: Sequence[Line], start: int, end: int) -> list[Line]:
    """Return the lines that share characters with a range."""
    # A region's lines are in the order of its text. One that is not is looked at, at worst, in vain.
    first = bisect_left(lines, start, key=_start)
    while first and lines[first - 1].end > start:
        first -= 1
    found = []
    for number in range(first, len(lines)):
        line = lines[number]
        if line.start >= end:
            break
        if start < line.end:
            found.append(line)
    return found


def _start(line: Line) -> int:
    return line.start


def _by_column(lines: Sequence[Box], boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Return the hull of the lines in each of the region's boxes; a line outside all of them counts to the first."""
    columns: dict[int, list[Box]] = {}
    for line in lines:
        x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
        inside = (at for at, box in enumerate(boxes) if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1)
        columns.setdefault(next(inside, 0), []).append(line)
    return tuple(hull(columns[at]) for at in sorted(columns))


def _band(boxes: Sequence[Box], start: float, end: float) -> tuple[Box, ...]:
    """Return what lies between two shares of the boxes' joint height, taken from top to bottom one after another."""
    joint = sum(box.height for box in boxes)
    bands = []
    above = 0.0
    for box in boxes:
        first = max(0.0, start * joint - above)
        last = min(box.height, end * joint - above)
        if first < last:
            top = box.y0 + first
            bands.append(Box(box.x0, top, box.x1, min(box.y1, max(top, box.y0 + last))))
        above += box.height
    return tuple(bands) or tuple(boxes)
