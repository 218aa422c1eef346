"""A text that is too long -> ranges that fit, cut at the coarsest place that helps."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["split_text"]

# From coarse to fine: paragraphs, lines, sentences (Latin, CJK, Arabic), words. A cut is where a match ends.
_CUTS = (
    re.compile(r"\n[ \t]*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?;؟؛][\"')\]»”’]?\s|[。！？；]"),  # noqa: RUF001 - full-width sentence ends
    re.compile(r"\s"),
)


def split_text(text: str, fits: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Return ranges `(start, end)` that cover all of `text` but the blanks between them, in order.

    Each range ends at the furthest character that fits, or before it at the end of a word, a sentence, a line or a
    paragraph, each of which is preferred as long as it keeps at least half of what the finer cut would. A single
    character is a range even if it does not fit.

    Args:
        text: what to split.
        fits: whether the characters `start <= i < end` fit. Taken to hold for every part of what fits.
    """
    cuts = [[match.end() for match in pattern.finditer(text)] for pattern in _CUTS]
    ranges = []
    start = _next_inked(text, 0)
    while start < len(text):
        end = _end(text, start, cuts, fits)
        inked_end = start + len(text[start:end].rstrip())
        ranges.append((start, inked_end))
        start = _next_inked(text, end)
    return ranges


def _end(text: str, start: int, cuts: list[list[int]], fits: Callable[[int, int], bool]) -> int:
    """Return the end of the range that begins at `start`, with the blanks behind it."""
    furthest = _next_inked(text, _furthest_character(start, len(text), fits))
    if furthest == len(text):
        return furthest
    best = furthest
    for positions in reversed(cuts):
        index = bisect_right(positions, furthest) - 1
        if index >= 0 and positions[index] > start and (positions[index] - start) * 2 >= best - start:
            best = positions[index]
    return best


def _furthest_character(start: int, length: int, fits: Callable[[int, int], bool]) -> int:
    """Return the largest end that fits, by doubling and halving; at least one character."""
    low, step = start + 1, 1
    while True:
        if low == length:
            return length
        high = min(length, low + step)
        if not fits(start, high):
            break
        low, step = high, step * 2
    while low + 1 < high:
        middle = (low + high) // 2
        if fits(start, middle):
            low = middle
        else:
            high = middle
    return low


def _next_inked(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position
