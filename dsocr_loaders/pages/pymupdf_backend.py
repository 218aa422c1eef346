"""PDFs through PyMuPDF: the pixels of the official scripts (zoom dpi / 72, no alpha)."""

from __future__ import annotations

import warnings
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from dsocr_loaders.errors import LimitExceeded, MissingDependency
from dsocr_loaders.geometry import FULL_PAGE, box_to_pixels
from dsocr_loaders.pages.labels import LabelRule, clean_text, labels_from_rules
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
from dsocr_loaders.values import OutlineEntry, RgbImage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.values import Source

__all__ = ["PyMuPdfSource", "load"]

_MOST_LABEL_NODES = 1000  # of the tree of page labels, which in a hostile file leads back to itself
_PAGES_STORED = 5
"""After so many pages MuPDF drops the fonts and pictures that it keeps: by itself it keeps 256 MiB of them."""

_BROKEN_CONTENT = ("content stream", "library error", "read error", "syntax error")  # in MuPDF's warnings


def load() -> Any:  # noqa: ANN401 - the library ships no types
    """Return the library, made quiet.

    Raises:
        MissingDependency: it cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its generated bindings warn on newer Pythons
            import pymupdf  # noqa: PLC0415 - optional dependency
    except ImportError as error:
        raise MissingDependency(
            f'pdf_backend="pymupdf" needs PyMuPDF ({error}): pip install "pymupdf>=1.26,<2"'
        ) from error
    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)  # noqa: FBT003 - the library takes it by position
    tools.mupdf_display_warnings(False)  # noqa: FBT003 - the library takes it by position
    return pymupdf


@cache
def _document_class() -> Any:  # noqa: ANN401 - a pymupdf.Document
    """Return a `pymupdf.Document` that reads the outline when it is asked for it, and not whenever a file is opened.

    Ten thousand bookmarks take 45 ms (measured), which every worker would spend again after `PAGES_PER_OPENING` pages.
    """

    class Document(load().Document):  # type: ignore[misc] # the library ships no types
        reads_outline = False

        def _loadOutline(self) -> Any:  # noqa: ANN401, N802 - the library's name
            return super()._loadOutline() if self.reads_outline else None

    return Document


class PyMuPdfSource:
    """A PDF that PyMuPDF opened. Points are those of the CropBox times UserUnit."""

    backend = "pymupdf"

    def __init__(self, source: Source, password: str | None, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._password = password
        self._pymupdf = load()
        self._document = self._open()
        self._rendered = 0
        self.complaint = ""
        self.notes: tuple[str, ...] = ()
        self.total_pages = self._count_pages()

    def _open(self) -> Any:  # noqa: ANN401 - a pymupdf.Document
        try:
            document = _document_class()(self._source.path, filetype="pdf")
        except Exception as error:
            raise damaged(self._source, error) from error
        if document.needs_pass and not (self._password and document.authenticate(self._password)):
            document.close()
            raise password_required(self._source, self._password)
        return document

    def _count_pages(self) -> int:
        try:
            total_pages = int(self._document.page_count)
        except Exception as error:
            raise damaged(self._source, error) from error
        require_pages(self._source, total_pages, self._limits)
        return total_pages

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One label for each page: the PDF's own, else the number."""
        # Document.get_page_labels misreads prefixes with a slash or in UTF-16, so the tree is read here.
        mupdf = self._pymupdf.mupdf
        try:
            trailer = mupdf.pdf_trailer(mupdf.pdf_specifics(self._document.this))
            tree = mupdf.pdf_dict_gets(mupdf.pdf_dict_gets(trailer, "Root"), "PageLabels")
            rules = tuple(self._label_rules(tree))
        except mupdf.FzErrorBase:
            rules = ()
        return labels_from_rules(rules, self.total_pages)

    def _label_rules(self, tree: Any) -> Iterator[LabelRule]:  # noqa: ANN401 - a mupdf.PdfObj
        mupdf = self._pymupdf.mupdf
        nodes = [tree]
        for _ in range(_MOST_LABEL_NODES):
            if not nodes:
                return
            node = nodes.pop()
            numbers = mupdf.pdf_dict_gets(node, "Nums")
            for index in range(0, min(mupdf.pdf_array_len(numbers), 2 * self.total_pages) - 1, 2):
                rule = mupdf.pdf_array_get(numbers, index + 1)
                first_number = mupdf.pdf_dict_gets(rule, "St")
                yield LabelRule(
                    first_index=mupdf.pdf_to_int(mupdf.pdf_array_get(numbers, index)),
                    style=mupdf.pdf_to_name(mupdf.pdf_dict_gets(rule, "S")),
                    prefix=mupdf.pdf_to_text_string(mupdf.pdf_dict_gets(rule, "P")),
                    first_number=mupdf.pdf_to_int(first_number) if mupdf.pdf_is_int(first_number) else 1,
                )
            kids = mupdf.pdf_dict_gets(node, "Kids")
            nodes += [
                mupdf.pdf_array_get(kids, index) for index in range(min(mupdf.pdf_array_len(kids), _MOST_LABEL_NODES))
            ]

    @cached_property
    def bookmarks(self) -> tuple[OutlineEntry, ...]:
        """The PDF's bookmarks that lead to a page, in order."""
        self._document.reads_outline = True
        try:
            entries = self._document.get_toc(simple=True)[:MAX_BOOKMARKS]
        except Exception:  # noqa: BLE001 - a broken outline costs the outline, not the pages
            return ()
        finally:
            self._document.reads_outline = False
        return tuple(
            OutlineEntry(level, clean_text(title), page_number, "bookmark")
            for level, title, page_number in entries
            if 1 <= page_number <= self.total_pages and clean_text(title)
        )

    def frame(self, page_number: int) -> PageFrame:
        """Return the page's size in points and its /Rotate."""
        page = self._page(page_number)
        return PageFrame(round(page.rect.width, 3), round(page.rect.height, 3), "pt", page.rotation)

    def render(self, page_number: int, dpi: float, part: Box = FULL_PAGE) -> RgbImage:
        """Return the page as shown, or `part` of it, on white."""
        if self._rendered >= PAGES_PER_OPENING:
            self._document.close()
            self._document = self._open()
            self._rendered = 0
        self._rendered += 1
        tools = self._pymupdf.TOOLS
        tools.reset_mupdf_warnings()
        page = self._page(page_number)
        width, height = page.rect.width, page.rect.height
        zoom = zoom_of_part(width, height, part, dpi, self._limits.page_pixels)
        clip = None
        if part != FULL_PAGE:
            width_px, height_px = page_size_px(width, height, zoom)
            edges = box_to_pixels(part, width_px=width_px, height_px=height_px)
            clip = self._pymupdf.Rect(*(edge / zoom for edge in edges))
        pixmap = page.get_pixmap(matrix=self._pymupdf.Matrix(zoom, zoom), alpha=False, clip=clip)
        if self._rendered % _PAGES_STORED == 0:
            tools.store_shrink(100)
        warned = tools.mupdf_warnings()
        self.complaint = warned if any(words in warned for words in _BROKEN_CONTENT) else ""
        self.notes = scaled_down(dpi, zoom, self._limits)
        return RgbImage(pixmap.width, pixmap.height, pixmap.samples)

    def _page(self, page_number: int) -> Any:  # noqa: ANN401 - a pymupdf.Page
        require_page(self._source, page_number, self.total_pages)
        page = self._document[page_number - 1]
        self._require_shallow(page, page_number)
        mupdf = self._pymupdf.mupdf
        unit = mupdf.pdf_dict_gets(mupdf.pdf_page_from_fz_page(page.this).obj(), "UserUnit")
        if mupdf.pdf_is_number(unit) and mupdf.pdf_to_real(unit) <= 0:
            # What is no number counts as 1 in MuPDF itself, but a page of no size is none.
            self._document.xref_set_key(page.xref, "UserUnit", "1")
            page = self._document[page_number - 1]
        return page

    def _require_shallow(self, page: Any, page_number: int) -> None:  # noqa: ANN401 - a pymupdf.Page
        mupdf = self._pymupdf.mupdf
        most = self._limits.page_tree_levels
        node = mupdf.pdf_dict_gets(mupdf.pdf_page_from_fz_page(page.this).obj(), "Parent")
        for _ in range(most):
            if not mupdf.pdf_is_dict(node):
                return
            node = mupdf.pdf_dict_gets(node, "Parent")
        if mupdf.pdf_is_dict(node):
            raise LimitExceeded(
                f"{self._source.name}, page {page_number}: the page tree has more levels above it than "
                f"limits.page_tree_levels={most}. Write the file anew with a PDF tool, or raise the limit."
            )

    def close(self) -> None:
        """Give the file back."""
        self._document.close()
