"""Which library opens a source, and the checks that come before any library sees it."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders.errors import MissingDependency, SourceDamaged, SourceNotFound
from dsocr_loaders.settings.limits import Limits

if TYPE_CHECKING:
    from dsocr_loaders.pages.jobs import Job, PdfBackend
    from dsocr_loaders.pages.opened import OpenedSource
    from dsocr_loaders.values import Source

__all__ = ["PDF", "BackendChoice", "choose_pdf_backend", "load_pdf_library", "open_source"]

PDF = "application/pdf"
_PACKAGES = {"pymupdf": ("pymupdf", "pymupdf>=1.26,<2"), "pdfium": ("pypdfium2", "pypdfium2>=5")}
_TAIL_BYTES = 4096
_PADDING_BYTES = 1 << 16

logger = logging.getLogger("dsocr_loaders.pages")

T = TypeVar("T")


def choose_pdf_backend(named: PdfBackend | None) -> PdfBackend:
    """Return the library to render PDFs with: the named one, else pymupdf if it is installed, else pdfium.

    Raises:
        MissingDependency: it is not installed.
    """
    chosen: PdfBackend = named or ("pymupdf" if find_spec("pymupdf") else "pdfium")
    package, requirement = _PACKAGES[chosen]
    if find_spec(package) is None:
        raise MissingDependency(f'pdf_backend="{chosen}" needs {package}, not installed: pip install "{requirement}"')
    return chosen


def load_pdf_library(job: Job[object]) -> None:
    """Import the library that will open the job's source, if that is a PDF.

    A worker does so before it limits its memory: what the library itself takes is none of the page's, and an import
    that runs out of memory looks like a library that is not installed.

    Raises:
        MissingDependency: it is not installed.
    """
    if job.source.media_type == PDF:
        import_module(f"dsocr_loaders.pages.{choose_pdf_backend(job.options.pdf_backend)}_backend").load()


def open_source(
    source: Source, pdf_backend: PdfBackend, password: str | None = None, limits: Limits | None = None
) -> OpenedSource:
    """Open a source with the library for its media type.

    Raises:
        SourceError: it is gone, damaged, cut off, encrypted or larger than a limit allows; the message names it.
        MissingDependency: the library is not installed.
    """
    limits = limits or Limits()
    if not Path(source.path).is_file():
        raise SourceNotFound(f"{source.name}: the file is no longer there.")
    if source.media_type != PDF:
        from dsocr_loaders.pages.image_backend import ImageSource  # noqa: PLC0415 - loaded when needed

        return ImageSource(source, limits)
    _require_whole(source)
    if pdf_backend == "pymupdf":
        from dsocr_loaders.pages.pymupdf_backend import PyMuPdfSource  # noqa: PLC0415 - loaded when needed

        return PyMuPdfSource(source, password, limits)
    from dsocr_loaders.pages.pdfium_backend import PdfiumSource  # noqa: PLC0415 - loaded when needed

    return PdfiumSource(source, password, limits)


def _require_whole(source: Source) -> None:
    # Both libraries rebuild a file that was cut off from what is left of it, and show pages that lost their content
    # as if they were blank. A whole PDF ends with startxref and %%EOF; junk behind these is common, but short.
    with Path(source.path).open("rb") as stream:
        stream.seek(max(0, source.size_bytes - _PADDING_BYTES - _TAIL_BYTES))
        # Some disks and downloads pad a file with zeros.
        tail = stream.read(_PADDING_BYTES + _TAIL_BYTES).rstrip(b"\0\r\n ")[-_TAIL_BYTES:]
    if b"startxref" not in tail and b"%%EOF" not in tail:
        raise SourceDamaged(
            f"{source.name}: the PDF is cut off, its end is missing. Download or copy it again; if this is all there "
            "is, a PDF repair tool may save a part of it."
        )


class BackendChoice:
    """Settles which library renders PDFs and says so once, on the logger `dsocr_loaders.pages`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chosen: PdfBackend | None = None

    def settled(self, job: Job[T]) -> Job[T]:
        """Return the job with a named library that is installed.

        Raises:
            MissingDependency: the named one is not.
        """
        if job.source.media_type != PDF:
            return job
        if job.options.pdf_backend is not None:
            choose_pdf_backend(job.options.pdf_backend)
            return job
        with self._lock:
            if self._chosen is None:
                self._chosen = choose_pdf_backend(None)
                logger.info("PDFs are rendered with %s; pdf_backend=... chooses another library.", self._chosen)
        options = replace(job.options, pdf_backend=self._chosen)
        return replace(job, options=options)  # type: ignore[type-var] # every job is a dataclass
