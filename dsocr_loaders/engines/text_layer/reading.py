"""The text of a page and what stands among it -> parts in reading order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.blocks import Block, blocks_of, ends_sentence
from dsocr_loaders.engines.text_layer.figures import Figure
from dsocr_loaders.engines.text_layer.formulas import formulas_of
from dsocr_loaders.engines.text_layer.insets import Formula, Inset, Panel
from dsocr_loaders.engines.text_layer.kinds import heading_level
from dsocr_loaders.engines.text_layer.layer import Grid, Run, rectangle_around
from dsocr_loaders.engines.text_layer.notes import split_notes
from dsocr_loaders.engines.text_layer.order import Solid, flows_of
from dsocr_loaders.engines.text_layer.parts import (
    Part,
    figure_part,
    formula_part,
    grid_part,
    list_part,
    text_part,
)
from dsocr_loaders.engines.text_layer.sizes import LARGER
from dsocr_loaders.engines.text_layer.unruled import unruled_grids
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.engines.text_layer.order import Item
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile

__all__ = ["Body", "read_body"]


@dataclass(frozen=True, slots=True)
class Body:
    """A page's text in parts, and its footnotes."""

    parts: list[Part]
    notes: list[Part]


def read_body(runs: Sequence[Run], insets: Sequence[Inset], sizes: SizeProfile, *, is_rtl: bool) -> Body:
    """Return the parts in reading order. Each run, in `runs` or in an inset, is in exactly one part."""
    in_panels = {id(run) for inset in insets if isinstance(inset, Panel) for run in inset.runs}
    every: list[Inset] = list(insets)
    items: list[Item] = [run for run in runs if id(run) not in in_panels]
    items += [Solid(inset.place, index, isinstance(inset, Panel)) for index, inset in enumerate(insets)]
    flows: list[list[Block | Solid]] = []
    notes: list[Part] = []
    for flow in flows_of(items, is_rtl=is_rtl):
        blocks, own_notes = split_notes(blocks_of(_with_tables_and_formulas(flow, every)), sizes.body)
        flows += [blocks] if blocks else []
        notes += [replace(text_part(note), type=RegionType.FOOTNOTE) for note in own_notes]
    parts: list[Part] = []
    for blocks in _joined_over_columns(flows):
        for stretch in _stretches(blocks, sizes):
            first = stretch[0]
            if isinstance(first, Block):
                parts.append(_text_or_list([block for block in stretch if isinstance(block, Block)], sizes))
                continue
            inset = every[first.index]
            if isinstance(inset, Panel):
                inner = read_body(inset.runs, inset.insets, sizes, is_rtl=is_rtl)
                parts += [*inner.parts, *inner.notes]
            else:
                parts.append(_inset_part(inset))
    return Body(parts, notes)


def _inset_part(inset: Grid | Figure | Formula) -> Part:
    if isinstance(inset, Grid):
        return grid_part(inset)
    return figure_part(inset) if isinstance(inset, Figure) else formula_part(inset)


def _with_tables_and_formulas(flow: Sequence[Item], every: list[Inset]) -> list[Item]:
    """Return the flow with each unruled table and displayed formula made one solid, which is added to `every`."""
    runs = [item for item in flow if isinstance(item, Run)]
    found: list[tuple[Inset, Iterable[Run]]] = [
        (Formula(rectangle_around(run.place for run in formula), tuple(formula)), formula)
        for formula in formulas_of(runs)
    ]
    taken = {id(run) for _, own in found for run in own}
    grids = unruled_grids([run for run in runs if id(run) not in taken])
    found += [(grid, [run for cell in grid.cells for run in cell.runs]) for grid in grids]
    if not found:
        return list(flow)
    taken = {id(run) for _, own in found for run in own}
    solids = [Solid(inset.place, len(every) + index) for index, (inset, _) in enumerate(found)]
    every += [inset for inset, _ in found]
    return [*(item for item in flow if id(item) not in taken), *solids]


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


def _text_or_list(stretch: Sequence[Block], sizes: SizeProfile) -> Part:
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
