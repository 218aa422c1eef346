"""Where a page has ink, measured from its pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image

from dsocr_loaders.pages.marks import has_marks, without_borders
from dsocr_loaders.pages.paper import paper_of
from dsocr_loaders.values import InkGrid

if TYPE_CHECKING:
    from dsocr_loaders.values import RgbImage

__all__ = ["INK_COLUMNS", "INK_CONTRAST", "INK_DPI", "INK_ROWS", "measure_ink"]

_CHANNEL_VALUES = 256
_INK = 255  # in a mask
_MM_PER_INCH = 25.4

INK_COLUMNS = 32
INK_ROWS = 44
"""Cells of the grid; about square on an upright A4 or letter page."""

INK_CONTRAST = 24
"""A pixel is ink if a colour channel is this far from the paper's, of 255, and farther where the paper is grainy.

Low, since ink that is not seen loses a page and paper that is taken for ink only costs a read: #ddd on white counts at
6 pt.
"""

INK_DPI = 100
"""Resolution of pages that are rendered for their ink alone; a digit at 5 pt is five pixels high."""

_GRAINS = 4.5
"""Ink is this many standard deviations of the paper's noise away from it: a page of 2 million pixels then has about
seven that are ink by chance, and they are specks."""

_GRAINIEST = 16
"""Standard deviation, in levels of 255, beyond which it is no paper: recycled paper, scanned badly and packed hard, has
up to 10; a photograph that fills the page has more, and would otherwise have nothing on it that is ink."""

_DARK = 96  # contrast of what may be the dark surrounding of a sheet
_FULL_CELL = 200  # share, of 255, of a cell that such a surrounding may fill
_BUSY_CELLS = 40
_BUSY_SHARE = 4
_MARGIN_COLUMNS, _MARGIN_ROWS = 5, 7  # 15 % of each side
"""A page with ink in so many cells inside its margins is read without looking closer: borders and holes lie in the
margins, and dust is never as much."""

_LONGEST_PX = 2400  # pages with a longer side are measured at a half, a third, ...
_PAGE_MM = 297  # the longer side of an image of which no size is known counts as that of A4
_SMALLEST_PAGE_PX = 600  # what is smaller is a snippet, without the borders of a page


def measure_ink(image: RgbImage, dpi: float | None = None) -> InkGrid:
    """Return the share of ink in each cell of a grid over the page; all zeros if nothing on it is to be read.

    Paper is what most of the page looks like, so grey, yellowed and coloured paper count as paper, and so does paper
    that gets darker to a side. Ink is what is darker than light paper, or lighter than dark paper; a page that has none
    of it is looked at the other way round, for twice the contrast, since JPEG brightens what is beside dark things.
    Dark borders beside the sheet are no ink. A page with little ink is looked at closer: dirt, punched holes, streaks
    and shadows of edges do not make it one with ink (`pages/marks.py`). On a page that has ink, a cell with even one
    such pixel has a share of at least 1.

    Args:
        image: the page.
        dpi: its resolution; None for an image of unknown size, whose longer side counts as that of A4.
    """
    picture = Image.frombuffer("RGB", (image.width_px, image.height_px), image.data, "raw", "RGB", 0, 1)
    longest = max(picture.size)
    pixels_per_mm = longest / _PAGE_MM if dpi is None else dpi / _MM_PER_INCH
    if (factor := longest // (_LONGEST_PX // 2)) > 1 and longest > _LONGEST_PX:
        picture = picture.reduce(factor)
        pixels_per_mm /= factor
    paper = paper_of(picture)
    contrast = max(INK_CONTRAST, round(_GRAINS * paper.grain)) if paper.grain <= _GRAINIEST else INK_CONTRAST
    for is_darker in (paper.is_light, not paper.is_light):
        depth = paper.depth_of(picture, is_darker=is_darker)
        grid = _grid(depth, contrast if is_darker == paper.is_light else 2 * contrast, pixels_per_mm)
        if grid is not None:
            return grid
    return InkGrid(INK_COLUMNS, INK_ROWS, bytes(INK_COLUMNS * INK_ROWS))


def _grid(depth: Image.Image, contrast: int, pixels_per_mm: float) -> InkGrid | None:
    """Return the grid of what is at least `contrast` deep, None if that is nothing to read."""
    mask = _above(depth, contrast)
    if mask.getbbox() is None:
        return None
    shares = _shares(mask.tobytes(), *mask.size)
    is_page = max(mask.size) >= _SMALLEST_PAGE_PX
    if is_page and _has_full_edge(shares):
        mask = without_borders(mask, _above(depth, max(_DARK, contrast)))
        shares = _shares(mask.tobytes(), *mask.size)
    if not _is_busy(shares) and not has_marks(mask, depth, contrast, pixels_per_mm, is_page=is_page):
        return None
    return InkGrid(INK_COLUMNS, INK_ROWS, shares)


def _above(depth: Image.Image, contrast: int) -> Image.Image:
    return depth.point([0] * contrast + [_INK] * (_CHANNEL_VALUES - contrast))


def _has_full_edge(shares: bytes) -> bool:
    last = len(shares) - INK_COLUMNS
    edge = (shares[:INK_COLUMNS], shares[last:], shares[::INK_COLUMNS], shares[INK_COLUMNS - 1 :: INK_COLUMNS])
    return any(max(cells) >= _FULL_CELL for cells in edge)


def _is_busy(shares: bytes) -> bool:
    busy = 0
    for row in range(_MARGIN_ROWS, INK_ROWS - _MARGIN_ROWS):
        start = row * INK_COLUMNS
        busy += sum(
            share >= _BUSY_SHARE for share in shares[start + _MARGIN_COLUMNS : start + INK_COLUMNS - _MARGIN_COLUMNS]
        )
    return busy >= _BUSY_CELLS


def _shares(mask: bytes, width_px: int, height_px: int) -> bytes:
    """Return the share of ink for each cell; every pixel belongs to exactly one cell."""
    edges_x = [column * width_px // INK_COLUMNS for column in range(INK_COLUMNS + 1)]
    edges_y = [row * height_px // INK_ROWS for row in range(INK_ROWS + 1)]
    shares = bytearray()
    for top, bottom in pairwise(edges_y):
        counts = [0] * INK_COLUMNS
        for start in range(top * width_px, bottom * width_px, width_px):
            if not mask.count(_INK, start, start + width_px):
                continue
            for column in range(INK_COLUMNS):
                counts[column] += mask.count(_INK, start + edges_x[column], start + edges_x[column + 1])
        for column, count in enumerate(counts):
            pixels = (bottom - top) * (edges_x[column + 1] - edges_x[column])
            shares.append(-(-255 * count // pixels) if count else 0)
    return bytes(shares)
