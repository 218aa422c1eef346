"""A page image as the model's vision tower gets it: one view of the whole page, and tiles.

The rules are those of the official `process/image_process.py` (`ImageOps.pad` and `resize`, both bicubic) for every
mode of `dsocr_loaders.resolution`. The pixels stay bytes here: turning them into numbers from -1 to 1 multiplies their
size by two to four, and is for whoever computes with them.

The official code fails for a page more than two thousand times as long as wide, whose shorter side vanishes in the
view; here it keeps one pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.resolution import tile_grid

if TYPE_CHECKING:
    from PIL.Image import Image

    from dsocr_loaders.resolution import Mode

__all__ = ["PAD_COLOUR", "PageViews", "page_views"]

PAD_COLOUR: Final = (127, 127, 127)  # 0.5, the mean that pixels are normalised with, as the official code rounds it


@dataclass(frozen=True, slots=True)
class PageViews:
    """What the vision tower sees of a page.

    Attributes:
        view: the whole page, `base_px` squared, RGB.
        tiles: row by row from the top left, `tile_px` squared each, RGB; empty for a page that is not tiled.
        grid: columns and rows of tiles, `(0, 0)` without.
    """

    view: Image
    tiles: tuple[Image, ...]
    grid: tuple[int, int]


def page_views(image: Image, mode: Mode) -> PageViews:
    """Return the views of an upright RGB image."""
    from PIL import Image as Pillow  # noqa: PLC0415 - in page workers and engines only
    from PIL import ImageOps  # noqa: PLC0415 - likewise

    side = (mode.base_px, mode.base_px)
    if mode.fit == "stretch":
        view = image.resize(side, Pillow.Resampling.BICUBIC)
    else:
        shown = image
        if round(min(image.size) / max(image.size) * mode.base_px) == 0:
            line = (1, mode.base_px) if image.height > image.width else (mode.base_px, 1)
            shown = image.resize(line, Pillow.Resampling.BICUBIC)
        view = ImageOps.pad(shown, side, method=Pillow.Resampling.BICUBIC, color=PAD_COLOUR)
    columns, rows = tile_grid(mode, image.width, image.height)
    if not columns:
        return PageViews(view, (), (0, 0))
    tile = mode.tile_px
    stretched = image.resize((tile * columns, tile * rows), Pillow.Resampling.BICUBIC)
    corners = ((column * tile, row * tile) for row in range(rows) for column in range(columns))
    tiles = tuple(stretched.crop((left, top, left + tile, top + tile)) for left, top in corners)
    return PageViews(view, tiles, (columns, rows))
