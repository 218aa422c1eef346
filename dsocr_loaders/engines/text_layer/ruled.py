"""Ruling lines -> the grids of tables.

The way of pdfplumber and PyMuPDF: lines that nearly meet are brought onto common coordinates, points where a
horizontal and a vertical line cross are the corners, the smallest rectangle of lines below and right of a corner is a
cell, and cells that share corners are a table. Merged cells come out of it as cells that span grid positions.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Grid, GridCell, Rectangle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Rule", "bundles_of", "grids_of"]

_TOLERANCE_PT = 3.0  # pdfplumber's default for snapping, joining and crossing
_SHORTEST_PT = 8.0  # a joined line that is shorter rules no cell
_MOST_LINES = 1_000  # one below the other, or side by side, before it is a pattern and no table
_MOST_CORNERS = 20_000
_FEWEST_HORIZONTAL = 3  # two rows
_FEWEST_SIDES = 2  # rows, and columns

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line along a side of the page, in points: at y from x `start` to `end`, or the other way round.

    `is_edge` if it is no line but where a tint ends.
    """

    is_horizontal: bool
    at: float
    start: float
    end: float
    is_edge: bool = False


def grids_of(rules: Sequence[Rule]) -> tuple[Grid, ...]:
    """Return the grids with at least two rows and two columns, from top to bottom; none overlaps another.

    The cells are empty. More than 1,000 lines in a
    direction, or 20,000 corners, are a pattern and no table.
    """
    horizontal = _tidied(rule for rule in rules if rule.is_horizontal)
    vertical = _tidied(rule for rule in rules if not rule.is_horizontal)
    if len(horizontal) < _FEWEST_HORIZONTAL or not vertical or max(len(horizontal), len(vertical)) > _MOST_LINES:
        return ()
    vertical = _with_open_sides(horizontal, vertical)
    grids = [grid for cells in _connected(_cells(horizontal, vertical)) if (grid := _grid(cells)) is not None]
    grids.sort(key=lambda grid: -grid.place.area)
    apart: list[Grid] = []
    for grid in grids:
        if all(not grid.place.overlap_with(other.place).area for other in apart):
            apart.append(grid)
    return tuple(sorted(apart, key=lambda grid: (grid.place.y0, grid.place.x0)))


def _tidied(rules: Iterable[Rule]) -> dict[float, list[tuple[float, float]]]:
    """Return coordinate -> stretches of lines there, ascending and apart from each other."""
    ordered = sorted(rules, key=lambda rule: rule.at)
    groups: list[list[Rule]] = []
    for rule in ordered:
        if groups and rule.at - groups[-1][-1].at <= _TOLERANCE_PT / 2 and rule.at - groups[-1][0].at <= _TOLERANCE_PT:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    tidied = {}
    for group in groups:
        stretches: list[tuple[float, float]] = []
        for start, end in sorted((rule.start, rule.end) for rule in group):
            if stretches and start <= stretches[-1][1] + _TOLERANCE_PT:
                stretches[-1] = (stretches[-1][0], max(stretches[-1][1], end))
            else:
                stretches.append((start, end))
        long_enough = [stretch for stretch in stretches if stretch[1] - stretch[0] >= _SHORTEST_PT]
        if long_enough:
            tidied[sum(rule.at for rule in group) / len(group)] = long_enough
    return tidied


def bundles_of(rules: Iterable[Rule]) -> list[list[tuple[float, float, float]]]:
    """Return the horizontal lines with the same ends, three or more, as `(y, x0, x1)` from top to bottom."""
    horizontal = _tidied(rule for rule in rules if rule.is_horizontal)
    return _bundles(horizontal) if len(horizontal) <= _MOST_LINES else []


def _bundles(horizontal: dict[float, list[tuple[float, float]]]) -> list[list[tuple[float, float, float]]]:
    bundles: list[list[tuple[float, float, float]]] = []
    for y, stretches in horizontal.items():
        for start, end in stretches:
            for bundle in bundles:
                if abs(bundle[0][1] - start) <= _TOLERANCE_PT and abs(bundle[0][2] - end) <= _TOLERANCE_PT:
                    bundle.append((y, start, end))
                    break
            else:
                bundles.append([(y, start, end)])
    return [bundle for bundle in bundles if len(bundle) >= _FEWEST_HORIZONTAL]


