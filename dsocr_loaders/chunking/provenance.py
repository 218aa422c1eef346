"""Which boxes a piece of a region has: exact where lines are known, else a proportional band, marked as estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import Box, hull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import Region

__all__ = ["Place", "place_of_range", "place_of_region", "place_of_rows"]


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
    length = len(region.text)
    if start <= 0 and end >= length:
        return place_of_region(region)
    lines = [line.box for line in region.lines if line.start < end and start < line.end]
    if lines:
        return Place(_by_column(lines, region.boxes), is_exact=True)
    return Place(_band(region.boxes, start / length, end / length), is_exact=False)


def place_of_rows(region: Region, first: int, last: int, total: int) -> Place:
    """Return where the rows `first` to `last`, counted from 1, of a table with `total` rows are."""
    if first <= 1 and last >= total:
        return place_of_region(region)
    return Place(_band(region.boxes, (first - 1) / total, last / total), is_exact=False)


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
