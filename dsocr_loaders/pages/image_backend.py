"""Image files through Pillow, as sources of one page or of a page for each frame."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image

from dsocr_loaders.errors import DsocrError, LimitExceeded, SourceDamaged
from dsocr_loaders.geometry import FULL_PAGE, box_to_pixels
from dsocr_loaders.pages.image_colours import as_rgb
from dsocr_loaders.pages.image_damage import what_is_there
from dsocr_loaders.pages.image_frames import count_frames
from dsocr_loaders.pages.image_opening import guarded, open_image, scale_down
from dsocr_loaders.pages.memory import is_out_of_memory
from dsocr_loaders.pages.opened import PageFrame, require_page
from dsocr_loaders.values import RgbImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.values import OutlineEntry, Source

__all__ = ["ImageSource"]

_EXIF_ORIENTATION = 0x0112
_CLOCKWISE = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageSource:
    """An image file: PNG, JPEG, WebP, BMP, GIF, TIFF, JPEG 2000, or HEIC with pillow-heif.

    The page is shown as a viewer shows it: EXIF orientation applied, transparency on white, every colour mode as
    8 bit RGB. A file that is cut off or damaged is read as far as it goes, and a note says so. Resolution tags do not
    matter: a pixel is a pixel.

    Raises:
        SourceDamaged: it cannot be opened.
        LimitExceeded: it has more frames than `limits.frames`, or its first has more than `limits.page_pixels`.
        MissingDependency: a decoder is not installed.
    """

    backend = "pillow"
    bookmarks: tuple[OutlineEntry, ...] = ()
    complaint = ""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._kept: Image.Image | None = None
        self._known_frame: tuple[int, PageFrame] | None = None
        self.notes: tuple[str, ...] = ()
        with guarded(source, limits), open_image(source) as image:
            self.total_pages = count_frames(source, image, limits.frames)
            if self.total_pages > limits.frames:
                raise LimitExceeded(
                    f"{source.name}: the file has more frames than limits.frames={limits.frames}. Split it, or raise "
                    "the limit."
                )
            scale_down(image, source, limits)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The numbers of the frames."""
        return tuple(str(number) for number in range(1, self.total_pages + 1))

    def frame(self, page_number: int) -> PageFrame:
        """Return the file's own size in pixels as shown, and the turn that EXIF asks for; mirroring is not in it."""
        if self._known_frame is not None and self._known_frame[0] == page_number:
            return self._known_frame[1]  # a TIFF that was rendered does not know its orientation any more
        with self._frame_of_file(page_number) as image:
            orientation = _orientation(image)
            width, height = image.size
        # Pillow turns a TIFF by itself, and gives its size as turned.
        if orientation in _SIDEWAYS and image.format != "TIFF":
            width, height = height, width
        frame = PageFrame(width, height, "px", _CLOCKWISE[orientation])
        self._known_frame = (page_number, frame)
        return frame

    def render(self, page_number: int, dpi: float, part: Box = FULL_PAGE) -> RgbImage:  # noqa: ARG002 - own pixels
        """Return the image as shown, or `part` of it, on white."""
        with self._frame_of_file(page_number) as image:
            orientation = 1 if image.format == "TIFF" else _orientation(image)
            notes = scale_down(image, self._source, self._limits)
            try:
                image.load()
                shown = as_rgb(image)
            except (MemoryError, DsocrError):
                raise
            except Image.DecompressionBombError as error:
                raise LimitExceeded(f"{self._place(page_number)}: {error}") from error
            except Exception as error:
                if is_out_of_memory(error):
                    raise
                shown, note = self._what_is_there(page_number, error)
                notes = (*notes, note)
        if orientation in _TURNS:
            shown = shown.transpose(_TURNS[orientation])
        if part != FULL_PAGE:
            shown = shown.crop(box_to_pixels(part, width_px=shown.width, height_px=shown.height))
        self.notes = notes
        return RgbImage(*shown.size, shown.tobytes())

    def _place(self, page_number: int) -> str:
        return f"{self._source.name}, page {page_number}"

    @contextmanager
    def _frame_of_file(self, page_number: int) -> Iterator[Image.Image]:
        """Open the file at a frame. One with several stays open: most formats find a frame from the one before."""
        require_page(self._source, page_number, self.total_pages)
        with guarded(self._source, self._limits):
            if self.total_pages == 1:
                with open_image(self._source) as image:
                    yield image
                return
            if self._kept is None:
                self._kept = open_image(self._source)
            self._seek(self._kept, page_number)
            yield self._kept

    def _seek(self, image: Image.Image, page_number: int) -> None:
        try:
            image.seek(page_number - 1)
        except Image.DecompressionBombError as error:
            raise LimitExceeded(f"{self._place(page_number)}: {error}") from error
        except Exception as error:
            self.close()
            raise SourceDamaged(
                f"{self._place(page_number)}: the image file is damaged or cut off before this page. Make or download "
                f"it again. ({error})"
            ) from error

    def _what_is_there(self, page_number: int, reason: Exception) -> tuple[Image.Image, str]:
        self.close()

        def opener() -> Image.Image:
            image = open_image(self._source)
            if page_number > 1:
                self._seek(image, page_number)
            scale_down(image, self._source, self._limits)
            return image

        return what_is_there(self._source, self._place(page_number), opener, reason)

    def close(self) -> None:
        """Give the file back."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()


def _orientation(image: Image.Image) -> int:
    try:
        found = int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - a broken EXIF block costs the orientation, not the picture
        return 1
    return found if found in _CLOCKWISE else 1
