"""Tables that only horizontal lines rule, as books and papers have them.

Three or more lines with the same ends bound strips. Strips that hold rows of short, separate texts are a table; its
columns are where the texts below the first strip leave upright gaps, its rows are the rows of text.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Grid, GridCell, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Run

__all__ = ["open_grids"]

_FEWEST_LINES = 3
_GAP = 0.8  # of the font size: between the texts of two columns
_MEAN_CHARACTERS = 30  # of a text in a table at most
_TABULAR_ROWS = 0.6  # of a strip's rows have several texts
_SLACK_PT = 3.0

_Row = list["Run"]


def open_grids(bundles: Iterable[Sequence[tuple[float, float, float]]], runs: Sequence[Run]) -> tuple[Grid, ...]:
    """Return the tables, their cells empty, from top to bottom.

    `bundles` are the lines with the same ends, as `(y, x0, x1)` and from top to bottom.
    """
    grids: list[Grid] = []
    for bundle in bundles:
        left = min(x0 for _, x0, _ in bundle) - _SLACK_PT
        right = max(x1 for _, _, x1 in bundle) + _SLACK_PT
        inside = [run for run in runs if left <= run.place.x0 and run.place.x1 <= right]
        ys = [y for y, _, _ in bundle]
        strips = [_rows(run for run in inside if above < run.place.centre[1] < below) for above, below in pairwise(ys)]
        for first, last in _chains([_is_tabular(strip) for strip in strips]):
            if last - first + 2 >= _FEWEST_LINES:
                grid = _grid((left, right), (ys[first], ys[last + 1]), strips[first : last + 1])
                grids += [grid] if grid is not None else []
    return tuple(sorted(grids, key=lambda grid: (grid.place.y0, grid.place.x0)))


def _rows(runs: Iterable[Run]) -> list[_Row]:
    rows: list[_Row] = []
    for run in sorted(runs, key=lambda each: each.place.centre[1]):
        if rows and run.place.centre[1] - rows[-1][0].place.centre[1] < rows[-1][0].place.height / 2:
            rows[-1].append(run)
        else:
            rows.append([run])
    for row in rows:
        row.sort(key=lambda run: run.place.x0)
    return rows


def _is_tabular(rows: Sequence[_Row]) -> bool:
    if not rows:
        return False
    runs = [run for row in rows for run in row]
    several = sum(_has_gap(row) for row in rows)
    mean = sum(len(run.text.strip()) for run in runs) / len(runs)
    return several >= _TABULAR_ROWS * len(rows) and mean <= _MEAN_CHARACTERS


def _has_gap(row: _Row) -> bool:
    return any(after.place.x0 - before.place.x1 > _GAP * after.size for before, after in pairwise(row))


def _chains(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return first and last index of each stretch of true flags."""
    chains: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if flag and chains and chains[-1][1] == index - 1:
            chains[-1] = (chains[-1][0], index)
        elif flag:
            chains.append((index, index))
    return chains


def _grid(sides: tuple[float, float], ends: tuple[float, float], strips: Sequence[Sequence[_Row]]) -> Grid | None:
    body = [row for strip in strips[1:] for row in strip if len(row) > 1]
    xs = (sides[0], *_gaps([run for row in body for run in row]), sides[1])
    rows = [row for strip in strips for row in strip]
    columns = len(xs) - 1
    if columns < 2 or len(rows) < 2:  # noqa: PLR2004 - a table has two of each
        return None
    places = [rectangle_around(run.place for run in row) for row in rows]
    ys = (ends[0], *((above.y1 + below.y0) / 2 for above, below in pairwise(places)), ends[1])
    if any(below <= above for above, below in pairwise(ys)):
        return None
    cells = [cell for index, row in enumerate(rows) for cell in _cells(index, row, xs)]
    return Grid(xs, ys, tuple(cells))


def _gaps(runs: Sequence[Run]) -> list[float]:
    """Return the middles of the upright gaps between runs."""
    gaps = []
    reach = float("inf")
    for run in sorted(runs, key=lambda each: each.place.x0):
        if run.place.x0 - reach > _GAP * run.size / 2:
            gaps.append((reach + run.place.x0) / 2)
        reach = run.place.x1 if reach == float("inf") else max(reach, run.place.x1)
    return gaps


def _cells(index: int, row: _Row, xs: Sequence[float]) -> list[GridCell]:
    """Return the cells of one row: a text that reaches into several columns spans them."""
    columns = len(xs) - 1
    joined = [False] * columns  # whether a column belongs to the cell of the one before
    for run in row:
        first = min(columns, bisect_right(xs, run.place.x0)) - 1
        last = min(columns, bisect_right(xs, run.place.x1)) - 1
        joined[max(0, first) + 1 : last + 1] = [True] * (last - max(0, first))
    starts = [column for column in range(columns) if not joined[column]]
    return [GridCell(index, start, 1, end - start) for start, end in pairwise([*starts, columns])]
