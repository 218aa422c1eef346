"""Texts of lines -> the text of a paragraph, with the range that each line has in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.values import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["join_lines", "tidy", "without_blank"]

_SOFT_HYPHEN = "\u00ad"
_HYPHENS = ("-", "\u2010", _SOFT_HYPHEN)
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u200b\u2060\ufeff]")  # no blank and no glyph; ZWJ and ZWNJ shape words
# Chinese and Japanese: radicals to ideographs, with kana and punctuation; compatibility, full-width and beyond the BMP.
# Korean is written with blanks.
_UNSPACED = re.compile("[\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")


def tidy(text: str) -> str:
    """Return the text with single blanks, and none at its ends; invisible characters are left out."""
    return " ".join(_INVISIBLE.sub("", text).split())


def without_blank(before: str, after: str) -> bool:
    """Whether two texts of Chinese or Japanese follow each other without a blank."""
    return bool(before and after and _UNSPACED.match(before[-1]) and _UNSPACED.match(after[0]))


def join_lines(lines: Iterable[str]) -> tuple[str, tuple[Span, ...]]:
    """Return the joined text and the range of each line in it.

    Lines are joined by a blank, or by nothing in Chinese and Japanese. A hyphen at the end of a line goes if the next
    line starts with a lower-case letter, unless the word has another hyphen before ("state-of-the-" and "art");
    otherwise it stays, without a blank if a letter or digit follows. Ranges leave out the blanks in between and the
    hyphens that went. The input's lines are not empty and tidy.
    """
    text = ""
    spans: list[Span] = []
    for line in lines:
        if text:
            text, ends_at, glue = _seam(text, line)
            spans[-1] = Span(spans[-1].start, ends_at)
            text += glue
        spans.append(Span(len(text), len(text) + len(line)))
        text += line
    without_soft = _without_soft_hyphens(text, spans)
    return without_soft if without_soft is not None else (text, tuple(spans))


def _seam(text: str, line: str) -> tuple[str, int, str]:
    """Return the text before the seam, where its last line now ends, and what goes in between."""
    word = text.rpartition(" ")[2]
    if len(word) > 1 and word[-1] in _HYPHENS and word[-2].isalnum():
        is_compound = any(hyphen in word[:-1] for hyphen in _HYPHENS) and word[-1] != _SOFT_HYPHEN
        if line[0].islower() and not is_compound:
            return text[:-1], len(text) - 1, ""
        if line[0].isalnum():
            return text, len(text), ""
    return text, len(text), "" if without_blank(text, line) else " "


def _without_soft_hyphens(text: str, spans: Sequence[Span]) -> tuple[str, tuple[Span, ...]] | None:
    """Return both without the hyphens that no reader sees, or None if there are none."""
    if _SOFT_HYPHEN not in text:
        return None

    def moved(position: int) -> int:
        return position - text.count(_SOFT_HYPHEN, 0, position)

    return text.replace(_SOFT_HYPHEN, ""), tuple(Span(moved(span.start), moved(span.end)) for span in spans)
