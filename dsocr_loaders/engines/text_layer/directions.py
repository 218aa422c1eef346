"""Lines with words of both directions: pieces as they stand on the page -> the text as it is read.

MuPDF gives each piece in the order in which it is read, but puts the pieces of a line in an order of its own: numbers
and brackets beside Hebrew and Arabic come out of place. Positions do not lie, so the pieces are put in order again.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["letters_by_direction", "text_from_right"]

_RTL_CLASSES = ("R", "AL")
_LTR_CLASSES = ("L", "EN", "AN")  # numbers of any script are written from left to right
_FIRST_RTL = "\u0590"  # no character before it is written from right to left
_MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")
_OPENING = ("(", "[", "{", "<", "\u00ab")

Piece = tuple[float, float, str]
"""Left and right edge, and the text."""


def letters_by_direction(text: str) -> tuple[int, int]:
    """Return how many letters are written from right to left, and from left to right."""
    if text.isascii() or not any(character >= _FIRST_RTL for character in text):
        return 0, sum(map(str.isalpha, text))
    classes = list(map(unicodedata.bidirectional, text))
    return sum(classes.count(name) for name in _RTL_CLASSES), classes.count("L")


def text_from_right(pieces: Sequence[Piece]) -> str:
    """Return the text of a line that is read from the right; `pieces` are in any order.

    Words and numbers from left to right keep their order among themselves. A mark that stands between words from right
    to left is mirrored, as it is on the page.
    """
    placed = sorted(pieces, key=lambda piece: -(piece[0] + piece[1]))
    kinds = [_kind(text) for _, _, text in placed]
    for index, kind in enumerate(kinds):
        if kind == "mark":
            is_inside = 0 < index < len(kinds) - 1 and kinds[index - 1] == "left" == _next_kind(kinds[index + 1 :])
            kinds[index] = "left" if is_inside else "mark"
    text = ""
    for kind, group in groupby(zip(kinds, placed, strict=True), key=lambda pair: pair[0]):
        texts = [piece[2] for _, piece in group]
        if kind == "left":
            # A blank ends a piece as it is painted, which here is the side of the word before.
            text += " " * (text[-1:].isalnum() and texts[0].endswith(" ")) + "".join(reversed(texts))
        else:
            text += "".join(map(_mirrored, texts) if kind == "mark" else texts)
    return text


def _kind(text: str) -> str:
    classes = set(map(unicodedata.bidirectional, text))
    if not classes.isdisjoint(_RTL_CLASSES):
        return "right"
    return "left" if not classes.isdisjoint(_LTR_CLASSES) else "mark"


def _next_kind(kinds: Sequence[str]) -> str:
    return next((kind for kind in kinds if kind != "mark"), "right")


def _mirrored(text: str) -> str:
    shown = text.strip().translate(_MIRRORED)[::-1]
    if not shown:
        return text
    has_blank = text != text.strip()
    if not has_blank:
        return shown
    return f" {shown}" if shown.startswith(_OPENING) else f"{shown} "
