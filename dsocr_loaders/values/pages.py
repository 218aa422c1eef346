"""A page as pixels, and what an engine is asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.values.sources import Source
    from dsocr_loaders.values.vocabulary import PageUnit, Task

__all__ = ["Decoding", "InkGrid", "PageImage", "ReadRequest", "RgbImage"]


@dataclass(frozen=True, slots=True, repr=False)
class RgbImage:
    """Pixels: rows from top to bottom, three bytes a pixel, no padding; `len(data) == 3 * width_px * height_px`."""

    width_px: int
    height_px: int
    data: bytes

    def __repr__(self) -> str:
        return f"RgbImage(width_px={self.width_px}, height_px={self.height_px})"


@dataclass(frozen=True, slots=True)
class InkGrid:
    """How much ink lies where: shares of dark pixels, 0 to 255 for 0 to 1, row by row.

    `len(shares) == columns * rows`. It is small and stays when the pixels are dropped.
    """

    columns: int
    rows: int
    shares: bytes

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds any ink at all."""
        return not any(self.shares)


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as it is read.

    Attributes:
        source: the file.
        page_number: from 1.
        label: the PDF's own page label, else the number.
        width, height: of the page as shown, in `unit`.
        unit: `"pt"` for PDFs, `"px"` for images.
        rotation: degrees clockwise that were applied to show the page upright (/Rotate, EXIF).
        image: the pixels, or None once they are dropped.
        ink: kept when the pixels are dropped; None where it was not measured.
        notes: what is to be said about the page as it is shown: that the file is cut off and a part is missing, that
            it was scaled down to a limit. A sentence each; empty for nearly every page.
    """

    source: Source
    page_number: int
    label: str
    width: float
    height: float
    unit: PageUnit
    rotation: int = 0
    image: RgbImage | None = None
    ink: InkGrid | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the model decodes.

    Attributes:
        max_new_tokens: limit for the answer; None takes what the context leaves.
        temperature: 0 is greedy, the only value the model is meant for.
        ngram_size: no run of this many tokens may repeat ...
        ngram_window: ... within this many of the answer's last tokens ...
        ngram_whitelist: ... except through these tokens, which empty table cells repeat.

    The n-gram values are those of DeepSeek-OCR's official image script (`run_dpsk_ocr_image.py`).
    """

    max_new_tokens: int | None = None
    temperature: float = 0.0
    ngram_size: int = 30
    ngram_window: int = 90
    ngram_whitelist: tuple[str, ...] = ("<td>", "</td>")


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What an engine is asked about one page.

    Attributes:
        page: the page; its pixels may already be dropped.
        task: what is asked.
        prompt: the words, without the image token.
        resolution: name of the mode, see `dsocr_loaders.resolution`.
        decoding: how to decode.
        attempt: 1 for the first try.
    """

    page: PageImage
    task: Task
    prompt: str
    resolution: str
    decoding: Decoding
    attempt: int = 1
