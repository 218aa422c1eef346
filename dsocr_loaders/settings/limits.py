"""The named limits on what comes from outside."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a source may be. What is larger raises `LimitExceeded`, whose message names the limit.

    The defaults let every honest document through that was seen or heard of, and end what is made to do harm.

    Attributes:
        source_bytes: of one source; what is spooled stops there, a file on disk is not read at all.
        url_s: seconds for fetching one URL, redirects included.
        url_redirects: redirects followed for one URL.
        pages: of one PDF.
        frames: of one image file (TIFF pages, GIF frames).
        page_pixels: of one page. A PDF page larger than this at the chosen dpi is rendered smaller; an image larger
            than this is scaled down while it is read where its format allows that at little cost, else refused.
        nesting: levels of folders below the one that was named.
        page_tree_levels: levels of a PDF's page tree above a page. Balanced trees have a handful, one that grew a
            page at a time has as many as pages were added; pdfium itself gives up behind 1024.
        worker_bytes: memory that a page worker may ask for, which ends decompression bombs inside PDFs and images.
            The system enforces it (Linux); elsewhere time alone is limited. An honest page of `page_pixels` takes
            less than half of the default.
    """

    source_bytes: int = 4 * _GIB
    url_s: float = 300.0
    url_redirects: int = 5
    pages: int = 100_000
    frames: int = 5_000
    page_pixels: int = 100_000_000
    nesting: int = 64
    page_tree_levels: int = 1000
    worker_bytes: int = 4 * _GIB
