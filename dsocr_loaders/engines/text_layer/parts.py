"""Blocks, tables and figures -> parts: regions that still know their font size and lie in the reading frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.formulas import formula_order
from dsocr_loaders.engines.text_layer.grid_html import grid_as_html
from dsocr_loaders.engines.text_layer.joining import SOFT_HYPHEN, join_lines, tidy
from dsocr_loaders.engines.text_layer.layer import Rectangle, rectangle_around
from dsocr_loaders.engines.text_layer.rows import rows_of
from dsocr_loaders.values import Line, Link, Region, RegionType, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.blocks import Block
    from dsocr_loaders.engines.text_layer.figures import Figure
    from dsocr_loaders.engines.text_layer.insets import Formula
    from dsocr_loaders.engines.text_layer.layer import Frame, Grid, Run
    from dsocr_loaders.engines.text_layer.rows import Row

__all__ = [
    "Part",
    "PlacedLine",
    "aside_part",
    "figure_part",
    "formula_part",
    "grid_part",
    "list_part",
    "run_part",
    "text_part",
]

_SUBLIST_INDENT = 0.8  # of the font size


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A rectangle in the reading frame and the range of its part's text that it holds."""

    place: Rectangle
    span: Span


@dataclass(frozen=True, slots=True)
class Part:
    """A region in the making.

    Attributes:
        type: what it is so far.
        text: as the region will have it.
        places: one rectangle for each column that it stands in.
        lines: where which characters are.
        size: font size in points, 0 for a figure.
        level: of a heading, else 0.
        caption_of: index of the part that it is the caption of, or None.
        links: addresses that ranges of the text lead to.
    """

    type: RegionType
    text: str
    places: tuple[Rectangle, ...]
    lines: tuple[PlacedLine, ...] = ()
    size: float = 0.0
    level: int = 0
    caption_of: int | None = None
    links: tuple[Link, ...] = ()

    def region(self, order: int, frame: Frame) -> Region:
        """Return the region, `order` being the part's index."""
        return Region(
            type=self.type,
            label="",
            boxes=tuple(frame.box(place) for place in self.places),
            text=self.text,
            lines=tuple(Line(frame.box(line.place), line.span.start, line.span.end) for line in self.lines),
            order=order,
            level=self.level,
            caption_of=self.caption_of,
            links=self.links,
        )


def text_part(block: Block) -> Part:
    """Return a block as text: its rows joined, or below each other if they look like a table's."""
    texts = [row.text for row in block.rows]
    text, spans = _stacked(texts) if block.is_spread else join_lines(texts)
    lines = _lines(block.rows, spans)
    return Part(RegionType.TEXT, text, _columns(block.rows), lines, block.size, links=_links(block.rows, spans))


def list_part(items: Sequence[Block]) -> Part:
    """Return list items as one part with an item a line: `- text` or `2. text`, two blanks more for each level."""
    text = ""
    lines: list[PlacedLine] = []
    links: list[Link] = []
    starts: list[float] = []  # of the item's ancestors and its own
    for item in items:
        first = item.rows[0]
        while starts and first.start < starts[-1] - _SUBLIST_INDENT * first.size:
            starts.pop()
        if not starts or first.start > starts[-1] + _SUBLIST_INDENT * first.size:
            starts.append(first.start)
        prefix = ("\n" if text else "") + "  " * (len(starts) - 1)
        joined, spans = join_lines([_item_start(first), *(row.text for row in item.rows[1:])])
        offset = len(text) + len(prefix)
        text += prefix + joined
        moved = [Span(span.start + offset, span.end + offset) for span in spans]
        lines += _lines(item.rows, moved)
        links += _links(item.rows, moved, first_shift=len(_item_start(first)) - len(first.text))
    rows = [row for item in items for row in item.rows]
    return Part(RegionType.LIST, text, _columns(rows), tuple(lines), items[0].size, links=tuple(links))


