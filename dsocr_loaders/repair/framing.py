"""A page turned, or a part of it: as pixels for an engine, and its answer's boxes back on the page as shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PIL import Image

from dsocr_loaders.geometry import FULL_PAGE, Box, box_to_pixels, rotate_box
from dsocr_loaders.pages.pixels_wanted import PixelsWanted
from dsocr_loaders.values import InkGrid, RgbImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.values import PageImage, ReadRequest, Region

__all__ = ["WHOLE", "Framing", "prepare_framed", "prepare_part"]

_TRANSPOSES: Final = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns against the clock
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Framing:
    """How a page is put before an engine.

    Attributes:
        part: what is cut out of the page as shown.
        turn: degrees clockwise that this is turned by: 0, 90, 180 or 270.
    """

    part: Box = FULL_PAGE
    turn: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the page stays as it is shown."""
        return self.turn == 0 and self.part == FULL_PAGE

    def box_on_page(self, box: Box) -> Box:
        """Return where on the page as shown a box of the framed image lies.

        A part is cut at whole pixels, so that boxes of one are right to a pixel; turning is exact.
        """
        upright, part = rotate_box(box, -self.turn), self.part
        if part == FULL_PAGE:
            return upright
        return Box(
            min(1.0, part.x0 + upright.x0 * part.width),
            min(1.0, part.y0 + upright.y0 * part.height),
            min(1.0, part.x0 + upright.x1 * part.width),
            min(1.0, part.y0 + upright.y1 * part.height),
        )

    def on_page(self, regions: tuple[Region, ...]) -> tuple[Region, ...]:
        """Return regions of the framed image with their boxes on the page as shown."""
        if self.is_whole:
            return regions
        return tuple(
            replace(
                region,
                boxes=tuple(map(self.box_on_page, region.boxes)),
                lines=tuple(replace(line, box=self.box_on_page(line.box)) for line in region.lines),
            )
            for region in regions
        )

    def page(self, page: PageImage) -> PageImage:
        """Return the page as framed: its size and ink, and its pixels if they are there."""
        if self.is_whole:
            return page
        width, height = page.width * self.part.width, page.height * self.part.height
        if self.turn % 180:
            width, height = height, width
        return replace(
            page,
            width=width,
            height=height,
            rotation=(page.rotation + self.turn) % 360,
            image=None if page.image is None else self._pixels(page.image),
            ink=None if page.ink is None else self._ink(page.ink),
        )

    def _pixels(self, image: RgbImage) -> RgbImage:
        picture = Image.frombuffer("RGB", (image.width_px, image.height_px), image.data, "raw", "RGB", 0, 1)
        if self.part != FULL_PAGE:
            picture = picture.crop(box_to_pixels(self.part, width_px=image.width_px, height_px=image.height_px))
        if self.turn:
            picture = picture.transpose(_TRANSPOSES[self.turn])
        return RgbImage(picture.width, picture.height, picture.tobytes())

    def _ink(self, ink: InkGrid) -> InkGrid:
        columns = _cells(self.part.x0, self.part.x1, ink.columns)
        rows = [
            [ink.shares[row * ink.columns + column] for column in columns]
            for row in _cells(self.part.y0, self.part.y1, ink.rows)
        ]
        for _ in range(self.turn // 90):
            rows = [list(column) for column in zip(*reversed(rows), strict=True)]
        return InkGrid(len(rows[0]), len(rows), bytes(share for row in rows for share in row))


WHOLE: Final = Framing()
"""The page as it is shown."""


def _cells(start: float, end: float, count: int) -> range:
    first = min(count - 1, round(start * count))
    return range(first, max(first + 1, round(end * count)))


def prepare_framed(
    page: PageImage,
    request: ReadRequest,
    *,
    prepare: Callable[[PageImage, ReadRequest], object],
    framing: Framing,
) -> object:
    """Return what an engine's `prepare` makes of the framed page. For page workers; a partial of it is picklable.

    Args:
        page: as shown, with its pixels if the engine wants them.
        request: about the page as shown.
        prepare: the engine's.
        framing: how the page is turned or cut.
    """
    prepared = prepare(framing.page(page), replace(request, page=framing.page(request.page)))
    if isinstance(prepared, PixelsWanted):
        return PixelsWanted(partial(prepare_framed, prepare=prepared.prepare, framing=framing))
    return prepared


def prepare_part(
    page: PageImage,
    request: ReadRequest,
    *,
    prepare: Callable[[PageImage, ReadRequest], object],
    framing: Framing,
    dpi: int,
) -> PixelsWanted:
    """Return the wish for the part's pixels at `dpi`, of which `prepare` is then to make what the engine wants.

    For page workers, as `prepare_framed`; the page comes without its pixels.

    Args:
        page: as shown, without its pixels.
        request: about the page as shown.
        prepare: the engine's, which wants pixels.
        framing: which part, and how it is then turned.
        dpi: dots per inch of a PDF page.
    """
    del page, request
    return PixelsWanted(partial(_prepare_cut, prepare=prepare, framing=framing), framing.part, dpi)


def _prepare_cut(
    page: PageImage,
    request: ReadRequest,
    *,
    prepare: Callable[[PageImage, ReadRequest], object],
    framing: Framing,
) -> object:
    """Return what `prepare` makes of a page whose pixels are those of the part already."""
    part = framing.page(replace(page, image=None))
    image = page.image if page.image is None or not framing.turn else Framing(turn=framing.turn).page(page).image
    return prepare(replace(part, image=image), replace(request, page=part))
