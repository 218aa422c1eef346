"""Images on a page -> the places of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.engines.text_layer.layer import Layer

__all__ = ["figures_of"]

_MOST_PICTURES = 1_000  # of a page; more are the dots of a pattern
_SHORTEST_PT = 20.0  # a smaller image is an icon or a drawn bullet
_SMALLEST = 0.002  # of the page
_BACKGROUND = 0.8  # of the page: text stands on such an image
_GAP_PT = 1.5  # tiles of one image touch
_FILLED = 0.98  # of the rectangle around two tiles is theirs


def figures_of(layer: Layer) -> list[Rectangle]:
    """Return the places of the figures: images that are neither icons nor backgrounds, tiles put together."""
    page_area = layer.frame.width * layer.frame.height
    if len(layer.pictures) > _MOST_PICTURES:
        return []
    figures = _merged(
        picture.place
        for picture in layer.pictures
        if not any(_holds(grid.place, picture.place) for grid in layer.grids)
    )
    return [
        figure
        for figure in figures
        if min(figure.width, figure.height) >= _SHORTEST_PT and _SMALLEST <= figure.area / page_area <= _BACKGROUND
    ]


def _holds(outer: Rectangle, inner: Rectangle) -> bool:
    return outer.overlap_with(inner).area >= _FILLED * inner.area


def _merged(places: Iterable[Rectangle]) -> list[Rectangle]:
    """Return the places with those inside others left out and tiles of one image put together."""
    merged: list[Rectangle] = []
    for place in sorted(places, key=lambda each: (each.y0, each.x0)):
        current = place
        while (partner := next((other for other in merged if _belong_together(current, other)), None)) is not None:
            merged.remove(partner)
            current = rectangle_around((current, partner))
        merged.append(current)
    return merged


def _belong_together(first: Rectangle, second: Rectangle) -> bool:
    if _holds(first, second) or _holds(second, first):
        return True
    across = max(first.x0, second.x0) - min(first.x1, second.x1)
    down = max(first.y0, second.y0) - min(first.y1, second.y1)
    joint = rectangle_around((first, second)).area
    shared = first.overlap_with(second).area
    return max(across, down) <= _GAP_PT and first.area + second.area - shared >= _FILLED * joint
