"""The Markdown pipe tables of a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.tables.cell_text import read_cell_text
from dsocr_loaders.tables.headers import MAX_HEADER_ROWS
from dsocr_loaders.tables.markup import FoundTable
from dsocr_loaders.tables.table import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["find_pipe_tables"]

_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r":?+-++:?+")


def find_pipe_tables(text: str) -> tuple[list[FoundTable], str]:
    """Return the pipe tables of `text`, and the text behind the last one. Linear in the length of the text.

    A table is a run of lines that begin with a pipe, or a line with a pipe, a rule (`--- | :--:`) and all further
    lines with a pipe. Rows above its rule are header rows. A pipe right behind a backslash is part of a cell.
    """
    lines = text.split("\n")
    ends: list[int] = []
    for line in lines:
        ends.append((ends[-1] if ends else -1) + 1 + len(line))
    tables: list[FoundTable] = []
    first_outside = number = 0
    while number < len(lines):
        end = _end_of_table(lines, number)
        rows = _rows(lines[number:end])
        if rows:
            before = "\n".join(lines[first_outside:number])
            tables.append(FoundTable(before, rows, "", ends[end - 1]))
            first_outside = end
        number = max(end, number + 1)
    return tables, "\n".join(lines[first_outside:])


def _end_of_table(lines: Sequence[str], first: int) -> int:
    """Return the number of the line behind the table that begins at line `first`; `first` if none begins there."""
    has_rule = first + 1 < len(lines) and _PIPE.search(lines[first]) is not None and _is_rule(lines[first + 1])
    end = first + 2 if has_rule else first
    while end < len(lines) and (lines[end].lstrip().startswith("|") or (has_rule and _PIPE.search(lines[end]))):
        end += 1
    return end


def _rows(lines: Sequence[str]) -> tuple[tuple[Cell, ...], ...]:
    rule = _rule(lines)
    return tuple(
        tuple(Cell(read_cell_text(text), is_header=rule is not None and number < rule) for text in _cells(line))
        for number, line in enumerate(lines)
        if number != rule
    )


def _rule(lines: Sequence[str]) -> int | None:
    """Return the number of the line that ends the header.

    That is the second line, as Markdown has it, or else the first, or a later one that a header can reach. There it
    must be a long rule: a row of single dashes is a row without values.
    """
    likely = [number for number in (1, 0, *range(2, MAX_HEADER_ROWS + 1)) if number < len(lines)]
    return next((number for number in likely if _is_rule(lines[number], shortest=1 if number == 1 else 3)), None)


def _is_rule(line: str, *, shortest: int = 1) -> bool:
    cells = [cell.strip() for cell in _cells(line)]
    return "|" in line and all(_RULE.fullmatch(cell) and cell.count("-") >= shortest for cell in cells)


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.replace("\\|", "|") for cell in _PIPE.split(line)]
