"""A table that is too large -> parts that each can be understood alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dsocr_loaders.tables.table import MAX_REPEATED_CHARACTERS, Cell, Table, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.tables.table import Placement

__all__ = ["TablePart", "split_rows"]


@dataclass(frozen=True, slots=True)
class TablePart:
    """Some rows of a table.

    Attributes:
        table: the header rows, then these rows.
        first_row, last_row: which of the whole table's body rows they are, from 1; 0 and 0 if it has none.
    """

    table: Table
    first_row: int
    last_row: int


def split_rows(table: Table, fits: Callable[[Table], bool]) -> tuple[TablePart, ...]:
    """Return the table in as few parts as fit, in order; a table that fits is one part, unchanged.

    Every body row is in exactly one part. A part takes as many rows as fit together with the header rows, which every
    part repeats; a row that does not fit alone is a part of its own, so `fits` may be false for a part of one row. A
    header that does not fit alone is not repeated: the first part has it, the others have none.

    A cell that a cut goes through is in both parts, each with the rows that it covers there; a text longer than
    `MAX_REPEATED_CHARACTERS` stands in the first alone. `before` goes with the first part, `after` with the last.

    Args:
        table: what to split.
        fits: whether a part is small enough. A table that does not fit must not fit with more rows either; it is
            asked a number of times that grows with the logarithm of a part's rows.
    """
    rows = table.body_rows
    if not rows or fits(table):
        return (TablePart(table, min(1, rows), rows),)
    header = Table(table.rows[: table.header_rows], table.header_rows)
    cutter = _Cutter(table, repeats_header=fits(header))
    parts: list[TablePart] = []
    first = 0
    while first < rows:
        end = _furthest(first + 1, rows, partial(_part_fits, cutter, fits, first))
        parts.append(TablePart(cutter.part(first, end), first + 1, end))
        first = end
    return tuple(parts)


def _part_fits(cutter: _Cutter, fits: Callable[[Table], bool], first: int, end: int) -> bool:
    return fits(cutter.part(first, end))


def _furthest(end: int, limit: int, fits: Callable[[int], bool]) -> int:
    """Return the largest end up to `limit` that fits, at least `end`: steps double first, then are halved."""
    step = 1
    while end + step <= limit and fits(end + step):
        end += step
        step *= 2
    while step:
        if end + step <= limit and fits(end + step):
            end += step
        step //= 2
    return end


class _Cutter:
    """Cuts parts out of a table."""

    def __init__(self, table: Table, *, repeats_header: bool) -> None:
        self._table = table
        self._repeats_header = repeats_header
        self._covering: list[list[Placement]] = [[] for _ in table.rows]
        for placement in lay_out(table.rows):
            for row in range(placement.row, placement.row + placement.height):
                self._covering[row].append(placement)
        for placements in self._covering:
            placements.sort(key=lambda placement: placement.column)

    def part(self, first: int, end: int) -> Table:
        """Return the part with the body rows `first` to `end`, from 0."""
        table = self._table
        header = self._rows(0, table.header_rows) if self._repeats_header or first == 0 else ()
        return Table(
            header + self._rows(table.header_rows + first, table.header_rows + end),
            len(header),
            table.before if first == 0 else "",
            table.after if end == table.body_rows else "",
        )

    def _rows(self, first: int, end: int) -> tuple[tuple[Cell, ...], ...]:
        if first == end:
            return ()
        return (
            self._first_row(first, end),
            *(
                tuple(_clipped(one, row, end) for one in self._covering[row] if one.row == row)
                for row in range(first + 1, end)
            ),
        )

    def _first_row(self, row: int, end: int) -> tuple[Cell, ...]:
        cells: list[Cell] = []
        column = 0
        for placement in self._covering[row]:
            # A row of its own may end before a cell from above begins; without that cell's row, the gap would close.
            cells += [Cell("")] * (placement.column - column)
            cells.append(_clipped(placement, row, end))
            column = placement.column + placement.width
        return tuple(cells)


def _clipped(placement: Placement, row: int, end: int) -> Cell:
    """Return the cell as it stands in the rows `row` to `end`."""
    cell = placement.cell
    is_repeated = row > placement.row and len(cell.text) > MAX_REPEATED_CHARACTERS
    return Cell(
        "" if is_repeated else cell.text,
        min(placement.row + placement.height, end) - row,
        placement.width,
        cell.is_header,
    )
