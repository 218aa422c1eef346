"""Which of two readings of a page is better: by what is wrong with them, then by the ink that their text covers."""

from __future__ import annotations

import re
from math import ceil, floor
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dsocr_loaders.values import AnswerFault, RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dsocr_loaders.repair.readings import Reading
    from dsocr_loaders.values import InkGrid, Region

__all__ = ["GRAVITY", "covered_ink", "gravity", "is_better", "text_size"]

GRAVITY: Final[Mapping[AnswerFault, int]] = MappingProxyType(
    {
        AnswerFault.EMPTY: 9,
        AnswerFault.PICTURE_ONLY: 8,
        AnswerFault.LOOP: 5,
        AnswerFault.TRUNCATED: 4,
        AnswerFault.STRIPPED_TAGS: 4,
        AnswerFault.LITTLE_TEXT: 3,
        AnswerFault.SIDEWAYS: 3,
        AnswerFault.TABLE_WITHOUT_BODY: 2,
        AnswerFault.BOXES_OUT_OF_RANGE: 1,
    }
)
"""How bad a fault is. Without any text is worst; then text that is not on the page, then text of the page that is
missing, then what is wrong with its places."""

_DOUBTFUL: Final = frozenset({AnswerFault.LOOP, AnswerFault.SIDEWAYS, AnswerFault.STRIPPED_TAGS})
"""With these, much of the text may be no text of the page."""

_KEPT: Final = 0.5
"""A better answer holds at least this share of the text that it replaces: one with fewer faults and hardly any text has
them for that very reason."""

_MORE_INK: Final = 0.05
"""Of the page's ink; two readings of one page differ by less without either being better."""

_TAG: Final = re.compile(r"<[^<>]*>")


def is_better(reading: Reading, than: Reading) -> bool:
    """Return whether a reading of the same page is better than the one there is, which stays if it is not.

    Fewer and lesser faults are better; with the same, text on more of the page's ink. Boxes are given up for more text
    alone.
    """
    if not reading.regions:
        return False
    size, size_before = text_size(reading.regions), text_size(than.regions)
    if _has_boxes(than) and not _has_boxes(reading) and size <= size_before:
        return False
    if size < _KEPT * size_before and not than.faults & _DOUBTFUL:
        return False
    weight, weight_before = gravity(reading.faults), gravity(than.faults)
    if weight != weight_before:
        return weight < weight_before
    ink = reading.page.ink
    return ink is not None and covered_ink(reading.regions, ink) >= covered_ink(than.regions, ink) + _MORE_INK


def _has_boxes(reading: Reading) -> bool:
    return any(region.boxes for region in reading.regions)


def gravity(faults: Iterable[AnswerFault]) -> int:
    """Return how bad faults are together; 0 for none."""
    return sum(GRAVITY[fault] for fault in faults)


def text_size(regions: Iterable[Region]) -> int:
    """Return how many letters and digits there are, without tags."""
    return sum(sum(map(str.isalnum, _TAG.sub("", region.text))) for region in regions)


def covered_ink(regions: Iterable[Region], ink: InkGrid) -> float:
    """Return the share of the page's ink that lies in boxes of regions with text, or of figures; 0 to 1."""
    covered = bytearray(len(ink.shares))
    for region in regions:
        if not (region.text.strip() or region.type is RegionType.FIGURE):
            continue
        for box in region.boxes:
            first, last = floor(box.x0 * ink.columns), ceil(box.x1 * ink.columns)
            for row in range(floor(box.y0 * ink.rows), ceil(box.y1 * ink.rows)):
                start = row * ink.columns
                covered[start + first : start + last] = b"\x01" * (last - first)
    total = sum(ink.shares)
    return (
        sum(share for share, is_covered in zip(ink.shares, covered, strict=True) if is_covered) / total
        if total
        else 0.0
    )
