"""Page numbers, alone or at the end of a running title."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsocr_loaders.structure.numbering import cjk_number, roman_number

__all__ = ["FoundNumber", "found_number"]

_LONGEST = 120  # characters
_MARKS = r"[\s\-\u2012-\u2015|·•~/\[\]()（）「」]*"  # noqa: RUF001 - full-width brackets
_PAGE_WORD = r"(?:page|seite|página|pagina|pág\.?|pg\.?|p\.|s\.|صفحة|ص\.?)"
_NUMBER = r"(?P<number>\d{1,5}|[ivxlc]{1,7}|[IVXLC]{1,7})"
_OF = r"(?:\s*(?:/|of|von|de|sur|di|من)\s*\d{1,5})?"
_ALONE = re.compile(rf"{_MARKS}(?P<word>(?i:{_PAGE_WORD}))?\s*{_NUMBER}{_OF}{_MARKS}")
_CJK = re.compile(
    rf"{_MARKS}第\s*(?P<number>\d{{1,5}}|[〇零一二三四五六七八九十百]{{1,5}})\s*[页頁]"
    rf"(?:\s*[,，/]?\s*共\s*\d{{1,5}}\s*[页頁])?{_MARKS}"  # noqa: RUF001 - a full-width comma
)
_CJK_SHORT = re.compile(rf"{_MARKS}(?P<number>\d{{1,5}})\s*[页頁]{_MARKS}")
_BEHIND = re.compile(
    rf"(?P<rest>.*?\S)(?:[\s|·•\-\u2012-\u2015]+)(?P<word>(?i:{_PAGE_WORD})\s*)?(?P<number>\d{{1,5}}){_OF}{_MARKS}"
)
_BEFORE = re.compile(
    rf"{_MARKS}(?P<number>\d{{1,5}})(?:[|·•\-\u2012-\u2015]\s*|\s+[|·•\-\u2012-\u2015]?\s*)(?P<rest>\S.*)"
)


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """A number that may be a page's.

    Attributes:
        value: the number.
        rest: what stands beside it, `""` if it stands alone.
        is_sure: whether words say that it is a page's: "Page 3", "第 3 页", "3/10".
        style: `"digits"`, `"roman"` or `"cjk"`: a page number counts on within one style.
    """

    value: int
    rest: str
    is_sure: bool
    style: str


def found_number(text: str) -> FoundNumber | None:
    """Return the number that a short text is, begins or ends with, None if it has none."""
    line = " ".join(text.split())
    if not line or len(line) > _LONGEST:
        return None
    for pattern in (_ALONE, _CJK, _CJK_SHORT):
        found = pattern.fullmatch(line)
        if found is not None:
            number = found["number"]
            is_sure = pattern is not _ALONE or found["word"] is not None or "/" in line or line.strip("-–— ") != line  # noqa: RUF001 - a dash
            if number.isdecimal():
                return FoundNumber(int(number), "", is_sure, "digits")
            if pattern is _CJK:
                return FoundNumber(cjk_number(number), "", is_sure, "cjk")
            return FoundNumber(roman_number(number.upper()), "", is_sure, "roman")
    for pattern in (_BEHIND, _BEFORE):
        found = pattern.fullmatch(line)
        if found is not None:
            is_sure = pattern is _BEHIND and found["word"] is not None
            return FoundNumber(int(found["number"]), found["rest"], is_sure, "digits")
    return None
