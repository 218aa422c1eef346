"""A page's regions -> units: what belongs together and is not torn without need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import hull
from dsocr_loaders.structure import FURNITURE
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import PageResult, Region

__all__ = ["Unit", "units_of"]

_OWNERS = frozenset({RegionType.TABLE, RegionType.FIGURE})


@dataclass(frozen=True, slots=True)
class Unit:
    """A region and the captions and footnotes that belong to it.

    Attributes:
        page: where it stands.
        region: the region itself.
        above, below: its captions and footnotes, by where they stand on the page.
    """

    page: PageResult
    region: Region
    above: tuple[Region, ...] = ()
    below: tuple[Region, ...] = ()


def units_of(page: PageResult, *, include_furniture: bool = False) -> Iterator[Unit]:
    """Yield the units of a page in reading order.

    What has no text is left out: a figure without caption, say. So are headers, footers and page numbers
    unless `include_furniture` says otherwise.
    """
    owners = {region.order for region in page.regions if region.type in _OWNERS}
    attached: dict[int, list[Region]] = {}
    for region in page.regions:
        if region.caption_of in owners and region.type not in _OWNERS:
            attached.setdefault(region.caption_of, []).append(region)
    for region in page.regions:
        if region.type in FURNITURE and not include_furniture:
            continue
        if region.caption_of in owners and region.type not in _OWNERS:
            continue
        own = [caption for caption in attached.get(region.order, ()) if caption.text.strip()]
        if own or region.text.strip():
            yield Unit(
                page,
                region,
                above=tuple(caption for caption in own if _is_above(caption, region)),
                below=tuple(caption for caption in own if not _is_above(caption, region)),
            )


def _is_above(caption: Region, owner: Region) -> bool:
    """Tell by the boxes where both are known (the model names a table before its caption), else by order."""
    if caption.type is RegionType.FOOTNOTE:
        return False
    if caption.boxes and owner.boxes:
        one, other = hull(caption.boxes), hull(owner.boxes)
        return one.y0 + one.y1 < other.y0 + other.y1
    return caption.order < owner.order
