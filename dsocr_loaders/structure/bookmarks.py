"""The PDF's bookmarks: which heading each of them means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import fuzz

from dsocr_loaders.structure.numbering import numbering_of
from dsocr_loaders.structure.wording import title_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.structure.headings import Heading
    from dsocr_loaders.values import OutlineEntry

__all__ = ["Bookmarks"]

_SECTION_LEVEL = 2
_ALIKE = 90  # rapidfuzz's ratio, of 100: a misread letter in ten


class _Bookmark(NamedTuple):
    """The letters of a title, those of its words, the values of its number, and the level that it gives."""

    key: str
    words: str
    values: tuple[int, ...]
    level: int


class Bookmarks:
    """Finds the bookmark of a heading: the same title on the same page, with or without its number.

    A bookmark's level is one less than a heading's, since it counts sections from 1; but where the outermost one
    stands alone and holds all others, it is the document's title.
    """

    def __init__(self, entries: Sequence[OutlineEntry]) -> None:
        outermost = [entry for entry in entries if entry.level == 1]
        has_root = (
            len(outermost) == 1
            and len(entries) > 1
            and entries[0] is outermost[0]
            and numbering_of(entries[0].title) is None
        )
        self._shift = 0 if has_root else _SECTION_LEVEL - 1
        self._of_page: dict[int, list[OutlineEntry]] = {}
        for entry in entries:
            self._of_page.setdefault(entry.page_number, []).append(entry)

    def level(self, heading: Heading) -> int | None:
        """Return the level that a bookmark gives the heading, None if none means it."""
        # Taken apart page by page: those of a long file take a tenth of a second, which its first chunk would wait for.
        entries = [self._bookmark(entry) for entry in self._of_page.get(heading.page_number, ())]
        if not entries:
            return None
        whole = title_key(heading.text)
        if not whole:
            return None
        for entry in entries:
            if entry.key == whole or (entry.words and entry.words == heading.key and _fits(entry, heading)):
                return entry.level
        alike = [(fuzz.ratio(entry.key, whole), entry.level) for entry in entries if _fits(entry, heading)]
        ratio, level = max(alike, key=lambda pair: pair[0], default=(0.0, 0))
        return level if ratio >= _ALIKE else None

    def _bookmark(self, entry: OutlineEntry) -> _Bookmark:
        number = numbering_of(entry.title)
        words = entry.title[number.end :] if number else entry.title
        values = number.values if number else ()
        return _Bookmark(title_key(entry.title), title_key(words), values, entry.level + self._shift)


def _fits(entry: _Bookmark, heading: Heading) -> bool:
    """Whether the numbers of both, if they have any, are the same."""
    return not entry.values or heading.number is None or entry.values == heading.number.values
