"""The short texts at the top and bottom edge of a page: what may be a header, a footer or a page number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import hull
from dsocr_loaders.structure.page_numbers import found_number
from dsocr_loaders.structure.wording import title_key
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from dsocr_loaders.structure.page_numbers import FoundNumber
    from dsocr_loaders.values import PageResult, Region

__all__ = ["FURNITURE", "EdgeText", "edge_texts", "is_jump"]

FURNITURE: Final = frozenset({RegionType.HEADER, RegionType.FOOTER, RegionType.PAGE_NUMBER})
"""What stands on a page for the page's own sake: kept in the document, left out of Markdown and chunks."""

_MARGIN = 0.14  # of the page's height; headers of books stand lower than those of letters
_LONGEST = 160  # characters
_MOST_LINES = 3
_MOST_PIECES = 4  # at one edge: left, middle and right, and one line more
_NEVER = frozenset({RegionType.TABLE, RegionType.FIGURE, RegionType.FORMULA})
_NEVER_JUMPS = _NEVER | {RegionType.CAPTION}
_JUMP = re.compile(
    r"[\s(\[（【*_\-–—]*(?:"  # noqa: RUF001 - full-width brackets, dashes
    r"(?:to be )?continued(?: (?:on|from|overleaf)\b.{0,40})?|cont(?:inue)?d?\.?(?: (?:on|from)\b.{0,40})|see next page"
    r"|fortsetzung(?: (?:auf|von|folgt|siehe|nächste)\b.{0,40})?|bitte wenden"
    r"|suite(?: (?:page|à la|de la)\b.{0,30})?"
    r"|(?:上接|下接|[转轉接]下|接上)[页頁]?.{0,12}|[续續][上下]?[页頁]?|未完待[续續]|(?:下[转轉]|上接)第.{0,12}"
    r"|يتبع.{0,30}|تابع(?: .{0,30})?"
    r")[\s)\]）】*_.…\-–—>]*",  # noqa: RUF001 - likewise
    re.IGNORECASE,
)
_LONGEST_JUMP = 60  # characters


@dataclass(frozen=True, slots=True)
class EdgeText:
    """A short text at an edge of a page.

    Attributes:
        order, type: of its region.
        is_top: at which edge.
        depth: position from the edge inwards, from 0.
        y: its middle as a fraction of the page's height, None where no box is known.
        height: of its box, a fraction of the page's height.
        key: `title_key` of its words, a page number at either end left out.
        whole_key: with that number.
        number: the number, if there is one.
        is_line: whether it is one short line.
    """

    order: int
    type: RegionType
    is_top: bool
    depth: int
    y: float | None
    height: float
    key: str
    whole_key: str
    number: FoundNumber | None
    is_line: bool


def edge_texts(page: PageResult) -> tuple[EdgeText, ...]:
    """Return the short texts that stand in the margins of a page with nothing else between them and the edge.

    Texts without boxes count as standing at an edge if they are the first or last of their page.
    """
    placed = [(box.y0, box.y1, region) for region in page.regions if region.boxes for box in (hull(region.boxes),)]
    if not placed:
        ends = page.regions[:1] + page.regions[-1:] if len(page.regions) > 1 else page.regions[:1]
        return tuple(
            _edge_text(region, None, 0.0, is_top=index == 0, depth=0)
            for index, region in enumerate(ends)
            if _is_short(region)
        )
    found = []
    placed.sort(key=lambda each: each[0])
    for depth, (y0, y1, region) in enumerate(placed[:_MOST_PIECES]):
        if y1 > _MARGIN or not _is_short(region):
            break
        found.append(_edge_text(region, (y0 + y1) / 2, y1 - y0, is_top=True, depth=depth))
    placed.sort(key=lambda each: -each[1])
    for depth, (y0, y1, region) in enumerate(placed[:_MOST_PIECES]):
        if y0 < 1 - _MARGIN or not _is_short(region):
            break
        found.append(_edge_text(region, (y0 + y1) / 2, y1 - y0, is_top=False, depth=depth))
    return tuple(found)


def is_jump(region: Region) -> bool:
    """Whether a text says nothing but that something goes on elsewhere: "Continued on page 7", "（上接第一版）"."""  # noqa: RUF002 - full-width brackets
    text = region.text.strip()
    return 0 < len(text) <= _LONGEST_JUMP and region.type not in _NEVER_JUMPS and _JUMP.fullmatch(text) is not None


def _is_short(region: Region) -> bool:
    text = region.text
    return (
        0 < len(text) <= _LONGEST
        and region.type not in _NEVER
        and region.caption_of is None
        and text.count("\n") < _MOST_LINES
        and not text.isspace()
    )


def _edge_text(region: Region, y: float | None, height: float, *, is_top: bool, depth: int) -> EdgeText:
    number = found_number(region.text)
    whole_key = title_key(region.text)
    return EdgeText(
        order=region.order,
        type=region.type,
        is_top=is_top,
        depth=depth,
        y=y,
        height=height,
        key=title_key(number.rest) if number else whole_key,
        whole_key=whole_key,
        number=number,
        is_line="\n" not in region.text.strip() and len(region.text) <= _LONGEST // 2,
    )
