"""Headers, footers and page numbers, as far as one page alone shows them.

Short lines in the top or bottom margin are found, in no larger type than the body and, page numbers aside, not bold,
with a gap to the text; and, anywhere near the edge, what `repetition` found at the same height on other pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import tidy
from dsocr_loaders.engines.text_layer.layer import Rectangle, Run, rectangle_around
from dsocr_loaders.engines.text_layer.repetition import rows_by_height
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Frame
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile

__all__ = ["Furniture", "SplitPage", "split_furniture"]

_MARGIN = 0.07  # of the page's height: 21 mm of A4
_NUMBER_MARGIN = 0.13  # of the page's height: LaTeX's article puts the page number there
_REPEATED_MARGIN = 0.22  # of the page's height, for what repeats
_MOST_ROWS = 2
_LONGEST = 120  # characters
_GAP = 1.2  # of the font size, between the glyphs of furniture and those of the text
_NUMBER_GAP = 0.1  # the same, for a page number that stands alone near the edge
_REPEATED_GAP = 0.4  # the same, for what repeats
_LARGEST = 1.05  # of the body's size
_JOINED_GAP = 2.0  # of the font size; runs farther apart are two pieces: a running title and a page number
_PAGE_NUMBER = re.compile(
    r"[-\u2013\u2014|\s]*(?:page|seite|p\.|\u7b2c|\u0635\u0641\u062d\u0629)?\s*(?:\d{1,5}|[ivxlc]{1,7})"
    r"\s*(?:(?:of|von|/)\s*\d{1,5})?\s*\u9875?[-\u2013\u2014|\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Furniture:
    """One piece of a page's furniture: `type` is header, footer or page number; `runs` from left to right."""

    type: RegionType
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class SplitPage:
    """A page's runs: furniture above the text, the text as painted, furniture below it."""

    above: tuple[Furniture, ...]
    text: tuple[Run, ...]
    below: tuple[Furniture, ...]


def split_furniture(runs: Sequence[Run], solids: Iterable[Rectangle], frame: Frame, sizes: SizeProfile) -> SplitPage:
    """Return the runs as furniture and text; `solids` are the places of tables and figures.

    A page that has nothing else but what could be furniture has text, unless it is a page number alone.
    """
    body_size = sizes.body
    rows = rows_by_height(runs)
    places = [rectangle_around(run.place for run in row) for row in rows]
    # Seen from the edge of the page inwards, both margins follow one rule.
    solid = list(solids)
    from_top = [Rectangle(0, place.y0, 0, place.y1) for place in places]
    from_bottom = [Rectangle(0, frame.height - place.y1, 0, frame.height - place.y0) for place in reversed(places)]
    first_solid = min((place.y0 for place in solid), default=frame.height)
    last_solid = min((frame.height - place.y1 for place in solid), default=frame.height)
    repeated = sizes.repetition
    heads = [repeated.is_head(row[0].baseline) for row in rows]
    top = _outer_rows(rows, from_top, heads, first_solid, frame.height, body_size)
    rest = rows[top:]
    feet = [repeated.is_foot(frame.height - row[0].baseline) for row in rest[::-1]]
    bottom = _outer_rows(rest[::-1], from_bottom[: len(rest)], feet, last_solid, frame.height, body_size)
    outside = {id(run) for row in (*rows[:top], *rest[len(rest) - bottom :]) for run in row}
    if len(outside) == len(runs) and not solid and not all(map(_is_page_number, rows)):
        # Furniture of nothing is the page's text, wherever it stands.
        return SplitPage((), tuple(runs), ())
    return SplitPage(
        above=tuple(piece for row in rows[:top] for piece in _pieces(row, RegionType.HEADER)),
        text=tuple(run for run in runs if id(run) not in outside),
        below=tuple(piece for row in rest[len(rest) - bottom :] for piece in _pieces(row, RegionType.FOOTER)),
    )


def _outer_rows(
    rows: Sequence[Sequence[Run]],
    places: Sequence[Rectangle],
    repeated: Sequence[bool],
    solid_from: float,
    height: float,
    body_size: float,
) -> int:
    """Return how many of the rows, seen from the edge of the page, are furniture."""
    found = 0
    for count, row in enumerate(rows[:_MOST_ROWS], start=1):
        place = places[count - 1]
        text = tidy(" ".join(run.text for run in row))
        is_number = _is_page_number(row)
        margin = _NUMBER_MARGIN if is_number or _ends_with_number(row) else _MARGIN
        if repeated[count - 1]:
            margin = _REPEATED_MARGIN
        is_plain = all(run.size <= _LARGEST * body_size and (is_number or not run.is_bold) for run in row)
        if place.y1 > min(margin * height, solid_from) or len(text) > _LONGEST or not is_plain:
            break
        next_from = min(places[count].y0 if count < len(rows) else height, solid_from)
        gap = _NUMBER_GAP if is_number and place.y1 <= _MARGIN * height else _GAP
        gap = _REPEATED_GAP if repeated[count - 1] else gap
        if next_from - place.y1 >= gap * max(run.size for run in row):
            found = count
    return found


def _is_page_number(row: Iterable[Run]) -> bool:
    return _PAGE_NUMBER.fullmatch(tidy(" ".join(run.text for run in row))) is not None


def _ends_with_number(row: Iterable[Run]) -> bool:
    """Whether a page number stands at one end of a row, set apart."""
    pieces = _pieces(row, RegionType.HEADER)
    return len(pieces) > 1 and RegionType.PAGE_NUMBER in {pieces[0].type, pieces[-1].type}


def _pieces(row: Iterable[Run], kind: RegionType) -> list[Furniture]:
    ordered = sorted(row, key=lambda run: run.place.x0)
    groups = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if after.place.x0 - before.place.x1 > _JOINED_GAP * after.size:
            groups.append([after])
        else:
            groups[-1].append(after)
    return [
        Furniture(
            RegionType.PAGE_NUMBER if _is_page_number(group) else kind,
            tuple(group),
        )
        for group in groups
    ]
