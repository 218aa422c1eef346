"""`Layer` -> regions in reading order: the whole way of a page through the text layer."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.captions import with_captions
from dsocr_loaders.engines.text_layer.drop_caps import with_initials_joined
from dsocr_loaders.engines.text_layer.figures import figures_of
from dsocr_loaders.engines.text_layer.furniture import split_furniture
from dsocr_loaders.engines.text_layer.insets import insets_of
from dsocr_loaders.engines.text_layer.layer import is_rtl
from dsocr_loaders.engines.text_layer.parts import Part, aside_part, run_part
from dsocr_loaders.engines.text_layer.reading import read_body
from dsocr_loaders.engines.text_layer.titles import with_title

if TYPE_CHECKING:
    from dsocr_loaders.engines.text_layer.layer import Layer
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile
    from dsocr_loaders.values import Region

__all__ = ["regions_of"]


def regions_of(layer: Layer, sizes: SizeProfile, *, page_number: int) -> tuple[Region, ...]:
    """Return the regions of a page in reading order; every visible character is in exactly one of them.

    Headers come first, then the text, footnotes, footers, and last what is written in another direction. Two things are
    changed in the text: hyphens at line ends (see `joining.join_lines`) and bullets, which become `-`.
    """
    figures = figures_of(layer, layer.runs, sizes.body)
    labels = {id(run) for figure in figures for run in figure.labels}
    runs = [run for run in layer.runs if id(run) not in labels]
    solids = [*(grid.place for grid in layer.grids), *(figure.place for figure in figures)]
    page = split_furniture(runs, solids, layer.frame, sizes)
    text = with_initials_joined(page.text, sizes.body)
    body = read_body(text, insets_of(layer, text, figures), sizes, is_rtl=is_rtl(text))
    parts: list[Part] = [run_part(piece.type, piece.runs) for piece in page.above]
    parts += with_title(body.parts, sizes) if page_number == 1 else body.parts
    parts += body.notes
    parts += [run_part(piece.type, piece.runs) for piece in page.below]
    parts += [aside_part(list(runs)) for _, runs in groupby(layer.asides, key=lambda run: run.painted_block)]
    return tuple(part.region(order, layer.frame) for order, part in enumerate(with_captions(parts, sizes.body)))
