"""A table as rows of cells, and where the cells lie once their spans are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_REPEATED_CHARACTERS", "Cell", "Placement", "Table", "lay_out"]

MAX_REPEATED_CHARACTERS = 200
"""A cell's text is repeated where the cell spans rows or columns if it is no longer than this. Without a limit, a long
text that spans thousands of rows would fill the memory."""


@dataclass(frozen=True, slots=True)
class Cell:
    r"""One cell.

    Attributes:
        text: Markdown as the model writes it, without HTML; lines joined by `\n`, none of them empty or with blanks
            at its ends or two in a row.
        rowspan, colspan: rows and columns that it covers, at least 1.
        is_header: whether it names what stands below or beside it.

    Raises:
        ValueError: a span is less than 1.
    """

    text: str
    rowspan: int = 1
    colspan: int = 1
    is_header: bool = False

    def __post_init__(self) -> None:
        if self.rowspan < 1 or self.colspan < 1:
            raise ValueError(f"a cell covers at least one row and one column, not {self.rowspan} by {self.colspan}")


class Placement(NamedTuple):
    """Where a cell lies: its first row and column, and how many of each it covers."""

    cell: Cell
    row: int
    column: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, as HTML has them: a cell stands in the first of the rows that it covers, and only there.

    Attributes:
        rows: may differ in length; a row whose places are all covered from above has no cells.
        header_rows: how many of the first rows are the header.
        before, after: Markdown that stood around the table. Captions are regions of their own, so this is rare.

    Raises:
        ValueError: there are fewer rows than header rows.
    """

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int = 0
    before: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.header_rows <= len(self.rows):
            raise ValueError(f"{self.header_rows} header rows in a table of {len(self.rows)} rows")

    @property
    def body_rows(self) -> int:
        """How many rows follow the header."""
        return len(self.rows) - self.header_rows

    @property
    def grid(self) -> tuple[tuple[str, ...], ...]:
        """The texts as a rectangle with the spans filled in; computed at each call.

        A cell's text stands where the cell begins. It is repeated in every further row that the cell covers, so that
        each row can be understood alone, and, in header rows, in every further column, so that each column has its
        whole name. A cell that covers several columns of a body row leaves the further ones empty, since its text
        belongs to none of them in particular. A text longer than `MAX_REPEATED_CHARACTERS` is never repeated. Places
        that no cell covers are empty.
        """
        placements = lay_out(self.rows)
        width = max((placement.column + placement.width for placement in placements), default=0)
        texts = [[""] * width for _ in self.rows]
        for placement in placements:
            text = placement.cell.text
            texts[placement.row][placement.column] = text
            if placement.height == placement.width == 1 or len(text) > MAX_REPEATED_CHARACTERS:
                continue
            for row in range(placement.row, placement.row + placement.height):
                columns = placement.width if row < self.header_rows else 1
                texts[row][placement.column : placement.column + columns] = [text] * columns
        return tuple(map(tuple, texts))


def lay_out(rows: Sequence[Sequence[Cell]]) -> tuple[Placement, ...]:
    """Return where each cell lies, in the order of the rows.

    As in HTML, a cell takes the first place of its row that no cell of an earlier row covers. Spans are cut where
    they would run past the last row or into a covered place, so no two cells overlap.
    """
    placements: list[Placement] = []
    free_from: list[int] = []  # for each column: the first row in which no cell seen so far covers it
    covered_to = 0  # all columns are free from this row on
    for row, cells in enumerate(rows):
        if covered_to <= row and all(cell.rowspan == cell.colspan == 1 for cell in cells):  # as nearly all rows are
            placements += [Placement(cell, row, column, 1, 1) for column, cell in enumerate(cells)]
            continue
        column = 0
        for cell in cells:
            while column < len(free_from) and free_from[column] > row:
                column += 1
            width = 1
            while width < cell.colspan and (column + width >= len(free_from) or free_from[column + width] <= row):
                width += 1
            height = min(cell.rowspan, len(rows) - row)
            free_from += [0] * (column + width - len(free_from))
            free_from[column : column + width] = [row + height] * width
            covered_to = max(covered_to, row + height)
            placements.append(Placement(cell, row, column, height, width))
            column += width
    return tuple(placements)
