"""What an engine's `prepare` may answer instead of a prepared page: that it has to see this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import FULL_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import PageImage, ReadRequest

__all__ = ["PixelsWanted"]


@dataclass(frozen=True, slots=True)
class PixelsWanted:
    """A page that was prepared without its pixels and needs them after all: it is rendered, and `prepare` gets it.

    Attributes:
        prepare: gets the page with its pixels.
        part: which part of the page these are to be; the rest is not rendered.
        dpi: dots per inch of a PDF page's pixels; None for those of all pages.
    """

    prepare: Callable[[PageImage, ReadRequest], object]
    part: Box = FULL_PAGE
    dpi: int | None = None
