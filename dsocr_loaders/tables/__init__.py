"""Tables: the model's HTML, or a Markdown pipe table, to rows of cells and back.

The way through this package: `parsing` is the door in; `markup` reads HTML and `pipes` reads Markdown, both with
`cell_text`; `headers` finds the header rows; `table` has the values; `writing` is the way out. `splitting` makes parts
of a table that is too large, which `cutting` cuts out of it, and `rebuilding` puts them together again.
"""

from __future__ import annotations

from dsocr_loaders.tables.parsing import parse_table, parse_tables
from dsocr_loaders.tables.rebuilding import ShownPart, columns_in_words, layout_of, rebuilt_table
from dsocr_loaders.tables.splitting import CellCut, Measure, TablePart, split_table
from dsocr_loaders.tables.table import MAX_REPEATED_CHARACTERS, Cell, Table, lay_out
from dsocr_loaders.tables.writing import inert_markup, row_lines, table_html, table_markdown, table_text

__all__ = [
    "MAX_REPEATED_CHARACTERS",
    "Cell",
    "CellCut",
    "Measure",
    "ShownPart",
    "Table",
    "TablePart",
    "columns_in_words",
    "inert_markup",
    "lay_out",
    "layout_of",
    "parse_table",
    "parse_tables",
    "rebuilt_table",
    "row_lines",
    "split_table",
    "table_html",
    "table_markdown",
    "table_text",
]
