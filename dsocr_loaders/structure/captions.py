"""Numbers of figures, tables and formulas: in captions, in formulas, and where a text mentions them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mention", "caption_of_what", "formula_number", "is_continued", "mentions_in"]

_FIGURE = (
    r"figures?|figs?\.?|abbildung(?:en)?|abb\.|bild(?:er)?|diagramm?|charts?|figura|(?:ال|بال|لل)?(?:شكل|أشكال|صورة)"
)
_TABLE = r"tables?|tab\.|tbl\.|tabellen?|tableaux?|tabla|(?:ال|بال|لل)?(?:جدول|جداول)"
_FORMULA = (
    r"equations?|eqs?\.|eqns?\.|formulas?|formulae|gleichung(?:en)?|gl\.|formeln?|équation"
    r"|(?:ال|بال|لل)?(?:معادلة|صيغة)"
)
_NUMBER = r"(?:[A-Z][.\-]?)?\d{1,4}(?:[.\-–]\d{1,4}){0,3}(?:[a-z](?![^\W_]))?"  # noqa: RUF001 - a dash
_MENTION = re.compile(
    rf"(?:(?<![^\W_])(?:(?P<figure>{_FIGURE})|(?P<table>{_TABLE})|(?P<formula>{_FORMULA}))"
    r"|(?P<cjk_figure>[图圖])|(?P<cjk_table>表格?)|(?P<cjk_formula>公式|方程|式))"
    rf"[\s\u00a0~]*(?:(?P<bracket>[(（])\s*)?(?P<number>{_NUMBER})(?(bracket)\s*[)）])",  # noqa: RUF001 - full-width
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"\s*(?:(?P<to>–|—|-|to\b|bis\b|至|到)|,|、|，|;|and\b|und\b|&|or\b|oder\b|et\b|y\b|和|与|及|و)\s*(?:and\b\s*|und\b\s*)?"  # noqa: RUF001 - likewise
    rf"[(（]?(?P<number>{_NUMBER})[)）]?(?![^\W_])(?!\s*(?:%|°))"  # noqa: RUF001 - likewise
)
_DIGITS = re.compile(r"\d+")
_LONGEST_WORD = 24  # characters from the word's beginning to the number, or the number's own
_MOST_IN_ROW = 12
_BARE = r"([A-Z]?[.\-]?\d{1,4}(?:[.\-]\d{1,4}){0,3}[a-z]?)"
_TAG = re.compile(rf"\\tag\*?\s?\{{\s?\(?{_BARE}\)?\s?\}}")
_TRAILING = re.compile(
    rf"(?:\\q?quad|\\eqno|\\hfill|\\\]|\\\)|[\s$,.;:…·~])[(（]{_BARE}[)）](?:\\\]|\\\)|\\end\{{[a-z*]{{1,20}}\}}|[\s$.,;])*"  # noqa: RUF001 - likewise
)
_FORMULA_END = 80  # characters in which the number of a formula is looked for
_CONTINUED = re.compile(
    r"\bcontinued\b|\bcont['’.]?d\b|\(cont\.?\)|fortsetzung|\bforts\.|\bsuite\b|[续續]\s*表|表\s*[续續]|[（(][续續][）)]|تابع|تتمة",  # noqa: RUF001 - likewise
    re.IGNORECASE,
)
_BEFORE_CAPTION = re.compile(
    r"[\s*_(\[（【]*(?:(?:continued|fortsetzung(?: von)?|forts\.|[续續附]|تابع)[\s:：]*)?",  # noqa: RUF001 - likewise
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure, table or formula that a text mentions.

    Attributes:
        type: figure, table or formula.
        numbers: its number, with a plain `-` for a dash; several for a range, "3-5", which is first looked for as it
            stands.
        start, end: where the words stand.
    """

    type: RegionType
    numbers: tuple[str, ...]
    start: int
    end: int


_TYPES: Final = (("figure", RegionType.FIGURE), ("table", RegionType.TABLE), ("formula", RegionType.FORMULA))


def caption_of_what(text: str) -> tuple[RegionType, str] | None:
    """Return kind and number that a caption begins with, "Figure 3: ...", None where it does not."""
    start = _BEFORE_CAPTION.match(text)
    found = _MENTION.match(text, start.end() if start else 0)
    return (_type_of(found), _plain(found["number"])) if found else None


def is_continued(caption: str) -> bool:
    """Whether a caption says that what it belongs to goes on from an earlier page."""
    return _CONTINUED.search(caption) is not None


def formula_number(text: str) -> str:
    r"""Return the number that a formula has, in `\tag{3}` or in round brackets at its end; `""` if it has none."""
    found = _TAG.search(text)
    if found is None:
        start = max(text.rfind("(", 0), text.rfind("（", 0), 0)  # noqa: RUF001 - likewise
        # The bracket's own number, and what may stand before it.
        found = _TRAILING.fullmatch(text, _before_bracket(text, start)) if len(text) - start <= _FORMULA_END else None
    return _plain(found[1]) if found else ""


def _before_bracket(text: str, bracket: int) -> int:
    for mark in ("\\qquad", "\\quad", "\\eqno", "\\hfill", "\\]", "\\)"):
        if text.endswith(mark, 0, bracket):
            return bracket - len(mark)
    return max(0, bracket - 1)


def mentions_in(text: str) -> Iterator[Mention]:
    """Yield what a text mentions, in order: "Figures 3 and 4" is two mentions, "Figs. 3-5" is one with a range."""
    position = 0
    for digits in _DIGITS.finditer(text):  # far fewer than letters: looking for the words first takes ten times longer
        if digits.start() < position:
            continue
        found = _MENTION.search(text, max(position, digits.start() - _LONGEST_WORD), digits.end() + _LONGEST_WORD)
        if found is None:
            continue
        kind = _type_of(found)
        yield Mention(kind, _numbers(found["number"]), found.start(), found.end())
        position, last = found.end(), found["number"]
        for _ in range(_MOST_IN_ROW):
            following = _NEXT.match(text, position)
            if following is None:
                break
            numbers = _numbers(following["number"])
            if following["to"]:
                numbers = _numbers(f"{last}-{following['number']}")[1:] or numbers
            position, last = following.end(), following["number"]
            yield Mention(kind, numbers, following.start("number"), following.end("number"))


def _numbers(number: str) -> tuple[str, ...]:
    plain = _plain(number)
    first, dash, last = plain.partition("-")
    if dash and first.isdecimal() and last.isdecimal() and int(first) < int(last) <= int(first) + _MOST_IN_ROW:
        return (plain, *map(str, range(int(first), int(last) + 1)))
    return (plain,)


def _type_of(found: re.Match[str]) -> RegionType:
    return next(kind for name, kind in _TYPES if found[name] or found[f"cjk_{name}"])


def _plain(number: str) -> str:
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in number.replace("–", "-"))  # noqa: RUF001 - a dash
