"""What words tell: whether a sentence ends, which script a letter is of, whether two titles are the same."""

from __future__ import annotations

import re

__all__ = ["ends_sentence", "has_case", "is_unspaced", "title_key"]

_ENDS = ".!?:;…。！？：；．؟؛।॥։᠃፨።۔"  # noqa: RUF001 - the marks of other scripts
_CLOSERS = "\"'”“’‘»«›‹)]}）］】」』〉》〕*_ "  # noqa: RUF001 - likewise
# Chinese and Japanese: radicals to ideographs, with kana and punctuation; compatibility, full-width, beyond the BMP.
_UNSPACED = re.compile("[\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_NO_WORD = re.compile(r"[\W_]+")


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a mark that ends a sentence, closing quotes, brackets and emphasis aside."""
    end = text[-20:].rstrip().rstrip(_CLOSERS)
    return end.endswith(tuple(_ENDS))


def has_case(character: str) -> bool:
    """Whether a letter is of a script that knows upper and lower case."""
    return character.upper() != character.lower()


def is_unspaced(character: str) -> bool:
    """Whether a character belongs to Chinese or Japanese, which are written without blanks."""
    return _UNSPACED.match(character) is not None


def title_key(title: str) -> str:
    """Return what two writings of one title share: its letters and digits, in lower case."""
    return _NO_WORD.sub("", title).casefold()
