"""Text -> tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.tables.headers import count_header_rows
from dsocr_loaders.tables.markup import FoundTable, find_html_tables
from dsocr_loaders.tables.pipes import find_pipe_tables
from dsocr_loaders.tables.table import Cell, Table, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_GRID_CELLS", "parse_table", "parse_tables"]

MAX_GRID_CELLS = 100_000
"""Most places of a table's grid. A larger one loses its spans, and rows that are still too long keep their last
cells' texts in one cell."""

_OUTER_BLANKS = re.compile(r"(?:\s|<br\s*+/?>)++", re.IGNORECASE)


def parse_table(text: str) -> Table:
    """Return the first table of `text`, HTML or Markdown.

    Never raises, and time is linear in the length of the text. Everything else stays: `before` and `after` hold what
    stands around the table as it is written, further tables too. A text without a table gives one without rows,
    with the text as `before`.

    Spans are cut to what the table has room for, so `lay_out` and a browser agree about them. Cells of the header
    rows have `is_header` set, whatever the markup says.
    """
    found, rest = _find_tables(text)
    if not found:
        return Table((), before=_trimmed(rest))
    first = found[0]
    return _table(first, before=first.before, after=f"{first.inside}\n{text[first.end :]}")


def parse_tables(text: str) -> tuple[Table, ...]:
    """Return every table of `text`, in order; see `parse_table`.

    What stands between two tables is the second one's `before`; what stands behind the last is its `after`. A text
    without a table gives one table without rows, an empty text none.
    """
    found, rest = _find_tables(text)
    if not found:
        return (Table((), before=_trimmed(rest)),) if _trimmed(rest) else ()
    leftovers = ["", *(one.inside for one in found)]
    tables = [
        _table(one, before=f"{leftover}\n{one.before}", after="")
        for one, leftover in zip(found, leftovers, strict=False)
    ]
    tables[-1] = replace(tables[-1], after=_trimmed(f"{leftovers[-1]}\n{rest}"))
    return tuple(tables)


def _find_tables(text: str) -> tuple[list[FoundTable], str]:
    found, rest = find_html_tables(text)
    if not found:
        found, behind = find_pipe_tables(text)
        rest = behind if found else rest
    return found, rest


def _trimmed(text: str) -> str:
    """Return `text` without blanks and `<br>`s at both ends."""
    leading = _OUTER_BLANKS.match(text)
    start, end = leading.end() if leading else 0, len(text)
    while end > start:
        if text[end - 1].isspace():
            end -= 1
            continue
        tag = text.rfind("<", start, end)
        if tag < 0 or not _OUTER_BLANKS.fullmatch(text, tag, end):
            break
        end = tag
    return text[start:end]


def _table(found: FoundTable, *, before: str, after: str) -> Table:
    rows = _fitted(found.rows)
    placements = lay_out(rows)
    covered = {number for one in placements for number in range(one.row, one.row + one.height)}
    if len(covered) < len(rows):
        rows = [row for number, row in enumerate(rows) if number in covered]
        placements = lay_out(rows)
    header_rows = count_header_rows(rows, placements)
    laid_out: list[list[Cell]] = [[] for _ in rows]
    for one in placements:
        is_header = one.cell.is_header or one.row < header_rows
        is_same = (one.height, one.width, is_header) == (one.cell.rowspan, one.cell.colspan, one.cell.is_header)
        laid_out[one.row].append(one.cell if is_same else Cell(one.cell.text, one.height, one.width, is_header))
    return Table(tuple(map(tuple, laid_out)), header_rows, _trimmed(before), _trimmed(after))


def _fitted(rows: Sequence[Sequence[Cell]]) -> Sequence[Sequence[Cell]]:
    """Return `rows`, changed as `MAX_GRID_CELLS` says if they would take more places."""
    asked = sum(min(cell.rowspan, len(rows) - number) * cell.colspan for number, row in enumerate(rows) for cell in row)
    if asked <= MAX_GRID_CELLS:
        width = max(one.column + one.width for one in lay_out(rows))
        if width * len(rows) <= MAX_GRID_CELLS:
            return rows
    longest = max(1, MAX_GRID_CELLS // len(rows))
    return [_shortened([replace(cell, rowspan=1, colspan=1) for cell in row], longest) for row in rows]


def _shortened(row: list[Cell], longest: int) -> list[Cell]:
    if len(row) <= longest:
        return row
    last = " ".join(cell.text for cell in row[longest - 1 :] if cell.text)
    return [*row[: longest - 1], Cell(last, is_header=row[-1].is_header)]
