r"""Formulas in a text: where they are, and their delimiters in one form.

The model writes `\( ... \)` and `\[ ... \]`; Markdown, chat windows and most tools know `$ ... $` and `$$ ... $$`. A
region keeps what the model wrote; texts made from it have the second form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FormulaSpan", "bracketed_numbers_in", "formulas_in", "normalised_latex"]

# A line break of a matrix, `\\[2pt]`, is no delimiter; nor is a dollar sign behind a backslash.
_DELIMITER = re.compile(r"(?<!\\)(?:\\\\)*(?P<open>\\[\[\]()]|\$\$?)")
_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$": "$", "$$": "$$"}
_MERE_NUMBER = re.compile(r"\s*[\d\s.,、，\-–]+\s*")  # noqa: RUF001 - full-width marks
_LONGEST_INLINE = 1_000  # characters between two single dollars; farther apart they are amounts of money


@dataclass(frozen=True, slots=True)
class FormulaSpan:
    r"""A formula in a text.

    Attributes:
        start, end: its range, delimiters included.
        latex: what stands between them, without blanks at its ends.
        is_display: whether it stands for itself: between `\[` and `\]` or `$$`.
    """

    start: int
    end: int
    latex: str
    is_display: bool


def formulas_in(text: str) -> tuple[FormulaSpan, ...]:
    r"""Return the formulas of a text in order, in one scan.

    A delimiter without its partner is text, and so are dollar signs of amounts ("$5 and $6"): a single `$` opens a
    formula only where no blank follows, and closes it only where no blank stands before and no digit follows, as in
    Pandoc. Backslash brackets around dollars, or around nothing, are none either. Brackets around a mere number,
    `\[ 1995 \]`, which the model writes for `[1995]`, are no formula.
    """
    if "\\" not in text and "$" not in text:
        return ()
    marks = [(found.start("open"), found["open"]) for found in _DELIMITER.finditer(text)]
    last = {mark: place for place, mark in marks}  # whether a partner can still come: keeps the scan linear
    formulas: list[FormulaSpan] = []
    index = 0
    while index < len(marks):
        start, opening = marks[index]
        closing = _CLOSING.get(opening)
        index += 1
        if closing is None or last.get(closing, -1) <= start or not _opens(text, start, opening):
            continue
        for position in range(index, len(marks)):
            end, mark = marks[position]
            if opening == "$" and end - start > _LONGEST_INLINE:
                break
            if mark != closing and (mark == opening or (mark[0] == "$" and opening[0] == "\\")):
                break  # opened again, or around another formula: the first one has no partner
            if mark == closing and _closes(text, end, mark):
                inside = text[start + len(opening) : end]
                if inside.strip() and not (opening == "\\[" and _MERE_NUMBER.fullmatch(inside)):
                    is_display = opening in {"\\[", "$$"}
                    formulas.append(FormulaSpan(start, end + len(mark), inside.strip(), is_display))
                index = position + 1
                break
    return tuple(formulas)


def _opens(text: str, start: int, mark: str) -> bool:
    following = text[start + len(mark) : start + len(mark) + 1]
    return mark != "$" or bool(following and not following.isspace())


def _closes(text: str, end: int, mark: str) -> bool:
    if mark != "$":
        return True
    return not text[end - 1].isspace() and not text[end + 1 : end + 2].isdigit()


def normalised_latex(text: str) -> str:
    r"""Return the text with its formulas between `$` (in a line) and `$$` (displayed).

    `\( x \)` becomes `$x$`, `\[ x \]` becomes `$$ x $$`, `\[ 1995 \]` becomes `[1995]`; what is in dollars already
    stays. In a text that gets dollars this way, those of amounts get a backslash, so that they open nothing. Linear in
    the text's length. Applied twice it changes nothing more, unless delimiters stand between delimiters.
    """
    if "\\" not in text:
        return text
    formulas = formulas_in(text)
    gets_dollars = any(text[formula.start] != "$" for formula in formulas)
    pieces = []
    position = 0
    for formula in formulas:
        pieces.append(_plain(text[position : formula.start], escapes=gets_dollars))
        if text[formula.start] == "$":
            pieces.append(text[formula.start : formula.end])
        else:
            pieces.append(f"$$ {formula.latex} $$" if formula.is_display else f"${formula.latex}$")
        position = formula.end
    pieces.append(_plain(text[position:], escapes=gets_dollars))
    return "".join(pieces)


_BRACKETED_NUMBER = re.compile(r"(?<!\\)\\\[\s*([\d.,\-–][\d\s.,\-–]*?)\s*\\\]")  # noqa: RUF001 - a dash
_DOLLAR = re.compile(r"(?<!\\)\$")


def bracketed_numbers_in(text: str) -> Iterator[re.Match[str]]:
    r"""Yield each `\[ 1995 \]` that stands for `[1995]`, in order; group 1 is the number."""
    return _BRACKETED_NUMBER.finditer(text) if "\\[" in text else iter(())


def _plain(text: str, *, escapes: bool) -> str:
    if "\\[" in text:
        text = _BRACKETED_NUMBER.sub(r"[\1]", text)
    return _DOLLAR.sub(r"\\$", text) if escapes and "$" in text else text
