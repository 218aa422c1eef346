"""Ruled tables that go on over a page break with their header repeated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.flow import TextStyle, set_paragraph
from builder.markup import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.book import Canvas, Colour, Point
    from builder.flow import Flow
    from builder.markup import Line

    Rectangle = tuple[float, float, float, float]

__all__ = ["Cell", "Grid", "cells"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a grid; one that spans is given once, at its first row and column."""

    text: str
    columns: int = 1
    rows: int = 1


def cells(*texts: str) -> list[Cell]:
    """A row of plain cells."""
    return [Cell(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Grid:
    """Widths, alignment and looks of a table.

    Args:
        widths: column widths in points.
        align: one letter a column: l, c or r.
        style: of the body cells; `leading` is also the height of a line.
        header_style: of the header cells, which are centred where all rules are drawn.
        padding: room above and below the text of a cell, points.
        inset: room left and right of it.
        rules: "all", or "rows" for horizontal rules alone.
    """

    widths: tuple[float, ...]
    align: str
    style: TextStyle
    header_style: TextStyle
    padding: float = 3.5
    inset: float = 3.5
    rules: str = "all"
    header_fill: Colour | None = (0.92, 0.93, 0.95)
    rule_colour: Colour = (0.25, 0.25, 0.25)

    @property
    def width(self) -> float:
        """Width of the whole table."""
        return sum(self.widths)

    def row_height(self, row: Sequence[Cell | None], style: TextStyle) -> float:
        """Height of a row by its cells that span one row."""
        lines = 1
        for column, cell in enumerate(row):
            if cell is not None and cell.rows == 1 and cell.text:
                lines = max(lines, len(self._lines(cell, column, style)))
        return lines * style.leading + 2 * self.padding

    def _lines(self, cell: Cell, column: int, style: TextStyle) -> list[Line]:
        room = sum(self.widths[column : column + cell.columns]) - 2 * self.inset
        return replace(style, align="left").lines(cell.text, room)

    def draw(self, canvas: Canvas, left: float, top: float, rows: Sequence[Sequence[Cell]], *, header: bool) -> float:
        """Draw rows from (left, top) and return the y below them; rules lie under the text."""
        style = self.header_style if header else self.style
        grid = _placed(rows, len(self.widths))
        tops = [top]
        for row in grid:
            tops.append(tops[-1] + self.row_height(row, style))
        lefts = [left]
        for width in self.widths:
            lefts.append(lefts[-1] + width)
        if header and self.header_fill:
            canvas.rectangle(left, top, lefts[-1], tops[-1], fill=self.header_fill)
        placed = [
            (cell, column, (lefts[column], tops[number], lefts[column + cell.columns], tops[number + cell.rows]))
            for number, row in enumerate(grid)
            for column, cell in enumerate(row)
            if cell is not None
        ]
        canvas.lines([line for _, _, box in placed for line in self._edges(box)], width=0.5, colour=self.rule_colour)
        for cell, column, box in placed:
            if cell.text:
                self._fill(canvas, box, cell, column, style, header=header)
        return tops[-1]

    def _edges(self, box: Rectangle) -> list[list[Point]]:
        x0, y0, x1, y1 = box
        if self.rules == "all":
            return [[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]]
        return [[(x0, y0), (x1, y0)], [(x0, y1), (x1, y1)]]

    def _fill(self, canvas: Canvas, box: Rectangle, cell: Cell, column: int, style: TextStyle, *, header: bool) -> None:
        x0, y0, x1, y1 = box
        lines = self._lines(cell, column, style)
        top = (y0 + y1 - len(lines) * style.leading) / 2
        centred = self.align[column] == "c" or (header and self.rules == "all")
        if len(lines) == 1 and not centred:
            line = pieces(cell.text, style.face, style.size)
            shift = x1 - x0 - 2 * self.inset - sum(piece.width for piece in line) if self.align[column] == "r" else 0.0
            canvas.put(x0 + self.inset + shift, top + style.leading * 0.78, line, style.colour)
        else:
            style = replace(style, align="center" if centred else "left")
            set_paragraph(canvas, x0 + self.inset, top, x1 - x0 - 2 * self.inset, cell.text, style)

    def flow(
        self,
        flow: Flow,
        caption: tuple[str, str],
        header: Sequence[Sequence[Cell]],
        rows: Sequence[Sequence[Cell]],
        *,
        caption_style: TextStyle,
        note: str = "",
    ) -> None:
        """Set the table in a flow below its caption, which is a label ("Table 1:") and a title.

        After a break the label says "(continued)" and the header is repeated.
        """
        rest = list(rows)
        label, title = caption
        caption_text = f"**{label}** {title}" if flow.look.body.spaced else label + title
        head = sum(self.row_height(row, self.header_style) for row in _placed(header, len(self.widths)))
        flow.reserve(head + 4 * caption_style.leading + 3 * self.style.leading)
        flow.gap(caption_style.before)
        while rest:
            left = flow.frame.left + (flow.frame.width - self.width) / 2
            flow.caption(caption_text, caption_style)
            flow.y += 3
            flow.y = self.draw(flow.frame.canvas, left, flow.y, header, header=True)
            taken, y = 0, flow.y
            while taken < len(rest) and y + self.row_height(rest[taken], self.style) <= flow.frame.bottom:
                y += self.row_height(rest[taken], self.style)
                taken += 1
            flow.y = self.draw(flow.frame.canvas, left, flow.y, rest[:taken], header=False)
            rest = rest[taken:]
            if rest:
                flow.advance()
                caption_text = f"**{label[:-1]}** (continued)"
        if note:
            style = TextStyle(caption_style.face, caption_style.size - 1, caption_style.leading - 1, align="left")
            flow.y = set_paragraph(flow.frame.canvas, left, flow.y + 3, self.width, note, style)
        flow.y += caption_style.after


def _placed(rows: Sequence[Sequence[Cell]], width: int) -> list[list[Cell | None]]:
    """The cells on their columns; a place that another cell covers holds None."""
    grid: list[list[Cell | None]] = [[None] * width for _ in rows]
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while (number, column) in taken:
                column += 1
            grid[number][column] = cell
            taken.update((number + down, column + right) for down in range(cell.rows) for right in range(cell.columns))
            column += cell.columns
    return grid
