"""Headers, footers and page numbers that the model called something else, found by repetition.

What stands at the same place on neighbouring pages with the same words is furniture; so is a number there that counts
up with the pages, alone or beside such words. Neighbours are the pages up to two before and behind, so that titles
which differ on left and right pages are found too. Where a header's place is known, a short line there is a header
even if its words are new: the name of a chapter that has just begun.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from dsocr_loaders.structure.edges import FURNITURE, edge_texts, is_jump
from dsocr_loaders.structure.headings import HEADINGS
from dsocr_loaders.structure.numbering import numbering_of
from dsocr_loaders.structure.wording import ends_sentence, title_key
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.structure.edges import EdgeText
    from dsocr_loaders.values import PageResult, Region

__all__ = ["NEIGHBOURS", "EdgedPage", "FurnitureFinder"]

NEIGHBOURS = 2
"""Pages before and behind a page that are compared with it: titles alternate between left and right pages."""

_SAME_Y = 0.012  # of the page's height; the model's boxes are good to a few thousandths
_SAME_HEIGHT = 1.7
_ALIKE = 88  # rapidfuzz's ratio, of 100
_SHORTEST_FUZZY = 8  # letters
_SHORTEST_KEY = 2
_ESTABLISHED = 2  # headers at one place make it a place of headers
_REMEMBERED = 256  # words of headers and of headings kept


@dataclass(frozen=True, slots=True)
class EdgedPage:
    """A page with the texts at its edges."""

    page: PageResult
    edges: tuple[EdgeText, ...]

    @classmethod
    def of(cls, page: PageResult) -> EdgedPage:
        """Return the page with what stands at its edges."""
        return cls(page, edge_texts(page))


@dataclass(frozen=True, slots=True)
class _Place:
    page_number: int
    is_top: bool
    y: float | None
    height: float


class FurnitureFinder:
    """Recognises furniture page by page, in order. What it keeps does not grow with the document.

    Args:
        sees_all: whether every page was shown to `observe` before the first one is asked for: then words that stand
            at the same place on three pages are furniture however far apart these are.
    """

    def __init__(self, *, sees_all: bool = False) -> None:
        self._places: deque[_Place] = deque(maxlen=8 * NEIGHBOURS)
        self._heading_keys: deque[str] = deque(maxlen=_REMEMBERED)
        self._sees_all = sees_all
        self._counts: Counter[tuple[bool, str, int]] = Counter()

    def observe(self, page: EdgedPage) -> None:
        """Count the words of a page's edges, when all pages are seen before the first is decided."""
        for edge in page.edges:
            if self._sees_all and len(edge.key) >= _SHORTEST_KEY and edge.y is not None:
                self._counts[edge.is_top, edge.key, round(edge.y / _SAME_Y / 2)] += 1

    def decided(self, page: EdgedPage, neighbours: Sequence[EdgedPage]) -> PageResult:
        """Return the page with its furniture recognised: another `type`, the former one in `original_type`.

        Args:
            page: the page that follows the last one that was decided.
            neighbours: pages near it, as they came; those farther away than `NEIGHBOURS` have no say.
        """
        number = page.page.page_number
        near = [each for each in neighbours if 0 < abs(each.page.page_number - number) <= NEIGHBOURS]
        types = self._types(page, near)
        for edge in page.edges:
            if types.get(edge.order, edge.type) in FURNITURE:
                self._places.append(_Place(number, edge.is_top, edge.y, edge.height))
        regions = page.page.regions
        self._heading_keys.extend(
            _words_key(region.text) for region in regions if region.type in HEADINGS and region.order not in types
        )
        if not types:
            return page.page
        return replace(page.page, regions=tuple(_retyped(region, types.get(region.order)) for region in regions))

    def _types(self, page: EdgedPage, near: Sequence[EdgedPage]) -> dict[int, RegionType]:
        types: dict[int, RegionType] = {}
        for edge in page.edges:
            if edge.type in FURNITURE:
                continue
            kind = RegionType.HEADER if edge.is_top else RegionType.FOOTER
            if edge.number is not None and not edge.number.rest and self._is_page_number(edge, page.page, near):
                types[edge.order] = RegionType.PAGE_NUMBER
            elif self._repeats(edge, page, near) or self._stands_at_known_place(edge, page, types):
                types[edge.order] = kind
        types.update(_jumps(page.page, types))
        if len(types) == len(page.page.regions) and not _is_numbers(types):
            return {}  # furniture of nothing is the page's text
        return types

    def _is_page_number(self, edge: EdgeText, page: PageResult, near: Iterable[EdgedPage]) -> bool:
        number = edge.number
        if number is None:
            return False
        if edge.type not in HEADINGS and number.is_sure and number.value in {page.page_number, _digits(page.label)}:
            return True
        return _counts_on(edge, page, near)

    def _repeats(self, edge: EdgeText, page: EdgedPage, near: Sequence[EdgedPage]) -> bool:
        if len(edge.key) < _SHORTEST_KEY:
            return False
        votes = nearest = 0
        for other in near:
            distance = other.page.page_number - page.page.page_number
            if any(_is_same(edge, each, distance) for each in other.edges):
                votes += 1
                nearest += abs(distance) == 1
        if edge.type in HEADINGS:
            return (nearest > 0 or votes > 1 or self._is_common(edge)) and self._is_known_heading(edge, page.page)
        if edge.y is None or edge.number is not None or edge.type is RegionType.CAPTION:
            return votes > 1
        return votes > 0 or self._is_common(edge)

    def _is_common(self, edge: EdgeText) -> bool:
        if edge.y is None or not self._counts:
            return False
        row = round(edge.y / _SAME_Y / 2)
        return sum(self._counts[edge.is_top, edge.key, each] for each in (row - 1, row, row + 1)) > _ESTABLISHED

    def _is_known_heading(self, edge: EdgeText, page: PageResult) -> bool:
        """Whether the words of a running head are those of a heading before it or elsewhere on its page.

        The first of a row of repeated headings is therefore kept: a slide's title, say.
        """
        own = _words_key(page.regions[edge.order].text)
        return own in self._heading_keys or any(
            region.type in HEADINGS and region.order != edge.order and _words_key(region.text) == own
            for region in page.regions
        )

    def _stands_at_known_place(self, edge: EdgeText, page: EdgedPage, types: dict[int, RegionType]) -> bool:
        text = page.page.regions[edge.order].text
        if edge.type not in {RegionType.TEXT, RegionType.OTHER} or not edge.is_line or edge.y is None:
            return False
        if edge.depth and not any(each.order in types for each in page.edges if each.is_top is edge.is_top):
            return False
        if ends_sentence(text) or numbering_of(text) is not None:
            return False
        fitting = [
            place
            for place in self._places
            if place.is_top is edge.is_top and _is_same_place(place.y, place.height, edge.y, edge.height)
        ]
        return len({place.page_number for place in fitting}) >= _ESTABLISHED


