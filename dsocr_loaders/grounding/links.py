"""Captions and footnotes -> the table or figure that they belong to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.labels import captioned_type
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import Region

__all__ = ["link_captions"]

_ATTACHED = {RegionType.CAPTION, RegionType.FOOTNOTE}
_OWNERS = (RegionType.TABLE, RegionType.FIGURE)


def link_captions(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return `regions` with `caption_of` set where a caption stands next to its table or figure.

    Next to means that only other captions and footnotes stand between the two. The one before the caption wins,
    since the model names a figure or table before its caption, unless that one has a caption of its own already and
    another follows. A footnote whose label does not say what it belongs to is a footnote of the page.
    """
    linked = list(regions)
    has_caption: set[int] = set()
    for index, region in enumerate(regions):
        if region.type not in _ATTACHED:
            continue
        wanted = captioned_type(region.label)
        if wanted is None and region.type is RegionType.FOOTNOTE:
            continue
        types = (wanted,) if wanted else _OWNERS
        before = _neighbour(regions, index, -1, types)
        after = _neighbour(regions, index, +1, types)
        is_taken = region.type is RegionType.CAPTION and before in has_caption
        owner = after if before is None or (is_taken and after is not None) else before
        if owner is None:
            continue
        if region.type is RegionType.CAPTION:
            has_caption.add(owner)
        linked[index] = replace(region, caption_of=owner)
    return tuple(linked)


def _neighbour(regions: Sequence[Region], index: int, step: int, types: Sequence[RegionType]) -> int | None:
    page = regions[index].page_index
    index += step
    while 0 <= index < len(regions) and regions[index].page_index == page:
        if regions[index].type in types:
            return index
        if regions[index].type not in _ATTACHED:
            return None
        index += step
    return None
