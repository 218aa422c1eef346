"""The number that a heading begins with: which kind, which values, where the words begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Numbering", "cjk_number", "numbering_of", "roman_number"]


@dataclass(frozen=True, slots=True)
class Numbering:
    """A heading's number.

    Attributes:
        style: which kind: headings of one style and as many values are of one level.
        rank: how far out the style usually stands, 0 is the outermost: a part holds chapters, and `一、` holds `1.`.
        values: `(3, 2)` for `3.2`, `(1, 1)` for `A.1`.
        end: where the heading's words begin; the text's length if it has none.
    """

    style: str
    rank: int
    values: tuple[int, ...]
    end: int


_CJK_ONES = "〇一二三四五六七八九"
_CJK_DIGITS = "〇零一二三四五六七八九十百两兩"
_CJK = rf"[{_CJK_DIGITS}]{{1,5}}"
_ROMAN = r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ANY = rf"(?:\d{{1,4}}|{_ROMAN}|{_CJK})"
_AFTER = r"(?![^\W\d_])[ \t\u3000.:：\-–—]*"  # noqa: RUF001 - what may stand between number and words
_ORDINALS: Final = (
    ("الأول", "الأولى"),
    ("الثاني", "الثانية"),
    ("الثالث", "الثالثة"),
    ("الرابع", "الرابعة"),
    ("الخامس", "الخامسة"),
    ("السادس", "السادسة"),
    ("السابع", "السابعة"),
    ("الثامن", "الثامنة"),
    ("التاسع", "التاسعة"),
    ("العاشر", "العاشرة"),
)
_ORDINAL_VALUES: Final = {word: value for value, words in enumerate(_ORDINALS, start=1) for word in words}
_ARABIC = "|".join(sorted(_ORDINAL_VALUES, key=len, reverse=True)) + r"|\d{1,3}"
_FIRSTLY: Final = ("أولا", "ثانيا", "ثالثا", "رابعا", "خامسا", "سادسا", "سابعا", "ثامنا", "تاسعا", "عاشرا")


def _worded(latin: str, cjk: str, arabic: str, letters: str = "") -> str:
    number = rf"(?P<a>{_ANY}{letters})"
    return (
        rf"(?:(?i:{latin})\s+{number}{_AFTER}"
        rf"|第\s*(?P<b>{_ANY})\s*(?:{cjk})[ \t\u3000:：、]*"  # noqa: RUF001 - full-width marks
        rf"|(?:{arabic})\s+(?P<c>{_ARABIC}){_AFTER})"
    )


# Style, rank, pattern. The first that fits wins. Ranks follow the order in which such numbers are usually nested.
_STYLES: Final = tuple(
    (style, rank, re.compile(pattern))
    for style, rank, pattern in (
        ("part", 0, _worded(r"part|teil|partie|parte|book|buch|volume", r"[编編篇部卷]分?", "الباب|الجزء")),
        (
            "chapter",
            1,
            _worded(
                r"chapter|kapitel|chapitre|cap[ií]tulo|capitolo|unit|lesson", r"[章回课課]|单元|單元", "الفصل|الوحدة"
            ),
        ),
        ("appendix", 1, rf"(?i:appendix|annex|anhang|anlage|annexe|ap[ée]ndice)\s+(?P<a>[A-Z]|\d{{1,2}}){_AFTER}"),
        ("appendix", 1, rf"(?:附[录錄件])\s*(?P<a>[A-Z]|\d{{1,2}}|{_CJK})[ \t\u3000:：、]*"),  # noqa: RUF001 - likewise
        ("appendix", 1, rf"(?:الملحق|ملحق)\s+(?P<c>{_ARABIC}){_AFTER}"),
        ("section", 2, _worded(r"section|abschnitt|secci[óo]n", r"[节節]", "المبحث|القسم")),
        ("article", 3, _worded(r"article|artikel|art\.", r"[条條]", "المادة")),
        ("article", 3, r"§§?[ \t]*(?P<a>\d{1,4})[a-z]?(?![^\W_])[ \t.:\-–—]*"),  # noqa: RUF001 - likewise
        (
            "decimal",
            7,
            r"(?P<a>\d{1,3}(?:[.．]\d{1,3}){1,5})(?:[.．:：]?[ \t\u3000]+|[.．、]?(?=[^\W\d_a-zA-Z])|$)",  # noqa: RUF001 - likewise
        ),
        ("decimal", 7, r"(?P<a>\d{1,3})(?:[.．:、]?[ \t\u3000]+|[.．、](?=[^\W\d_])|$)"),  # noqa: RUF001 - likewise
        ("cjk", 5, rf"(?P<a>{_CJK})(?:[、.．]|[ \u3000]+|$)[ \t\u3000]*"),  # noqa: RUF001 - likewise
        ("cjk paren", 6, rf"[(（](?P<a>{_CJK})[)）][、 \t\u3000]*"),  # noqa: RUF001 - likewise
        ("arabic", 5, rf"(?P<f>{'|'.join(_FIRSTLY)})\u064b?[ \t]*[:：.\-–—][ \t]*"),  # noqa: RUF001 - likewise
        ("roman", 4, rf"(?![CL][.) ]|[CL]$)(?P<a>{_ROMAN})(?:[.)][ \t]+|[ \t]*[.)]?$|[ \t]*[–—:-][ \t]+)"),  # noqa: RUF001 - likewise
        ("letter", 4, r"(?P<a>[A-Z](?:\.\d{1,2}){1,4})(?:\.?[ \t\u3000]+|\.?$)"),
        ("letter", 4, r"(?P<a>[A-Z])(?:[.)][ \t\u3000]+|\.?$)"),
        ("decimal bracket", 8, r"(?P<a>\d{1,3})[)）][ \t\u3000]*"),  # noqa: RUF001 - likewise
        ("paren", 9, r"[(（](?P<a>\d{1,3})[)）][ \t\u3000]*"),  # noqa: RUF001 - likewise
        ("small letter", 10, r"(?P<a>[a-z])[.)][ \t]+"),
        ("small letter paren", 11, r"\((?P<a>[a-z])\)[ \t]*"),
        ("small roman paren", 12, r"\((?P<r>[ivx]{1,5})\)[ \t]*"),
        ("circled", 12, r"(?P<o>[①-⑳])[ \t\u3000]*"),
    )
)
_MOST_LOOKED_AT = 40  # characters: no number is longer
_ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def numbering_of(text: str) -> Numbering | None:
    """Return the number that a heading begins with, or None.

    A year ("2024 was a year") is none, and a number without words behind it is one: its words may be a region of
    their own. Digits may be Arabic, Arabic-Indic, full-width, Roman or Chinese.
    """
    start = text[:_MOST_LOOKED_AT].replace("\n", " ").lstrip()
    skipped = len(text[:_MOST_LOOKED_AT]) - len(start)
    if not start or not _may_begin(start[0]):
        return None
    for style, rank, pattern in _STYLES:
        found = pattern.match(start)
        if found is not None and found.end():
            words = {name: word for name, word in found.groupdict().items() if word is not None}
            values = _values(words)
            if values and all(values):
                return Numbering(style, rank, values, min(len(text), skipped + found.end()))
    return None


def _may_begin(character: str) -> bool:
    return character.isalnum() or character in "(（§①"  # noqa: RUF001 - a full-width bracket


def _values(words: dict[str, str]) -> tuple[int, ...]:
    kind, word = next(iter(words.items()))
    if kind == "f":
        return (_FIRSTLY.index(word) + 1,)
    if kind == "o":
        return (ord(word) - ord("①") + 1,)
    if kind == "r":
        return (roman_number(word.upper()),)
    return tuple(map(_value, re.split(r"[.．]", word)))  # noqa: RUF001 - a full-width stop


def _value(word: str) -> int:
    if word in _ORDINAL_VALUES:
        return _ORDINAL_VALUES[word]
    kinds: tuple[tuple[Callable[[str], bool], Callable[[str], int]], ...] = (
        (str.isdecimal, int),
        (_is_roman, roman_number),
        (_is_cjk, cjk_number),
    )
    for is_such, number in kinds:
        if is_such(word):
            return number(word)
    return ord(word.upper()) - ord("A") + 1 if len(word) == 1 and word.isascii() and word.isalpha() else 0


def _is_roman(word: str) -> bool:
    # Alone, C and L are letters far more often than a hundred and fifty.
    return set(word) <= set(_ROMAN_VALUES) and word not in {"C", "L"}


def _is_cjk(word: str) -> bool:
    return set(word) <= set(_CJK_DIGITS)


def roman_number(word: str) -> int:
    """Return the value of Roman digits in upper case."""
    values = [_ROMAN_VALUES[letter] for letter in word]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def cjk_number(word: str) -> int:
    """Return the value of Chinese digits below 1,000: `二十三` is 23, `一〇五` is 105; 0 if they make no number."""
    total = current = 0
    for character in word.replace("两", "二").replace("兩", "二").replace("零", _CJK_ONES[0]):
        if character == "百":
            total, current = total + (current or 1) * 100, 0
        elif character == "十":
            total, current = total + (current or 1) * 10, 0
        else:
            current = current * 10 * ("十" not in word and "百" not in word) + _CJK_ONES.index(character)
    return total + current
