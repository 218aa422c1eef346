"""Whether the characters of a page can be what it says.

A PDF may draw a page perfectly and say nonsense about it: its fonts' maps to Unicode are missing, shifted or wrong.
Then a text layer has characters, and they are not those that one sees. Four things give that away, each measured over
all text of the page, so that formulas, tables, code and names, which break every rule here and there, are let through:

* characters that stand for nothing: control, private, unassigned, replacement;
* signs next to other signs, where words should be;
* letters of different scripts next to each other in one word;
* letters that follow each other as in no language: for each of the scripts in `letter_pairs.txt`, what a pair costs
  there on the average, in bits; for Chinese characters and Korean syllables, how many are everyday ones; and how many
  of the syllables are in the Korean standard of 1987, which has all that the language needs.

What cannot be told: an alphabet without a table, kana, too little text (`_FEWEST_PAIRS`), and Chinese characters or
Korean syllables that are swapped with each other within one page.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.letter_pairs import letter_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Letter", "letter_of", "letter_pairs", "why_illegible"]

Letter = tuple[str, str]
"""Script, as Unicode's names begin, and the letter without its accents and case."""

_UNREADABLE = frozenset({"Cc", "Cn", "Co", "Cs"})  # Unicode's categories: control, unassigned, private, surrogate
_REPLACEMENT = "\ufffd"
_MOST_UNREADABLE = 0.2  # of the characters; private bullets and symbols of a formula stay well below

_FEWEST_SIGN_PAIRS = 60
_MOST_SIGN_PAIRS = 0.4  # of the pairs of characters; source code full of brackets has 0.1 to 0.2

_FEWEST_PAIRS = 60  # of letters; below that, an honest list of names may cost as much as nonsense
_FEWEST_LETTERS = 10  # different ones; a gene has four
_LONGEST_WORD = 30  # letters of ASCII; what is longer is a key or a checksum
_LONGEST_ACRONYM = 5
_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0590-\u05c7\u064b-\u0652\u0900-\u0dff\u0e30-\u0e4e\u200c\u200d])+")
_UNSEEN_BITS = 7  # of a pair with a letter that is not in its script's table
_MOST_MIXED = 0.25  # of the pairs; "β-Carotin" and "DNAポリメラーゼ" are one pair each
_SHORT_TEXT = 2.2  # bits: what the average may be off by, times the root of the number of pairs

_FEWEST_IDEOGRAPHS = 80
_FEWEST_COMMON = 0.07  # of the ideographs or syllables; honest text has 0.2 to 0.8, chance 0.03
_FEWEST_STANDARD = 0.8  # of the syllables are in KS X 1001; honest text has 0.99, chance 0.21
_BYTES_OF_STANDARD = 2  # in EUC-KR, which spells other syllables out in eight
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "LATIN", "KATAKANA-HIRAGANA"})

_LETTERS = frozenset({"Ll", "Lo", "Lu", "Lt", "Mn", "Mc"})
_WITHOUT_ACCENTS = str.maketrans("ßøłđæðþıəœŋħŧɓɗƙɛɔĸ", "soldadtieonhtbdkeok")
_SMALL_MARKS = frozenset({"COMBINING", "ARABIC", "HEBREW"})  # written above and below letters, or left out at will


def why_illegible(text: str) -> str | None:
    """Return in words why `text`, the whole of a page, cannot be what the page says, or None.

    The words begin with what was counted, so that a user can judge.
    """
    packed = "".join(text.split())
    unreadable = sum(map(_is_unreadable, packed))
    if unreadable > _MOST_UNREADABLE * len(packed):
        return f"{unreadable} of {len(packed)} characters stand for no letter"
    signs, neighbours = _sign_pairs(text)
    if neighbours >= _FEWEST_SIGN_PAIRS and signs > _MOST_SIGN_PAIRS * neighbours:
        return f"{signs} of {neighbours} pairs of characters are two different signs"
    pairs = Counter(letter_pairs(text))
    mixed = sum(count for (first, second), count in pairs.items() if _is_mixed(first[0], second[0]))
    if pairs.total() >= _FEWEST_PAIRS and mixed > _MOST_MIXED * pairs.total():
        return f"{mixed} of {pairs.total()} pairs of letters mix two scripts in one word"
    return _strange_pairs(pairs) or _strange_ideographs(packed)


