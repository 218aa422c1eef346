"""Which of a table's first rows are its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.tables.table import Cell, Placement

__all__ = ["MAX_HEADER_ROWS", "count_header_rows"]

MAX_HEADER_ROWS = 4
"""A header without `<th>` is never taken to be longer than this."""

_YEARS = range(1900, 2100)


def count_header_rows(rows: Sequence[Sequence[Cell]], placements: Sequence[Placement]) -> int:
    """Return how many of the first rows are the header.

    The model hardly ever writes `<th>`, so most headers are found by their shape:

    * rows that hold nothing but header cells (`<th>`, `<thead>`, rows above a Markdown rule) are the header; if that
      is every row of several, the marks say nothing and do not count;
    * without them it is the first row, if others follow;
    * rows that a header cell reaches down into belong to it, if some header cell covers several columns or there is
      no number in them;
    * without marks, so does a row without numbers that follows a header row with a cell over several columns, if
      numbers follow.

    A year counts as a word. Rule 3 and 4 leave at least one row of body and make no header longer than
    `MAX_HEADER_ROWS`.
    """
    count = _grown(rows, placements, has_marks=True)
    return _grown(rows, placements, has_marks=False) if count == len(rows) > 1 else count


def _grown(rows: Sequence[Sequence[Cell]], placements: Sequence[Placement], *, has_marks: bool) -> int:
    is_marked = [has_marks and all(cell.is_header for cell in row) for row in rows]
    marked = is_marked.index(False) if False in is_marked else len(rows)
    count = marked or min(1, len(rows) - 1)
    while 0 < count < len(rows):
        if is_marked[count]:
            count += 1
            continue
        header = [placement for placement in placements if placement.row < count]
        spans_columns = any(placement.width > 1 for placement in header)
        reach = max((placement.row + placement.height for placement in header), default=0)
        covered = [cell for row in rows[count:reach] for cell in row]
        if (
            count < reach <= MAX_HEADER_ROWS
            and reach < len(rows)
            and (spans_columns or not any(map(_is_number, covered)))
        ):
            count = reach
        elif not marked and count < min(MAX_HEADER_ROWS, len(rows) - 1) and _names_groups(rows, placements, count):
            count += 1
        else:
            break
    return count


def _names_groups(rows: Sequence[Sequence[Cell]], placements: Sequence[Placement], count: int) -> bool:
    """Return whether row `count` names columns below groups that the row above it names."""
    has_groups = any(placement.row == count - 1 and placement.width > 1 for placement in placements)
    return (
        has_groups
        and any(cell.text for cell in rows[count])
        and not any(map(_is_number, rows[count]))
        and any(_is_number(cell) for row in rows[count + 1 :] for cell in row)
    )


def _is_number(cell: Cell) -> bool:
    text = cell.text
    has_digits = any(map(str.isdigit, text))
    is_year = text.isascii() and text.isdigit() and len(text) == len("2024") and int(text) in _YEARS
    return has_digits and not any(map(str.isalpha, text)) and not is_year
