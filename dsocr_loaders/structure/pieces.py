"""Headings that came apart: a number and its words, or the lines of a document's title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.geometry import hull
from dsocr_loaders.structure.edges import FURNITURE
from dsocr_loaders.structure.headings import HEADINGS, OUTER_SECTIONS
from dsocr_loaders.structure.numbering import numbering_of
from dsocr_loaders.structure.wording import title_key
from dsocr_loaders.values import Join, RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import PageResult, Region

__all__ = ["heading_pieces"]

_LONGEST_OF_TITLE_PAGE = 200  # characters: a page with a longer paragraph is no title page


def heading_pieces(page: PageResult, *, is_first: bool) -> dict[int, Join]:
    """Return for each region that goes on with a heading above it, by `order`, what it goes on from.

    * A number ("3.2", "Chapter 3", `第三章`) and, right behind it, a heading without one; the number may be a text on
      the same line.
    * On the first page with anything on it, titles in a row are one title; if it is a title page, with no paragraphs
      and pages to follow, so are the headings right behind the title.
    """
    joins = {}
    is_title_page = is_first and _is_title_page(page)
    has_title = False
    for above, region in _neighbours(page):
        if region.type not in HEADINGS:
            continue
        is_bare = numbering_of(region.text) is None and title_key(region.text) not in OUTER_SECTIONS
        if is_bare and _is_number_of(above, region):
            joins[region.order] = Join(page.page_number, above.order, "space")
        elif (
            is_first
            and is_bare
            and above.type in HEADINGS
            and (above.type is RegionType.TITLE or above.order in joins)
            and (is_title_page or region.type is RegionType.TITLE)
            and (not has_title or above.order in joins)
        ):
            joins[region.order] = Join(page.page_number, above.order, "space")
            has_title = True
    return joins


def _neighbours(page: PageResult) -> Iterator[tuple[Region, Region]]:
    above = None
    for region in page.regions:
        if region.type in FURNITURE or not region.text.strip():
            continue
        if above is not None:
            yield above, region
        above = region


def _is_number_of(number: Region, words: Region) -> bool:
    found = numbering_of(number.text)
    if found is None or found.end < len(number.text.rstrip()):
        return False
    if number.type in HEADINGS:
        return True
    if number.type is not RegionType.TEXT or not number.boxes or not words.boxes:
        return False
    one, other = hull(number.boxes), hull(words.boxes)
    shared = min(one.y1, other.y1) - max(one.y0, other.y0)
    return shared > min(one.height, other.height) / 2


def _is_title_page(page: PageResult) -> bool:
    return page.total_pages > 1 and all(
        len(region.text) < _LONGEST_OF_TITLE_PAGE and region.type is not RegionType.TABLE for region in page.regions
    )
