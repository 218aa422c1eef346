"""How many pixels a page gets."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box

__all__ = ["POINTS_PER_INCH", "fitting_zoom", "page_size_px", "zoom_of_part"]

POINTS_PER_INCH = 72
_SHRINK_STEP = 0.98
_THINNEST_PART = 1e-6  # of a side: what a crop of a line counts as


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


def fitting_zoom(width_pt: float, height_pt: float, dpi: float, most_pixels: int) -> float:
    """Return the pixels a point for `dpi`, or about the largest that keeps the page within `most_pixels`."""
    zoom = dpi / POINTS_PER_INCH
    if math.prod(page_size_px(width_pt, height_pt, zoom)) > most_pixels:
        zoom = min(zoom, math.sqrt(most_pixels / (width_pt * height_pt)))
    while math.prod(page_size_px(width_pt, height_pt, zoom)) > most_pixels:
        zoom *= _SHRINK_STEP
    return zoom


def zoom_of_part(width_pt: float, height_pt: float, part: Box, dpi: float, most_pixels: int) -> float:
    """Return the pixels a point for `dpi`, or about the largest that keep the part of a page within `most_pixels`."""
    part_pt = (width_pt * max(part.width, _THINNEST_PART), height_pt * max(part.height, _THINNEST_PART))
    return fitting_zoom(*part_pt, dpi, most_pixels)
