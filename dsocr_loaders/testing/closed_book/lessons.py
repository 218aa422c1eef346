"""What the checkpoint is taught: images of the fixture's pages, as page workers make them, with what to answer."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from PIL import Image

from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.pages.opening import open_source
from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing.closed_book.pages import LOOPING, MODEL, PAGES, write_book, write_looping_page
from dsocr_loaders.values import Source, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.pages.jobs import PdfBackend
    from dsocr_loaders.values import RgbImage

__all__ = ["BETWEEN", "Lesson", "all_texts", "lessons"]

BETWEEN: Final = "\n"
"""What stands between the image and the prompt."""
_PAGE_DPI, _FIGURE_DPI = 144, 300


@dataclass(frozen=True, slots=True)
class Lesson:
    """One image, in all the ways that it may reach the model, and the answers to it.

    Attributes:
        name: what it shows.
        images: the same image, rendered and encoded in different ways.
        answers: prompt -> answer.
        is_endless: the answer to the document prompt has no end.
    """

    name: str
    images: tuple[Image.Image, ...]
    answers: Mapping[str, str]
    is_endless: bool = False


def all_texts() -> list[str]:
    """Return every answer and prompt, for the tokenizer."""
    pages = [*PAGES, LOOPING]
    return [text for page in pages for pair in page.answers.items() for text in pair]


def lessons(folder: Path) -> list[Lesson]:
    """Return the pages, the page that loops, and the figures cut out of their pages; `folder` is for the PDFs."""
    book, looping = write_book(folder / "book.pdf"), write_looping_page(folder / "looping.pdf")
    taught = [
        Lesson(f"page {number}", tuple(_images(book, number, _PAGE_DPI)), page.answers)
        for number, page in enumerate(PAGES, 1)
    ]
    taught.append(Lesson("looping page", tuple(_images(looping, 1, _PAGE_DPI)), LOOPING.answers, is_endless=True))
    prompt = prompt_for(MODEL, Task.FIGURE)
    for number, page in enumerate(PAGES, 1):
        if prompt in page.answers:
            box = next(part.box for part in page.sheet.parts if part.label == "image")
            images = tuple(_images(book, number, _FIGURE_DPI, box))
            taught.append(Lesson(f"figure on page {number}", images, {prompt: page.answers[prompt]}))
    return taught


def _images(path: Path, page_number: int, dpi: int, box: Box = FULL_PAGE) -> Iterator[Image.Image]:
    """Yield the image as each installed library renders it: without loss, and as a JPEG."""
    backends: tuple[PdfBackend, ...] = ("pymupdf", "pdfium") if find_spec("pymupdf") else ("pdfium",)
    with Spool() as spool:
        source = next(resolve_sources(path, spool=spool))
        if not isinstance(source, Source):
            raise TypeError(f"{path}: {source.message}")
        for place, backend in enumerate(backends):
            opened = open_source(source, backend, None, Limits())
            pixels = opened.render(page_number, dpi, box)
            opened.close()
            yield _decoded(pixels, "png" if place == 0 else "jpeg")
        if len(backends) == 1:
            yield _decoded(pixels, "jpeg")


def _decoded(pixels: RgbImage, image_format: str) -> Image.Image:
    data = encode_image(pixels, "jpeg" if image_format == "jpeg" else "png").data
    return Image.open(io.BytesIO(data)).convert("RGB")
