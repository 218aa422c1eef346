"""`Layer` -> regions in reading order: the whole way of a page through the text layer."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.blocks import Block, blocks_of, ends_sentence
from dsocr_loaders.engines.text_layer.captions import with_captions
from dsocr_loaders.engines.text_layer.figures import figures_of
from dsocr_loaders.engines.text_layer.furniture import split_furniture
from dsocr_loaders.engines.text_layer.kinds import heading_level
from dsocr_loaders.engines.text_layer.layer import is_rtl
from dsocr_loaders.engines.text_layer.order import Solid, flows_of
from dsocr_loaders.engines.text_layer.parts import (
    Part,
    aside_part,
    figure_part,
    grid_part,
    list_part,
    run_part,
    text_part,
)
from dsocr_loaders.engines.text_layer.sizes import LARGER
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsocr_loaders.engines.text_layer.layer import Layer
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile
    from dsocr_loaders.values import Region

__all__ = ["regions_of"]

_CLEARLY_LARGER = 1.05  # the title is larger than the next heading by more than rounding


def regions_of(layer: Layer, sizes: SizeProfile, *, page_number: int) -> tuple[Region, ...]:
    """Return the regions of a page in reading order; every visible character is in exactly one of them.

    Headers come first, then the text, footers, and last what is written in another direction. Two things are
    changed in the text: hyphens at line ends (see `joining.join_lines`) and bullets, which become `-`.
    """
    grids = layer.grids
    figures = figures_of(layer)
    solids = [Solid(place, index) for index, place in enumerate([*(grid.place for grid in grids), *figures])]
    page = split_furniture(layer.runs, [solid.place for solid in solids], layer.frame, sizes.body)
    flows = [blocks_of(flow) for flow in flows_of([*page.text, *solids], is_rtl=is_rtl(page.text))]
    parts: list[Part] = [run_part(piece.type, piece.runs) for piece in page.above]
    for blocks in _joined_over_columns(flows):
        for stretch in _stretches(blocks, sizes):
            first = stretch[0]
            if isinstance(first, Solid):
                is_grid = first.index < len(grids)
                parts.append(grid_part(grids[first.index]) if is_grid else figure_part(first.place))
            else:
                parts.append(_part([block for block in stretch if isinstance(block, Block)], sizes))
    parts += [run_part(piece.type, piece.runs) for piece in page.below]
    parts += [aside_part(list(runs)) for _, runs in groupby(layer.asides, key=lambda run: run.painted_block)]
    if page_number == 1:
        parts = _with_title(parts, sizes)
    return tuple(part.region(order, layer.frame) for order, part in enumerate(with_captions(parts)))


def _joined_over_columns(flows: Sequence[Sequence[Block | Solid]]) -> list[list[Block | Solid]]:
    """Return the flows, with a paragraph that goes on at the top of the next column made one block."""
    joined: list[list[Block | Solid]] = []
    for flow in flows:
        rest = list(flow)
        above = joined[-1][-1] if joined and joined[-1] else None
        if isinstance(above, Block) and rest and isinstance(rest[0], Block) and _goes_on(above, rest[0]):
            joined[-1][-1] = Block(above.rows + rest.pop(0).rows)  # type: ignore[union-attr]  # narrowed above
        if rest:
            joined.append(rest)
    return joined


def _goes_on(above: Block, below: Block) -> bool:
    return (
        below.rows[0].text[0].islower()
        and not ends_sentence(above.rows[-1].text)
        and not (above.is_spread or below.is_spread)
        and above.is_bold == below.is_bold
        and max(above.size, below.size) < LARGER * min(above.size, below.size)
        and below.place.y0 < above.place.y1
    )


def _stretches(blocks: Sequence[Block | Solid], sizes: SizeProfile) -> Iterator[list[Block | Solid]]:
    """Yield the blocks one by one, but the items of a list together."""
    items: list[Block | Solid] = []
    for block in blocks:
        if isinstance(block, Block) and block.rows[0].marker is not None and not _heading_level(block, sizes):
            items.append(block)
            continue
        yield from _list_or_texts(items)
        items = []
        yield [block]
    yield from _list_or_texts(items)


def _list_or_texts(items: list[Block | Solid]) -> Iterator[list[Block | Solid]]:
    if len(items) > 1:
        yield items
    else:
        yield from ([item] for item in items)


def _part(stretch: Sequence[Block], sizes: SizeProfile) -> Part:
    first = stretch[0].rows[0]
    # One numbered or dashed paragraph is no list, a bullet is.
    if len(stretch) > 1 or (first.marker is not None and first.marker.is_sure):
        return list_part(stretch)
    part = text_part(stretch[0])
    level = _heading_level(stretch[0], sizes)
    # A region's levels count from the title, which is 1; headings here count from the sections below it.
    return replace(part, type=RegionType.HEADING, level=level + 1) if level else part


def _heading_level(block: Block, sizes: SizeProfile) -> int:
    return heading_level(block, text_part(block).text, sizes)


def _with_title(parts: list[Part], sizes: SizeProfile) -> list[Part]:
    """Return the parts of the first page, its largest heading made the title if there is one such."""
    headings = [part for part in parts if part.type is RegionType.HEADING and part.size >= LARGER * sizes.body]
    largest = max(headings, key=lambda part: part.size, default=None)
    if largest is None or any(part is not largest and part.size * _CLEARLY_LARGER >= largest.size for part in headings):
        return parts
    return [replace(part, type=RegionType.TITLE, level=1) if part is largest else part for part in parts]
