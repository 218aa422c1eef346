"""Links between a text that says "see Figure 3" and the figure, both ways.

A number may occur more than once in a file (bound reports, chapters that count anew): a mention then means the
nearest one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders.structure.captions import caption_of_what, formula_number, is_continued, mentions_in
from dsocr_loaders.values import Reference, RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.structure.captions import Mention
    from dsocr_loaders.values import PageResult, Region

__all__ = ["References"]

K = TypeVar("K")
V = TypeVar("V")

_MENTIONING = frozenset({RegionType.TEXT, RegionType.LIST, RegionType.FOOTNOTE, RegionType.CAPTION})
_TARGETS = frozenset({RegionType.TABLE, RegionType.FIGURE})
_MOST_PLACES = 16  # of one number
_MOST_MENTIONS = 256  # of one number


@dataclass(frozen=True, slots=True)
class _Place:
    page_number: int
    order: int


@dataclass(frozen=True, slots=True)
class _Mentioned:
    """A mention and the text that makes it."""

    place: _Place
    caption_of: int | None
    mention: Mention


class References:
    """Collects numbers and mentions page by page, and links pages whose neighbourhood has been collected.

    Args:
        most: numbers remembered; older ones are forgotten, so that memory does not grow with the document. None for
            a document that is in memory anyway.
    """

    def __init__(self, *, most: int | None = None) -> None:
        self._most = most
        self._targets: OrderedDict[tuple[RegionType, str], list[_Place]] = OrderedDict()
        self._mentions: OrderedDict[tuple[RegionType, str], list[_Mentioned]] = OrderedDict()
        self._of_page: dict[int, tuple[dict[int, str], list[_Mentioned]]] = {}

    def observe(self, page: PageResult) -> None:
        """Collect the numbers and mentions of the next page."""
        numbers: dict[int, str] = {}
        mentioned: list[_Mentioned] = []
        for kind, number, order, is_first in _numbers(page):
            numbers.setdefault(order, number)
            if is_first:
                _remember(self._targets, (kind, number), _Place(page.page_number, order), _MOST_PLACES, self._most)
        for region in page.regions:
            if region.type in _MENTIONING:
                place = _Place(page.page_number, region.order)
                mentioned += [_Mentioned(place, region.caption_of, mention) for mention in mentions_in(region.text)]
        for each in mentioned:
            for number in _readings(each.mention):
                _remember(self._mentions, (each.mention.type, number), each, _MOST_MENTIONS, self._most)
        if numbers or mentioned:
            self._of_page[page.page_number] = (numbers, mentioned)

    def linked(self, page: PageResult) -> PageResult:
        """Return an observed page with `number`, `refers_to` and `referred_from`, as far as pages were observed."""
        numbers, mentioned = self._of_page.pop(page.page_number, ({}, []))
        refers_to: dict[int, list[Reference]] = {}
        for each in mentioned:
            refers_to.setdefault(each.place.order, []).extend(
                Reference(place.page_number, place.order, each.mention.start, each.mention.end)
                for place in self._meant(each)
            )
        regions = tuple(
            self._linked(region, page.page_number, numbers.get(region.order, ""), refers_to.get(region.order))
            for region in page.regions
        )
        return page if regions == page.regions else replace(page, regions=regions)

    def _linked(self, region: Region, page_number: int, number: str, own: list[Reference] | None) -> Region:
        refers_to = tuple(dict.fromkeys(own or ()))
        referred_from = self._referred_from(region, _Place(page_number, region.order), number) if number else ()
        if (number, refers_to, referred_from) == (region.number, region.refers_to, region.referred_from):
            return region
        return replace(region, number=number, refers_to=refers_to, referred_from=referred_from)

    def _referred_from(self, region: Region, place: _Place, number: str) -> tuple[Reference, ...]:
        kinds = {region.type, *_TARGETS} if region.type is RegionType.CAPTION else {region.type}
        found = {
            Reference(each.place.page_number, each.place.order, each.mention.start, each.mention.end)
            for kind in kinds
            for each in self._mentions.get((kind, number), ())
            if place in self._meant(each)
        }
        return tuple(sorted(found, key=lambda each: (each.page_number, each.order, each.start)))

    def _meant(self, mentioned: _Mentioned) -> list[_Place]:
        kind, own = mentioned.mention.type, mentioned.place
        exact, *ranged = mentioned.mention.numbers
        for number in _writings(exact):
            nearest = self._nearest((kind, number), own)
            if nearest is not None:
                return [] if _is_own(nearest, mentioned) else [nearest]
        found = (self._nearest((kind, number), own) for number in ranged)
        return [place for place in found if place is not None and not _is_own(place, mentioned)]

    def _nearest(self, key: tuple[RegionType, str], own: _Place) -> _Place | None:
        places = self._targets.get(key)
        if not places:
            return None
        return min(places, key=lambda place: (abs(place.page_number - own.page_number), place.page_number, place.order))


def _numbers(page: PageResult) -> Iterator[tuple[RegionType, str, int, bool]]:
    """Yield kind, number, the region's order and whether it is no continuation, for each figure, table and formula."""
    for region in page.regions:
        if region.type is RegionType.FORMULA:
            number = formula_number(region.text)
            if number:
                yield RegionType.FORMULA, number, region.order, True
        elif region.type is RegionType.CAPTION:
            found = caption_of_what(region.text)
            if found is not None:
                owner = region.caption_of if _has_owner(region, page) else region.order
                yield found[0], found[1], region.order if owner is None else owner, not is_continued(region.text)


def _has_owner(caption: Region, page: PageResult) -> bool:
    owner = caption.caption_of
    return owner is not None and 0 <= owner < len(page.regions) and page.regions[owner].type in _TARGETS


def _is_own(place: _Place, mentioned: _Mentioned) -> bool:
    """Whether a caption says its own number."""
    own = mentioned.place
    return place.page_number == own.page_number and place.order in {own.order, mentioned.caption_of}


def _writings(number: str) -> list[str]:
    """Return a number in the writings under which its figure may be known: "3a" is part of 3, "2-1" is 2.1."""
    whole = number[:-1] if number[-1:].islower() else number
    return list(dict.fromkeys((number, number.replace("-", "."), number.replace(".", "-"), whole)))


def _readings(mention: Mention) -> list[str]:
    return list(dict.fromkeys((*_writings(mention.numbers[0]), *mention.numbers[1:])))


def _remember(known: OrderedDict[K, list[V]], key: K, value: V, most_values: int, most: int | None) -> None:
    values = known.setdefault(key, [])
    values.append(value)
    if most is not None:
        del values[:-most_values]
        known.move_to_end(key)
        while len(known) > most:
            known.popitem(last=False)
