"""PNG and JPEG files through Pillow, as sources of one page."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from dsocr_loaders.errors import LimitExceeded, SourceDamaged
from dsocr_loaders.pages.opened import PageFrame, damaged, require_page
from dsocr_loaders.pages.pixels import MAX_PAGE_PIXELS
from dsocr_loaders.values import RgbImage

if TYPE_CHECKING:
    from dsocr_loaders.values import OutlineEntry, Source

__all__ = ["ImageSource"]

_EXIF_ORIENTATION = 0x0112
_CLOCKWISE = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_SIXTEEN_TO_EIGHT_BITS = 255 / 65535


class ImageSource:
    """A PNG or JPEG file. Of a file with several frames (animated PNG, MPO) the first one is the page.

    The page is shown as a viewer shows it: EXIF orientation applied, transparency on white, every colour mode as
    8 bit RGB. Colour profiles are not applied.
    """

    backend = "pillow"
    total_pages = 1
    labels = ("1",)
    bookmarks: tuple[OutlineEntry, ...] = ()
    complaint = ""

    def __init__(self, source: Source) -> None:
        self._source = source
        with warnings.catch_warnings():
            # Of a broken EXIF block, and of many pixels below our own limit, which is checked below.
            warnings.simplefilter("ignore")
            self._image = self._opened()
            self._orientation = _orientation(self._image)

    def _opened(self) -> Image.Image:
        try:
            image = Image.open(self._source.path, formats=("PNG", "JPEG"))
        except Image.DecompressionBombError as error:
            raise LimitExceeded(f"{self._source.name}: {error}") from error
        except Exception as error:
            raise damaged(self._source, error) from error
        if image.width * image.height > MAX_PAGE_PIXELS:
            image.close()
            raise LimitExceeded(
                f"{self._source.name}: {image.width} x {image.height} pixels are more than MAX_PAGE_PIXELS = "
                f"{MAX_PAGE_PIXELS}. Scale the image down."
            )
        return image

    def frame(self, page_number: int) -> PageFrame:
        """Return the size in pixels as shown, and the turn that EXIF asks for; mirroring is not in it."""
        require_page(self._source, page_number, self.total_pages)
        width, height = self._image.size
        if self._orientation in _SIDEWAYS:
            width, height = height, width
        return PageFrame(width, height, "px", _CLOCKWISE[self._orientation])

    def render(self, page_number: int, dpi: float) -> RgbImage:  # noqa: ARG002 - an image has its own pixels
        """Return the image as shown, on white."""
        require_page(self._source, page_number, self.total_pages)
        try:
            self._image.load()
        except Exception as error:
            raise SourceDamaged(
                f"{self._source.name}, page 1: the image is damaged or cut off. Make or download it again. ({error})"
            ) from error
        shown = _as_rgb(self._image)
        if self._orientation != 1:
            shown = _turned(shown, self._orientation)
        return RgbImage(*shown.size, shown.tobytes())

    def close(self) -> None:
        """Give the file back."""
        self._image.close()


def _orientation(image: Image.Image) -> int:
    try:
        found = int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a broken EXIF block costs the orientation, not the picture
        return 1
    return found if found in _CLOCKWISE else 1


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow's own conversion cuts values above 255 off instead of scaling them.
        image = image.point(lambda value: value * _SIXTEEN_TO_EIGHT_BITS).convert("L")
    if image.has_transparency_data:
        opaque = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    tagged = image.copy()
    tagged.getexif()[_EXIF_ORIENTATION] = orientation
    return ImageOps.exif_transpose(tagged)
