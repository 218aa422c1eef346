"""The heading path: which headings a place in the document stands under."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

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


@dataclass(frozen=True, slots=True, eq=False)
class Heading:
    """A heading of a document; equal only to itself, since a running title is another heading on every page.

    Attributes:
        level: from 1; 0 for the document's title.
        title: its text, on one line.
    """

    level: int
    title: str

    @property
    def is_document_title(self) -> bool:
        """Whether it is the title of the whole document."""
        return self.level == 0


def joined_path(headings: Collection[Heading]) -> str:
    """Return headings as one line: `"3 Results > 3.2 Ablations"`."""
    return SEPARATOR.join([heading.title for heading in headings])


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
    title = title_of(one) or title_of(other)
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

    @property
    def section(self) -> tuple[Heading, ...]:
        """The document's title, then the open headings."""
        return self._open if self._title is None else (self._title, *self._open)

    def open(self, text: str, level: int, *, is_title: bool = False) -> Heading:
        """Go below a heading, which closes all headings of its own level and deeper; return it."""
        if is_title and self._title is None:
            self._title = Heading(0, _title(text))
            self._open = ()
            return self._title
        heading = Heading(max(1, min(MAX_DEPTH, level)), _title(text))
        kept = list(self._open)
        while kept and kept[-1].level >= heading.level:
            kept.pop()
        self._open = (*kept, heading)
        return heading


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"
