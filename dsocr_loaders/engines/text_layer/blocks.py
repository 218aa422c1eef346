"""Rows of one column -> blocks: paragraphs, list items, headings, each a stretch of rows that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around
from dsocr_loaders.engines.text_layer.order import Solid
from dsocr_loaders.engines.text_layer.rows import Row, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.order import Item

__all__ = ["Block", "blocks_of", "ends_sentence"]

_OTHER_SIZE = 0.08  # share by which font sizes differ
_USUAL_LEADING = 1.25  # of the font size, where a column has too few rows to tell
_WIDEST_LEADING = 2.2  # of the font size; rows farther apart say nothing about a column's leading
_LOOSE = 1.6  # of the font size; such rows may be paragraphs of their own
_PARAGRAPH_GAP = 1.3  # of the leading
_INDENT = (0.8, 5.0)  # of the font size
_SLACK = 0.3  # of the font size: things closer than this are level with each other
_CLEARLY_SHORT = 0.25  # of the width: a line that ends a sentence and misses this much ends its paragraph
_SENTENCE_ENDS = ".!?:\u3002\uff01\uff1f\uff1a\u061f\u06d4\u2026"
_CLOSERS = "\"')]\u201d\u2019\u00bb\u300d\u300f\uff09"


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that belong together, from top to bottom; at least one."""

    rows: tuple[Row, ...]

    @property
    def place(self) -> Rectangle:
        """Around its glyphs."""
        return rectangle_around(row.place for row in self.rows)

    @property
    def size(self) -> float:
        """Font size, in points."""
        return median(row.size for row in self.rows)

    @property
    def is_bold(self) -> bool:
        """Whether all of it is bold."""
        return all(row.is_bold for row in self.rows)

    @property
    def is_spread(self) -> bool:
        """Whether its rows look like a table's."""
        return all(row.is_spread for row in self.rows)


def ends_sentence(text: str) -> bool:
    """Whether the text ends with a mark that ends a sentence, closing quotes and brackets aside."""
    return text.rstrip(_CLOSERS).endswith(tuple(_SENTENCE_ENDS))


def blocks_of(flow: Sequence[Item]) -> list[Block | Solid]:
    """Return the blocks of one flow from top to bottom, with its tables and figures in between.

    A new block starts after a gap, where the font's size or weight changes, at a list item, at an indented line, and
    after a line that ends early.
    """
    rows = rows_of(item for item in flow if not isinstance(item, Solid))
    solids = sorted((item for item in flow if isinstance(item, Solid)), key=lambda solid: solid.place.centre[1])
    if not rows:
        return list(solids)
    leading = _leading(rows)
    column_end = max(row.end for row in rows)
    blocks: list[Block | Solid] = []
    current: list[Row] = []
    for row in rows:
        while solids and solids[0].place.centre[1] < row.place.centre[1]:
            blocks += [*_closed(current), solids.pop(0)]
            current = []
        if current and not _continues(current, row, leading, column_end):
            blocks += _closed(current)
            current = []
        current.append(row)
    return [*blocks, *_closed(current), *solids]


def _closed(rows: Sequence[Row]) -> list[Block | Solid]:
    return [Block(tuple(rows))] if rows else []


def _leading(rows: Sequence[Row]) -> float:
    """Return the usual distance of baselines, as a multiple of the font size."""
    steps = [
        (below.baseline - above.baseline) / below.size
        for above, below in pairwise(rows)
        if below.size > 0 and not _differ(above.size, below.size)
    ]
    steps = [step for step in steps if 0 < step < _WIDEST_LEADING]
    return median(steps) if steps else _USUAL_LEADING


def _differ(first: float, second: float) -> bool:
    return abs(first - second) > _OTHER_SIZE * max(first, second)


def _continues(rows: Sequence[Row], row: Row, leading: float, column_end: float) -> bool:
    """Whether `row` goes on with the block that `rows` make so far."""
    above = rows[-1]
    step = row.baseline - above.baseline
    if (
        row.starts_raised
        or _starts_item(rows, row, column_end)
        or _differ(row.size, above.size)
        or (row.is_spread != above.is_spread and not _hangs(rows, row))
        or step > _PARAGRAPH_GAP * leading * row.size
        or min(row.place.x1, above.place.x1) <= max(row.place.x0, above.place.x0)
    ):
        return False
    if row.is_spread:
        return True
    is_early = _is_early(rows, row, column_end)
    if row.is_bold != above.is_bold and (is_early or step > 1.1 * leading * row.size):
        return False
    if is_early and step > _LOOSE * row.size:
        return False
    if rows[0].marker is not None:
        return _continues_item(rows, row, is_early=is_early)
    return not _starts_paragraph(rows, row, is_early=is_early)


def _is_early(rows: Sequence[Row], row: Row, column_end: float) -> bool:
    """Whether the last of `rows` ended although the first word of `row` would have fitted."""
    end = max(each.end for each in rows) if len(rows) > 1 else column_end
    return end - rows[-1].end > row.first_word_width + _SLACK * row.size


def _hangs(rows: Sequence[Row], row: Row) -> bool:
    """Whether `row` goes on below the text of a first row that has a label set apart: "NOTE   Do not ..."."""
    return len(rows) == 1 and rows[0].is_spread and abs(row.start - rows[0].text_start) <= _SLACK * row.size


def _starts_item(rows: Sequence[Row], row: Row, column_end: float) -> bool:
    if row.marker is None:
        return False
    above = rows[-1]
    if row.marker.is_sure or ends_sentence(above.text) or _is_early(rows, row, column_end):
        return True
    # A number or dash after a full line: a word of the running text, if it stands where that text does.
    expected = rows[0].text_start if rows[0].marker is not None and len(rows) == 1 else above.start
    return abs(row.start - expected) > _SLACK * row.size


def _continues_item(rows: Sequence[Row], row: Row, *, is_early: bool) -> bool:
    first, slack = rows[0], _SLACK * row.size
    if row.start < first.start - slack:
        return False
    hangs_at = rows[1].start if len(rows) > 1 else first.text_start
    if row.start < hangs_at - slack:
        return len(rows) == 1 and not is_early
    return not (is_early and hangs_at <= first.start + slack)


def _starts_paragraph(rows: Sequence[Row], row: Row, *, is_early: bool) -> bool:
    above, slack, least = rows[-1], _SLACK * row.size, _INDENT[0] * row.size
    if abs(row.place.centre[0] - above.place.centre[0]) < slack and abs(row.start - above.start) > slack:
        return False  # centred lines
    is_end = ends_sentence(above.text)
    indent = row.start - above.start
    if least < indent < _INDENT[1] * row.size and (is_end or is_early):
        return True
    if len(rows) > 1 and indent < -least:
        is_after_quotation = abs(rows[-2].start - above.start) < slack
        is_after_hanging = rows[1].start - rows[0].start > least
        if is_after_quotation or is_after_hanging:
            return True
    missing = max(each.end for each in (*rows, row)) - above.end
    return is_end and is_early and missing > _CLEARLY_SHORT * max(each.place.width for each in (*rows, row))
