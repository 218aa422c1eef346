"""The heading path: which headings a place in the document stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dsocr_loaders.values import Region

__all__ = ["MAX_TITLE_CHARACTERS", "HeadingStack", "joined_path"]

MAX_TITLE_CHARACTERS = 200
"""Most characters of a heading in the path. What is longer was hardly a heading, and every chunk below repeats it."""

SEPARATOR = " > "


def joined_path(titles: Collection[str]) -> str:
    """Return heading texts as one line: `"3 Results > 3.2 Ablations"`."""
    return SEPARATOR.join(titles)


class HeadingStack:
    """The headings above the current place, outermost first.

    The document's title, that is its first title, is not part of the path: it is the same everywhere.
    """

    def __init__(self) -> None:
        self._open: list[tuple[Region, str]] = []
        self._has_title = False

    def open(self, heading: Region) -> None:
        """Go below `heading`: it closes all headings of its own level and deeper."""
        if heading.type is RegionType.TITLE and not self._has_title:
            self._has_title = True
            self._open.clear()
            return
        while self._open and self._open[-1][0].level >= heading.level:
            self._open.pop()
        self._open.append((heading, _title(heading.text)))

    def titles(self, *, without: Sequence[Region] = ()) -> tuple[str, ...]:
        """Return the texts of the open headings, except for those in `without`, each as one line."""
        # By identity: a running title is equal on every page, and yet another heading.
        left_out = {id(heading) for heading in without}
        return tuple(title for heading, title in self._open if id(heading) not in left_out)


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"
