r"""LaTeX delimiters -> those of Markdown: `\( x \)` becomes `$x$`, `\[ x \]` becomes `$$ x $$`."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Shown", "with_dollars"]

# An escaped backslash before a bracket (`\\[2pt]`, a line break of a matrix) opens nothing.
_DELIMITER = re.compile(r"(?<!\\)(?:\\\\)*+\\([()\[\]])")
_CLOSING = {"(": ")", "[": "]"}
_DOLLARS = {"(": "$", "[": "$$"}


class Shown(NamedTuple):
    """Characters as a chunk shows them, and the range of the region's text that they come from."""

    text: str
    start: int
    end: int


def with_dollars(text: str, *, is_display: bool = False) -> list[Shown]:
    r"""Return `text` in pieces, whose ranges partition it, with its LaTeX delimiters as dollars.

    Only pairs change: an opening delimiter, with no other one before its closing one and something between them.
    Blanks at the inner ends go, since Markdown's dollars have none. Everything between stays as it is.

    Args:
        text: a region's text.
        is_display: whether all of it is one formula, which gets `$$` if it has no delimiters of its own.
    """
    if "\\" in text:
        pieces = _converted(text)
        if len(pieces) > 1:
            return pieces
    if is_display and text.strip() and "$" not in text and "\\begin{tab" not in text:
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return [Shown("$$ ", 0, start), Shown(text[start:end], start, end), Shown(" $$", end, len(text))]
    return [Shown(text, 0, len(text))]


def _converted(text: str) -> list[Shown]:
    pieces: list[Shown] = []
    done = 0
    opening: re.Match[str] | None = None
    for found in _DELIMITER.finditer(text):
        kind = found[1]
        if kind in _CLOSING:
            opening = found
            continue
        if opening is None or _CLOSING[opening[1]] != kind:
            opening = None
            continue
        start, end = _inner(text, opening.end(), found.end() - 2)
        if start < end:
            dollars = _DOLLARS[opening[1]]
            blank = " " if len(dollars) > 1 else ""
            before = opening.end() - 2
            pieces += [
                Shown(text[done:before], done, before),
                Shown(f"{dollars}{blank}", before, start),
                Shown(text[start:end], start, end),
                Shown(f"{blank}{dollars}", end, found.end()),
            ]
            done = found.end()
        opening = None
    pieces.append(Shown(text[done:], done, len(text)))
    return [piece for piece in pieces if piece.start < piece.end] or pieces


def _inner(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
