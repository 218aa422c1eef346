"""Captions: which texts are captions, and of what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.kinds import caption_start
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.parts import Part

__all__ = ["with_captions"]

_ADJACENT = 3.0  # of the font size: the widest gap between a caption and what it belongs to
_CAPTIONED = (RegionType.TABLE, RegionType.FIGURE)


def with_captions(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with captions made known.

    A text that starts like "Figure 3" is a caption if it stands directly above or below a table or figure, and
    belongs to the nearest, one of the kind that it names before one of the other kind. With a mark after the number
    ("Figure 3.", "Table 2:") it is a caption wherever it stands.
    """
    linked = []
    for part in parts:
        start = caption_start(part.text) if part.type in {RegionType.TEXT, RegionType.HEADING} else None
        if start is None:
            linked.append(part)
            continue
        near = [
            (other.type is not start.type, gap, index)
            for index, other in enumerate(parts)
            if other.type in _CAPTIONED and (gap := _gap(part, other)) <= _ADJACENT * part.size
        ]
        if near or start.is_marked:
            owner = min(near)[2] if near else None
            linked.append(replace(part, type=RegionType.CAPTION, level=0, caption_of=owner))
        else:
            linked.append(part)
    return linked


def _gap(caption: Part, other: Part) -> float:
    """Return the height between them, infinite if neither stands above the other."""
    first, second = caption.places[0], other.places[0]
    if min(first.x1, second.x1) <= max(first.x0, second.x0):
        return float("inf")
    return max(0.0, second.y0 - first.y1, first.y0 - second.y1)
