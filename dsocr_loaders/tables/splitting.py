"""A table that is too large -> parts that each can be understood alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.tables.cutting import TableCutter
from dsocr_loaders.tables.table import MAX_REPEATED_CHARACTERS, Cell, Table
from dsocr_loaders.tables.writing import cell_text, row_lines, table_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Literal

__all__ = ["CellCut", "Measure", "TablePart", "split_table"]


_UNEVEN = 1.2  # how much more than its share of the columns a group may take


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a part may be.

    Attributes:
        count: counts the tokens of a text.
        room: most tokens of a part's text.
        table_format: how a part is shown.
        cut_text: cuts a cell's text into ranges with at most so many tokens, as the given function counts them.
    """

    count: Callable[[str], int]
    room: int
    table_format: Literal["markdown", "html"]
    cut_text: Callable[[str, Callable[[str], int], int], Sequence[tuple[int, int]]]

    def tokens(self, table: Table) -> int:
        """Return the tokens of a table's text."""
        return self.count(table_text(table, self.table_format))


@dataclass(frozen=True, slots=True)
class CellCut:
    """Which piece of a cell's text a part has, where one cell alone is too large.

    Attributes:
        column: the cell's column in the whole table, from 0; its row is the part's only one.
        start: where the piece begins in the cell's text.
        joint: the blank or line end before it, or `""`.
    """

    column: int
    start: int
    joint: str


@dataclass(frozen=True, slots=True)
class TablePart:
    """Some rows of a table, and where it is too wide some columns.

    Attributes:
        table: the header rows, then these rows.
        first_row, last_row: which of the whole table's body rows they are, from 1; 0 and 0 if it has none.
        columns: which of its columns, from 0, the repeated key column among them; empty for all.
        cut: set if the part has only a piece of one cell's text.
        text: the table as it is shown; `""` if it was not written yet.
    """

    table: Table
    first_row: int
    last_row: int
    columns: tuple[int, ...] = ()
    cut: CellCut | None = None
    text: str = ""


def split_table(table: Table, measure: Measure, *, is_too_large: bool | None = None) -> tuple[TablePart, ...]:
    """Return the table in parts that fit, in order; a table that fits is one part, unchanged.

    * Parts are groups of rows, about equally large, each below all of the header rows. A group ends where no cell goes
      over the border if there is such a place in its second half.
    * No row is cut while it fits alone with the header. If most rows do not, the table is too wide: it is split into
      groups of columns first, each with the first column, which names the rows. So is a single row that does not fit.
    * A cell that does not fit with its header and key is cut between sentences.
    * A header that does not fit alone is not repeated: the first part has it, and then may be too large.

    Every body row's every cell is in some part, and in one only but for keys and for cells that a cut goes through.
    Text around the table is left out.

    Args:
        table: what to split.
        measure: what fits.
        is_too_large: whether the whole table is known to fit or not.
    """
    rows = table.body_rows
    bare = Table(table.rows, table.header_rows)
    if is_too_large is None:
        is_too_large = measure.tokens(bare) > measure.room
    if not rows or not is_too_large:
        return (TablePart(bare, min(1, rows), rows),)
    return tuple(_Splitter(bare, measure).parts())


