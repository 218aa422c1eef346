"""PDFs through pypdfium2, at the size in pixels that MuPDF would give them."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dsocr_loaders.errors import MissingDependency, SourceDamaged, SourceUnsupported
from dsocr_loaders.geometry import FULL_PAGE, box_to_pixels
from dsocr_loaders.pages.labels import clean_text
from dsocr_loaders.pages.opened import (
    MAX_BOOKMARKS,
    PAGES_PER_OPENING,
    PageFrame,
    damaged,
    password_required,
    require_page,
    require_pages,
    scaled_down,
)
from dsocr_loaders.pages.pixels import page_size_px, zoom_of_part
from dsocr_loaders.pages.user_units import may_have_user_units, user_unit
from dsocr_loaders.values import OutlineEntry, RgbImage

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.values import Source

__all__ = ["PdfiumSource", "load"]

_BYTES_PER_PIXEL = 3
_WHITE = 0xFFFFFFFF
_SMALLEST_SIDE = 1.0  # a page with a side below is a square of this in MuPDF, in units of its user space


def load() -> Any:  # noqa: ANN401 - the library ships no types
    """Return the library.

    Raises:
        MissingDependency: it cannot be imported.
    """
    try:
        import pypdfium2  # noqa: PLC0415 - loaded when needed, like its alternative
    except ImportError as error:
        raise MissingDependency(
            f'pdf_backend="pdfium" needs pypdfium2 ({error}): pip install "pypdfium2>=5"'
        ) from error
    return pypdfium2


class PdfiumSource:
    """A PDF that pdfium opened. Points are those of the CropBox times UserUnit."""

    backend = "pdfium"
    complaint = ""

    def __init__(self, source: Source, password: str | None, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self.notes: tuple[str, ...] = ()
        self._password = password
        self._pypdfium2 = load()
        self._raw = self._pypdfium2.raw
        self._document = self._open()
        self._rendered = 0
        self.total_pages = len(self._document)
        require_pages(source, self.total_pages, limits)

    def _open(self) -> Any:  # noqa: ANN401 - a pypdfium2.PdfDocument
        # Without the password first: pdfium refuses any that a file which opens freely does not know.
        for password in (None, self._password):
            try:
                document = self._pypdfium2.PdfDocument(self._source.path, password=password)
            except self._pypdfium2.PdfiumError as error:
                if error.err_code == self._raw.FPDF_ERR_SECURITY:
                    raise SourceUnsupported(
                        f"{self._source.name}: the PDF is encrypted in a way that pdfium does not know. Decrypt it."
                    ) from error
                if error.err_code != self._raw.FPDF_ERR_PASSWORD:
                    raise damaged(self._source, error) from error
            else:
                document.init_forms()
                return document
        raise password_required(self._source, self._password)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One label for each page: the PDF's own, else the number."""
        return tuple(
            clean_text(self._document.get_page_label(index)) or str(index + 1) for index in range(self.total_pages)
        )

    @cached_property
    def bookmarks(self) -> tuple[OutlineEntry, ...]:
        """The PDF's bookmarks that lead to a page, in order."""
        found: list[OutlineEntry] = []
        try:
            for bookmark in self._document.get_toc():
                target = bookmark.get_dest()
                index = target.get_index() if target else None
                title = clean_text(bookmark.get_title())
                if title and index is not None and 0 <= index < self.total_pages:
                    found.append(OutlineEntry(bookmark.level + 1, title, index + 1, "bookmark"))
                if len(found) >= MAX_BOOKMARKS:
                    break
        except Exception:  # noqa: BLE001 - a broken outline costs the outline, not the pages
            return ()
        return tuple(found)

    def frame(self, page_number: int) -> PageFrame:
        """Return the page's size in points and its /Rotate."""
        page = self._page(page_number)
        try:
            width, height = self._size_pt(page, page_number)
            return PageFrame(round(width, 3), round(height, 3), "pt", page.get_rotation())
        finally:
            page.close()

    def render(self, page_number: int, dpi: float, part: Box = FULL_PAGE) -> RgbImage:
        """Return the page as shown, or `part` of it, on white."""
        if self._rendered >= PAGES_PER_OPENING:
            self._document.close()
            self._document = self._open()
            self._rendered = 0
        self._rendered += 1
        page = self._page(page_number)
        try:
            width_pt, height_pt = self._size_pt(page, page_number)
            zoom = zoom_of_part(width_pt, height_pt, part, dpi, self._limits.page_pixels)
            self.notes = scaled_down(dpi, zoom, self._limits)
            return self._drawn(page, page_size_px(width_pt, height_pt, zoom), part)
        finally:
            page.close()

    @cached_property
    def _may_have_user_units(self) -> bool:
        return may_have_user_units(self._source.path)

    def _size_pt(self, page: Any, page_number: int) -> tuple[float, float]:  # noqa: ANN401 - a pypdfium2.PdfPage
        width, height = page.get_size()
        if min(width, height) < _SMALLEST_SIDE:
            width = height = _SMALLEST_SIDE
        unit = user_unit(self._document, page_number - 1) if self._may_have_user_units else 1.0
        return width * unit, height * unit

    def _drawn(self, page: Any, page_px: tuple[int, int], part: Box) -> RgbImage:  # noqa: ANN401 - a pypdfium2.PdfPage
        raw = self._raw
        left, top, right, bottom = box_to_pixels(part, width_px=page_px[0], height_px=page_px[1])
        width_px, height_px = right - left, bottom - top
        row_bytes = _BYTES_PER_PIXEL * width_px
        pixels = (ctypes.c_ubyte * (row_bytes * height_px))()
        bitmap = raw.FPDFBitmap_CreateEx(width_px, height_px, raw.FPDFBitmap_BGR, pixels, row_bytes)
        if not bitmap:
            raise MemoryError(f"no bitmap of {width_px} x {height_px} pixels")
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, width_px, height_px, _WHITE)
            where = (bitmap, page.raw, -left, -top, *page_px, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
            raw.FPDF_RenderPageBitmap(*where)
            if page.formenv:
                raw.FPDF_FFLDraw(page.formenv.raw, *where)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return RgbImage(width_px, height_px, bytes(pixels))

    def _page(self, page_number: int) -> Any:  # noqa: ANN401 - a pypdfium2.PdfPage
        require_page(self._source, page_number, self.total_pages)
        try:
            page = self._document[page_number - 1]
        except self._pypdfium2.PdfiumError as error:
            raise SourceDamaged(
                f"{self._source.name}, page {page_number}: pdfium cannot load the page: it is damaged, or more than "
                f'1024 levels deep in the page tree. pdf_backend="pymupdf" may read it. ({error})'
            ) from error
        if min(page.get_size()) <= 0:
            page.close()
            raise SourceDamaged(f"{self._source.name}, page {page_number}: the page has no area.")
        return page

    def close(self) -> None:
        """Give the file back."""
        self._document.close()
