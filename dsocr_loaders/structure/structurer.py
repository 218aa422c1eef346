"""The structurer: pages in, one after another, out again with their structure.

```
page -> short texts at its edges -> furniture, by its neighbours -> headings, with those that follow -> joins, links
         (edges)                     (furniture, NEIGHBOURS pages)   (levels, LOOK_AHEAD_PAGES)         (continuations,
                                                                                                         references)
```

`stream` holds back `PAGES_HELD_BACK` pages, so that the first page's header is recognised by the third page's, and
the rest of memory does not grow with the document: words of the last headers and headings, a level for each style of
numbers, the last thousand numbers of figures. `whole` waits for the last page; it is the same work with a view of
all pages. So the two differ only where something that decides stands farther away than that: a header that is
repeated only after more than two pages, marks or sizes of headings that show only later that they vary, a heading
in front of numbers that go on or begin anew more than two pages behind it, links between pages that are far apart
(which `build_document` completes in both).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from dsocr_loaders.structure.bookmarks import Bookmarks
from dsocr_loaders.structure.continuations import Continuations
from dsocr_loaders.structure.furniture import NEIGHBOURS, EdgedPage, FurnitureFinder
from dsocr_loaders.structure.headings import HEADINGS, heading_of
from dsocr_loaders.structure.levels import Leveller
from dsocr_loaders.structure.pieces import heading_pieces
from dsocr_loaders.structure.references import References

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.structure.headings import Heading
    from dsocr_loaders.values import Join, PageResult, Region, SourceInfo

__all__ = ["LOOK_AHEAD_PAGES", "PAGES_HELD_BACK", "Structurer", "unstructured"]

LOOK_AHEAD_PAGES: Final = 2
"""Pages behind a heading whose headings are known when it gets its level."""

PAGES_HELD_BACK: Final = NEIGHBOURS + LOOK_AHEAD_PAGES
"""Pages that `stream` has taken and not handed on yet, at most: text, no images."""

_MOST_NUMBERS = 1_024  # of figures, tables and formulas remembered while pages stream


@dataclass(frozen=True, slots=True)
class _ArrangedPage:
    """A page without furniture among its text, with the pieces of its headings and the headings themselves."""

    page: PageResult
    pieces: dict[int, Join]
    headings: tuple[Heading, ...]


class Structurer:
    """Finds the structure of one source's pages. Texts, boxes and order stay as they are.

    Pages that went through a structurer before are structured afresh.

    Args:
        info: the source's bookmarks.
        mode: `"stream"` or `"whole"`.
    """

    def __init__(self, info: SourceInfo, mode: Literal["stream", "whole"]) -> None:
        self._is_whole = mode == "whole"
        self._furniture = FurnitureFinder(sees_all=self._is_whole)
        self._leveller = Leveller(Bookmarks(info.bookmarks))
        self._continuations = Continuations()
        self._references = References(most=None if self._is_whole else _MOST_NUMBERS)
        self._edged: deque[EdgedPage] = deque()  # decided neighbours, then those that wait
        self._decided = 0  # how many of them are decided
        self._arranged: deque[_ArrangedPage] = deque()
        self._coming: deque[Heading] = deque()  # headings of arranged pages
        self._has_begun = False

    def add(self, page: PageResult) -> list[PageResult]:
        """Take the next page; return the pages that are ready, in order."""
        edged = EdgedPage.of(unstructured(page))
        self._edged.append(edged)
        if self._is_whole:
            self._furniture.observe(edged)
            return []
        self._arrange(waiting=NEIGHBOURS)
        return list(self._ready(waiting=LOOK_AHEAD_PAGES))

    def finish(self) -> list[PageResult]:
        """Return the pages that waited for others."""
        self._arrange(waiting=0)
        return list(self._ready(waiting=0))

    def _arrange(self, waiting: int) -> None:
        """Recognise furniture on the pages with enough pages behind them."""
        while len(self._edged) - self._decided > waiting:
            own = self._edged[self._decided]
            near = islice(self._edged, max(0, self._decided - NEIGHBOURS), self._decided + NEIGHBOURS + 1)
            page = self._furniture.decided(own, [each for each in near if each is not own])
            self._decided += 1
            if self._decided > NEIGHBOURS:
                self._edged.popleft()
                self._decided -= 1
            pieces = heading_pieces(page, is_first=not self._has_begun)
            self._has_begun = self._has_begun or bool(page.regions)
            headings = tuple(_headings(page, pieces))
            self._leveller.observe(headings)
            self._references.observe(page)
            self._coming.extend(headings)
            self._arranged.append(_ArrangedPage(page, pieces, headings))

    def _ready(self, waiting: int) -> Iterator[PageResult]:
        while len(self._arranged) > waiting:
            arranged = self._arranged.popleft()
            joins = {**arranged.pieces, **self._continuations.joins(arranged.page)}
            page = _with_joins(self._levelled(arranged), joins)
            yield self._references.linked(page)

    def _levelled(self, arranged: _ArrangedPage) -> PageResult:
        changed: dict[int, Region] = {}
        regions = arranged.page.regions
        for heading in arranged.headings:
            self._coming.popleft()
            level, source = self._leveller.level(heading, self._coming)
            for order in _pieces_of(heading.order, arranged.pieces):
                region = regions[order]
                if region.type in HEADINGS:
                    changed[order] = replace(region, level=level, heading_source=source, marked_level=region.level)
        if not changed:
            return arranged.page
        return replace(arranged.page, regions=tuple(changed.get(region.order, region) for region in regions))


def _headings(page: PageResult, pieces: dict[int, Join]) -> Iterator[Heading]:
    """Yield the page's headings; one that came apart is one, at the place of its last piece."""
    continued = {join.order for join in pieces.values()}
    for region in page.regions:
        if region.type in HEADINGS and region.order not in continued:
            yield heading_of([page.regions[order] for order in reversed(_pieces_of(region.order, pieces))], page)


def _pieces_of(order: int, pieces: dict[int, Join]) -> list[int]:
    found = [order]
    while found[-1] in pieces:
        found.append(pieces[found[-1]].order)
    return found


def _with_joins(page: PageResult, joins: dict[int, Join]) -> PageResult:
    if not joins:
        return page
    return replace(
        page,
        regions=tuple(
            replace(region, continues=joins[region.order]) if region.order in joins else region
            for region in page.regions
        ),
    )


def unstructured(page: PageResult) -> PageResult:
    """Return the page as it was before a `Structurer` saw it; saved crops stay."""
    if not any(map(_is_structured, page.regions)):
        return page
    return replace(page, regions=tuple(map(_unstructured, page.regions)))


def _is_structured(region: Region) -> bool:
    return bool(
        region.heading_source
        or region.original_type
        or region.continues
        or region.number
        or region.refers_to
        or region.referred_from
    )


def _unstructured(region: Region) -> Region:
    has_own_level = bool(region.heading_source or region.original_type)
    return replace(
        region,
        type=region.original_type or region.type,
        level=region.marked_level if has_own_level else region.level,
        marked_level=0 if has_own_level else region.marked_level,
        heading_source="",
        original_type=None,
        continues=None,
        number="",
        refers_to=(),
        referred_from=(),
    )
