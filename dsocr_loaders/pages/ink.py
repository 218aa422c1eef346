"""Where a page has ink, measured from its pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from dsocr_loaders.values import InkGrid

if TYPE_CHECKING:
    from dsocr_loaders.values import RgbImage

__all__ = ["INK_COLUMNS", "INK_CONTRAST", "INK_DPI", "INK_ROWS", "measure_ink"]

INK_COLUMNS = 32
INK_ROWS = 44
"""Cells of the grid; about square on an upright A4 or letter page."""

INK_CONTRAST = 24
"""A pixel is ink if a colour channel is this far from the paper's, of 255.

Low, since ink that is not seen loses a page and paper that is taken for ink only costs a read: #ddd on white counts at
6 pt, and so does the grain of a raw scan from a standard deviation of 5 on.
"""

INK_DPI = 100
"""Resolution of pages that are rendered for their ink alone; a full stop at 6 pt still shows."""

_LIGHT_PAPER = 128
_SAMPLE_STEP = 4  # every fourth pixel each way is enough to know the paper
_CHANNEL_VALUES = 256


def measure_ink(image: RgbImage) -> InkGrid:
    """Return the share of ink in each cell of a grid over the page.

    Paper is the most frequent value of each colour channel, so grey, yellowed and coloured paper count as paper. Ink is
    what is darker than light paper, or lighter than dark paper; a page that has none of it is looked at the other way
    round. A cell with even one such pixel has a share of at least 1, so a grid of zeros means that there is nothing.
    """
    picture = Image.frombuffer("RGB", (image.width_px, image.height_px), image.data, "raw", "RGB", 0, 1)
    paper = _paper(picture)
    signs = (1, -1) if max(paper) >= _LIGHT_PAPER else (-1, 1)
    for sign in signs:
        # One table for each channel turns its values into 1 for ink and 0 for paper.
        table = [int(sign * (level - value) >= INK_CONTRAST) for level in paper for value in range(_CHANNEL_VALUES)]
        red, green, blue = picture.point(table).split()
        mask = ImageChops.lighter(red, ImageChops.lighter(green, blue))
        if mask.getbbox() is not None:
            return InkGrid(INK_COLUMNS, INK_ROWS, _shares(mask.tobytes(), *mask.size))
    return InkGrid(INK_COLUMNS, INK_ROWS, bytes(INK_COLUMNS * INK_ROWS))


def _paper(picture: Image.Image) -> tuple[int, int, int]:
    width_px, height_px = (max(1, side // _SAMPLE_STEP) for side in picture.size)
    sample = picture.resize((width_px, height_px), Image.Resampling.NEAREST)
    counts = sample.histogram()
    red, green, blue = (
        max(range(_CHANNEL_VALUES), key=counts[start : start + _CHANNEL_VALUES].__getitem__)
        for start in range(0, 3 * _CHANNEL_VALUES, _CHANNEL_VALUES)
    )
    return red, green, blue


def _shares(mask: bytes, width_px: int, height_px: int) -> bytes:
    """Return the share of ones for each cell; every pixel belongs to exactly one cell."""
    edges_x = [column * width_px // INK_COLUMNS for column in range(INK_COLUMNS + 1)]
    edges_y = [row * height_px // INK_ROWS for row in range(INK_ROWS + 1)]
    shares = bytearray()
    for top, bottom in pairwise(edges_y):
        counts = [0] * INK_COLUMNS
        for start in range(top * width_px, bottom * width_px, width_px):
            if not mask.count(1, start, start + width_px):
                continue
            for column in range(INK_COLUMNS):
                counts[column] += mask.count(1, start + edges_x[column], start + edges_x[column + 1])
        for column, count in enumerate(counts):
            pixels = (bottom - top) * (edges_x[column + 1] - edges_x[column])
            shares.append(-(-255 * count // pixels) if count else 0)
    return bytes(shares)
