"""Captions: which texts are captions, and of what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.kinds import caption_start
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.kinds import CaptionStart
    from dsocr_loaders.engines.text_layer.parts import Part

__all__ = ["with_captions"]

_ADJACENT = 3.0  # of the font size: the widest gap between a caption and what it belongs to
_SMALLER = 0.95  # of the body's size
_MOST_LINES = 5  # of a caption that does not say that it is one
_RIGHT_BELOW = 1.8  # of the font size, from half a line above the figure's edge
_CAPTIONED = (RegionType.TABLE, RegionType.FIGURE)


def with_captions(parts: Sequence[Part], body_size: float) -> list[Part]:
    """Return the parts with captions made known.

    A text that starts like "Figure 3" belongs to the nearest table or figure directly above or below it, one of the
    kind that it names before one of the other kind. With a mark after the number ("Figure 3.", "Table 2:") it is a
    caption in any case; without one only if it has such a neighbour that no marked caption belongs to. Below a figure
    that has none, a short text set smaller than the body and no wider than the figure is its caption.
    """
    linked = list(parts)
    starts = {index: start for index, part in enumerate(parts) if (start := _start(part)) is not None}
    taken: set[int | None] = set()
    for is_marked in (True, False):
        for index, start in starts.items():
            if start.is_marked is is_marked:
                owner = _owner(parts[index], start, parts)
                if is_marked or (owner is not None and owner not in taken):
                    linked[index] = replace(parts[index], type=RegionType.CAPTION, level=0, caption_of=owner)
                    taken.add(owner)
    for index, part in enumerate(linked):
        if part.type is RegionType.FIGURE and index not in taken:
            below = next((at for at, other in enumerate(linked) if _is_small_print(other, part, body_size)), None)
            if below is not None:
                linked[below] = replace(linked[below], type=RegionType.CAPTION, level=0, caption_of=index)
    return linked


def _is_small_print(part: Part, figure: Part, body_size: float) -> bool:
    place, above = part.places[0], figure.places[0]
    return (
        part.type is RegionType.TEXT
        and 0 < part.size <= _SMALLER * body_size
        and len(part.places) == 1
        and len(part.lines) <= _MOST_LINES
        and 0 <= place.y0 - above.y1 + part.size / 2 <= _RIGHT_BELOW * part.size
        and place.x0 >= above.x0 - part.size
        and place.x1 <= above.x1 + part.size
    )


def _start(part: Part) -> CaptionStart | None:
    return caption_start(part.text) if part.type in {RegionType.TEXT, RegionType.HEADING} else None


def _owner(caption: Part, start: CaptionStart, parts: Sequence[Part]) -> int | None:
    near = [
        (other.type is not start.type, gap, index)
        for index, other in enumerate(parts)
        if other.type in _CAPTIONED and (gap := _gap(caption, other)) <= _ADJACENT * caption.size
    ]
    return min(near)[2] if near else None


def _gap(caption: Part, other: Part) -> float:
    """Return the height between them, infinite if neither stands above the other."""
    first, second = caption.places[0], other.places[0]
    if min(first.x1, second.x1) <= max(first.x0, second.x0):
        return float("inf")
    return max(0.0, second.y0 - first.y1, first.y0 - second.y1)
