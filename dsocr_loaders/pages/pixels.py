"""How many pixels a page gets."""

from __future__ import annotations

import math
import struct

__all__ = ["MAX_PAGE_PIXELS", "fitting_zoom", "page_size_px"]

MAX_PAGE_PIXELS = 100_000_000
"""Most pixels of one page, 300 MB as RGB. A PDF page beyond it is rendered smaller; an image beyond it is refused.

A0 at 254 dpi just fits; nothing that the models read needs a hundredth of it.
"""

_POINTS_PER_INCH = 72
_SHRINK_STEP = 0.98


def _float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _side_px(points: float, zoom: float) -> int:
    return max(1, math.ceil(_float32(_float32(_float32(points) * _float32(zoom)) - _float32(0.001))))


def page_size_px(width_pt: float, height_pt: float, zoom: float) -> tuple[int, int]:
    """Return width and height in pixels of a page rendered at `zoom` pixels a point.

    This is MuPDF's own rule (`fz_round_rect`: up to the next pixel, but a thousandth of a pixel too many does not
    count), in its own 32 bit arithmetic, so that pages have the size that the official scripts give them.
    """
    return _side_px(width_pt, zoom), _side_px(height_pt, zoom)


def fitting_zoom(width_pt: float, height_pt: float, dpi: float) -> float:
    """Return the pixels a point for `dpi`, or the largest that keeps the page within `MAX_PAGE_PIXELS`."""
    zoom = dpi / _POINTS_PER_INCH
    if math.prod(page_size_px(width_pt, height_pt, zoom)) > MAX_PAGE_PIXELS:
        zoom = min(zoom, math.sqrt(MAX_PAGE_PIXELS / (width_pt * height_pt)))
    while math.prod(page_size_px(width_pt, height_pt, zoom)) > MAX_PAGE_PIXELS:
        zoom *= _SHRINK_STEP
    return zoom
