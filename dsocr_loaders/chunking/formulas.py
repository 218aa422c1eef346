r"""LaTeX delimiters -> those of Markdown, with the way back: `\( x \)` becomes `$x$`, `\[ x \]` becomes `$$ x $$`."""

from __future__ import annotations

from typing import NamedTuple

from dsocr_loaders.structure import formulas_in

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
    for formula in formulas_in(text):
        length = 1 if text[formula.start] == "$" and not text.startswith("$$", formula.start) else 2
        start, end = _trimmed(text, formula.start + length, formula.end - length)
        if start == end:
            continue
        dollars, blank = ("$$", " ") if formula.is_display else ("$", "")
        pieces += [
            Shown(text[done : formula.start], done, formula.start),
            Shown(f"{dollars}{blank}", formula.start, start),
            Shown(text[start:end], start, end),
            Shown(f"{blank}{dollars}", end, formula.end),
        ]
        done = formula.end
    if pieces:
        pieces.append(Shown(text[done:], done, len(text)))
        return [piece for piece in pieces if piece.start < piece.end]
    start, end = _trimmed(text, 0, len(text))
    if is_display and start < end and not any(name in text for name in _TABULARS):
        return [Shown("$$ ", 0, start), Shown(text[start:end], start, end), Shown(" $$", end, len(text))]
    return [Shown(text, 0, len(text))]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