def _item_start(row: Row) -> str:
    return f"{row.marker.text} {row.text[row.marker.length :]}" if row.marker else row.text


def grid_part(grid: Grid) -> Part:
    """Return a ruled table as HTML."""
    text, cells = grid_as_html(grid)
    lines = tuple(PlacedLine(place, span) for place, span in cells)
    sizes = [run.size for cell in grid.cells for run in cell.runs]
    return Part(RegionType.TABLE, text, (grid.place,), lines, max(sizes, default=0.0))


def figure_part(figure: Figure) -> Part:
    """Return a figure; its text is its labels, row by row."""
    rows = rows_of(figure.labels)
    if not rows:
        return Part(RegionType.FIGURE, "", (figure.place,))
    text, spans = _stacked([row.text for row in rows])
    return Part(RegionType.FIGURE, text, (figure.place,), _lines(rows, spans))


def formula_part(formula: Formula) -> Part:
    """Return a displayed formula with its characters, from left to right."""
    runs = [run for run in formula_order(formula.runs) if tidy(run.text)]
    text, spans = "", []
    for run in runs:
        start = len(text) + (1 if text else 0)
        text += (" " if text else "") + tidy(run.text).removesuffix(SOFT_HYPHEN)
        spans.append(Span(start, len(text)))
    lines = tuple(PlacedLine(run.place, span) for run, span in zip(runs, spans, strict=True))
    return Part(RegionType.FORMULA, text, (formula.place,), lines, max(run.size for run in runs))


def run_part(kind: RegionType, runs: Iterable[Run]) -> Part:
    """Return runs as one part, row by row from the top."""
    rows = rows_of(runs)
    text, spans = join_lines(row.text for row in rows)
    return Part(kind, text, (rectangle_around(row.place for row in rows),), _lines(rows, spans), rows[0].size)


def aside_part(runs: Sequence[Run]) -> Part:
    """Return runs that do not run along the reading frame as one part, in the order in which they were painted."""
    text, spans = join_lines(tidy(run.text) for run in runs)
    lines = tuple(PlacedLine(run.place, span) for run, span in zip(runs, spans, strict=True))
    return Part(RegionType.OTHER, text, (rectangle_around(run.place for run in runs),), lines, runs[0].size)


def _stacked(texts: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    shown = [text.removesuffix(SOFT_HYPHEN) for text in texts]
    spans: list[Span] = []
    for text in shown:
        start = spans[-1].end + 1 if spans else 0
        spans.append(Span(start, start + len(text)))
    return "\n".join(shown), tuple(spans)


def _lines(rows: Sequence[Row], spans: Sequence[Span]) -> tuple[PlacedLine, ...]:
    return tuple(PlacedLine(row.place, span) for row, span in zip(rows, spans, strict=True))


def _links(rows: Sequence[Row], spans: Sequence[Span], *, first_shift: int = 0) -> tuple[Link, ...]:
    """Return the links of the rows in the joined text; `first_shift`: how much longer the first row has become."""
    links: list[Link] = []
    for index, (row, span) in enumerate(zip(rows, spans, strict=True)):
        shift = span.start + (0 if index else first_shift)
        for link in row.links:
            start, end = max(span.start, link.start + shift), min(span.end, link.end + shift)
            if links and links[-1].url == link.url and start - links[-1].end <= 1:
                links[-1] = Link(links[-1].start, end, link.url)
            elif start < end:
                links.append(Link(start, end, link.url))
    return tuple(links)


def _columns(rows: Sequence[Row]) -> tuple[Rectangle, ...]:
    """Return one rectangle for each stretch of rows that goes down the page."""
    stretches: list[list[Row]] = []
    for row in rows:
        if stretches and row.place.centre[1] > stretches[-1][-1].place.centre[1]:
            stretches[-1].append(row)
        else:
            stretches.append([row])
    return tuple(rectangle_around(row.place for row in stretch) for stretch in stretches)
