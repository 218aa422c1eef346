"""Letter-spaced words: the blanks between their letters, which MuPDF makes of wide gaps, taken out again."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.spans import PaintedCharacter

__all__ = ["closed_up", "is_letter_spaced"]

_FEWEST_LETTERS = 5
_SINGLE = 0.75  # of the words are single letters; "a b c" in a formula or a table is shorter
_WORD_GAP = 1.5  # times the usual gap, and
_WORD_GAP_MORE = 0.1  # of the font size: more than that sets words apart


def is_letter_spaced(text: str) -> bool:
    """Whether nearly all words of a text are single letters."""
    if len(text) < 2 * _FEWEST_LETTERS - 1 or " " not in (text[1], text[3]):
        return False  # the test that nearly every text fails has to be quick
    words = text.split()
    letters = sum(len(word) == 1 and word.isalpha() for word in words)
    return letters >= _FEWEST_LETTERS and letters >= _SINGLE * len(words)


def closed_up(characters: Sequence[PaintedCharacter], size: float) -> list[PaintedCharacter]:
    """Return the characters of a letter-spaced span from left to right, with blanks between words alone."""
    shown = [character for character in characters if not character["c"].isspace()]
    gaps = [after["bbox"][0] - before["bbox"][2] for before, after in pairwise(shown)]
    if not gaps:
        return list(characters)
    widest = _WORD_GAP * max(0.0, median(gaps)) + _WORD_GAP_MORE * size
    kept = shown[:1]
    for (before, after), gap in zip(pairwise(shown), gaps, strict=True):
        if gap > widest:
            x0, y0, x1, y1 = before["bbox"][2], before["bbox"][1], after["bbox"][0], before["bbox"][3]
            kept.append({"c": " ", "bbox": (x0, y0, x1, y1), "origin": (x0, before["origin"][1])})
        kept.append(after)
    return kept
