"""Boxes on a page, and the only conversions between the units they come in.

Four units meet here, and every box inside the package is in the second:

* **model units**: integers 0 to 999 on the page image as it was sent, whatever the resolution mode; the model's own
  drawing code divides by 999 (`run_dpsk_ocr_image.py`), not by 1000;
* **fractions** of the page, 0 to 1, origin top left: `Box`;
* **pixels** of a page image, origin top left;
* **points** (1/72 inch) of the page as a viewer shows it, which is the CropBox after /Rotate and UserUnit, origin top
  left; and
  the PDF's own **user space**, origin bottom left, before /Rotate, where annotations live (`PdfFrame`).

Numbers that lie outside the page are clamped to it and swapped corners are put in order, so a conversion of finite
numbers never fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FULL_PAGE",
    "MODEL_SCALE",
    "Box",
    "PdfFrame",
    "box_from_model",
    "box_from_pixels",
    "box_from_points",
    "box_to_model",
    "box_to_pixels",
    "box_to_points",
    "hull",
    "intersection_over_union",
    "rotate_box",
]

MODEL_SCALE = 999
"""The model's coordinates run from 0 to this number (DeepSeek-OCR's `run_dpsk_ocr_image.py`)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions of the page, origin top left: 0 <= x0 <= x1 <= 1, and likewise y.

    Raises:
        ValueError: a number is not finite, lies outside 0 to 1, or the corners are swapped. Use the `box_from_*`
            functions for numbers that may be any of these.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        # A comparison with NaN is false, so this refuses it too.
        if not (0.0 <= self.x0 <= self.x1 <= 1.0 and 0.0 <= self.y0 <= self.y1 <= 1.0):
            raise ValueError(f"not a box in fractions of the page: {self.x0, self.y0, self.x1, self.y1}")

    @property
    def width(self) -> float:
        """Share of the page's width."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Share of the page's height."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Share of the page's area."""
        return self.width * self.height


FULL_PAGE = Box(0.0, 0.0, 1.0, 1.0)


def _clamped(value: float) -> float:
    # The "+ 0.0" turns a negative zero into zero, which JSON would otherwise show.
    return min(1.0, max(0.0, value)) + 0.0


def _box(x0: float, y0: float, x1: float, y1: float) -> Box:
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        raise ValueError(f"box with a number that is not finite: {x0, y0, x1, y1}")
    x0, x1 = sorted((_clamped(x0), _clamped(x1)))
    y0, y1 = sorted((_clamped(y0), _clamped(y1)))
    return Box(x0, y0, x1, y1)


def box_from_model(x0: float, y0: float, x1: float, y1: float) -> Box:
    """Return the box for the model's numbers 0 to 999; others are clamped, swapped corners put in order."""
    return _box(x0 / MODEL_SCALE, y0 / MODEL_SCALE, x1 / MODEL_SCALE, y1 / MODEL_SCALE)


def box_to_model(box: Box) -> tuple[int, int, int, int]:
    """Return `(x0, y0, x1, y1)` in the model's integers 0 to 999, each rounded to the nearest."""
    return (
        round(box.x0 * MODEL_SCALE),
        round(box.y0 * MODEL_SCALE),
        round(box.x1 * MODEL_SCALE),
        round(box.y1 * MODEL_SCALE),
    )


def box_from_pixels(x0: float, y0: float, x1: float, y1: float, *, width_px: int, height_px: int) -> Box:
    """Return the box for pixel edges of an image of `width_px` by `height_px`, origin top left."""
    return _box(x0 / width_px, y0 / height_px, x1 / width_px, y1 / height_px)


