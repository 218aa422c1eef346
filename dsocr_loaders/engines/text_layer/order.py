"""Reading order: which parts of a page are read one after the other.

A page, or a part of it, with a *gutter* is read column by column: a gutter is an upright strip that separates text on
its left from text on its right over at least three lines. What crosses the gutter divides the page into bands; inside
a band the left column comes before the right one (the other way round on a page written from right to left), and each
column is looked at for a gutter of its own. Without a gutter, things are read from top to bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle, Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

__all__ = ["Item", "Solid", "flows_of"]

_NARROWEST = 0.6  # of the font size: the gap between the words of a justified line is mostly smaller
_FEWEST_LINES = 3
_FULL_COLUMN = 8  # lines
_LONG_LINE = 0.9  # of the lines are not longer than a long line
_LOOKS_LIKE_TEXT = (0.4, 8.0)  # share of the column that a line fills on average, and its characters
_SURELY_TEXT = (0.75, 25.0)  # the same, for columns that were painted line by line across the page
_DEEPEST = 6  # columns inside columns
_MOST_ITEMS = 5_000  # of a page that is searched for columns
_MOST_STRIPS = 40  # that are tried as gutters
_CLEARLY_DEEPER = 1.01  # times: otherwise the wider gutter is the better one


@dataclass(frozen=True, slots=True)
class Solid:
    """Something in the reading order that is no line of text: a table, a figure, a formula or a panel.

    `index` is its owner's business. A panel is a text set apart by a frame or a tint: where nothing else stands in its
    column, it is a sidebar, and read last.
    """

    place: Rectangle
    index: int
    is_panel: bool = False


Item = Run | Solid


@dataclass(frozen=True, slots=True)
class _Gutter:
    left: float
    right: float
    depth: float  # points of height over which there is text on both sides
    crossing: tuple[Item, ...]

    def side(self, item: Item) -> int:
        """Return 0 for an item on the left, 1 for one on the right."""
        return 0 if item.place.centre[0] < (self.left + self.right) / 2 else 1


def flows_of(items: Sequence[Item], *, is_rtl: bool) -> list[list[Item]]:
    """Return the items in flows, each a stretch of one column; the flows in reading order, each item once.

    Items of a flow are sorted by their tops.
    """
    return [flow for flow in _flows(list(items), is_rtl, _DEEPEST) if flow]


def _flows(items: list[Item], is_rtl: bool, depth: int) -> list[list[Item]]:  # noqa: FBT001 - one recursive search
    placed = _Placed(items)
    gutter = _gutter(placed) if depth else None
    if gutter is None:
        return [sorted(items, key=lambda item: (item.place.y0, item.place.x0))]
    flows: list[list[Item]] = []
    sidebars: list[list[Item]] = []
    full_width: list[Item] = []
    for separators, sides in _bands(placed, gutter):
        full_width += separators
        if not (sides[0] and sides[1]):
            # Text beside an empty column is a short line of what stands above or below it.
            full_width += sides[0] + sides[1]
            continue
        flows += _flows(full_width, is_rtl, depth - 1)
        full_width = []
        for side in reversed(sides) if is_rtl else sides:
            (sidebars if all(map(_is_panel, side)) else flows).extend(_flows(side, is_rtl, depth - 1))
    return [*flows, *_flows(full_width, is_rtl, 0), *sidebars]


def _is_panel(item: Item) -> bool:
    return isinstance(item, Solid) and item.is_panel


class _Placed:
    """Items as painted, and what each try for a gutter needs to know of them: their order by height, who is alone."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.as_painted = items
        self.by_height = sorted(items, key=lambda item: item.place.centre[1])
        shared = {
            id(item)
            for above, below in pairwise(self.by_height)
            if _share_a_row(above, below)
            for item in (above, below)
        }
        self.alone = {id(item) for item in items} - shared


def _bands(placed: _Placed, gutter: _Gutter) -> list[tuple[list[Item], tuple[list[Item], list[Item]]]]:
    """Return, from top to bottom, what crosses the gutter and then what stands left and right of it below that."""
    crossing = set(map(id, gutter.crossing))
    crossing |= _short_ends(placed, crossing)
    bands: list[tuple[list[Item], tuple[list[Item], list[Item]]]] = [([], ([], []))]
    for item in placed.by_height:
        if id(item) not in crossing:
            bands[-1][1][gutter.side(item)].append(item)
        elif any(bands[-1][1]):
            bands.append(([item], ([], [])))
        else:
            bands[-1][0].append(item)
    return bands


