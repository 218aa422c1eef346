"""A heading with everything that tells its level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.structure.numbering import numbering_of
from dsocr_loaders.structure.sizes import letter_size
from dsocr_loaders.structure.wording import title_key
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.structure.numbering import Numbering
    from dsocr_loaders.values import PageResult, Region

__all__ = ["HEADINGS", "OUTER_SECTIONS", "Heading", "heading_of", "is_outer_section"]

HEADINGS: Final = frozenset({RegionType.TITLE, RegionType.HEADING})

OUTER_SECTIONS: Final = frozenset(
    map(
        title_key,
        (
            "Abstract",
            "Acknowledgements",
            "Acknowledgments",
            "Acknowledgement",
            "Acknowledgment",
            "Bibliography",
            "Contents",
            "Table of Contents",
            "Foreword",
            "Glossary",
            "Index",
            "Preface",
            "References",
            "Executive Summary",
            "List of Figures",
            "List of Tables",
            "Data Availability",
            "Funding",
            "Author Contributions",
            "Conflicts of Interest",
            "Keywords",
            "Supplementary Material",
            "Works Cited",
            "Zusammenfassung",
            "Kurzfassung",
            "Danksagung",
            "Inhalt",
            "Inhaltsverzeichnis",
            "Literatur",
            "Literaturverzeichnis",
            "Quellen",
            "Quellenverzeichnis",
            "Vorwort",
            "Glossar",
            "Stichwortverzeichnis",
            "Abbildungsverzeichnis",
            "Tabellenverzeichnis",
            "Abkürzungsverzeichnis",
            "Résumé",
            "Remerciements",
            "Sommaire",
            "Bibliographie",
            "摘要",
            "目录",
            "目錄",
            "参考文献",
            "參考文獻",
            "致谢",
            "致謝",
            "前言",
            "关键词",
            "附录",
            "后记",
            "序",
            "序言",
            "الملخص",
            "ملخص",
            "المراجع",
            "المصادر",
            "المصادر والمراجع",
            "شكر وتقدير",
            "الفهرس",
            "المحتويات",
            "مقدمة",
            "تمهيد",
        ),
    )
)
"""Sections that stand without a number beside the numbered ones (`title_key` of each)."""

_WORDED = frozenset({"part", "chapter", "appendix", "section", "article"})
_LONGEST_CAPITALS = 120  # characters; a longer text in capitals is no style of headings


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading on its page.

    Attributes:
        page_number, order: where it is.
        type: title or heading.
        text: with the words of its other pieces, as one line.
        key: `title_key` of its words, the number left out.
        number: what it begins with, or None.
        marked_level: as the page marks it, 0 where it does not.
        size: height of its letters in the page's unit, 0.0 if not known.
        is_capitals: whether it is written in capitals all over.
        is_of_text_layer: whether its mark was made from font sizes.
    """

    page_number: int
    order: int
    type: RegionType
    text: str
    key: str
    number: Numbering | None
    marked_level: int
    size: float
    is_capitals: bool
    is_of_text_layer: bool


def heading_of(pieces: Sequence[Region], page: PageResult) -> Heading:
    """Return the heading that regions make: one, or the pieces of one that came apart.

    It stands where its last piece does. A title in several pieces is as the first one is marked.
    """
    region = pieces[-1]
    first = pieces[0] if pieces[0].type is RegionType.TITLE else region
    text = " ".join(" ".join(piece.text for piece in pieces).split())
    number = numbering_of(text)
    if number is not None and number.end == len(text) and number.style not in _WORDED:
        number = None  # a number alone may be anything
    words = text[number.end :] if number else text
    return Heading(
        page_number=page.page_number,
        order=region.order,
        type=first.type,
        text=text,
        key=title_key(words),
        number=number,
        marked_level=first.level,
        size=letter_size(region, page),
        is_capitals=len(text) <= _LONGEST_CAPITALS and words.isupper() and any(map(str.isalpha, words)),
        is_of_text_layer=page.text_source == "text_layer",
    )


def is_outer_section(heading: Heading) -> bool:
    """Whether a heading is one of `OUTER_SECTIONS`."""
    return heading.number is None and heading.key in OUTER_SECTIONS
