"""Texts set apart by a frame or a tint: boxed notes and sidebars, which are read as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Layer, Run

__all__ = ["panels_of"]

_MOST_BOXES = 200  # of a page; more are a form or a pattern
_MOST_LOOKS = 1_000_000  # boxes times runs
_LARGEST = 0.5  # of the page
_LEAST_TEXT = (2, 40)  # runs and characters
_SPILL_PT = 2.0  # text that reaches over the edge of a box by more does not stand in it
_MEAN_CHARACTERS = 12  # of a run: the boxes of a diagram hold single words
_ALIKE = 0.9  # shared area of a frame and its tint


def panels_of(layer: Layer, runs: Sequence[Run], figures: Sequence[Rectangle]) -> list[Rectangle]:
    """Return the boxes that hold text of their own, from the largest; none overlaps another, a table or a figure."""
    page_area = layer.frame.width * layer.frame.height
    taken = [*(grid.place for grid in layer.grids), *figures]
    panels: list[Rectangle] = []
    if len(layer.boxes) > _MOST_BOXES or len(layer.boxes) * len(runs) > _MOST_LOOKS:
        return panels
    for box in sorted(layer.boxes, key=lambda each: -each.area):
        if box.area > _LARGEST * page_area or _is_cut(box, [*taken, *panels]):
            continue
        inside = [run for run in runs if box.contains(*run.place.centre)]
        if _is_text(inside, box):
            panels.append(box)
    return panels


def _is_cut(box: Rectangle, others: Iterable[Rectangle]) -> bool:
    """Whether something overlaps the box without lying inside it."""
    return any(
        (shared := box.overlap_with(other).area) > 0
        and (shared < _ALIKE * other.area or other.area > _ALIKE * box.area)
        for other in others
    )


def _is_text(runs: Sequence[Run], box: Rectangle) -> bool:
    characters = sum(len(run.text) for run in runs)
    if len(runs) < _LEAST_TEXT[0] or characters < max(_LEAST_TEXT[1], _MEAN_CHARACTERS * len(runs)):
        return False
    text = rectangle_around(run.place for run in runs)
    return text.x0 >= box.x0 - _SPILL_PT and text.x1 <= box.x1 + _SPILL_PT
