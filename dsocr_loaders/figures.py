"""Figures of a page that was read: which are worth a second look, what is asked about one, what the answer says. Pure.

A model that reads a page gives a figure's place and nothing of what it shows. Asked about the figure's crop alone
(`Parse the figure.`), it gives a chart as a table, a formula or a chemical structure as text. `pipeline.figures` asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import Box, box_to_pixels, hull
from dsocr_loaders.pages.pixels import POINTS_PER_INCH, page_size_px, zoom_of_part
from dsocr_loaders.repair import Framing
from dsocr_loaders.values import FigurePart, FigureReading, RawAnswer, RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.repair import Question, Reading
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PageImage, Region

__all__ = ["FIGURE_DPI", "FIGURE_PIXELS", "MOST_FIGURES", "figure_question", "figure_reading", "figures_worth_reading"]

LEAST_SHARE: Final = 0.01
"""Of the page's area. On A4 6 square centimetres: a logo, an icon or a signature is smaller, a chart that can be read
is not."""

LEAST_SIDE: Final = 0.04
"""Of the page's width and height. On A4 about 1 cm: what is thinner is a rule or a band of colour."""

MOST_FIGURES: Final = 16
"""Figures of one page that are read, the largest: a page of charts has a dozen, more is a sheet of pictures."""

FIGURE_PIXELS: Final = 1280
"""How long the longer side of a crop is to be: two tiles of 640 pixels in mode gundam, more than the 1024 that a
single view shows."""

FIGURE_DPI: Final = 300
"""What print has; a sharper rendering shows no more, and a small figure needs no enlarging."""


def figures_worth_reading(regions: Iterable[Region], page: PageImage) -> tuple[tuple[Region, ...], int]:
    """Return the figures to read, in reading order, and how many more there are than are read of one page.

    Left out are those without a place, tiny ones, and those that lie where the page has no ink.
    """
    found = [(hull(region.boxes), region) for region in regions if region.type is RegionType.FIGURE and region.boxes]
    worth = [(box.width * box.height, region) for box, region in found if _is_worth_it(box, page)]
    largest = sorted(worth, key=lambda each: (-each[0], each[1].order))[:MOST_FIGURES]
    chosen = sorted((region for _, region in largest), key=lambda region: region.order)
    return tuple(chosen), len(worth) - len(chosen)


def _is_worth_it(box: Box, page: PageImage) -> bool:
    if min(box.width, box.height) < LEAST_SIDE or box.width * box.height < LEAST_SHARE:
        return False
    ink = Framing(box).page(page).ink
    return ink is None or not ink.is_blank


def figure_question(question: Question, region: Region, page: PageImage, settings: Settings, turn: int = 0) -> Question:
    """Return `question` about the crop of a figure: its part of the page, and how sharp that is rendered.

    The part has its edges where the rendered page's pixels have theirs, so that boxes in the answer, which are
    fractions of the crop, lie on the page exactly where the model saw them.

    Args:
        question: what is asked about figures.
        region: the figure; it has boxes.
        page: as shown.
        settings: for the resolution of pages and the limit of pixels.
        turn: degrees clockwise that the page was turned by to be read.
    """
    box, most_pixels = hull(region.boxes), settings.limits.page_pixels
    dpi = settings.dpi
    if page.unit == "pt":
        longer_in = max(box.width * page.width, box.height * page.height) / POINTS_PER_INCH
        dpi = max(settings.dpi, min(FIGURE_DPI, round(FIGURE_PIXELS / longer_in)))
        zoom = zoom_of_part(page.width, page.height, box, dpi, most_pixels)
        width_px, height_px = page_size_px(page.width, page.height, zoom)
    else:
        width_px, height_px = round(page.width), round(page.height)
    left, top, right, bottom = box_to_pixels(box, width_px=width_px, height_px=height_px)
    part = Box(left / width_px, top / height_px, right / width_px, bottom / height_px)
    return replace(question, framing=Framing(part, turn), dpi=dpi, words=f"the figure in region {region.order}")


def figure_reading(answer: RawAnswer, reading: Reading) -> FigureReading | None:
    """Return what was read in a figure; None if that is nothing.

    Args:
        answer: as it came.
        reading: of it, or of what is left of it without its loops; its ranges are those of `answer`.
    """
    parts = tuple(
        FigurePart(region.type, region.text.strip(), region.boxes, region.spans)
        for region in reading.regions
        if region.text.strip()
    )
    return FigureReading(parts, answer, reading.findings) if parts else None
