"""Texts of lines -> the text of a paragraph, with the range that each line has in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.values import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SOFT_HYPHEN", "is_unspaced", "join_lines", "tidy"]

SOFT_HYPHEN = "\u00ad"
"""Shows only where a line breaks at it."""

_HYPHENS = ("-", "\u2010")
# Neither blank nor glyph. Zero-width joiners are not among them: they shape words.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u200b\u2060\ufeff]")
# Chinese and Japanese: radicals to ideographs, with kana and punctuation; compatibility, full-width and beyond the BMP.
# Korean is written with blanks.
_UNSPACED = re.compile("[\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")


def tidy(text: str) -> str:
    """Return the text with single blanks, and none at its ends.

    Characters without a glyph are left out; of soft hyphens only one at the end stays, which `join_lines` looks at.
    """
    visible = " ".join(_INVISIBLE.sub("", text).split())
    without_soft = " ".join(visible.replace(SOFT_HYPHEN, "").split())
    return without_soft + SOFT_HYPHEN if without_soft and visible.endswith(SOFT_HYPHEN) else without_soft


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to Chinese or Japanese, which are written without blanks."""
    return _UNSPACED.match(character) is not None


def join_lines(lines: Iterable[str]) -> tuple[str, tuple[Span, ...]]:
    """Return the joined text and the range of each line in it.

    Lines are joined by a blank, or by nothing next to Chinese and Japanese. A hyphen at the end of a line goes if the
    next line starts with a lower-case letter, unless the word has another hyphen before ("state-of-the-" and "art");
    otherwise it stays, without a blank if a letter or digit follows. Ranges leave out the blanks in between and the
    hyphens that went. The input's lines are tidy and not empty.
    """
    text = ""
    spans: list[Span] = []
    for line in lines:
        if text:
            text, glue = _seam(text, line)
            spans[-1] = Span(spans[-1].start, len(text))
            text += glue
        spans.append(Span(len(text), len(text) + len(line)))
        text += line
    if text.endswith(SOFT_HYPHEN):
        text = text[:-1]
        spans[-1] = Span(spans[-1].start, len(text))
    return text, tuple(spans)


def _seam(text: str, line: str) -> tuple[str, str]:
    """Return the text before the seam and what goes in between."""
    if text.endswith(SOFT_HYPHEN):
        return text[:-1], ""
    word = text.rpartition(" ")[2]
    if len(word) > 1 and word[-1] in _HYPHENS and word[-2].isalnum():
        if line[0].islower() and not any(hyphen in word[:-1] for hyphen in _HYPHENS):
            return text[:-1], ""
        if line[0].isalnum():
            return text, ""
    return text, "" if is_unspaced(text[-1]) or is_unspaced(line[0]) else " "
