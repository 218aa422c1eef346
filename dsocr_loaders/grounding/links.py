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
    befores = _nearest(regions)
    afters = [None if at is None else len(regions) - 1 - at for at in reversed(_nearest(regions[::-1]))]
    has_caption: set[int] = set()
    for index, region in enumerate(regions):
        if region.type not in _ATTACHED:
            continue
        wanted = captioned_type(region.label)
        if wanted is None and region.type is RegionType.FOOTNOTE:
            continue
        types = (wanted,) if wanted else _OWNERS
        before, after = (
            at if at is not None and regions[at].type in types else None for at in (befores[index], afters[index])
        )
        is_taken = region.type is RegionType.CAPTION and before in has_caption
        owner = after if before is None or (is_taken and after is not None) else before
        if owner is None:
            continue
        if region.type is RegionType.CAPTION:
            has_caption.add(owner)
        linked[index] = replace(region, caption_of=owner)
    return tuple(linked)


def _nearest(regions: Sequence[Region]) -> list[int | None]:
    """Return for each region the position of the last one before it that is no caption or footnote of the same page."""
    found: list[int | None] = []
    nearest = None
    for index, region in enumerate(regions):
        if nearest is not None and regions[nearest].page_index != region.page_index:
            nearest = None
        found.append(nearest)
        if region.type not in _ATTACHED:
            nearest = index
    return found
