"""Sources as pages: opened, rendered and measured in worker processes.

Nothing here holds more than one page: a job names a page, a worker renders it, measures its ink, has the engine's
`prepare` turn the pixels into what the engine wants, and drops them. Rendering looks the same whichever library does
it: the page as a viewer shows it (CropBox, /Rotate, EXIF), on white, at the size in pixels that MuPDF would give it.
"""

from __future__ import annotations

from dsocr_loaders.pages.annotating import AnnotateJob, PageMark
from dsocr_loaders.pages.cropping import crop
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.pages.jobs import CropJob, DescribeJob, Job, OpenOptions, PdfBackend, RenderedPage, RenderJob
from dsocr_loaders.pages.opened import MAX_BOOKMARKS, MAX_PAGES
from dsocr_loaders.pages.page_worker import PAGE_TIMEOUT_S, PageWorker
from dsocr_loaders.pages.pixels import MAX_PAGE_PIXELS
from dsocr_loaders.pages.pool import PagePool

__all__ = [
    "MAX_BOOKMARKS",
    "MAX_PAGES",
    "MAX_PAGE_PIXELS",
    "PAGE_TIMEOUT_S",
    "AnnotateJob",
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
