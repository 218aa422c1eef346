"""What remote and replay engines want to see of a page. Runs in page workers.

Costs on one core for a page at 144 dpi: JPEG at quality 95 without chroma subsampling 5 ms, PNG at level 1 41 ms,
PNG at Pillow's own level 75 ms, at about the same size for born-digital pages.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from PIL import Image

from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.pages.digest import pixel_digest

if TYPE_CHECKING:
    from dsocr_loaders.values import PageImage, ReadRequest, RgbImage

__all__ = ["EncodedImage", "digest_page", "encode_image", "encode_page"]

_LONGEST_JPEG_PX: Final = 65_500  # libjpeg's own limit; PNG has none that matters


@dataclass(frozen=True, slots=True, repr=False)
class EncodedImage:
    """An image file in memory: `data` is of type `media_type` and shows `width_px` by `height_px` pixels."""

    data: bytes
    media_type: Literal["image/jpeg", "image/png"]
    width_px: int
    height_px: int

    def __repr__(self) -> str:
        size = f"{self.width_px} x {self.height_px} px, {len(self.data)} bytes"
        return f"EncodedImage({self.media_type}, {size})"


def encode_image(image: RgbImage, image_format: Literal["jpeg", "png"]) -> EncodedImage:
    """Return `image` as a JPEG of quality 95 with full colour resolution (4:4:4), or as a PNG of level 1.

    An image too long for JPEG becomes a PNG.
    """
    picture = Image.frombytes("RGB", (image.width_px, image.height_px), image.data)
    out = io.BytesIO()
    if image_format == "jpeg" and max(picture.size) <= _LONGEST_JPEG_PX:
        picture.save(out, "JPEG", quality=95, subsampling=0)
        return EncodedImage(out.getvalue(), "image/jpeg", image.width_px, image.height_px)
    picture.save(out, "PNG", compress_level=1)
    return EncodedImage(out.getvalue(), "image/png", image.width_px, image.height_px)


def encode_page(page: PageImage, request: ReadRequest, *, image_format: Literal["jpeg", "png"]) -> Prepared:  # noqa: ARG001 - the signature of `Engine.prepare`
    """Return the page as an `EncodedImage`, with the digest of its pixels."""
    pixels = _pixels(page)
    return Prepared(pixel_digest(pixels), encode_image(pixels, image_format))


def digest_page(page: PageImage, request: ReadRequest) -> Prepared:  # noqa: ARG001 - the signature of `Engine.prepare`
    """Return the digest of the page's pixels alone."""
    return Prepared(pixel_digest(_pixels(page)), None)


def _pixels(page: PageImage) -> RgbImage:
    if page.image is None:
        raise ValueError(f"page {page.page_number} of {page.source.name} comes without its pixels")
    return page.image
