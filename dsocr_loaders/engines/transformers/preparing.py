"""A page as a model in this process wants it. Runs in page workers, which load neither torch nor transformers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from dsocr_loaders.engines.handover import hand_over
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.resolution import MODES, vision_tokens
from dsocr_loaders.views import page_views

if TYPE_CHECKING:
    from dsocr_loaders.engines.handover import ArrayFile
    from dsocr_loaders.values import PageImage, ReadRequest

__all__ = ["ViewedPage", "prepare_views"]


@dataclass(frozen=True, slots=True)
class ViewedPage:
    """The views of a page, see `dsocr_loaders.views.PageViews`.

    Attributes:
        pixels: bytes, RGB: first the view of the whole page, then the tiles, each row by row.
        base_px, tile_px: sides of the view and of a tile; the latter 0 where there are none.
        grid: columns and rows of tiles, `(0, 0)` without.
        image_tokens: how many tokens the page takes in the prompt.
        family: of the model that it was prepared for.
    """

    pixels: ArrayFile
    base_px: int
    tile_px: int
    grid: tuple[int, int]
    image_tokens: int
    family: str


def prepare_views(page: PageImage, request: ReadRequest, *, folder: str, family: str) -> Prepared:
    """Return the page's views for a model of `family` as a `ViewedPage`, handed over through `folder`.

    Raises:
        SettingsError: the model has no such resolution mode.
        OutputError: the folder's disk is full.
    """
    image = page.image
    if image is None:
        raise ValueError(f"page {page.page_number} of {page.source.name} comes without its pixels")
    modes = MODES[family]
    mode = modes.get(request.resolution)
    if mode is None:
        raise SettingsError(f"resolution={request.resolution!r} is not a mode of {family}; it has: {', '.join(modes)}.")
    picture = Image.frombytes("RGB", (image.width_px, image.height_px), image.data)
    views = page_views(picture, mode)
    pixels = b"".join(view.tobytes() for view in (views.view, *views.tiles))
    return Prepared(
        pixel_digest(image),
        ViewedPage(
            pixels=hand_over(folder, pixels, (len(pixels),), "uint8"),
            base_px=mode.base_px,
            tile_px=mode.tile_px if views.tiles else 0,
            grid=views.grid,
            image_tokens=vision_tokens(mode, image.width_px, image.height_px),
            family=family,
        ),
    )
