"""The heading path: which headings a place in the document stands under."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsocr_loaders.values import PageResult

__all__ = [
    "MAX_DEPTH",
    "MAX_TITLE_CHARACTERS",
    "Heading",
    "HeadingStack",
    "common_section",
    "context_of",
    "joined_path",
    "path_of",
    "title_of",
]

MAX_DEPTH = 6
"""Deepest level of a heading, as in Markdown; one that says it is deeper counts as this."""

MAX_TITLE_CHARACTERS = 200
"""Most characters of a heading in the path. What is longer was hardly a heading, and every chunk below repeats it."""

SEPARATOR = " > "
_SHORTEST_NAMED = 4  # characters; what is shorter may be part of any running head


@dataclass(frozen=True, slots=True, eq=False)
class Heading:
    """A heading of a document; equal only to itself, since a running title is another heading on every page.

    Attributes:
        level: from 1; 0 for the document's title.
        title: its text, on one line.
        name: of a document's title, how its running head puts it, if that says more: "Harbour of Port Ellery - Annual
            Report" of "Annual Report".
    """

    level: int
    title: str
    name: str = ""

    @property
    def is_document_title(self) -> bool:
        """Whether it is the title of the whole document."""
        return self.level == 0


def joined_path(headings: Collection[Heading]) -> str:
    """Return headings as one line: `"3 Results > 3.2 Ablations"`."""
    return SEPARATOR.join([heading.name or heading.title for heading in headings])


def path_of(section: Sequence[Heading]) -> tuple[Heading, ...]:
    """Return the headings of a section without the document's title."""
    return tuple(section[1:] if section and section[0].is_document_title else section)


def title_of(section: Sequence[Heading]) -> Heading | None:
    """Return the document's title as far as it was seen when the section began."""
    return section[0] if section and section[0].is_document_title else None


def context_of(section: Sequence[Heading], own: Collection[Heading]) -> tuple[Heading, ...]:
    """Return what stands above a text of a section that has the headings `own` in itself.

    A heading that is the document's title once more, as after a cover, makes the title needless.
    """
    title = title_of(section)
    above = [heading for heading in path_of(section) if not any(heading is one for one in own)]
    if title is None or any(title is one or title.title.casefold() == one.title.casefold() for one in (*above, *own)):
        return tuple(above)
    return (title, *above)


def common_section(one: Sequence[Heading], other: Sequence[Heading]) -> tuple[Heading, ...]:
    """Return the headings that two places both stand under, and the title if one of them knows it."""
    title = title_of(other) or title_of(one)  # the later one may have a name
    shared = [heading for heading, _ in takewhile(_is_same, zip(path_of(one), path_of(other), strict=False))]
    return tuple(shared) if title is None else (title, *shared)


def _is_same(pair: tuple[Heading, Heading]) -> bool:
    return pair[0] is pair[1]


class HeadingStack:
    """The headings above the current place, outermost first.

    The document's title, that is its first title, stays above all of them from where it stands to the end, and is not
    part of the path: it is the same everywhere.
    """

    def __init__(self) -> None:
        self._open: tuple[Heading, ...] = ()
        self._title: Heading | None = None
        self._heads: list[str] = []  # of the last page that had some

    def see(self, page: PageResult) -> None:
        """Look for a running head that holds the document's title and more words, as names of firms and series.

        To be called with each page before its headings are opened. The title has its name from the next heading or
        `name_title` on: a text that waits to be a chunk was measured without it.
        """
        heads = [_without_number(region.text, page) for region in page.regions if region.type is RegionType.HEADER]
        self._heads = [head for head in heads if len(head) <= MAX_TITLE_CHARACTERS] or self._heads

    def name_title(self) -> None:
        """Give the title the name that was seen, from here on."""
        title = self._title
        if title is not None and not title.name:
            self._title = replace(title, name=next((head for head in self._heads if _says_more(head, title.title)), ""))

    @property
    def section(self) -> tuple[Heading, ...]:
        """The document's title, then the open headings."""
        return self._open if self._title is None else (self._title, *self._open)

    def open(self, text: str, level: int, *, is_title: bool = False) -> Heading:
        """Go below a heading, which closes all headings of its own level and deeper; return it."""
        if is_title and self._title is None:
            self._title = Heading(0, _title(text))
            self._open = ()
            self.name_title()
            return self._title
        self.name_title()
        heading = Heading(max(1, min(MAX_DEPTH, level)), _title(text))
        kept = list(self._open)
        while kept and kept[-1].level >= heading.level:
            kept.pop()
        self._open = (*kept, heading)
        return heading


def _without_number(head: str, page: PageResult) -> str:
    """Return a running head on one line, without the page's number at its beginning or end."""
    words = head.split()
    numbers = {page.label, str(page.page_number)}
    while words and (words[0] in numbers or not any(map(str.isalnum, words[0]))):
        words.pop(0)
    while words and (words[-1] in numbers or not any(map(str.isalnum, words[-1]))):
        words.pop()
    return " ".join(words)


def _says_more(head: str, title: str) -> bool:
    if len(title) < _SHORTEST_NAMED or len(head) <= len(title):
        return False
    return re.search(rf"(?<![a-z\d]){re.escape(title.casefold())}(?![a-z\d])", head.casefold()) is not None


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"
