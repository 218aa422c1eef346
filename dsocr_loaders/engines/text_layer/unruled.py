"""Tables that nothing rules: rows of short texts that stand below each other in columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import tidy
from dsocr_loaders.engines.text_layer.layer import Grid, GridCell, Run, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["unruled_grids"]

_MOST_RUNS = 5_000  # of a column that is searched
_GAP = 1.0  # of the font size, between the texts of two columns
_WIDE_GAP = 1.6  # of the font size: one gap of a row at least
_MEAN_CHARACTERS = 32  # of a text in a table at most
_FEWEST_ROWS = 3
_ALONE = 1  # row of one text may stand between others
_FARTHEST = 3.5  # of the font size, from one row down to the next
_ALIGNED = 0.6  # of the font size: edges this close are one
_MOSTLY = 0.7  # of a column's texts share an edge or a middle
_FILLED = 0.5  # of the cells hold text
_CLOSE = 0.75  # of the usual step down: a row this close goes on with the cells above
_LEADERS = re.compile(r"(?:[.\u2026\u00b7_] ?){5}")
_MARKER = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{2,5})[.)]|\[\d{1,3}\]|[^\w\s]")

_Row = list[Run]


def unruled_grids(runs: Sequence[Run]) -> list[Grid]:
    """Return the tables among the text of one column, from top to bottom, with the runs in their cells.

    A table has three rows or more of texts with gaps between them, which agree about where the columns are; a row
    with one text alone may stand in between, or a heading over several columns above.
    """
    if not 2 * _FEWEST_ROWS <= len(runs) <= _MOST_RUNS:
        return []
    rows = _rows(runs)
    flags = [_is_tabular(row) for row in rows]
    if sum(flags) < _FEWEST_ROWS:
        return []
    grids = []
    for first, last in _stretches(rows, flags):
        grid = _grid(rows[first : last + 1], flags[first : last + 1])
        if grid is not None:
            grids.append(grid)
    return grids


def _rows(runs: Iterable[Run]) -> list[_Row]:
    rows: list[_Row] = []
    for run in sorted(runs, key=lambda each: each.baseline):
        if rows and run.baseline - rows[-1][0].baseline < 0.4 * min(run.size, rows[-1][0].size):
            rows[-1].append(run)
        else:
            rows.append([run])
    for row in rows:
        row.sort(key=lambda run: run.place.x0)
    return rows


def _pieces(row: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of a row in the pieces that gaps set apart."""
    pieces = [[row[0]]]
    for run in row[1:]:
        if run.place.x0 - max(each.place.x1 for each in pieces[-1]) > _GAP * run.size:
            pieces.append([run])
        else:
            pieces[-1].append(run)
    return pieces


def _is_tabular(row: Sequence[Run]) -> bool:
    pieces = _pieces(row)
    if len(pieces) == 1:
        return False
    texts = [tidy(" ".join(run.text for run in piece)) for piece in pieces]
    if sum(map(len, texts)) > _MEAN_CHARACTERS * len(texts) or any(map(_LEADERS.search, texts)):
        return False
    if len(pieces) == 2 and _MARKER.fullmatch(texts[0]):  # noqa: PLR2004 - a list item and its mark
        return False
    gaps = (second[0].place.x0 - max(run.place.x1 for run in first) for first, second in pairwise(pieces))
    return max(gaps) > _WIDE_GAP * row[0].size


