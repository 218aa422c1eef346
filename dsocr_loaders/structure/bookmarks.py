"""The PDF's bookmarks: which heading each of them means."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


class Bookmarks:
    """Finds the bookmark of a heading: the same title on the same page, with or without its number.

    A bookmark's level is one less than a heading's, since it counts sections from 1; but where the outermost one
    stands alone and holds all others, it is the document's title.
    """

    def __init__(self, entries: Sequence[OutlineEntry]) -> None:
        outermost = [entry for entry in entries if entry.level == 1]
        has_root = len(outermost) == 1 and len(entries) > 1 and entries[0] is outermost[0]
        shift = 0 if has_root else _SECTION_LEVEL - 1
        self._levels: dict[int, list[tuple[str, str, int]]] = {}
        for entry in entries:
            number = numbering_of(entry.title)
            words = entry.title[number.end :] if number else entry.title
            found = (title_key(entry.title), title_key(words), entry.level + shift)
            self._levels.setdefault(entry.page_number, []).append(found)

    def level(self, heading: Heading) -> int | None:
        """Return the level that a bookmark gives the heading, None if none means it."""
        entries = self._levels.get(heading.page_number)
        if not entries:
            return None
        whole = title_key(heading.text)
        if not whole:
            return None
        for title, words, level in entries:
            if title == whole or (words and words == heading.key and (not heading.number or title == words)):
                return level
        alike = [(fuzz.ratio(title, whole), level) for title, _, level in entries]
        ratio, level = max(alike, key=lambda pair: pair[0])
        return level if ratio >= _ALIKE else None
