"""Sources as pages: opened, rendered and measured in worker processes.

Nothing here holds more than one page: a job names a page, a worker renders it, measures its ink, has the engine's
`prepare` turn the pixels into what the engine wants, and drops them. Rendering looks the same whichever library does
it: the page as a viewer shows it (CropBox, /Rotate, UserUnit, EXIF), on white, at the size in pixels that MuPDF would
give it. Names are loaded on first use, so that a worker starts without what its owner alone needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.pages.annotating import AnnotateJob, PageMark
    from dsocr_loaders.pages.cropping import crop
    from dsocr_loaders.pages.digest import pixel_digest
    from dsocr_loaders.pages.jobs import (
        BookmarkJob,
        CropJob,
        DescribeJob,
        Job,
        OpenOptions,
        PdfBackend,
        RenderedPage,
        RenderJob,
    )
    from dsocr_loaders.pages.opened import MAX_BOOKMARKS
    from dsocr_loaders.pages.page_worker import PAGE_TIMEOUT_S, PageWorker
    from dsocr_loaders.pages.pool import PagePool

_HOME_OF = {
    "MAX_BOOKMARKS": "opened",
    "PAGE_TIMEOUT_S": "page_worker",
    "AnnotateJob": "annotating",
    "BookmarkJob": "jobs",
    "CropJob": "jobs",
    "DescribeJob": "jobs",
    "Job": "jobs",
    "OpenOptions": "jobs",
    "PageMark": "annotating",
    "PagePool": "pool",
    "PageWorker": "page_worker",
    "PdfBackend": "jobs",
    "RenderJob": "jobs",
    "RenderedPage": "jobs",
    "crop": "cropping",
    "pixel_digest": "digest",
}

__all__ = [
    "MAX_BOOKMARKS",
    "PAGE_TIMEOUT_S",
    "AnnotateJob",
    "BookmarkJob",
    "CropJob",
    "DescribeJob",
    "Job",
    "OpenOptions",
    "PageMark",
    "PagePool",
    "PageWorker",
    "PdfBackend",
    "RenderJob",
    "RenderedPage",
    "crop",
    "pixel_digest",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
