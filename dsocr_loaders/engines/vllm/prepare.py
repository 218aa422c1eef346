"""A page as the model's vision tower gets it, as bytes in a file. Runs in page workers; needs Pillow alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.handover import hand_over
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.views import page_views

if TYPE_CHECKING:
    from dsocr_loaders.engines.handover import ArrayFile
    from dsocr_loaders.resolution import Mode
    from dsocr_loaders.values import PageImage, ReadRequest, RgbImage

__all__ = ["PreparedViews", "prepare_views"]


@dataclass(frozen=True, slots=True)
class PreparedViews:
    """The views of a page, ready to be computed with but for their normalisation.

    Attributes:
        pixels: bytes of the whole view and then of each tile, row by row from the top left; each one plane of red,
            one of green and one of blue.
        view_px: side of the whole view.
        tile_px: side of a tile; that of the mode for a page without tiles.
        grid: columns and rows of tiles, `(0, 0)` without.
        vision_tokens: how many tokens the views become.
    """

    pixels: ArrayFile
    view_px: int
    tile_px: int
    grid: tuple[int, int]
    vision_tokens: int


def prepare_views(page: PageImage, request: ReadRequest, *, folder: str, model: str) -> Prepared:
    """Return the page's `PreparedViews` for the request's resolution mode.

    Args:
        page: with its pixels.
        request: whose resolution is looked at.
        folder: where the pixels go, `HandoverFolder.path`.
        model: whose mode it is.

    Raises:
        SettingsError: the model has no such mode.
        OutputError: the disk is full.
    """
    if page.image is None:
        raise ValueError(f"page {page.page_number} of {page.source.name} comes without its pixels")
    mode = mode_for(model, request.resolution)
    return Prepared(pixel_digest(page.image), _views(page.image, mode, folder))


def _views(image: RgbImage, mode: Mode, folder: str) -> PreparedViews:
    from PIL import Image  # noqa: PLC0415 - in page workers only

    picture = Image.frombytes("RGB", (image.width_px, image.height_px), image.data)
    views = page_views(picture, mode)
    planes = [plane.tobytes() for each in (views.view, *views.tiles) for plane in each.split()]
    pixels = b"".join(planes)
    return PreparedViews(
        pixels=hand_over(folder, pixels, (len(pixels),), "uint8"),
        view_px=views.view.width,
        tile_px=mode.tile_px or mode.base_px,
        grid=views.grid,
        vision_tokens=vision_tokens(mode, image.width_px, image.height_px),
    )
