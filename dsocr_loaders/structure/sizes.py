"""How large the letters of a region are, from its boxes and how much text stands in them.

A box holds lines of letters, each about half as wide as high in most scripts and as wide as high in Chinese. So the
area of the boxes divided by the text's length in ems is the square of the letters' size, however many lines they are.
It works for the boxes of a model as for those of a text layer, within about a tenth.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from dsocr_loaders.structure.wording import is_unspaced
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from dsocr_loaders.values import PageResult, Region

__all__ = ["body_size", "letter_size"]

_LOWER_EM, _UPPER_EM, _BLANK_EM = 0.5, 0.68, 0.28
"""Mean widths of the letters of Helvetica and Times, in ems."""

_MOST_LETTERS = 400  # as many are enough to know a mean
_ENOUGH_BODIES = 3  # paragraphs
_SHORTEST_BODY = 80  # characters; shorter texts may be labels in another size


def letter_size(region: Region, page: PageResult) -> float:
    """Return about how high the letters of a region are, in the page's unit; 0.0 where no box is known."""
    ems = _ems(region.text)
    if not ems:
        return 0.0
    area = sum(box.area for box in region.boxes) * page.width * page.height
    return sqrt(area / ems)


def body_size(page: PageResult) -> float:
    """Return the size of the page's longest paragraphs, 0.0 where it has none with a box."""
    paragraphs = [
        region
        for region in page.regions
        if region.type is RegionType.TEXT and region.boxes and len(region.text) >= _SHORTEST_BODY
    ]
    longest = sorted(paragraphs, key=lambda region: -len(region.text))[:_ENOUGH_BODIES]
    sizes = sorted(letter_size(region, page) for region in longest)
    return sizes[len(sizes) // 2] if sizes else 0.0


def _ems(text: str) -> float:
    seen = text[:_MOST_LETTERS]
    if not seen.strip():
        return 0.0
    blanks = sum(map(str.isspace, seen))
    upper = sum(map(str.isupper, seen))
    wide = 0 if seen.isascii() else sum(map(is_unspaced, seen))
    ems = wide + _UPPER_EM * upper + _BLANK_EM * blanks + _LOWER_EM * (len(seen) - wide - upper - blanks)
    return ems * len(text) / len(seen)
