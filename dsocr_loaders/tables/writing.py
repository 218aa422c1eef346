"""Table -> text, as Markdown or HTML; and what keeps hostile text inert in both."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.tables.cell_text import ENTITY, STRUCTURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.tables.table import Cell, Table

TableFormat = Literal["markdown", "html"]

__all__ = ["cell_text", "inert_markup", "row_lines", "table_html", "table_markdown", "table_text"]

# What Markdown hands through as HTML: a tag's name and its end, a comment, a declaration. No quantifier gives back, so
# matching is linear.
_TAG_FOLLOWS = r"(?=/?[A-Za-z][A-Za-z0-9-]*+(?:[\s/>]|\Z)|[!?])"
_HARMLESS_TAG_FOLLOWS = (
    r"(?=/?(?:b|br|caption|center|code|em|i|li|ol|p|s|small|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul)"
    r"(?:\s++(?:row|col)span\s*+=\s*+[\"']?+[0-9]{1,5}[\"']?+)*+\s*+/?>)"
)
# In a cell, also what `parse_table` takes for a tag of the table when another tag cuts it.
_CELL_MARKUP = re.compile(f"<(?:{_TAG_FOLLOWS}|(?=/?(?:{'|'.join(sorted(STRUCTURE))})(?![a-z0-9])))", re.IGNORECASE)
_PLAIN = re.compile(r"[^&<|\n]*+")
_ACTIVE_MARKUP = re.compile(f"<(?!{_HARMLESS_TAG_FOLLOWS}){_TAG_FOLLOWS}", re.IGNORECASE)


def inert_markup(text: str) -> str:
    """Return Markdown `text` with every HTML tag shown and not obeyed, save for plain formatting and tables.

    The `<` of other tags, comments and declarations becomes `&lt;`: a page that holds `<script>` cannot make the
    exported file run it, and `List<String>` stays visible. Nothing else changes.
    """
    return _ACTIVE_MARKUP.sub("&lt;", text)


def table_text(table: Table, table_format: TableFormat) -> str:
    """Return the table as `table_html` or `table_markdown` writes it."""
    return table_html(table) if table_format == "html" else table_markdown(table)


def row_lines(table: Table, table_format: TableFormat) -> list[str]:
    """Return the line of each body row, as it stands in `table_text`."""
    if table_format == "html":
        return [_row_html(table, number) for number in range(table.header_rows, len(table.rows))]
    return [_row_markdown([_cell_markdown(text) for text in row]) for row in table.grid[table.header_rows :]]


def cell_text(text: str, table_format: TableFormat) -> str:
    """Return a cell's text as it stands in `table_text`."""
    return _cell_content_html(text) if table_format == "html" else _cell_markdown(text)


def table_markdown(table: Table) -> str:
    r"""Return the table as a Markdown pipe table, with the text around it as paragraphs of their own.

    It shows `table.grid`. Markdown has one header row, so several are joined column by column with `" / "`, equal
    neighbours once; a table without a header gets an empty one. In cells `|` becomes `\|`, a new line `<br>`, and
    what would be read as a tag or an entity gets `&lt;` or `&amp;`. A table without rows is the text around it alone.
    """
    lines = []
    if table.rows:
        grid = [[_cell_markdown(text) for text in row] for row in table.grid]
        header = [_joined(column) for column in zip(*grid[: table.header_rows], strict=True)] or [""] * len(grid[0])
        rows = [header, ["---"] * len(header), *grid[table.header_rows :]]
        lines = [_row_markdown(row) for row in rows]
    return _with_surroundings(table, "\n".join(lines))


def _row_markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _joined(labels: tuple[str, ...]) -> str:
    different = dict.fromkeys(label for label in labels if label)
    return " / ".join(different)


def _cell_markdown(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    text = ENTITY.sub(lambda entity: f"&amp;{entity[0][1:]}", text)
    return _CELL_MARKUP.sub("&lt;", text).replace("|", "\\|").replace("\n", "<br>")


def table_html(table: Table) -> str:
    r"""Return the table as HTML with its spans, one line for each row, with the text around it as in Markdown.

    Header cells are `<th>`, texts are escaped, a new line is `<br>`. `parse_table` reads it back to an equal table.
    """
    lines = []
    if table.rows:
        lines = ["<table>", *(_row_html(table, number) for number in range(len(table.rows))), "</table>"]
    return _with_surroundings(table, "\n".join(lines))


def _row_html(table: Table, number: int) -> str:
    is_header = number < table.header_rows
    return f"<tr>{''.join(_cell_html(cell, is_header=cell.is_header or is_header) for cell in table.rows[number])}</tr>"


def _cell_html(cell: Cell, *, is_header: bool) -> str:
    name = "th" if is_header else "td"
    rowspan = f' rowspan="{cell.rowspan}"' if cell.rowspan > 1 else ""
    colspan = f' colspan="{cell.colspan}"' if cell.colspan > 1 else ""
    return f"<{name}{rowspan}{colspan}>{_cell_content_html(cell.text)}</{name}>"


def _cell_content_html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _with_surroundings(table: Table, rows: str) -> str:
    return "\n\n".join(part for part in (inert_markup(table.before), rows, inert_markup(table.after)) if part)
