"""A ruled table as HTML, with the range and the place of each cell's text."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import join_lines
from dsocr_loaders.engines.text_layer.layer import is_rtl, rectangle_around
from dsocr_loaders.engines.text_layer.rows import links_in, rows_of
from dsocr_loaders.values import Link, Span

if TYPE_CHECKING:
    from dsocr_loaders.engines.text_layer.layer import Grid, GridCell, Rectangle

__all__ = ["grid_as_html"]


def grid_as_html(grid: Grid) -> tuple[str, tuple[tuple[Rectangle, Span], ...], tuple[Link, ...]]:
    """Return `<table><tr><td>..`, for each cell that has text where its glyphs are and its range, and links.

    Texts are escaped; merged cells have `rowspan` and `colspan`. In a table written from right to left the first
    cell of a row is the one on the right, as HTML has it.
    """
    html = "<table>"
    places = []
    links: list[Link] = []
    is_mirrored = is_rtl(run for cell in grid.cells for run in cell.runs)
    for _, row in groupby(grid.cells, key=lambda cell: cell.row):
        html += "<tr>"
        cells = list(row)
        for cell in reversed(cells) if is_mirrored else cells:
            html += _opening(cell)
            rows = rows_of(cell.runs)
            if rows:
                joined, spans = join_lines(row.text for row in rows)
                text = escape(joined, quote=False)
                for link in links_in(rows, spans):
                    start, end = (len(html) + len(escape(joined[:at], quote=False)) for at in (link.start, link.end))
                    links.append(Link(start, end, link.url))
                places.append((rectangle_around(row.place for row in rows), Span(len(html), len(html) + len(text))))
                html += text
            html += "</td>"
        html += "</tr>"
    return html + "</table>", tuple(places), tuple(links)


def _opening(cell: GridCell) -> str:
    spans = (("rowspan", cell.row_span), ("colspan", cell.column_span))
    return "<td" + "".join(f' {name}="{count}"' for name, count in spans if count > 1) + ">"
