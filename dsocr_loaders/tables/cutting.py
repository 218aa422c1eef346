"""Some rows and columns of a table, as a table of their own."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from dsocr_loaders.tables.table import MAX_REPEATED_CHARACTERS, Cell, Placement, Table, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TableCutter"]


class TableCutter:
    """Cuts parts out of a table.

    A cell that a cut goes through is in every part that has a place of it, with as many rows and columns as it covers
    there. Of a body cell, a text longer than `MAX_REPEATED_CHARACTERS` stands only in the part where the cell begins.

    Attributes:
        table: the whole.
        placements: where its cells lie.
        width: how many columns it has.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.placements = lay_out(table.rows)
        self.width = max((one.column + one.width for one in self.placements), default=0)
        self._is_plain = all(one.height == one.width == 1 for one in self.placements)
        self._covering: list[list[Placement]] = [[] for _ in table.rows]
        for one in self.placements:
            for row in range(one.row, one.row + one.height):
                self._covering[row].append(one)
        for placements in self._covering:
            placements.sort(key=_column)

    def crosses(self, row: int) -> bool:
        """Whether a cell goes over the border above a row of the table, header rows counted."""
        return any(one.row < row for one in self._covering[row]) if row < len(self._covering) else False

    def part(self, first: int, end: int, columns: Sequence[int] = (), *, has_header: bool = True) -> Table:
        """Return the header rows, then the body rows `first` to `end`, from 0, of these columns.

        Args:
            first: the first body row.
            end: the one behind the last.
            columns: from 0, ascending; all if empty.
            has_header: whether the header rows come first.
        """
        header_rows = self.table.header_rows
        header = self._rows(0, header_rows, columns) if has_header else ()
        body = self._rows(header_rows + first, header_rows + end, columns)
        return Table(header + body, len(header))

    def _rows(self, first: int, end: int, columns: Sequence[int]) -> tuple[tuple[Cell, ...], ...]:
        if self._is_plain and not columns:
            return self.table.rows[first:end]
        return tuple(self._row(row, first, end, columns) for row in range(first, end))

    def _row(self, row: int, first: int, end: int, columns: Sequence[int]) -> tuple[Cell, ...]:
        cells: list[Cell] = []
        column = 0
        for one in self._covering[row]:
            start, width = one.column, one.width
            if columns:
                start = bisect_left(columns, one.column)
                width = bisect_left(columns, one.column + one.width) - start
                if not width:
                    continue
            begins = row == max(one.row, first)
            if begins:
                # A row of its own may end before a cell from above begins; where that is cut off, the gap would close.
                cells += [Cell("")] * (start - column)
                cells.append(self._clipped(one, row, end, width, columns))
            column = start + width
        return tuple(cells)

    def _clipped(self, one: Placement, row: int, end: int, width: int, columns: Sequence[int]) -> Cell:
        """Return the cell as it stands in the rows `row` to `end`, `width` columns wide."""
        cell = one.cell
        is_repeated = row > one.row or (bool(columns) and one.column not in columns)
        is_left_out = is_repeated and row >= self.table.header_rows and len(cell.text) > MAX_REPEATED_CHARACTERS
        height = min(one.row + one.height, end) - row
        if not is_left_out and (height, width) == (cell.rowspan, cell.colspan):
            return cell
        return Cell("" if is_left_out else cell.text, height, width, cell.is_header)


def _column(one: Placement) -> int:
    return one.column
