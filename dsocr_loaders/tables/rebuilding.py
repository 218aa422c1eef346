"""Parts of a table, as texts with what a chunk's metadata says about them -> the table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsocr_loaders.tables.parsing import parse_table
from dsocr_loaders.tables.table import Cell, Placement, Table, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.tables.splitting import TablePart

__all__ = ["ShownPart", "columns_in_words", "layout_of", "placements_in", "rebuilt_table"]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part of a table as a chunk has it.

    Attributes:
        text: the table's text alone, Markdown or HTML.
        rows: `"1-24"`, body rows from 1; `""` if the table has none.
        columns: `"1,5-8"`, from 1; `""` for all.
        layout: as `layout_of` writes it.
    """

    text: str
    rows: str
    columns: str
    layout: str


def columns_in_words(columns: Sequence[int]) -> str:
    """Return columns, from 0 and ascending, as `"1,5-8"`, from 1."""
    ranges: list[list[int]] = []
    for column in columns:
        if ranges and ranges[-1][1] == column:
            ranges[-1][1] = column + 1
        else:
            ranges.append([column + 1, column + 1])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def placements_in(placements: Iterable[Placement], part: TablePart, header_rows: int) -> list[Placement]:
    """Return the header cells that reach into the part's columns, and the body cells that begin in its rows."""
    first, end = header_rows + part.first_row - 1, header_rows + part.last_row
    columns = set(part.columns)
    return [
        one
        for one in placements
        if (one.row < header_rows or first <= one.row < end)
        and (not columns or not columns.isdisjoint(range(one.column, one.column + one.width)))
    ]


def layout_of(placements: Iterable[Placement], part: TablePart, header_rows: int) -> str:
    """Return what the text of a part cannot tell, as compact JSON; `""` if that is nothing.

    `h` is the number of header rows, `s` has `[row, column, height, width]` for each cell over several of them, `n`
    has `[row, column, text]` for each cell of a header of several rows, which Markdown joins to one, and `t` has the
    column of the cell, the start and the joint of a piece of its text. All rows and columns are those of the whole
    table, from 0, header rows first; spans are whole.
    """
    here = placements_in(placements, part, header_rows)
    spans = [[one.row, one.column, one.height, one.width] for one in here if one.height > 1 or one.width > 1]
    layout: dict[str, object] = {}
    if spans or header_rows != 1 or part.cut:
        layout["h"] = header_rows
    if spans:
        layout["s"] = spans
    if header_rows > 1:
        layout["n"] = [[one.row, one.column, one.cell.text] for one in here if one.row < header_rows]
    if part.cut:
        layout["t"] = [part.cut.column, part.cut.start, part.cut.joint]
    return json.dumps(layout, ensure_ascii=False, separators=(",", ":")) if layout else ""


def rebuilt_table(parts: Iterable[ShownPart]) -> Table:
    """Return the table that the parts, all of them and in any order, are parts of.

    Its grid, its header rows and the places and spans of its cells are those of the table that was split. Two things
    are not kept: a place that no cell covered, as at the end of a short row, has an empty cell, and header cells
    among the body's are plain ones.

    Raises:
        ValueError: a row is missing, or a part is not what it says.
    """
    rebuilder = _Rebuilder()
    for part in parts:
        rebuilder.add(part)
    return rebuilder.table()


class _Rebuilder:
    def __init__(self) -> None:
        self._texts: dict[tuple[int, int], str] = {}
        self._pieces: dict[tuple[int, int], dict[int, str]] = {}
        self._spans: dict[tuple[int, int], tuple[int, int]] = {}
        self._header_rows = 1
        self._rows: set[int] = set()

    def add(self, part: ShownPart) -> None:
        layout: dict[str, Any] = json.loads(part.layout) if part.layout else {}
        self._header_rows = header_rows = layout.get("h", 1)
        table = parse_table(part.text)
        grid = table.grid
        first, last = _range(part.rows)
        body = max(0, last - first + 1)
        if not grid or body > len(grid):
            raise ValueError(f"a part that should have the rows {part.rows or 'of the header'} has {len(grid)}")
        columns = _columns(part.columns) or range(len(grid[0]))
        for number, row in enumerate(grid[len(grid) - body :]):
            self._rows.add(first + number)
            for column, text in zip(columns, row, strict=False):
                self._set(header_rows + first - 1 + number, column, text)
        self._add_header(grid[: len(grid) - body], columns, header_rows, is_html=part.text.lstrip().startswith("<"))
        for row, column, text in layout.get("n", ()):
            self._texts[row, column] = text
        for row, column, height, width in layout.get("s", ()):
            self._spans[row, column] = (height, width)
        if "t" in layout:
            self._add_piece(header_rows + first - 1, columns, grid[-1], layout["t"])

    def _add_header(
        self, rows: Sequence[Sequence[str]], columns: Sequence[int], header_rows: int, *, is_html: bool
    ) -> None:
        if header_rows != 1 and not is_html:  # Markdown has joined them, and the layout tells them apart
            return
        for number, row in enumerate(rows[:header_rows]):
            for column, text in zip(columns, row, strict=False):
                self._set(number, column, text)

    def _set(self, row: int, column: int, text: str) -> None:
        if text or (row, column) not in self._texts:
            self._texts[row, column] = text

    def _add_piece(self, row: int, columns: Sequence[int], texts: Sequence[str], cut: Sequence[Any]) -> None:
        column, start, joint = cut
        place = list(columns).index(column)
        self._pieces.setdefault((row, column), {})[start] = f"{joint}{texts[place]}"

    def table(self) -> Table:
        if self._rows and self._rows != set(range(1, max(self._rows) + 1)):
            missing = min(set(range(1, max(self._rows) + 1)) - self._rows)
            raise ValueError(f"row {missing} is in none of the parts")
        for place, pieces in self._pieces.items():
            self._texts[place] = "".join(pieces[start] for start in sorted(pieces))
        height = self._header_rows + max(self._rows, default=0)
        width = max((column for _, column in self._texts), default=-1) + 1
        covered = {
            (row, column)
            for (top, left), (tall, wide) in self._spans.items()
            for row in range(top, top + tall)
            for column in range(left, left + wide)
        }
        rows: list[tuple[Cell, ...]] = []
        for row in range(height):
            cells = [
                Cell(
                    self._texts.get((row, column), ""), *self._spans.get((row, column), (1, 1)), row < self._header_rows
                )
                for column in range(width)
                if (row, column) in self._spans or (row, column) not in covered
            ]
            rows.append(tuple(cells))
        table = Table(tuple(rows), self._header_rows)
        if any(one.height != one.cell.rowspan or one.width != one.cell.colspan for one in lay_out(table.rows)):
            raise ValueError("the parts do not belong to one table")
        return table


def _range(rows: str) -> tuple[int, int]:
    if not rows:
        return 1, 0
    first, _, last = rows.partition("-")
    return int(first), int(last or first)


def _columns(columns: str) -> list[int]:
    if not columns:
        return []
    ranges = (_range(part) for part in columns.split(","))
    return [column - 1 for first, last in ranges for column in range(first, last + 1)]
