"""Runs of one column -> rows: what stands on one baseline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import SOFT_HYPHEN, is_unspaced, tidy
from dsocr_loaders.engines.text_layer.layer import Rectangle, Run, is_rtl, rectangle_around
from dsocr_loaders.values import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Marker", "Row", "rows_of"]

_SAME_BASELINE = 0.35  # of the font size
_BLANK = 0.1  # of the font size; a smaller gap between two runs is inside a word
_FEWEST_SPACED, _SPACED = 5, 0.75  # letters, and share of the runs, that are letters by themselves
_SPACED_BLANK = 1.5  # times their usual gap
_WIDE = 2.0  # of the font size; a wider gap sets things apart, as in a row of a table
_RAISED_SIZE, _RAISED_BY = 0.85, 0.15  # of the line's font size
_LEADERS = re.compile(r"(?:[.\u2026\u00b7_] ?){5}")  # the dots that lead to a page number

# Bullets in common fonts: general punctuation, geometric shapes, ticks, arrows, and Wingdings' private numbers.
_BULLET = re.compile("[\u2022\u2023\u2043\u2219\u25a0-\u25ff\u2713-\u2718\u2794-\u27be\uf0a0-\uf0ff\u00b7*]\\s*")
_DASH = re.compile("[-\u2013\u2014]\\s+")
_NUMBER = re.compile(
    r"(\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{2,5})[.)]|\[\d{1,3}\])\s+(?=\S)|(\d{1,3}\u3001|[\u2460-\u2473])\s*(?=\S)"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a list item starts with.

    Attributes:
        text: `"-"` for any bullet or dash, else the number as written, such as `"2."` or `"(a)"`.
        length: characters of the row's text up to the item's own text.
        is_sure: whether it cannot be a word of a running text: a bullet is sure, a dash or a number is not.
    """

    text: str
    length: int
    is_sure: bool

    @property
    def is_bullet(self) -> bool:
        """Whether it is a bullet or a dash, and no number."""
        return self.text == "-"


@dataclass(frozen=True, slots=True)
class Row:
    """Runs on one baseline, read one after the other.

    Attributes:
        text: tidy, not empty.
        place: around its glyphs.
        baseline: y of the largest run's baseline.
        size: font size of its longest run.
        is_bold: whether all of it is bold.
        is_rtl: whether it is written from right to left.
        is_spread: whether wide gaps or leaders set its runs apart, as in a row of a table.
        marker: what it starts with if that looks like a list item.
        text_start: where the text after the marker, or after the only wide gap, starts; in points that grow in reading
            direction.
        starts_raised: whether it starts with a raised mark, as a footnote does.
        links: addresses that ranges of the text lead to.
    """

    text: str
    place: Rectangle
    baseline: float
    size: float
    is_bold: bool
    is_rtl: bool
    is_spread: bool
    marker: Marker | None
    text_start: float
    starts_raised: bool = False
    links: tuple[Link, ...] = ()

    @property
    def start(self) -> float:
        """Where it starts, in points that grow in reading direction."""
        return -self.place.x1 if self.is_rtl else self.place.x0

    @property
    def end(self) -> float:
        """Where it ends, in points that grow in reading direction."""
        return -self.place.x0 if self.is_rtl else self.place.x1

    @property
    def first_word_width(self) -> float:
        """How wide the first word is, by share of characters; one character in Chinese and Japanese."""
        length = 1 if is_unspaced(self.text[0]) else len(self.text.split(maxsplit=1)[0])
        return self.place.width * length / len(self.text)


def rows_of(runs: Iterable[Run]) -> list[Row]:
    """Return the rows of one column from top to bottom. `runs` are in any order and none of them is blank.

    A row with letters of both directions has that of the column.
    """
    runs = list(runs)
    column_is_rtl = is_rtl(runs)
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda each: each.baseline):
        group = groups[-1] if groups else None
        if group is not None and run.baseline - group[0].baseline <= _SAME_BASELINE * min(run.size, group[0].size):
            group.append(run)
        else:
            groups.append([run])
    rows = (
        _row(group, from_right=is_rtl(group) or (column_is_rtl and any(run.rtl_letters for run in group)))
        for group in groups
    )
    return [row for row in rows if row is not None]


