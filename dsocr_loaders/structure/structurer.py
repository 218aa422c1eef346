"""Pages -> a document's structure: how deep each heading is, what the outline is.

Two modes. `stream` looks at one page at a time, so pages can be handed on at once and memory does not grow; `whole`
waits for the last page and then makes the levels of the whole document gapless, from 1. This release joins nothing
over page breaks and finds headers and footers by their label alone.

A heading's level comes from, in this order: a bookmark of the PDF with the same title on the same page, its number
("3.2" is one deeper than "3"), its mark on the page. All three are put on one scale: the document's title is 1, a
section is 2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.values import Document, OutlineEntry, RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.values import PageResult, Region, Source, SourceInfo

__all__ = ["FURNITURE", "HEADINGS", "Structurer", "build_document"]

HEADINGS = frozenset({RegionType.TITLE, RegionType.HEADING})
FURNITURE = frozenset({RegionType.HEADER, RegionType.FOOTER, RegionType.PAGE_NUMBER})
"""What stands on a page for the page's own sake: kept in the document, left out of Markdown and chunks."""

_SECTION_LEVEL = 2
_DEEPEST_LEVEL = 6
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,4})[.)]?[ \t\u3000]+\S")  # four dots lead to the deepest level


class Structurer:
    """Gives headings their levels, page by page. One for each source.

    Args:
        info: the source's bookmarks.
        mode: `"stream"` or `"whole"`.
    """

    def __init__(self, info: SourceInfo, mode: Literal["stream", "whole"]) -> None:
        self._bookmarks = {
            (entry.page_number, _key(entry.title)): min(_DEEPEST_LEVEL, entry.level + _SECTION_LEVEL - 1)
            for entry in info.bookmarks
        }
        self._mode = mode
        self._waiting: list[PageResult] = []

    def add(self, page: PageResult) -> list[PageResult]:
        """Take the next page; return the pages that are ready, in order."""
        levelled = self._levelled(page)
        if self._mode == "whole":
            self._waiting.append(levelled)
            return []
        return [levelled]

    def finish(self) -> list[PageResult]:
        """Return the pages that waited for the end of the document."""
        pages, self._waiting = self._waiting, []
        return _without_gaps(pages)

    def _levelled(self, page: PageResult) -> PageResult:
        if not any(region.type in HEADINGS for region in page.regions):
            return page
        regions = tuple(
            replace(region, level=self._level(region, page.page_number)) if region.type in HEADINGS else region
            for region in page.regions
        )
        return replace(page, regions=regions)

    def _level(self, region: Region, page_number: int) -> int:
        bookmark = self._bookmarks.get((page_number, _key(region.text)))
        if bookmark is not None:
            return bookmark
        number = _NUMBER.match(region.text)
        if number and region.type is RegionType.HEADING:
            return _SECTION_LEVEL + number[1].count(".")
        return region.level or (1 if region.type is RegionType.TITLE else _SECTION_LEVEL)


def _key(title: str) -> str:
    return "".join(character for character in title.casefold() if character.isalnum())


def _without_gaps(pages: Sequence[PageResult]) -> list[PageResult]:
    found = sorted({region.level for page in pages for region in page.regions if region.type in HEADINGS})
    rank = {level: position for position, level in enumerate(found, start=1)}
    return [
        replace(
            page,
            regions=tuple(
                replace(region, level=rank[region.level]) if region.type in HEADINGS else region
                for region in page.regions
            ),
        )
        for page in pages
    ]


def build_document(source: Source, info: SourceInfo, pages: Iterable[PageResult]) -> Document:
    """Return the document that pages which went through a `Structurer` make.

    Its outline is the PDF's bookmarks where it has any, else the headings of the pages.
    """
    kept = tuple(pages)
    headings = tuple(
        OutlineEntry(region.level, region.text.replace("\n", " "), page.page_number, "markup")
        for page in kept
        for region in page.regions
        if region.type in HEADINGS and region.text
    )
    return Document(
        source=source,
        pages=kept,
        outline=info.bookmarks or headings,
        pdf_backend=info.backend,
        total_pages=info.total_pages,
    )
