"""The HTML tables of a text, read as the model writes them.

Not with `html.parser`: it takes quadratic time for damaged markup (20 s for 60 kB of `<a ` on Python 3.11.7,
CVE-2025-6069), and it takes `p<a and b>c` for a tag. Here only the tags that belong to tables, and common inline
ones, are tags; all else is text. One pass, linear in the length of the text, and it takes any text:

* `<td>`, `<tr>` and `<table>` that are not closed end where the next one begins or the text ends;
* a tag cut in the middle (`<td colspan="21</td>`, recorded) counts, and what is cut off with it is text;
* text between two cells belongs to the one before; text outside rows stands before or after the table;
* a table inside a cell becomes lines of that cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsocr_loaders.tables.cell_text import STRUCTURE, TAG, CellText, is_tag
from dsocr_loaders.tables.table import Cell

__all__ = ["MAX_SPAN", "FoundTable", "find_html_tables"]

MAX_SPAN = 1000
"""Larger spans count as this one (HTML's own limit for colspan)."""

_SPAN = re.compile(r"(row|col)span\s*+=\s*+[\\\"']*+([0-9]{1,9})", re.IGNORECASE)
_SPANS_OF_CUT_TAG = re.compile(r"(?:[\s/]*+(?:row|col)span(?:\s*+=\s*+[\\\"']*+[0-9]*+[\\\"']*+)?)*+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table in a text.

    Attributes:
        before: the text between the table before, or the text's beginning, and this one.
        rows: as written; spans may still run out of the table.
        inside: text that stood in the table behind its first row and in no cell.
        end: where the table ends in the text.
    """

    before: str
    rows: tuple[tuple[Cell, ...], ...]
    inside: str
    end: int


def find_html_tables(text: str) -> tuple[list[FoundTable], str]:
    """Return the tables of `text` that have cells, and the text behind the last one."""
    reader = _Reader()
    position = 0
    for found in TAG.finditer(text):
        if not is_tag(found):
            continue
        reader.read_text(text[position : found.start()])
        position = found.end()
        if found[2].lower() in STRUCTURE:
            reader.read_structure(found)
            if not found[4]:
                position = found.start(3) + _end_of_spans(found[3])
        else:
            reader.read_inline(found)
    reader.read_text(text[position:])
    reader.end_table(len(text))
    return reader.tables, "".join(reader.outside)


def _end_of_spans(attributes: str) -> int:
    found = _SPANS_OF_CUT_TAG.match(attributes)
    return found.end() if found else 0


class _Reader:
    """Takes tags and text one after the other.

    A table, row or cell is open while its attribute is not None.
    """

    def __init__(self) -> None:
        self.tables: list[FoundTable] = []
        self.outside: list[str] = []
        self._rows: list[list[_OpenCell]] | None = None
        self._row: list[_OpenCell] | None = None
        self._cell: _OpenCell | None = None
        self._inside: list[str] = []
        self._is_in_head = False
        self._nested = 0

    def read_text(self, raw: str) -> None:
        if self._cell is not None:
            self._cell.text.add(raw)
        elif self._rows is None:
            self.outside.append(raw)
        elif not raw or raw.isspace():
            return
        elif self._row:
            self._row[-1].text.add(f" {raw}")
        elif self._row is not None:
            self._open_cell(is_header=self._is_in_head, spans={})
            self.read_text(raw)
        else:
            (self._inside if self._rows else self.outside).append(raw)

    def read_inline(self, found: re.Match[str]) -> None:
        if self._cell is not None:
            self._cell.text.add_tag(found)
        else:
            self.read_text(found[0])

    def read_structure(self, found: re.Match[str]) -> None:
        name, is_end = found[2].lower(), bool(found[1])
        if self._cell is not None and (self._nested or (name == "table" and not is_end)):
            self._read_nested(name, is_end=is_end)
        elif is_end:
            self._read_end(name, found.end())
        elif name in {"td", "th"}:
            self._end_cell()
            spans = {word.lower(): min(MAX_SPAN, int(digits)) for word, digits in _SPAN.findall(found[3])}
            self._open_cell(is_header=name == "th" or self._is_in_head, spans=spans)
        elif name == "tr":
            self._open_row()
        elif name == "table":
            self.end_table(found.start())
            self._rows = []
        else:
            self._end_row()
            self._is_in_head = name == "thead"

    def _read_nested(self, name: str, *, is_end: bool) -> None:
        if self._cell is None:
            return
        if name in {"table", "tr"}:
            self._cell.text.break_line()
        else:
            self._cell.text.add(" ")
        if name == "table":
            self._nested += -1 if is_end else 1

    def _read_end(self, name: str, end: int) -> None:
        if name in {"td", "th"}:
            self._end_cell()
        elif name == "tr":
            self._end_row()
        elif name == "table":
            self.end_table(end)
        elif name == "thead":
            self._end_row()
            self._is_in_head = False

    def _open_row(self) -> None:
        self._end_row()
        self._rows = [] if self._rows is None else self._rows
        self._row = []
        self._rows.append(self._row)

    def _open_cell(self, *, is_header: bool, spans: dict[str, int]) -> None:
        if self._row is None:
            self._open_row()
        self._cell = _OpenCell(CellText(), spans.get("row", 1) or 1, spans.get("col", 1) or 1, is_header)
        if self._row is not None:
            self._row.append(self._cell)

    def _end_cell(self) -> None:
        self._cell = None
        self._nested = 0

    def _end_row(self) -> None:
        self._end_cell()
        self._row = None

    def end_table(self, end: int) -> None:
        """End the open table, if there is one, at `end`; one without cells leaves only its text."""
        self._end_row()
        self._is_in_head = False
        rows = self._rows or []
        self._rows = None
        if any(rows):
            finished = tuple(tuple(cell.finished() for cell in row) for row in rows)
            self.tables.append(FoundTable("".join(self.outside), finished, "".join(self._inside), end))
            self.outside = []
        else:
            self.outside += self._inside
        self._inside = []


@dataclass(slots=True)
class _OpenCell:
    text: CellText
    rowspan: int
    colspan: int
    is_header: bool

    def finished(self) -> Cell:
        return Cell(str(self.text), self.rowspan, self.colspan, self.is_header)