def _short_ends(placed: _Placed, crossing: AbstractSet[int]) -> set[int]:
    """Return the ids of lines that end a paragraph which crosses the gutter, and are themselves too short for it."""
    if not crossing:
        return set()
    return {
        id(item)
        for previous, item in pairwise(placed.as_painted)
        if isinstance(item, Run)
        and isinstance(previous, Run)
        and id(previous) in crossing
        and id(item) not in crossing
        and item.painted_block == previous.painted_block
        and id(item) in placed.alone
    }


def _share_a_row(first: Item, second: Item) -> bool:
    overlap = min(first.place.y1, second.place.y1) - max(first.place.y0, second.place.y0)
    return overlap > 0.5 * min(first.place.height, second.place.height)


def _gutter(placed: _Placed) -> _Gutter | None:
    items = placed.as_painted
    runs = [item for item in items if isinstance(item, Run)]
    if not 2 * _FEWEST_LINES <= len(items) <= _MOST_ITEMS or not runs:
        return None
    narrowest = _NARROWEST * median(run.size for run in runs)
    edges = sorted({round(x, 1) for item in items for x in (item.place.x0, item.place.x1)})
    strips = [(left, right) for left, right in pairwise(edges) if right - left >= narrowest]
    best: _Gutter | None = None
    # The widest strips suffice: the more of them there are, the narrower and the less of a gutter they are.
    for left, right in sorted(strips, key=lambda strip: strip[0] - strip[1])[:_MOST_STRIPS]:
        middle = (left + right) / 2
        crossing = tuple(item for item in items if item.place.x0 < middle < item.place.x1)
        gutter = _judged(placed, _Gutter(left, right, 0.0, crossing))
        if gutter is not None and (best is None or gutter.depth > _CLEARLY_DEEPER * best.depth):
            best = gutter
    return best


def _judged(placed: _Placed, gutter: _Gutter) -> _Gutter | None:
    """Return the gutter with its depth, or None if it separates no columns of text."""
    sides: tuple[list[Run], list[Run]] = ([], [])
    depth = 0.0
    has_panel = False
    for _, both in _bands(placed, gutter):
        if not (both[0] and both[1]):
            continue
        overlap = min(max(item.place.y1 for item in side) for side in both) - max(
            min(item.place.y0 for item in side) for side in both
        )
        if overlap <= 0:
            continue
        depth += overlap
        has_panel = has_panel or any(all(map(_is_panel, side)) for side in both)
        for runs, side in zip(sides, both, strict=True):
            runs += [item for item in side if isinstance(item, Run)]
    fewer, more = sorted(sides, key=len)
    if has_panel and depth > 0:
        return _Gutter(gutter.left, gutter.right, depth, gutter.crossing)
    if not fewer:
        return None
    is_apart = _painted_apart(sides)
    line_height = median(run.place.height for side in sides for run in side)
    # The end of a text may reach into the second column with a line or two, beside a full first one.
    is_last = is_apart and not gutter.crossing and len(more) >= _FULL_COLUMN
    if not is_last and (len(fewer) < _FEWEST_LINES or depth < _FEWEST_LINES * line_height):
        return None
    likeness = _LOOKS_LIKE_TEXT if is_apart else _SURELY_TEXT
    if all(_looks_like_column(side, *likeness) for side in sides):
        return _Gutter(gutter.left, gutter.right, depth, gutter.crossing)
    return None


def _painted_apart(sides: tuple[list[Run], list[Run]]) -> bool:
    """Whether the sides were painted one after the other: columns mostly are, the cells of a row are not."""
    left = {run.painted_block for run in sides[0]}
    right = {run.painted_block for run in sides[1]}
    return len(left & right) < 0.5 * min(len(left), len(right))


def _looks_like_column(runs: Sequence[Run], filled: float, characters: float) -> bool:
    # Several columns may stand on one side, so lines are compared with a long line and not with the side.
    width = sorted(run.place.width for run in runs)[int(_LONG_LINE * (len(runs) - 1))]
    return (
        fmean(run.place.width for run in runs) >= filled * width
        and fmean(len(run.text.strip()) for run in runs) >= characters
    )
