"""The named limits on what comes from outside."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from dsocr_loaders.errors import SettingsError

__all__ = ["Limits"]

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a source may be. What is larger raises `LimitExceeded`, whose message names the limit.

    The defaults let every honest document through that was seen or heard of, and end what is made to do harm.

    Attributes:
        source_bytes: of one source; what is spooled stops there, a file on disk is not read at all.
        url_s: seconds for fetching one URL, redirects included.
        url_redirects: redirects followed for one URL; 0 follows none.
        pages: of one PDF.
        frames: of one image file (TIFF pages, GIF frames).
        page_pixels: of one page. A PDF page larger than this at the chosen dpi is rendered smaller; an image larger
            than this is scaled down while it is read where its format allows that at little cost, else refused.
        nesting: levels of folders below the one that was named, and of lists in lists.
        page_tree_levels: levels of a PDF's page tree above a page. Balanced trees have a handful, one that grew a
            page at a time has as many as pages were added; pdfium itself gives up behind 1024.
        worker_bytes: memory that a page worker may ask for, which ends decompression bombs inside PDFs and images.
            The system enforces it (Linux); elsewhere time alone is limited. An honest page of `page_pixels` takes
            less than half of the default.

    Raises:
        SettingsError: a limit is not a number above 0 (`url_redirects`: a whole number from 0).
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

    def __post_init__(self) -> None:
        for field in fields(self):
            value: object = getattr(self, field.name)
            allowed = _problem(field.name, value)
            if allowed is not None:
                raise SettingsError(f"limits.{field.name}={value!r} is not allowed; allowed: {allowed}.")


def _problem(name: str, value: object) -> str | None:
    """Return what the limit `name` takes, in words, if that is not `value`; else None."""
    if name == "url_s":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and 0 < value < math.inf else "seconds, more than 0"  # type: ignore[operator] # a number
    lowest = 0 if name == "url_redirects" else 1
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return None if is_whole and value >= lowest else f"a whole number from {lowest}"  # type: ignore[operator] # likewise
