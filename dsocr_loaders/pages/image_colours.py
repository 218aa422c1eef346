"""Images of any mode as 8 bit RGB on white."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_rgb", "paper_colour"]

_WHITE = 255
_SIXTEEN_BITS = 65535
_TIFF_BITS = 258
_TIFF_PHOTOMETRIC = 262
_TIFF_WHITE_IS_ZERO = 0
_PAPER: dict[str, int | tuple[int, ...]] = {
    "1": 1,
    "LA": (255, 255),
    "CMYK": (0, 0, 0, 0),
    "YCbCr": (255, 128, 128),
    "LAB": (255, 0, 0),
}
_INK: dict[str, int | tuple[int, ...]] = {
    "1": 0,
    "LA": (0, 255),
    "CMYK": (0, 0, 0, 255),
    "RGBA": (0, 0, 0, 255),
    "YCbCr": (0, 128, 128),
}


def as_rgb(image: Image.Image) -> Image.Image:
    """Return the image as a viewer shows it, without its orientation.

    Transparency lies on white. 16 bits of grey (9 to 15 in a TIFF too) are scaled, not cut off. 32 bit and floating
    point grey has no scale of its own, so its darkest value becomes black and its lightest white. Colour profiles are
    not applied.
    """
    if image.mode.startswith("I;16"):
        return _of_sixteen_bits(image).convert("RGB")
    if image.mode == "I" and image.format == "PNG":  # as older Pillows read 16 bits
        return image.point(lambda value: value * (_WHITE / _SIXTEEN_BITS)).convert("L").convert("RGB")
    if image.mode in {"I", "F"}:
        return _stretched(image).convert("RGB")
    if image.mode == "LAB":
        return _of_lab(image)
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        opaque = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(opaque, seen).convert("RGB")
    return image.convert("RGB")


def _of_sixteen_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion cuts values above 255 off instead of scaling them.
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_TIFF_BITS, (16,))
    most = 2 ** (bits[0] if isinstance(bits, tuple) else bits) - 1
    plain = image if image.mode == "I;16" else image.convert("I")
    grey = plain.point(_times(_WHITE / most)).convert("L")
    return ImageChops.invert(grey) if tags.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO else grey


def _times(factor: float, plus: float = 0.0) -> Callable[[float], float]:
    # Of exactly this form: Pillow reads factor and summand out of it.
    return lambda value: value * factor + plus


def _stretched(image: Image.Image) -> Image.Image:
    lowest, highest = (float(value) for value in image.getextrema())  # type: ignore[arg-type] # one band, two numbers
    if not (math.isfinite(lowest) and math.isfinite(highest) and highest > lowest):
        return image.convert("L")
    factor = _WHITE / (highest - lowest)
    return image.convert("F").point(_times(factor, -lowest * factor)).convert("L")


def _of_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms  # noqa: PLC0415 - needed for this rare mode alone

    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(image, *profiles, outputMode="RGB")
    if shown is None:
        raise ValueError("LAB colours cannot be converted")
    return shown


def paper_colour(mode: str, *, is_ink: bool = False) -> int | tuple[int, ...]:
    """Return white (or black) as `Image.new` takes it for images of `mode`."""
    named = (_INK if is_ink else _PAPER).get(mode)
    if named is not None:
        return named
    if mode.startswith("I"):
        return 0 if is_ink else _SIXTEEN_BITS
    bands = Image.getmodebands(mode)
    level = 0 if is_ink else _WHITE
    return level if bands == 1 else (level,) * bands