def _stretches(rows: Sequence[_Row], flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Return first and last index of each stretch of rows that may be a table."""
    stretches: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if not flag:
            continue
        before = stretches[-1][1] if stretches else None
        # One row that is not tabular may stand in between.
        if before is not None and index - before <= 1 + _ALONE and _are_near(rows[before : index + 1]):
            stretches[-1] = (stretches[-1][0], index)
        else:
            stretches.append((index, index))
    return stretches


def _are_near(rows: Sequence[Sequence[Run]]) -> bool:
    return all(
        below[0].baseline - above[0].baseline <= _FARTHEST * max(above[0].size, below[0].size)
        for above, below in pairwise(rows)
    )


def _grid(rows: Sequence[_Row], flags: Sequence[bool]) -> Grid | None:
    tabular = [row for row, flag in zip(rows, flags, strict=True) if flag]
    if len(tabular) < _FEWEST_ROWS:
        return None
    body = tabular[1:] if len(tabular) > _FEWEST_ROWS else tabular
    gaps = _column_gaps([run for row in body for run in row])
    every = [run for row in rows for run in row]
    around = rectangle_around(run.place for run in every)
    xs = (around.x0, *gaps, around.x1)
    columns = len(xs) - 1
    if columns < 2 or not _is_aligned(tabular, xs):  # noqa: PLR2004 - a table has two columns
        return None
    merged = _with_wrapped_lines(rows, xs)
    cells = [cell for index, row in enumerate(merged) for cell in _cells(index, row, xs)]
    filled = sum(bool(cell.runs) for cell in cells)
    if filled < _FILLED * len(cells) or len(merged) < _FEWEST_ROWS:
        return None
    places = [rectangle_around(run.place for run in row) for row in merged]
    inner = [max(above.y0, (above.y1 + below.y0) / 2) for above, below in pairwise(places)]
    ys = (places[0].y0, *inner, max(place.y1 for place in places))
    return Grid(xs, ys, tuple(cells)) if all(above < below for above, below in pairwise(ys)) else None


def _column_gaps(runs: Sequence[Run]) -> list[float]:
    """Return the middles of the upright strips that no run touches."""
    gaps = []
    reach = float("-inf")
    for run in sorted(runs, key=lambda each: each.place.x0):
        if reach != float("-inf") and run.place.x0 - reach > _GAP * run.size / 2:
            gaps.append((reach + run.place.x0) / 2)
        reach = max(reach, run.place.x1)
    return gaps


def _column_of(run: Run, xs: Sequence[float]) -> int:
    return min(len(xs) - 2, max(0, bisect_right(xs, run.place.centre[0]) - 1))


def _is_aligned(rows: Sequence[_Row], xs: Sequence[float]) -> bool:
    """Whether the texts of each column agree about an edge or a middle, and most stand in more than one row."""
    columns: list[list[tuple[float, float, float]]] = [[] for _ in xs[1:]]
    size = median(run.size for row in rows for run in row)
    for row in rows:
        for piece in _pieces(row):
            place = rectangle_around(run.place for run in piece)
            columns[_column_of(piece[0], xs)].append((place.x0, place.x1, place.centre[0]))
    for edges in columns:
        if len(edges) < 2:  # noqa: PLR2004 - one text is no column
            return False
        shares = (_share(values, _ALIGNED * size) for values in zip(*edges, strict=True))
        if max(shares) < _MOSTLY:
            return False
    return True


def _share(values: Sequence[float], slack: float) -> float:
    ordered = sorted(values)
    middle = median(ordered)
    near = max(sum(abs(value - at) <= slack for value in ordered) for at in (middle, ordered[0], ordered[-1]))
    return near / len(ordered)


def _with_wrapped_lines(rows: Sequence[_Row], xs: Sequence[float]) -> list[_Row]:
    """Return the rows, a line that goes on with the cells of the row above joined to that row."""
    steps = [below[0].baseline - above[0].baseline for above, below in pairwise(rows)]
    usual = median(steps)
    merged: list[_Row] = []
    for index, row in enumerate(rows):
        has_first = any(_column_of(run, xs) == 0 for run in row)
        if merged and not has_first and steps[index - 1] < _CLOSE * usual:
            merged[-1] = [*merged[-1], *row]
        else:
            merged.append(list(row))
    return merged


def _cells(index: int, row: Sequence[Run], xs: Sequence[float]) -> list[GridCell]:
    """Return the cells of one row: a text that reaches into several columns spans them."""
    columns = len(xs) - 1
    joined = [False] * columns  # whether a column belongs to the cell of the one before
    for run in row:
        first = min(columns, max(1, bisect_right(xs, run.place.x0))) - 1
        last = min(columns, max(1, bisect_right(xs, run.place.x1 - 0.5))) - 1
        joined[first + 1 : last + 1] = [True] * (last - first)
    starts = [column for column in range(columns) if not joined[column]]
    return [
        GridCell(
            index,
            start,
            1,
            end - start,
            tuple(run for run in row if start <= _column_of(run, xs) < end),
        )
        for start, end in pairwise([*starts, columns])
    ]
