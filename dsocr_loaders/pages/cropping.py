"""A piece of a page as an image file: figures, and highlights of what a chunk stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.errors import SourceError
from dsocr_loaders.pages.jobs import CropJob, OpenOptions
from dsocr_loaders.pages.page_worker import PageWorker
from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Source

if TYPE_CHECKING:
    import os

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.pages.jobs import PdfBackend

__all__ = ["crop"]


def crop(
    source: Source | str | os.PathLike[str],
    page_number: int,
    box: Box,
    *,
    dpi: int = 144,
    pdf_backend: PdfBackend | None = None,
    password: str | None = None,
    limits: Limits | None = None,
) -> bytes:
    """Return the part of a page that lies in `box`, as the bytes of a PNG file, without any padding.

    The file is opened in a page worker that lives for this call, about half a second. For many crops keep one:
    `with PageWorker() as worker: worker.run(CropJob(...))`.

    Args:
        source: a path, or the `Source` of a result.
        page_number: from 1.
        box: fractions of the page as shown, as everywhere.
        dpi: dots per inch of a PDF page; an image gives its own pixels.
        pdf_backend: the library; by default pymupdf if installed, else pdfium.
        password: of an encrypted PDF.
        limits: the most that the file may hold; the defaults if None.

    Raises:
        SourceError: the file or page cannot be read.
        SettingsError: there is no such page.
    """
    with Spool() as spool, PageWorker() as worker:
        found = next(resolve_sources(source, spool=spool, limits=limits))
        if not isinstance(found, Source):
            raise SourceError(f"{found.name}: {found.message}")
        options = OpenOptions(dpi, pdf_backend, password, limits or Limits())
        return worker.run(CropJob(found, page_number, box, options))
