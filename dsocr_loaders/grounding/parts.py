"""The text behind a tag -> its parts: tables, and the text around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Part", "find_parts", "trimmed"]

_TABLE = re.compile(r"<table\b|</table[ \t]*+>", re.IGNORECASE)
# Two tables are sometimes set apart by these; they are layout, not text.
_LINE_BREAKS = re.compile(r"(?:\s*+<br\s*+/?>)++", re.IGNORECASE)
_ROW_END = "</tr>"
_RULE_CHARACTERS = frozenset("|-: \t")


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a text, `start <= i < end`: a table, or text without blanks at its ends.

    Attributes:
        is_closed: False for a table without its `</table>`.
    """

    start: int
    end: int
    is_table: bool
    is_closed: bool = True


def find_parts(text: str) -> list[Part]:
    """Return the parts of `text` in order; only blanks lie between them. Linear in its length.

    A table is `<table ...>` to its `</table>` and the line breaks (`<br>`) behind it, or Markdown: a line with
    pipes, a rule and all further lines with pipes. Without its `</table>` a table ends before another one that begins
    a line, else behind the last table inside it, else behind its last row where a blank line follows, else with the
    text.
    """
    if "<" not in text and "|" not in text:
        return trimmed(text, 0, len(text))
    return list(_parts(text))


def _parts(text: str) -> Iterator[Part]:
    position = depth = closed = 0
    begin: int | None = None
    for match in _TABLE.finditer(text):
        is_opening = match[0][1] != "/"
        if is_opening and begin is not None and text[match.start() - 1] == "\n":
            yield from _open_table(text, begin, closed, match.start())
            position, begin = match.start(), None
        if is_opening and begin is None:
            yield from _around_pipes(text, position, match.start())
            begin, depth, closed = match.start(), 1, 0
        elif is_opening:
            depth += 1
        elif begin is not None:
            breaks = _LINE_BREAKS.match(text, match.end())
            closed = breaks.end() if breaks else match.end()
            depth -= 1
            if not depth:
                yield Part(begin, closed, is_table=True)
                position, begin = closed, None
    if begin is not None:
        yield from _open_table(text, begin, closed, len(text))
    else:
        yield from _around_pipes(text, position, len(text))


def _open_table(text: str, start: int, closed: int, end: int) -> Iterator[Part]:
    """Yield the table at `start` that lacks its end, and the text behind it up to `end`.

    `closed` is where the last table inside it ends, 0 if none does.
    """
    last_row = text.rfind(_ROW_END, start, end)
    behind = last_row + len(_ROW_END)
    if closed:
        behind = closed
    elif last_row < 0 or "<td" in text[behind:end] or not _begins_with_blank_line(text[behind:end]):
        behind = start + len(text[start:end].rstrip())
    yield Part(start, behind, is_table=True, is_closed=False)
    yield from _around_pipes(text, behind, end)


def _begins_with_blank_line(text: str) -> bool:
    blanks = text[: len(text) - len(text.lstrip())]
    return blanks.count("\n") > 1


def _around_pipes(text: str, start: int, end: int) -> Iterator[Part]:
    """Yield the Markdown tables of a range and the text around them."""
    outside = start
    if text.find("|", start, end) >= 0:
        for first, last in _pipe_tables(text, start, end):
            yield from trimmed(text, outside, first)
            yield from (Part(part.start, part.end, is_table=True) for part in trimmed(text, first, last))
            outside = last
    yield from trimmed(text, outside, end)


def _pipe_tables(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of lines that are Markdown tables."""
    head: int | None = None  # where the line before begins, if it has a pipe
    begin: int | None = None
    position = start
    while position < end:
        line_end = text.find("\n", position, end)
        line_end = end if line_end < 0 else line_end + 1
        line = text[position:line_end].strip()
        has_pipe = "|" in line
        if begin is None and head is not None and has_pipe and "-" in line and _RULE_CHARACTERS.issuperset(line):
            begin = head
        elif begin is not None and not has_pipe:
            yield begin, position
            begin = None
        head = position if has_pipe else None
        position = line_end
    if begin is not None:
        yield begin, end


def trimmed(text: str, start: int, end: int) -> list[Part]:
    """Return the range as one part without the blanks at its ends; none if it is blank."""
    piece = text[start:end]
    inked = piece.strip()
    if not inked:
        return []
    first = start + len(piece) - len(piece.lstrip())
    return [Part(first, first + len(inked), is_table=False)]