class _Splitter:
    def __init__(self, table: Table, measure: Measure) -> None:
        self._measure = measure
        self._cutter = TableCutter(table)
        self._rows = table.body_rows
        self._grid = table.grid
        self._header_rows = table.header_rows
        self._line_end = measure.count("\n")
        around = ("<td></td>", "<th></th>") if measure.table_format == "html" else (" | ", " | ", " | ---")
        self._around_cells = sum(map(measure.count, around))
        self._around_table = measure.tokens(Table(((Cell(""),), (Cell(""),)), 1))

    def parts(self) -> Iterator[TablePart]:
        groups: Sequence[tuple[int, ...]] = [()]
        header, costs, _ = self._costs(())
        too_wide = sum(header + cost > self._measure.room for cost in costs)
        if too_wide * 2 > self._rows:
            groups = self._column_groups(range(self._rows))
        for columns in groups:
            yield from self._row_parts(columns)

    def _costs(self, columns: tuple[int, ...]) -> tuple[int, list[int], bool]:
        """Return the tokens of the header and of each row in these columns, and whether the header can be repeated."""
        measure = self._measure
        header = measure.tokens(self._cutter.part(0, 0, columns))
        is_repeated = header <= measure.room
        whole = self._cutter.part(0, self._rows, columns)
        lines = row_lines(whole, measure.table_format)
        return header if is_repeated else 0, [measure.count(line) + self._line_end for line in lines], is_repeated

    def _row_parts(self, columns: tuple[int, ...]) -> Iterator[TablePart]:
        header, costs, repeats_header = self._costs(columns)
        room = self._measure.room - header
        first = 0
        while first < self._rows:
            has_header = repeats_header or first == 0
            if costs[first] > room:
                yield from self._parts_of_row(first, columns, has_header=has_header)
                first += 1
                continue
            end = self._end(costs, first, room)
            part = self._cutter.part(first, end, columns, has_header=has_header)
            text = table_text(part, self._measure.table_format)
            # Cells that a cut goes through stand in both parts, and counts do not always add up.
            while end > first + 1 and repeats_header and self._measure.count(text) > self._measure.room:
                end -= 1
                part = self._cutter.part(first, end, columns, has_header=has_header)
                text = table_text(part, self._measure.table_format)
            yield TablePart(part, first + 1, end, columns, text=text)
            first = end

    def _end(self, costs: Sequence[int], first: int, room: int) -> int:
        """Return where a group of rows ends: about where the rest is halved, or with no cell cut."""
        furthest, taken = first, 0
        while furthest < len(costs) and taken + costs[furthest] <= room:
            taken += costs[furthest]
            furthest += 1
        if furthest == len(costs):
            return furthest
        rest = 0
        for row in range(first, len(costs)):
            rest += costs[row]
            if rest > 2 * room:
                break
        wanted = rest / 2 if rest <= 2 * room and max(costs[first:]) <= room else taken
        best, best_key = furthest, (False, 0.0)
        lowest = taken / 2 if wanted == taken else rest - room
        for end in range(furthest, first, -1):
            if taken < lowest:
                break
            key = (not self._cutter.crosses(self._header_rows + end), -abs(taken - wanted))
            if end == furthest or key > best_key:
                best, best_key = end, key
            taken -= costs[end - 1]
        return best

    def _parts_of_row(self, row: int, columns: tuple[int, ...], *, has_header: bool) -> Iterator[TablePart]:
        """Yield the parts of a row that does not fit."""
        chosen = columns or tuple(range(self._cutter.width))
        for group in self._column_groups(range(row, row + 1), chosen):
            part = self._cutter.part(row, row + 1, group, has_header=has_header)
            if self._measure.tokens(part) <= self._measure.room:
                yield TablePart(part, row + 1, row + 1, group)
            else:
                yield from self._parts_of_cell(row, group, has_header=has_header)

    def _parts_of_cell(self, row: int, columns: tuple[int, ...], *, has_header: bool) -> Iterator[TablePart]:
        """Yield the parts of a row of which one cell, the longest, does not fit."""
        measure = self._measure
        part = self._cutter.part(row, row + 1, columns, has_header=has_header)
        if has_header and measure.tokens(self._cutter.part(0, 0, columns)) * 2 > measure.room and row:
            part = self._cutter.part(row, row + 1, columns, has_header=False)  # a long header stands above other rows
        cells = part.rows[-1]
        # The key stands in other parts too, and is short.
        others = [number for number in range(1 if len(columns) > 1 else 0, len(cells)) if cells[number].text]
        if not others:
            yield TablePart(part, row + 1, row + 1, columns)
            return
        longest = max(others, key=lambda number: measure.count(cells[number].text))
        text = cells[longest].text
        column = (columns or range(self._cutter.width))[sum(cell.colspan for cell in cells[:longest])]
        around = measure.tokens(_with_text(part, longest, ""))
        room = max(measure.room - around, measure.room // 4)

        def count(piece: str) -> int:
            return measure.count(cell_text(piece, measure.table_format))

        ranges = measure.cut_text(text, count, room)
        if len(ranges) == 1:
            yield TablePart(part, row + 1, row + 1, columns)
            return
        end = 0
        for start, behind in ranges:
            piece = _with_text(part, longest, text[start:behind])
            yield TablePart(piece, row + 1, row + 1, columns, CellCut(column, start, text[end:start]))
            end = behind

    def _column_groups(self, rows: range, columns: Sequence[int] = ()) -> list[tuple[int, ...]]:
        """Return columns that fit side by side, the first of `columns` with each group if it is not too large."""
        chosen = list(columns or range(self._cutter.width))
        costs = {column: self._column_cost(column, rows) for column in chosen}
        key, *others = chosen
        longest_key = max((len(self._grid[self._header_rows + row][key]) for row in rows), default=0)
        is_repeated = costs[key] * 2 <= self._measure.room and longest_key <= MAX_REPEATED_CHARACTERS
        room = self._measure.room - self._around_table - (costs[key] if is_repeated else 0)
        first = [] if is_repeated else [key]
        groups = _packed([*first, *others], costs, room)
        even = sum(costs[column] for column in [*first, *others]) / max(1, len(groups))
        evenly = _packed([*first, *others], costs, min(room, int(even * _UNEVEN)))
        if len(evenly) == len(groups):
            groups = evenly
        if is_repeated:
            groups = [[key, *group] for group in groups] or [[key]]
        return [tuple(group) if len(group) < self._cutter.width else () for group in groups]

    def _column_cost(self, column: int, rows: range) -> int:
        """Return the most tokens that a column adds to the header and one row."""
        count = self._measure.count
        names = dict.fromkeys(self._grid[row][column] for row in range(self._header_rows))
        header = sum(count(cell_text(name, self._measure.table_format)) for name in names)
        longest = max(
            (count(cell_text(self._grid[self._header_rows + row][column], self._measure.table_format)) for row in rows),
            default=0,
        )
        return header + longest + self._around_cells


def _packed(columns: Sequence[int], costs: dict[int, int], room: int) -> list[list[int]]:
    """Return columns in groups that do not cost more than `room`; one that does is a group of its own."""
    groups: list[list[int]] = []
    taken = 0
    for column in columns:
        if groups and taken + costs[column] <= room:
            groups[-1].append(column)
            taken += costs[column]
        else:
            groups.append([column])
            taken = costs[column]
    return groups


def _with_text(part: Table, number: int, text: str) -> Table:
    """Return the part with another text in one cell of its last row."""
    last = list(part.rows[-1])
    cell = last[number]
    last[number] = Cell(text, cell.rowspan, cell.colspan, cell.is_header)
    return Table((*part.rows[:-1], tuple(last)), part.header_rows)
