"""The heading path: which headings a place in the document stands under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["MAX_DEPTH", "MAX_TITLE_CHARACTERS", "Heading", "HeadingStack", "common_section", "joined_path"]

MAX_DEPTH = 6
"""Deepest level of a heading, as in Markdown; one that says it is deeper counts as this."""

MAX_TITLE_CHARACTERS = 200
"""Most characters of a heading in the path. What is longer was hardly a heading, and every chunk below repeats it."""

SEPARATOR = " > "


@dataclass(frozen=True, slots=True, eq=False)
class Heading:
    """A heading of a document; equal only to itself, since a running title is another heading on every page."""

    level: int
    title: str


def joined_path(titles: Collection[str]) -> str:
    """Return heading texts as one line: `"3 Results > 3.2 Ablations"`."""
    return SEPARATOR.join(titles)


def common_section(one: Sequence[Heading], other: Sequence[Heading]) -> tuple[Heading, ...]:
    """Return the headings that two places both stand under."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] is other[shared]:
        shared += 1
    return tuple(one[:shared])


class HeadingStack:
    """The headings above the current place, outermost first.

    The document's title, that is its first title, is not part of the path: it is the same everywhere.
    """

    def __init__(self) -> None:
        self._open: tuple[Heading, ...] = ()
        self._has_title = False

    @property
    def section(self) -> tuple[Heading, ...]:
        """The open headings."""
        return self._open

    def open(self, text: str, level: int, *, is_title: bool = False) -> Heading:
        """Go below a heading, which closes all headings of its own level and deeper; return it."""
        heading = Heading(max(1, min(MAX_DEPTH, level)), _title(text))
        if is_title and not self._has_title:
            self._has_title = True
            self._open = ()
            return heading
        kept = list(self._open)
        while kept and kept[-1].level >= heading.level:
            kept.pop()
        self._open = (*kept, heading)
        return heading


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"
