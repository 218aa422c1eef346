"""Where a text may be cut between two characters."""

from __future__ import annotations

import unicodedata

__all__ = ["is_good_cut", "is_grapheme_end"]

_ZERO_WIDTH_JOINER = "\u200d"
_LEADING_VOWELS = frozenset("เแโใไ" + "ເແໂໃໄ")
"""Thai and Lao vowels that are written before the consonant they belong to."""
_FOLLOWING_SIGNS = frozenset("ะาำๅๆฯ" + "ະາຳໆຯ")
"""Thai and Lao vowels and signs that belong to what stands before them, and are no combining marks."""
_STACKING_SIGNS = frozenset("\u1039\u17d2\u0f84")
"""Signs of Burmese, Khmer and Tibetan that put the next consonant below: a virama, which combines."""
_NEVER_FIRST = frozenset(
    "、。，．：；！？）］｝」』】〕〉》”’…‥・ーゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.;:!?)]}%。｡､؟،؛"
)
"""What no line begins with, in Chinese and Japanese typesetting (JLREQ, CLREQ), and in others too."""
_NEVER_LAST = frozenset("（［｛「『【〔〈《“‘([{")
"""What no line ends with."""

_HANGUL_JAMO = range(0x1100, 0x1200)
_REGIONAL = range(0x1F1E6, 0x1F200)
_EMOJI_MODIFIERS = range(0x1F3FB, 0x1F400)


def is_grapheme_end(text: str, position: int) -> bool:
    r"""Return whether a cut before `text[position]` leaves both sides whole characters, as a reader sees them.

    It would not: before a combining mark or a variation selector, beside a joiner, between two letters of a Hangul
    syllable, between the halves of a flag, in `\r\n`, behind a vowel that is written first and before one that is
    written behind (Thai, Lao). The ends of a text may always be cut.
    """
    if not 0 < position < len(text):
        return True
    before, behind = text[position - 1], text[position]
    if before.isascii() and behind.isascii():
        return (before, behind) != ("\r", "\n")
    return not _is_one_character(before, behind) and not (
        ord(behind) in _REGIONAL and ord(before) in _REGIONAL and _flags_before(text, position) % 2
    )


def is_good_cut(text: str, position: int) -> bool:
    """Return whether a typesetter would break a line before `text[position]`, which is inside the text."""
    return text[position] not in _NEVER_FIRST and text[position - 1] not in _NEVER_LAST


def _is_one_character(before: str, behind: str) -> bool:
    return (
        unicodedata.category(behind) in {"Mn", "Mc", "Me"}
        or _ZERO_WIDTH_JOINER in {before, behind}
        or ord(behind) in _EMOJI_MODIFIERS
        or (ord(before) in _HANGUL_JAMO and ord(behind) in _HANGUL_JAMO)
        or before in _LEADING_VOWELS
        or behind in _FOLLOWING_SIGNS
        or before in _STACKING_SIGNS
    )


def _flags_before(text: str, position: int) -> int:
    """Return how many halves of flags stand right before `position`; a hostile text of nothing else is cut off."""
    count = 0
    while count < min(position, 64) and ord(text[position - 1 - count]) in _REGIONAL:
        count += 1
    return count
