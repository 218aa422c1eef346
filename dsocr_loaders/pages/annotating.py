"""A copy of a PDF with marks on its pages, as annotations that every viewer shows and can remove again.

Written by PyMuPDF: annotations that pdfium adds are not shown by every viewer.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from dsocr_loaders.errors import MissingDependency
from dsocr_loaders.geometry import box_to_points
from dsocr_loaders.pages.jobs import Job
from dsocr_loaders.pages.opened import require_page
from dsocr_loaders.pages.opening import PDF

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.pages.jobs import OpenOptions
    from dsocr_loaders.pages.opened import OpenedSource
    from dsocr_loaders.values import Source

__all__ = ["AnnotateJob", "PageMark", "annotated_pdf"]

_POINTS_PER_INCH = 72
_BORDER_PT = 1.5
_FILL_OPACITY = 0.25  # what is below stays readable


@dataclass(frozen=True, slots=True)
class PageMark:
    """A rectangle on a page.

    Attributes:
        page_number: from 1.
        box: where, in fractions of the page as shown.
        color: red, green and blue, 0 to 255.
        note: words that a viewer shows for it.
    """

    page_number: int
    box: Box
    color: tuple[int, int, int]
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnnotateJob(Job[bytes]):
    """Put marks on pages of a copy of the source, as the bytes of a PDF file.

    A PDF keeps its pages, encryption and everything else. An image becomes a PDF of those of its pages that have
    marks, one pixel a point.
    """

    source: Source
    marks: tuple[PageMark, ...]
    options: OpenOptions


def annotated_pdf(job: AnnotateJob, opened: OpenedSource) -> bytes:
    """Return the PDF that the job asks for.

    Raises:
        SettingsError: a mark is on a page that is not there.
        MissingDependency: PyMuPDF is not installed.
    """
    pymupdf = _pymupdf()
    for mark in job.marks:
        require_page(job.source, mark.page_number, opened.total_pages)
    numbers = sorted({mark.page_number for mark in job.marks})
    if job.source.media_type == PDF:
        document = pymupdf.open(job.source.path)
        if document.needs_pass:
            document.authenticate(job.options.password or "")
        positions = {number: number - 1 for number in numbers}
    else:
        document = pymupdf.open(stream=_pdf_of_images(opened, numbers), filetype="pdf")
        positions = {number: position for position, number in enumerate(numbers)}
    try:
        for mark in job.marks:
            _add(document[positions[mark.page_number]], mark)
        # Without garbage collection: on files of thousands of pages it takes minutes.
        written: bytes = document.tobytes(deflate=True, encryption=pymupdf.PDF_ENCRYPT_KEEP)
    finally:
        document.close()
    return written


def _pymupdf() -> Any:  # noqa: ANN401 - the library ships no types
    try:
        import pymupdf  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingDependency(
            'An annotated PDF needs PyMuPDF. Install it: pip install "dsocr-loaders[pymupdf]"'
        ) from error
    return pymupdf


def _pdf_of_images(opened: OpenedSource, page_numbers: list[int]) -> bytes:
    pictures = []
    for number in page_numbers:
        image = opened.render(number, _POINTS_PER_INCH)
        pictures.append(Image.frombytes("RGB", (image.width_px, image.height_px), image.data))
    written = io.BytesIO()
    pictures[0].save(written, "PDF", save_all=True, append_images=pictures[1:], resolution=_POINTS_PER_INCH, quality=95)
    return written.getvalue()


def _add(page: Any, mark: PageMark) -> None:  # noqa: ANN401 - likewise
    shown = _pymupdf().Rect(*box_to_points(mark.box, width_pt=page.rect.width, height_pt=page.rect.height))
    annotation = page.add_rect_annot(shown * page.derotation_matrix)
    color = tuple(channel / 255 for channel in mark.color)
    annotation.set_colors(stroke=color, fill=color)
    annotation.set_border(width=_BORDER_PT)
    annotation.set_info(content=mark.note, title="dsocr-loaders")
    annotation.update(opacity=_FILL_OPACITY)