def _is_unreadable(character: str) -> bool:
    return character == _REPLACEMENT or unicodedata.category(character) in _UNREADABLE


def _sign_pairs(text: str) -> tuple[int, int]:
    """Return how many neighbours are two different ASCII signs, and how many neighbours there are in all."""
    signs = neighbours = 0
    for word in text.split():
        for first, second in pairwise(word):
            neighbours += 1
            signs += first != second and _is_sign(first) and _is_sign(second)
    return signs, neighbours


def _is_sign(character: str) -> bool:
    return "!" <= character <= "~" and not character.isalnum()


def letter_pairs(text: str) -> Iterable[tuple[Letter, Letter]]:
    """Yield each two letters that follow each other in one word.

    Left out is what no language has to do with: words with digits in them, short ones in capitals, very long ones.
    """
    for word in _WORD.findall(text):
        is_code = not word.isalpha() and any(map(str.isdigit, word))
        is_acronym = len(word) <= _LONGEST_ACRONYM and word.isupper()
        if is_code or is_acronym or (len(word) > _LONGEST_WORD and word.isascii()):
            continue
        yield from pairwise(filter(None, map(letter_of, word)))


@lru_cache(maxsize=4096)
def letter_of(character: str) -> Letter | None:
    """Return the letter that a character is, None for anything else, accents and vowel points included."""
    base = unicodedata.normalize("NFKD", character.lower())[:1].translate(_WITHOUT_ACCENTS)
    category = unicodedata.category(base) if base else ""
    if category not in _LETTERS:
        return None
    if "\uac00" <= character <= "\ud7a3":  # a Korean syllable, which NFKD takes apart
        return "HANGUL", character
    script = unicodedata.name(base, "?").split()[0]
    return None if category == "Mn" and script in _SMALL_MARKS else (script, base)


def _is_mixed(first: str, second: str) -> bool:
    return first != second and not (first in _EAST_ASIAN and second in _EAST_ASIAN)


def _strange_pairs(pairs: Counter[tuple[Letter, Letter]]) -> str | None:
    for script, table in letter_tables().items():
        found = {
            (first[1], second[1]): count for (first, second), count in pairs.items() if first[0] == second[0] == script
        }
        total = sum(found.values())
        letters = {letter for pair in found for letter in pair}
        if total < _FEWEST_PAIRS or len(letters) < _FEWEST_LETTERS:
            continue
        bits = sum(table.bits.get(pair, _UNSEEN_BITS) * count for pair, count in found.items()) / total
        if bits > table.most_bits + _SHORT_TEXT / math.sqrt(total):
            return f"its {script.capitalize()} letters follow each other as in no language"
    return None


def _strange_ideographs(packed: str) -> str | None:
    from dsocr_loaders.engines.text_layer.everyday import EVERYDAY_IDEOGRAPHS, EVERYDAY_SYLLABLES  # noqa: PLC0415

    for name, first, last, everyday in (
        ("Chinese characters", "\u4e00", "\u9fff", EVERYDAY_IDEOGRAPHS),
        ("Korean syllables", "\uac00", "\ud7a3", EVERYDAY_SYLLABLES),
    ):
        found = [character for character in packed if first <= character <= last]
        common = sum(character in everyday for character in found)
        if len(found) >= _FEWEST_IDEOGRAPHS and common < _FEWEST_COMMON * len(found):
            return f"of its {len(found)} {name} only {common} are everyday ones"
    syllables = [character for character in packed if "\uac00" <= character <= "\ud7a3"]
    standard = sum(len(character.encode("euc_kr")) == _BYTES_OF_STANDARD for character in syllables)
    if len(syllables) >= _FEWEST_IDEOGRAPHS and standard < _FEWEST_STANDARD * len(syllables):
        return f"{len(syllables) - standard} of its {len(syllables)} Korean syllables are in no Korean word"
    return None
