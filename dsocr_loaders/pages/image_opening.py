"""Image files as Pillow opens them: which formats, what is missing to read them, and how large they may be.

Two guards stand side by side. `limits.page_pixels` is ours: it is checked as soon as a frame's size is known, before
a pixel is decoded. Pillow's own guard against decompression bombs (`MAX_IMAGE_PIXELS`) stays on behind it, set to what
our limit allows for the format, and put back afterwards: it sees sizes that come up in the middle of decoding.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image, features

from dsocr_loaders.errors import LimitExceeded, MissingDependency
from dsocr_loaders.pages.opened import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.values import Source

__all__ = ["guarded", "open_image", "scale_down"]

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/jp2": "JPEG2000",
    "image/heic": "HEIF",
}
_DECODERS = {"WEBP": ("webp", "WebP"), "JPEG2000": ("jpg_2000", "OpenJPEG"), "JPEG": ("jpg", "libjpeg")}
_LARGEST_REDUCTION = 8  # each way, of libjpeg; what JPEG 2000 offers depends on the file


@contextmanager
def guarded(source: Source, limits: Limits) -> Iterator[None]:
    """Set Pillow's guard to what `limits` allow for this source while the body runs, and silence its warnings."""
    before = Image.MAX_IMAGE_PIXELS
    is_reducible = source.media_type in {"image/jpeg", "image/jp2"}
    Image.MAX_IMAGE_PIXELS = limits.page_pixels * (_LARGEST_REDUCTION**2 if is_reducible else 1)
    try:
        with warnings.catch_warnings():
            # Of broken EXIF blocks and odd tags, and of many pixels below our own limit.
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def open_image(source: Source) -> Image.Image:
    """Return the image with nothing but its header read. Call it `guarded`.

    Raises:
        MissingDependency: a decoder is not installed.
        LimitExceeded: it has more pixels than Pillow's guard lets through.
        SourceDamaged: it is no such image.
    """
    kind = _FORMATS[source.media_type]
    if kind == "HEIF":
        _register_heif(source)
    feature, library = _DECODERS.get(kind, ("zlib", "zlib"))
    if not features.check(feature):
        raise MissingDependency(f"{source.name}: this Pillow was built without {library}: pip install pillow")
    try:
        image = Image.open(source.path, formats=(kind,))
    except Image.DecompressionBombError as error:
        raise LimitExceeded(f"{source.name}: more pixels than limits.page_pixels allows. {error}") from error
    except Exception as error:
        raise damaged(source, error) from error
    # Pillow maps plain TIFFs into memory if it knows a file name, and then turns grey ones with an orientation twice.
    image.filename = ""
    return image


def _register_heif(source: Source) -> None:
    try:
        import pillow_heif  # noqa: PLC0415 - optional dependency
    except ImportError as error:
        raise MissingDependency(
            f'{source.name}: a HEIC image; reading it needs pillow-heif ({error}): pip install "pillow-heif>=0.16"'
        ) from error
    pillow_heif.register_heif_opener()


def scale_down(image: Image.Image, source: Source, limits: Limits) -> tuple[str, ...]:
    """Have an image that is too large decoded at a smaller size, and return the note on it; none if it is not.

    libjpeg and OpenJPEG leave out detail before they make pixels, so that it costs no memory. Other formats would
    have to be decoded whole first.

    Raises:
        LimitExceeded: it has more than `limits.page_pixels`, and cannot be scaled down while it is read.
    """
    width, height = image.size
    if width * height <= limits.page_pixels:
        return ()
    factor = 2
    while width * height > limits.page_pixels * factor**2:
        factor *= 2
    if factor <= _LARGEST_REDUCTION:
        if image.format in {"JPEG", "MPO"}:
            image.draft(None, (max(1, width // factor), max(1, height // factor)))
        elif image.format == "JPEG2000":
            # Declared as the method of all images, which this format shadows.
            image.reduce = factor.bit_length() - 1  # type: ignore[method-assign, assignment]
    if image.size != (width, height) or (image.format == "JPEG2000" and factor <= _LARGEST_REDUCTION):
        was_read = f"The image of {width} x {height} pixels was read at 1/{factor} of its size"
        return (f"{was_read} to stay within limits.page_pixels={limits.page_pixels}.",)
    raise LimitExceeded(
        f"{source.name}: {width} x {height} pixels are more than limits.page_pixels={limits.page_pixels}. Scale the "
        "image down, or raise the limit."
    )
