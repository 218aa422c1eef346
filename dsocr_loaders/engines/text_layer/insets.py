"""What stands among the lines of a page without being one: tables, figures, and panels with all they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.figures import Figure
from dsocr_loaders.engines.text_layer.layer import Grid, Rectangle
from dsocr_loaders.engines.text_layer.panels import panels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.layer import Layer, Run

__all__ = ["Formula", "Inset", "Panel", "insets_of"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A displayed formula."""

    place: Rectangle
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A text that a frame or a tint sets apart."""

    place: Rectangle
    runs: tuple[Run, ...]
    insets: tuple[Inset, ...]


Inset = Grid | Figure | Formula | Panel


def insets_of(layer: Layer, runs: Sequence[Run], figures: Sequence[Figure]) -> list[Inset]:
    """Return the tables, figures and panels of a page; what stands in a panel is in the panel alone."""
    insets: list[Inset] = [*layer.grids, *figures]
    for place in panels_of(layer, runs, [figure.place for figure in figures]):
        inside = [inset for inset in insets if place.contains(*inset.place.centre)]
        own = tuple(run for run in runs if place.contains(*run.place.centre))
        kept = [inset for inset in insets if all(inset is not other for other in inside)]
        insets = [*kept, Panel(place, own, tuple(inside))]
    return insets
