"""What names the pixels of a page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.values import RgbImage

__all__ = ["pixel_digest"]


def pixel_digest(image: RgbImage) -> str:
    """Return the sha256, in hex, that names exactly these pixels in this shape."""
    digest = hashlib.sha256(f"RGB {image.width_px}x{image.height_px} ".encode())
    digest.update(image.data)
    return digest.hexdigest()
