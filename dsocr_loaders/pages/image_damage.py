"""What can still be seen of an image file that is cut off or damaged."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, cast

from PIL import Image, ImageChops, ImageFile

from dsocr_loaders.errors import SourceDamaged
from dsocr_loaders.pages.image_colours import as_rgb, paper_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsocr_loaders.values import Source

__all__ = ["what_is_there"]

_NOTHING = 0.995  # missing share of an image of which there is nothing to read


def what_is_there(
    source: Source, place: str, opener: Callable[[], Image.Image], reason: Exception
) -> tuple[Image.Image, str]:
    """Return as RGB what can be decoded of an image, the rest white, and the note that says how much is missing.

    The image is decoded twice, over white and over black: where the two differ nothing was decoded.

    Args:
        source: the file.
        place: file and page, for messages.
        opener: opens the image at the right frame.
        reason: what was raised when it was decoded as usual.

    Raises:
        SourceDamaged: nothing can be decoded.
    """
    # Told to be tolerant, Pillow ends a JPEG that has no end, and libjpeg then makes grey of what is missing.
    with nullcontext() if source.media_type == "image/jpeg" else _tolerant():
        shown, missing = _decoded_over(opener, is_ink=False), 1.0
        if shown is not None:
            missing = _missing_share(shown, _decoded_over(opener, is_ink=True))
    if missing >= _NOTHING and source.media_type == "image/jpeg":
        coarse = _coarse(opener)
        if coarse is not None:
            return coarse, "The image file is cut off; what is there of it shows the page, but without fine detail."
    if shown is None or missing >= _NOTHING:
        raise SourceDamaged(
            f"{place}: the image is damaged or cut off, and nothing of it can be shown. Make or download it again. "
            f"({reason})"
        ) from reason
    if missing > 0:
        return shown, f"The image file is damaged or cut off: {missing:.0%} of the page is missing and left white."
    return shown, f"The image file is damaged: parts of the page may look wrong ({reason})."


@contextmanager
def _tolerant() -> Iterator[None]:
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _decoded_over(opener: Callable[[], Image.Image], *, is_ink: bool) -> Image.Image | None:
    with opener() as image:
        if not isinstance(image, ImageFile.ImageFile):
            return None
        try:
            image.load_prepare()
            filled = Image.new(image.mode, image.im.size, paper_colour(image.mode, is_ink=is_ink))
            image.im = filled.im
            if image.palette is not None:
                image.palette.dirty = 1  # so that the new pixels get it
            with suppress(OSError, ValueError, SyntaxError, EOFError, IndexError):
                image.load()
            image.tile = []  # whatever was decoded is there now
            return as_rgb(image)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - of a damaged file anything may be raised, and nothing can be shown then
            return None


def _missing_share(over_white: Image.Image, over_black: Image.Image | None) -> float:
    if over_black is None or over_white.size != over_black.size:
        return 1.0
    missing = ImageChops.difference(over_white, over_black).convert("L").point([0] + [255] * 255)
    return missing.histogram()[255] / (missing.width * missing.height)


def _coarse(opener: Callable[[], Image.Image]) -> Image.Image | None:
    """Return what a progressive JPEG shows: it gives no row before its end, but a coarse picture if it is given one."""
    with _tolerant(), opener() as image, suppress(OSError):
        if "progressive" in image.info:
            image.load()
            seen = as_rgb(image)
            return None if _is_plain(seen) else seen
    return None


def _is_plain(image: Image.Image) -> bool:
    """Tell whether it has one colour all over, as a picture of nothing has."""
    return all(lowest == highest for lowest, highest in cast("list[tuple[int, int]]", image.getextrema()))