def _jumps(page: PageResult, types: dict[int, RegionType]) -> dict[int, RegionType]:
    """Return the first and last text of the page if they say that something goes on elsewhere."""
    flow = [region for region in page.regions if region.type not in FURNITURE and region.order not in types]
    ends = {id(region): (region, kind) for region, kind in _ends(flow) if is_jump(region)}
    return {region.order: kind for region, kind in ends.values()}


def _ends(flow: Sequence[Region]) -> list[tuple[Region, RegionType]]:
    return [(flow[-1], RegionType.FOOTER), (flow[0], RegionType.HEADER)] if len(flow) > 1 else []


def _is_same(edge: EdgeText, other: EdgeText, distance: int) -> bool:
    if edge.is_top is not other.is_top or not _is_same_place(edge.y, edge.height, other.y, other.height):
        return False
    if edge.number is not None and other.number is not None:
        counts = other.number.value - edge.number.value == distance and edge.number.style == other.number.style
        if counts and _is_alike(edge.key, other.key):
            return True
    return _is_alike(edge.whole_key, other.whole_key) and _digits(edge.whole_key) == _digits(other.whole_key)


def _is_alike(one: str, other: str) -> bool:
    if one == other:
        return True
    return min(len(one), len(other)) >= _SHORTEST_FUZZY and fuzz.ratio(one, other) >= _ALIKE


def _is_same_place(one_y: float | None, one_height: float, other_y: float | None, other_height: float) -> bool:
    if one_y is None or other_y is None:
        return one_y is other_y
    low, high = sorted((one_height, other_height))
    return abs(one_y - other_y) <= _SAME_Y and high <= _SAME_HEIGHT * low


def _counts_on(edge: EdgeText, page: PageResult, near: Iterable[EdgedPage]) -> bool:
    number = edge.number
    return number is not None and any(
        each.number is not None
        and each.is_top is edge.is_top
        and not each.number.rest
        and each.number.style == number.style
        and each.number.value - number.value == other.page.page_number - page.page_number
        for other in near
        for each in other.edges
    )


def _retyped(region: Region, kind: RegionType | None) -> Region:
    if kind is None:
        return region
    return replace(region, type=kind, level=0, marked_level=region.level, original_type=region.type)


def _words_key(text: str) -> str:
    number = numbering_of(text)
    return title_key(text[number.end :]) if number and number.end < len(text) else title_key(text)


def _digits(text: str) -> int | None:
    digits = "".join(filter(str.isdecimal, text))
    return int(digits) if digits and len(digits) <= _MOST_DIGITS else None


_MOST_DIGITS = 9


def _is_numbers(types: dict[int, RegionType]) -> bool:
    return all(kind is RegionType.PAGE_NUMBER for kind in types.values())
