"""How many tokens a text has, without a vocabulary."""

from __future__ import annotations

import re

__all__ = ["estimate_tokens"]

# Alternatives start with different characters and no quantifier is nested, so matching is linear.
_PARTS = re.compile(r"[A-Za-z]+|\d+|[^\S\n]+|\n+|[^\sA-Za-z\d]")
_LETTERS_A_TOKEN = 6
_DIGITS_A_TOKEN = 3


def estimate_tokens(text: str) -> int:
    """Return an estimate of the tokens that common vocabularies make of `text`; an upper one for most texts.

    A run of Latin letters counts one token for each six letters begun, a run of digits one for each three begun, and
    any other character that is no blank one: punctuation, and each Chinese, Japanese, Korean, Arabic or Cyrillic
    character. A single blank belongs to the word behind it; longer runs and line ends count one. Pass
    `token_counter` for exact counts.
    """
    count = 0
    for match in _PARTS.finditer(text):
        part = match[0]
        first = part[0]
        if first.isascii() and first.isalpha():
            count += -(-len(part) // _LETTERS_A_TOKEN)
        elif first.isdigit():
            count += -(-len(part) // _DIGITS_A_TOKEN)
        elif part != " ":
            count += 1
    return count
