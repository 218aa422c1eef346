"""How much of a page's ink its text layer accounts for."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsocr_loaders.engines.text_layer.layer import Frame, Layer, Rectangle
    from dsocr_loaders.values import InkGrid

__all__ = ["Coverage", "measure_coverage"]

_FULL = 255
_INKED = 4  # of 255: a cell with less holds dirt, or the edge of a letter
_TEXT_LIKE = 0.5  # of a cell: print is a tenth to a third; a photograph or a filled area nearly all
_PAPER = 0.25  # of an image's cells hold no ink where it shows a page of text: margins and gaps
_FEWEST_CELLS = 60  # with ink, of 1408: three or four lines of text


@dataclass(frozen=True, slots=True)
class Coverage:
    """Shares of a page's ink.

    Attributes:
        text: in cells that hold visible text of the layer; 1 if there is no ink.
        scan: in cells of images that look like scanned text, and hold none.
        has_text_like_rest: whether what is neither looks like print: many cells, none of them filled.
    """

    text: float
    scan: float
    has_text_like_rest: bool


def measure_coverage(layer: Layer, ink: InkGrid) -> Coverage:
    """Return how much of the ink lies under text and how much in images that look scanned."""
    total = sum(ink.shares)
    if not total:
        return Coverage(1.0, 0.0, has_text_like_rest=False)
    under_text = set(_cells(layer.frame, (run.place for run in layer.visible_runs), ink))
    scanned: set[int] = set()
    for picture in layer.pictures:
        cells = set(_cells(layer.frame, [picture.place], ink))
        if _looks_scanned([ink.shares[cell] for cell in cells]):
            scanned |= cells
    rest = [share for cell, share in enumerate(ink.shares) if cell not in under_text and share >= _INKED]
    return Coverage(
        text=sum(ink.shares[cell] for cell in under_text) / total,
        scan=sum(ink.shares[cell] for cell in scanned - under_text) / total,
        has_text_like_rest=len(rest) >= _FEWEST_CELLS and sum(rest) <= _TEXT_LIKE * _FULL * len(rest),
    )


def _looks_scanned(shares: list[int]) -> bool:
    inked = [share for share in shares if share >= _INKED]
    return (
        len(inked) >= _FEWEST_CELLS
        and len(inked) <= (1 - _PAPER) * len(shares)
        and sum(inked) <= _TEXT_LIKE * _FULL * len(inked)
    )


def _cells(frame: Frame, places: Iterable[Rectangle], ink: InkGrid) -> Iterator[int]:
    """Yield the index of each cell that one of `places` touches; some more than once."""
    for place in places:
        box = frame.box(place)
        columns = range(int(box.x0 * ink.columns), min(ink.columns, ceil(box.x1 * ink.columns)))
        for row in range(int(box.y0 * ink.rows), min(ink.rows, ceil(box.y1 * ink.rows))):
            yield from (row * ink.columns + column for column in columns)