def _with_open_sides(
    horizontal: dict[float, list[tuple[float, float]]], vertical: dict[float, list[tuple[float, float]]]
) -> dict[float, list[tuple[float, float]]]:
    """Return the vertical lines, and those that a table without left and right border leaves out.

    Three or more horizontal lines with the same ends are such a table if a vertical line stands between the ends.
    """
    closed = {x: list(stretches) for x, stretches in vertical.items()}
    for bundle in _bundles(horizontal):
        top, left, right = bundle[0]
        bottom = bundle[-1][0]
        has_inner = any(
            left + _TOLERANCE_PT < x < right - _TOLERANCE_PT
            and any(start < bottom and end > top for start, end in stretches)
            for x, stretches in vertical.items()
        )
        for side in (left, right):
            if has_inner and not any(abs(x - side) <= _TOLERANCE_PT for x in vertical):
                closed.setdefault(side, []).append((top, bottom))
    return {x: sorted(closed[x]) for x in sorted(closed)}


def _covers(stretches: Sequence[tuple[float, float]], start: float, end: float) -> bool:
    return any(first <= start + _TOLERANCE_PT and end - _TOLERANCE_PT <= last for first, last in stretches)


def _cells(
    horizontal: dict[float, list[tuple[float, float]]], vertical: dict[float, list[tuple[float, float]]]
) -> list[Rectangle]:
    """Return the smallest rectangles of lines, one for each corner that has one below and right of it."""
    in_row: dict[float, list[float]] = {
        y: [x for x, stretches in vertical.items() if _covers(stretches, y, y) and _covers(horizontal[y], x, x)]
        for y in horizontal
    }
    if sum(map(len, in_row.values())) > _MOST_CORNERS:
        return []
    in_column: dict[float, list[float]] = defaultdict(list)
    for y, corners in in_row.items():
        for x in corners:
            in_column[x].append(y)
    every = {(x, y) for y, row in in_row.items() for x in row}
    cells = []
    for x, y in every:
        cell = _smallest(x, y, in_row[y], in_column[x], every, horizontal, vertical)
        if cell is not None:
            cells.append(cell)
    return cells


def _smallest(
    x: float,
    y: float,
    row: Sequence[float],
    column: Sequence[float],
    corners: set[_Point],
    horizontal: dict[float, list[tuple[float, float]]],
    vertical: dict[float, list[tuple[float, float]]],
) -> Rectangle | None:
    for below in column[bisect_right(column, y) :]:
        if not _covers(vertical[x], y, below):
            return None
        for right in row[bisect_right(row, x) :]:
            if not _covers(horizontal[y], x, right):
                break
            if (
                (right, below) in corners
                and _covers(horizontal[below], x, right)
                and _covers(vertical[right], y, below)
            ):
                return Rectangle(x, y, right, below)
    return None


def _connected(cells: Sequence[Rectangle]) -> list[list[Rectangle]]:
    """Return the cells in groups that hang together by their corners."""
    at_corner: dict[_Point, list[int]] = defaultdict(list)
    for index, cell in enumerate(cells):
        for corner in ((cell.x0, cell.y0), (cell.x1, cell.y0), (cell.x0, cell.y1), (cell.x1, cell.y1)):
            at_corner[corner].append(index)
    group_of = list(range(len(cells)))

    def root(index: int) -> int:
        while group_of[index] != index:
            group_of[index] = group_of[group_of[index]]
            index = group_of[index]
        return index

    for sharing in at_corner.values():
        for index in sharing[1:]:
            group_of[root(index)] = root(sharing[0])
    groups: dict[int, list[Rectangle]] = defaultdict(list)
    for index, cell in enumerate(cells):
        groups[root(index)].append(cell)
    return list(groups.values())


def _grid(places: Sequence[Rectangle]) -> Grid | None:
    xs = tuple(sorted({x for place in places for x in (place.x0, place.x1)}))
    ys = tuple(sorted({y for place in places for y in (place.y0, place.y1)}))
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < _FEWEST_SIDES or columns < _FEWEST_SIDES:
        return None
    taken: set[tuple[int, int]] = set()
    cells = []
    for place in sorted(places, key=lambda each: (each.y0, each.x0)):
        row, column = bisect_left(ys, place.y0), bisect_left(xs, place.x0)
        cell = GridCell(row, column, bisect_left(ys, place.y1) - row, bisect_left(xs, place.x1) - column)
        if taken.isdisjoint(cell.positions):
            taken.update(cell.positions)
            cells.append(cell)
    # A position that no closed rectangle covers is an empty cell, so that the rows stay as long as each other.
    cells += [
        GridCell(row, column, 1, 1) for row in range(rows) for column in range(columns) if (row, column) not in taken
    ]
    cells.sort(key=lambda cell: (cell.row, cell.column))
    return Grid(xs, ys, tuple(cells))
