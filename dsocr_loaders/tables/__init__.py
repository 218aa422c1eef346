"""Tables: the model's HTML, or a Markdown pipe table, to rows of cells and back.

The way through this package: `parsing` is the door in; `markup` reads HTML and `pipes` reads Markdown, both with
`cell_text`; `headers` finds the header rows; `table` has the values; `writing` and `splitting` are the ways out.
"""

from __future__ import annotations

from dsocr_loaders.tables.parsing import parse_table, parse_tables
from dsocr_loaders.tables.splitting import TablePart, split_rows
from dsocr_loaders.tables.table import MAX_REPEATED_CHARACTERS, Cell, Table
from dsocr_loaders.tables.writing import inert_markup, table_html, table_markdown

__all__ = [
    "MAX_REPEATED_CHARACTERS",
    "Cell",
    "Table",
    "TablePart",
    "inert_markup",
    "parse_table",
    "parse_tables",
    "split_rows",
    "table_html",
    "table_markdown",
]
