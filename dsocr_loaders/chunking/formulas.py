r"""LaTeX delimiters -> those of Markdown, with the way back: `\( x \)` becomes `$x$`, `\[ x \]` becomes `$$ x $$`.

What the model writes for `[1995]`, `\[ 1995 \]`, becomes that again.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from dsocr_loaders.structure import bracketed_numbers_in, formulas_in

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Shown", "with_dollars"]

_TABULARS = ("\\begin{tab", "\\begin{array}")


class Shown(NamedTuple):
    """Characters as a chunk shows them, and the range of the region's text that they come from."""

    text: str
    start: int
    end: int


def with_dollars(text: str, *, is_display: bool = False) -> list[Shown]:
    r"""Return `text` in pieces, whose ranges partition it, with the delimiters of its formulas as dollars.

    What is a formula is for `dsocr_loaders.structure.formulas_in` to say. Blanks at its inner ends go, since Markdown's
    single dollars have none. Everything else stays as it is.

    Args:
        text: a region's text.
        is_display: whether all of it is one formula, which gets `$$` if it has no delimiters of its own.
    """
    pieces: list[Shown] = []
    done = 0
    for start, first, last, end, opening, closing in sorted(_replaced(text)):
        pieces += [
            Shown(text[done:start], done, start),
            Shown(opening, start, first),
            Shown(text[first:last], first, last),
            Shown(closing, last, end),
        ]
        done = end
    if pieces:
        pieces.append(Shown(text[done:], done, len(text)))
        return [piece for piece in pieces if piece.start < piece.end]
    start, end = _trimmed(text, 0, len(text))
    if is_display and start < end and not any(name in text for name in _TABULARS):
        return [Shown("$$ ", 0, start), Shown(text[start:end], start, end), Shown(" $$", end, len(text))]
    return [Shown(text, 0, len(text))]


def _replaced(text: str) -> Iterator[tuple[int, int, int, int, str, str]]:
    """Yield what gets other delimiters: where it starts, its inner range, where it ends, and the new ones."""
    formulas = formulas_in(text)
    for formula in formulas:
        length = 1 if text[formula.start] == "$" and not text.startswith("$$", formula.start) else 2
        start, end = _trimmed(text, formula.start + length, formula.end - length)
        dollars, blank = ("$$", " ") if formula.is_display else ("$", "")
        if start < end:
            yield formula.start, start, end, formula.end, f"{dollars}{blank}", f"{blank}{dollars}"
    ends = [formula.end for formula in formulas]
    for number in bracketed_numbers_in(text):
        behind = bisect_right(ends, number.start())
        if behind == len(formulas) or number.end() <= formulas[behind].start:
            yield number.start(), number.start(1), number.end(1), number.end(), "[", "]"


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
