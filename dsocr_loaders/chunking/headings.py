"""The heading path: which headings a place in the document stands under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Collection

    from dsocr_loaders.values import Region

__all__ = ["HeadingStack", "joined_path"]

SEPARATOR = " > "


def joined_path(titles: Collection[str]) -> str:
    """Return heading texts as one line: `"3 Results > 3.2 Ablations"`."""
    return SEPARATOR.join(titles)


class HeadingStack:
    """The headings above the current place, outermost first.

    The document's title, that is its first title, is not part of the path: it is the same everywhere.
    """

    def __init__(self) -> None:
        self._open: list[Region] = []
        self._has_title = False

    def open(self, heading: Region) -> None:
        """Go below `heading`: it closes all headings of its own level and deeper."""
        if heading.type is RegionType.TITLE and not self._has_title:
            self._has_title = True
            self._open.clear()
            return
        while self._open and self._open[-1].level >= heading.level:
            self._open.pop()
        self._open.append(heading)

    def titles(self, *, without: Collection[Region] = ()) -> tuple[str, ...]:
        """Return the texts of the open headings, except for those in `without`."""
        # By identity: a running title is equal on every page, and yet another heading.
        left_out = {id(heading) for heading in without}
        return tuple(_one_line(heading.text) for heading in self._open if id(heading) not in left_out)


def _one_line(text: str) -> str:
    return " ".join(text.split())
