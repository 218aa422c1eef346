"""The top of a document: its title, and the lines of authors below it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.sizes import LARGER
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.parts import Part
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile

__all__ = ["with_title"]

_CLEARLY_LARGER = 1.05  # the title is larger than the next heading by more than rounding
_JOINTS = frozenset(
    {"and", "und", "et", "y", "e", "&", "with", "von", "van", "de", "der", "den", "da", "del", "di", "la", "le", "by"}
)
_FEWEST_NAMES, _MOST_NAMES = 2, 60  # words
_NUMBERED = re.compile(r"(?:\d|[IVX]+\.|[A-Z]\.\s)")
_CENTRED = 0.02  # of the title's width: middles this close are one


def with_title(parts: Sequence[Part], sizes: SizeProfile) -> list[Part]:
    """Return the parts of the first page, its largest heading made the title if there is one such.

    What follows the title at once, is set larger than the body and reads like names is a text: the authors.
    """
    headings = [part for part in parts if part.type is RegionType.HEADING and part.size >= LARGER * sizes.body]
    largest = max(headings, key=lambda part: part.size, default=None)
    if largest is None or any(part is not largest and part.size * _CLEARLY_LARGER >= largest.size for part in headings):
        return list(parts)
    titled = [replace(part, type=RegionType.TITLE, level=1) if part is largest else part for part in parts]
    for index in range(next(at for at, part in enumerate(parts) if part is largest) + 1, len(titled)):
        part = titled[index]
        if part.type is not RegionType.HEADING or not _are_authors(part, largest):
            break
        titled[index] = replace(part, type=RegionType.TEXT, level=0)
    return titled


def _are_authors(part: Part, title: Part) -> bool:
    """Whether a heading right below the title reads like names: capitals but for the words between them."""
    words = re.findall(r"[^\W\d_][^\s,;]*|&", part.text)
    if not _FEWEST_NAMES <= len(words) <= _MOST_NAMES or _NUMBERED.match(part.text):
        return False
    names = [word for word in words if word.casefold() not in _JOINTS]
    are_capital = all(not word[0].islower() for word in names)
    has_joint = "," in part.text or len(names) < len(words)
    first, second = part.places[0], title.places[0]
    is_centred = (
        abs(first.centre[0] - second.centre[0]) <= _CENTRED * max(first.width, second.width)
        and abs(first.x0 - second.x0) > part.size
    )
    return are_capital and (has_joint or is_centred)