def _logical(placed: Sequence[Run]) -> list[Run]:
    """Return runs that are sorted from the right in logical order: words of Latin keep their own."""
    ordered: list[Run] = []
    for is_latin, group in groupby(placed, key=lambda run: run.ltr_letters > 0 and not run.rtl_letters):
        words = list(group)
        ordered += reversed(words) if is_latin else words
    return ordered


def _gap(first: Run, second: Run) -> float:
    """Return the gap between two runs of a row, whichever is on the left, as a multiple of the font size."""
    size = min(first.size, second.size)
    gap = max(second.place.x0 - first.place.x1, first.place.x0 - second.place.x1)
    return gap / size if size else 0.0


def _row(runs: Iterable[Run], *, from_right: bool) -> Row | None:
    placed = sorted(runs, key=lambda run: -run.place.x1 if from_right else run.place.x0)
    in_order = _logical(placed) if from_right else placed
    text = in_order[0].text
    blank = _blank(in_order)
    for before, after in pairwise(in_order):
        ends = (text.rstrip()[-1:], after.text.lstrip()[:1])
        needs_blank = _gap(before, after) > (_WIDE if all(map(is_unspaced, ends)) else blank)
        text += (" " if needs_blank else "") + after.text
    text = tidy(text)
    if not text:
        return None
    longest = max(placed, key=lambda run: len(run.text))
    place = rectangle_around(run.place for run in placed)
    marker = _marker(text)
    marker_stands_alone = marker is not None and len(placed) > 1 and len(tidy(placed[0].text)) <= marker.length
    gaps = enumerate((_gap(before, after) for before, after in pairwise(placed)), start=1)
    wide = [index for index, gap in gaps if gap > _WIDE and (index > 1 or not marker_stands_alone)]
    start_of_text = placed[1 if marker_stands_alone else wide[0] if len(wide) == 1 else 0]
    skipped = place.width * marker.length / len(text) if marker is not None and start_of_text is placed[0] else 0.0
    return Row(
        text=text,
        place=place,
        baseline=longest.baseline,
        size=longest.size,
        is_bold=all(run.is_bold for run in placed),
        is_rtl=from_right,
        is_spread=bool(wide) or _LEADERS.search(text) is not None,
        marker=marker,
        text_start=(-start_of_text.place.x1 if from_right else start_of_text.place.x0) + skipped,
        starts_raised=_starts_raised(placed, longest),
        links=_links(in_order, text) if any(run.link for run in placed) else (),
    )


def _blank(runs: Sequence[Run]) -> float:
    """Return which gap between two runs is a blank, as a multiple of the font size: a larger one in spaced letters."""
    letters = sum(len(text) == 1 and text.isalpha() for text in (run.text.strip() for run in runs))
    if letters < max(_FEWEST_SPACED, _SPACED * len(runs)):
        return _BLANK
    return max(_BLANK, _SPACED_BLANK * median(_gap(before, after) for before, after in pairwise(runs)) + _BLANK)


def _links(runs: Sequence[Run], text: str) -> tuple[Link, ...]:
    """Return where the texts of linked runs stand in the row's text; neighbours with one address are one link."""
    links: list[Link] = []
    position = 0
    for run in runs:
        piece = tidy(run.text).removesuffix(SOFT_HYPHEN)
        at = text.find(piece, position) if piece else -1
        if at < 0:
            continue
        position = at + len(piece)
        if not run.link:
            continue
        if links and links[-1].url == run.link and not text[links[-1].end : at].strip():
            links[-1] = Link(links[-1].start, position, run.link)
        else:
            links.append(Link(at, position, run.link))
    return tuple(links)


def _starts_raised(placed: Sequence[Run], longest: Run) -> bool:
    first = placed[0]
    is_small = first is not longest and first.size <= _RAISED_SIZE * longest.size
    return first.starts_raised or (is_small and longest.baseline - first.baseline >= _RAISED_BY * longest.size)


def _marker(text: str) -> Marker | None:
    for pattern, is_sure in ((_BULLET, True), (_DASH, False)):
        found = pattern.match(text)
        if found is not None and found.end() < len(text):
            return Marker("-", found.end(), is_sure)
    found = _NUMBER.match(text)
    return Marker(found[1] or found[2], found.end(), is_sure=False) if found is not None else None
