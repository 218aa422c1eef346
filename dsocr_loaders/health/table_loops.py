"""Loops in tables: rows that come again, rows wider than a page, rows of empty cells that fit in no table.

Tables repeat themselves honestly: zeros, ticks, empty forms. What tells a loop is how much of it there is: a page holds
no more than about eighty rows and seventy columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from dsocr_loaders.health.repetition import repeated_parts
from dsocr_loaders.values import AnswerFault, HealthFinding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["find_table_loops"]

_TAG = re.compile(r"<(?P<closing>/?)(?P<name>table|tr|td|th)(?=[\s/>])[^<>]{0,200}>", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,6})?")

_MOST_CELLS: Final = 72
"""Cells of a row that repeat or count on: 53 weeks with some room."""
_MOST_TELLING_CELLS: Final = 32
"""Cells of a row with the same words in them: a page is not wide enough for so many."""
_TELLING: Final = 3  # characters of a cell that is more than a tick
_UNFINISHED_CELLS: Final = 48
_UNFINISHED_TELLING_CELLS: Final = 24
"""The same in the last row of an answer that was cut off."""

_MOST_ROWS: Final = 40
"""Rows with something in them that come again, one after the other; a form of a page has some thirty lines."""
_MOST_EMPTY_ROWS: Final = 80
"""Rows of empty cells: what a page holds at 10 pt."""
_UNFINISHED_ROWS: Final = 10
_UNFINISHED_EMPTY_ROWS: Final = 30
_BACK_ROWS: Final = 8  # a round has so many rows at most
_GAP: Final = 8  # two rows or cells in a row that are new are still part of a loop

_TORN: Final = 16  # characters at the end of the answer: a tag that was cut off

_RAGGED_ROWS: Final = 16
_RAGGED_WIDTHS: Final = 5
"""So many rows with hardly anything in them, of so many different widths, are noise: cells that span others make two
or three widths in a form."""
_NOISE: Final = 2  # characters of a stray number in such a row


@dataclass(slots=True)
class _Row:
    start: int
    end: int = 0
    cells: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(self.cells)

    @property
    def is_void(self) -> bool:
        """Whether it says nothing: some cells at least, of which hardly any holds a short number."""
        filled = [cell for cell in self.cells if cell]
        return 4 * len(filled) <= len(self.cells) and all(len(cell) <= _NOISE and cell.isdigit() for cell in filled)


def find_table_loops(text: str, *, is_unfinished: bool) -> list[HealthFinding]:
    """Return what repeats in the tables of `text`; findings may overlap.

    Args:
        text: the answer.
        is_unfinished: whether it was cut off; then less repetition in its last rows is enough.
    """
    found: list[HealthFinding] = []
    for rows in _tables(text):
        is_last = is_unfinished and rows[-1].end + _TORN >= len(text)
        found += _wide_rows(rows, is_last=is_last)
        found += _repeated_rows(rows, is_last=is_last)
        found += _ragged_rows(rows)
    return found


def _tables(text: str) -> Iterator[list[_Row]]:
    """Yield the rows of each table that has any, HTML first, then those of lines with pipes."""
    rows: list[_Row] = []
    cell_start = -1
    tags = [*_TAG.finditer(text)]
    for match, after in zip_longest(tags, tags[1:]):
        name, is_closing = match["name"].lower(), bool(match["closing"])
        following = after.start() if after else len(text)
        if name == "table":
            if rows:
                yield rows
            rows = []
        elif name == "tr" and not is_closing:
            rows.append(_Row(match.start(), match.end()))
        elif not is_closing:
            if not rows:
                rows.append(_Row(match.start(), match.end()))
            cell_start = match.end()
            rows[-1].cells.append(" ".join(text[cell_start:following].split()))
            rows[-1].ends.append(following)
            rows[-1].end = following
        if rows and is_closing and (name != "table"):
            rows[-1].end = match.end()
    if rows:
        yield rows
    yield from _pipe_tables(text)


def _pipe_tables(text: str) -> Iterator[list[_Row]]:
    rows: list[_Row] = []
    position = 0
    for line in text.splitlines(keepends=True):
        if line.startswith("|"):
            row = _Row(position, position + len(line))
            position += 1
            for cell in line[1:].split("|")[: -1 if line.rstrip().endswith("|") else None]:
                position += len(cell) + 1
                row.cells.append(" ".join(cell.split()))
                row.ends.append(min(position, row.end))
            rows.append(row)
            position = row.end
        else:
            if rows:
                yield rows
            rows = []
            position += len(line)
    if rows:
        yield rows


def _wide_rows(rows: Sequence[_Row], *, is_last: bool) -> Iterator[HealthFinding]:
    for row in rows:
        if len(row.cells) < _UNFINISHED_TELLING_CELLS:
            continue
        marks = _marks_in_row(row.cells)
        for first, last in repeated_parts(marks, gap=_GAP):
            count = last - first + 1
            is_open = is_last and row is rows[-1] and last >= len(row.cells) - 2
            telling = sum(len(cell) >= _TELLING for cell in row.cells[first : last + 1])
            if (
                count >= _MOST_CELLS
                or (2 * telling > count >= (_UNFINISHED_TELLING_CELLS if is_open else _MOST_TELLING_CELLS))
                or (is_open and count >= _UNFINISHED_CELLS)
            ):
                start = row.ends[first - 1] if first else row.start
                yield HealthFinding(
                    AnswerFault.LOOP, f"{count} cells of a row repeat or count on", start, row.ends[last]
                )


def _marks_in_row(cells: Sequence[str]) -> bytearray:
    """Return 1 for each cell that stands among the four before it, or goes on counting."""
    marks = bytearray(len(cells))
    numbers = [_number(cell) for cell in cells]
    for index in range(1, len(cells)):
        if cells[index] in cells[max(0, index - 4) : index] or _counts(numbers[max(0, index - 2) : index + 1]):
            marks[index] = 1
    return marks


def _counts(numbers: Sequence[float | None]) -> bool:
    if len(numbers) < 3:  # noqa: PLR2004 - two steps have three ends
        return False
    first, second, third = numbers
    if first is None or second is None or third is None:
        return False
    return abs((third - second) - (second - first)) < 1e-6  # noqa: PLR2004 - rounding of decimal fractions


def _number(cell: str) -> float | None:
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else None


def _repeated_rows(rows: Sequence[_Row], *, is_last: bool) -> Iterator[HealthFinding]:
    seen: dict[tuple[str, ...], int] = {}
    marks = bytearray(len(rows))
    for index, row in enumerate(rows):
        key = tuple(row.cells)
        marks[index] = key in seen and index - seen[key] <= _BACK_ROWS
        seen[key] = index
    for first, last in repeated_parts(marks, gap=_GAP):
        part = rows[first : last + 1]
        empty = sum(row.is_empty for row in part)
        is_open = is_last and last >= len(rows) - 2
        least_rows, least_empty = (
            (_UNFINISHED_ROWS, _UNFINISHED_EMPTY_ROWS) if is_open else (_MOST_ROWS, _MOST_EMPTY_ROWS)
        )
        if len(part) - empty >= least_rows or len(part) >= least_empty:
            yield HealthFinding(
                AnswerFault.LOOP, f"{len(part)} rows of a table repeat rows above them", part[0].start, part[-1].end
            )


def _ragged_rows(rows: Sequence[_Row]) -> Iterator[HealthFinding]:
    for first, last in repeated_parts([row.is_void for row in rows], gap=_GAP):
        part = rows[first : last + 1]
        if len(part) >= _RAGGED_ROWS and len({len(row.cells) for row in part if row.cells}) >= _RAGGED_WIDTHS:
            detail = f"{len(part)} rows of a table are empty, and of many different widths"
            yield HealthFinding(AnswerFault.LOOP, detail, part[0].start, part[-1].end)
