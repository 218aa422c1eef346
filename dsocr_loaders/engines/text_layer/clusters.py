"""Things painted near each other -> clusters. What is drawn as one picture is mostly one cluster.

The page is divided into rows of small cells, each row one long integer with a bit for each cell, so the time grows
with the number of things and the height of the page, whatever is painted.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Cluster", "clusters_of"]

_CELL_PT = 5.0  # things are together if closer than two cells sideways, or than one up and down
_MOST_CELLS = 2_000  # along a side of the page; cells of a larger page are larger


@dataclass(frozen=True, slots=True)
class Cluster:
    """Things that are near each other: around them, and which ones, by index."""

    place: Rectangle
    members: tuple[int, ...]


def clusters_of(places: Sequence[Rectangle], width: float, height: float) -> list[Cluster]:
    """Return the clusters of what is painted on a page of that size, in points, in no order."""
    cell = max(_CELL_PT, width / _MOST_CELLS, height / _MOST_CELLS)
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    spots = [
        (
            max(0, min(columns - 1, int(place.x0 / cell))),
            max(0, min(rows - 1, int(place.y0 / cell))),
            max(0, min(columns - 1, int(place.x1 / cell))),
            max(0, min(rows - 1, int(place.y1 / cell))),
        )
        for place in places
    ]
    marked = [0] * rows
    for left, top, right, bottom in spots:
        mask = ((1 << (right - left + 1)) - 1) << left
        for row in range(top, bottom + 1):
            marked[row] |= mask
    strips = [_strips(mask | mask << 1) for mask in marked]
    number_of, roots = _connected(strips)
    members: dict[int, list[int]] = {}
    for index, (left, top, _, _) in enumerate(spots):
        at = bisect_right(strips[top], (left, float("inf"))) - 1
        members.setdefault(_root(roots, number_of[top] + at), []).append(index)
    return [Cluster(rectangle_around(places[index] for index in group), tuple(group)) for group in members.values()]


def _strips(mask: int) -> list[tuple[int, float]]:
    """Return first and last bit of each stretch of bits."""
    strips: list[tuple[int, float]] = []
    shift = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        ones = (~mask & mask + 1).bit_length() - 1
        mask >>= ones
        strips.append((shift + zeros, shift + zeros + ones - 1))
        shift += zeros + ones
    return strips


def _connected(strips: Sequence[Sequence[tuple[int, float]]]) -> tuple[list[int], list[int]]:
    """Return the number of the first strip of each row, and to which strip each one is joined."""
    number_of: list[int] = []
    roots: list[int] = []
    for row, here in enumerate(strips):
        first = len(roots)
        number_of.append(first)
        roots += range(first, first + len(here))
        above = strips[row - 1] if row else ()
        start = number_of[row - 1] if row else 0
        one = other = 0
        while one < len(above) and other < len(here):
            if above[one][1] + 1 >= here[other][0] and here[other][1] + 1 >= above[one][0]:
                roots[_root(roots, first + other)] = _root(roots, start + one)
            if above[one][1] < here[other][1]:
                one += 1
            else:
                other += 1
    return number_of, roots


def _root(roots: list[int], index: int) -> int:
    while roots[index] != index:
        roots[index] = roots[roots[index]]
        index = roots[index]
    return index