def box_to_pixels(box: Box, *, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return `(left, top, right, bottom)` of the whole pixels that cover the box; at least one pixel each way.

    The tuple fits `PIL.Image.crop`: right and bottom are exclusive.
    """
    left, right = _covering(box.x0, box.x1, width_px)
    top, bottom = _covering(box.y0, box.y1, height_px)
    return left, top, right, bottom


_SNAP = 1e-6  # of a pixel: a float that misses a pixel edge by less is on that edge


def _covering(start: float, end: float, size: int) -> tuple[int, int]:
    first = min(size - 1, max(0, math.floor(start * size + _SNAP)))
    last = max(first + 1, min(size, math.ceil(end * size - _SNAP)))
    return first, last


def box_from_points(x0: float, y0: float, x1: float, y1: float, *, width_pt: float, height_pt: float) -> Box:
    """Return the box for points of the page as shown (CropBox after /Rotate), origin top left."""
    return _box(x0 / width_pt, y0 / height_pt, x1 / width_pt, y1 / height_pt)


def box_to_points(box: Box, *, width_pt: float, height_pt: float) -> tuple[float, float, float, float]:
    """Return `(x0, y0, x1, y1)` in points of the page as shown, origin top left."""
    return box.x0 * width_pt, box.y0 * height_pt, box.x1 * width_pt, box.y1 * height_pt


def hull(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that contains all of `boxes`.

    Raises:
        ValueError: there is no box.
    """
    every = tuple(boxes)
    if not every:
        raise ValueError("the hull of no boxes is not defined")
    return Box(
        min(box.x0 for box in every),
        min(box.y0 for box in every),
        max(box.x1 for box in every),
        max(box.y1 for box in every),
    )


def intersection_over_union(first: Box, second: Box) -> float:
    """Return the shared area over the joint area, 0 to 1; two boxes without area give 0."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    joint = first.area + second.area - shared
    return min(1.0, shared / joint) if joint > 0 else 0.0


def rotate_box(box: Box, degrees: int) -> Box:
    """Return where `box` lies after its page is turned clockwise by 0, 90, 180 or 270 degrees."""
    match degrees % 360:
        case 0:
            return box
        case 90:
            return _box(1 - box.y1, box.x0, 1 - box.y0, box.x1)
        case 180:
            return _box(1 - box.x1, 1 - box.y1, 1 - box.x0, 1 - box.y0)
        case 270:
            return _box(box.y0, 1 - box.x1, box.y1, 1 - box.x0)
        case _:
            raise ValueError(f"a page turns by 0, 90, 180 or 270 degrees, not by {degrees}")


@dataclass(frozen=True, slots=True)
class PdfFrame:
    """Where a page lies in a PDF's user space: its CropBox, its /Rotate and its UserUnit.

    Attributes:
        x0, y0, x1, y1: the CropBox, in units of user space, origin bottom left, before /Rotate; any two opposite
            corners.
        rotate: degrees clockwise that a viewer turns the page, a multiple of 90.
        user_unit: points that a unit of user space is long.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    rotate: int = 0
    user_unit: float = 1.0

    @property
    def _edges(self) -> tuple[float, float, float, float]:
        left, right = sorted((self.x0, self.x1))
        bottom, top = sorted((self.y0, self.y1))
        return left, bottom, right, top

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height in points of the page as a viewer shows it."""
        left, bottom, right, top = self._edges
        width, height = (right - left) * self.user_unit, (top - bottom) * self.user_unit
        return (height, width) if self.rotate % 180 else (width, height)

    def box_from_user_space(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Return the box, on the page as shown, for a rectangle of the PDF's user space."""
        left, bottom, right, top = self._edges
        width, height = right - left, top - bottom
        upright = _box((x0 - left) / width, (top - y1) / height, (x1 - left) / width, (top - y0) / height)
        return rotate_box(upright, self.rotate)

    def box_to_user_space(self, box: Box) -> tuple[float, float, float, float]:
        """Return `(x0, y0, x1, y1)` in the PDF's user space, lower left corner first: a /Rect for an annotation."""
        left, bottom, right, top = self._edges
        width, height = right - left, top - bottom
        upright = rotate_box(box, -self.rotate)
        return (
            left + upright.x0 * width,
            top - upright.y1 * height,
            left + upright.x1 * width,
            top - upright.y0 * height,
        )
