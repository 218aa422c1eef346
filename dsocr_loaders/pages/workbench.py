"""What a page worker does with a job. Plain code without processes: it runs wherever it is called."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PIL import Image

from dsocr_loaders.errors import DsocrError, LimitExceeded, SourceDamaged
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.pages.annotating import AnnotateJob, annotated_pdf
from dsocr_loaders.pages.ink import INK_DPI, measure_ink
from dsocr_loaders.pages.jobs import BookmarkJob, DescribeJob, RenderedPage, RenderJob
from dsocr_loaders.pages.memory import is_out_of_memory
from dsocr_loaders.pages.opening import choose_pdf_backend, open_source
from dsocr_loaders.pages.pixels_wanted import PixelsWanted
from dsocr_loaders.pages.unchanged import require_unchanged
from dsocr_loaders.values import PageImage, ReadRequest, SourceInfo

if TYPE_CHECKING:
    from dsocr_loaders.pages.jobs import CropJob, Job, OpenOptions
    from dsocr_loaders.pages.opened import OpenedSource
    from dsocr_loaders.values import Source

__all__ = ["Workbench"]

_MOST_OPEN = 2  # a pipeline that ends one file and begins the next needs both


class Workbench:
    """Does jobs one after the other and keeps the last sources open in between."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[object, ...], OpenedSource] = OrderedDict()

    def perform(self, job: Job[object]) -> object:
        """Return the job's result.

        Raises:
            DsocrError: as the backends and the engine's `prepare` raise it; any other exception of theirs becomes a
                `SourceDamaged` that names file, page, class and text.
        """
        try:
            require_unchanged(job.source)
            try:
                return self._performed(job)
            finally:
                require_unchanged(job.source)  # while it was read: whatever was seen of it is worth nothing
        except DsocrError:
            raise
        except Exception as error:
            self.close()  # what a library looks like inside after an error of its own is anyone's guess
            if is_out_of_memory(error):
                raise LimitExceeded(
                    f"{job.place}: it takes more memory than limits.worker_bytes={job.options.limits.worker_bytes} "
                    "allows; a page that does is broken or made to do harm. Raise the limit if it is neither."
                ) from error
            raise SourceDamaged(f"{job.place}: {type(error).__name__}: {error}") from error

    def _performed(self, job: Job[object]) -> object:
        if isinstance(job, DescribeJob):
            return self._describe(job)
        if isinstance(job, BookmarkJob):
            return self._opened(job.source, job.options).bookmarks
        if isinstance(job, RenderJob):
            return self._render(job)
        if isinstance(job, AnnotateJob):
            return annotated_pdf(job, self._opened(job.source, job.options))
        return self._crop(cast("CropJob", job))

    def _opened(self, source: Source, options: OpenOptions) -> OpenedSource:
        key = (source.path, source.sha256, options.password, options.pdf_backend, options.limits)
        opened = self._open.pop(key, None)
        if opened is None:
            opened = open_source(source, choose_pdf_backend(options.pdf_backend), options.password, options.limits)
        self._open[key] = opened
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return opened

    def _describe(self, job: DescribeJob) -> SourceInfo:
        opened = self._opened(job.source, job.options)
        bookmarks = opened.bookmarks if job.needs_bookmarks else ()
        return SourceInfo(opened.total_pages, opened.labels, bookmarks, opened.backend)

    def _render(self, job: RenderJob) -> RenderedPage:
        opened = self._opened(job.source, job.options)
        frame = opened.frame(job.page_number)
        dpi = job.options.dpi if job.needs_image else INK_DPI
        image = opened.render(job.page_number, dpi)
        page = PageImage(
            source=job.source,
            page_number=job.page_number,
            label=opened.labels[job.page_number - 1] if job.label is None else job.label,
            width=frame.width,
            height=frame.height,
            unit=frame.unit,
            rotation=frame.rotation,
            ink=measure_ink(image, dpi if frame.unit == "pt" and not opened.notes else None),
            notes=opened.notes,
        )
        if page.ink is None or page.ink.is_blank:
            if opened.complaint:
                raise SourceDamaged(
                    f"{job.place}: the page's content is broken, nothing of it can be shown ({opened.complaint})."
                )
            return RenderedPage(page, None)
        request = ReadRequest(page, job.task, job.prompt, job.resolution, job.decoding, job.attempt)
        try:
            prepared = job.prepare(replace(page, image=image) if job.needs_image else page, request)
            if isinstance(prepared, PixelsWanted):
                if frame.unit == "pt" or prepared.part != FULL_PAGE:  # a whole image is here already
                    image = opened.render(job.page_number, prepared.dpi or job.options.dpi, prepared.part)
                prepared = prepared.prepare(replace(page, image=image), request)
        except DsocrError:
            raise
        except Exception as error:
            raise SourceDamaged(
                f"{job.place}: the engine could not prepare this page: {type(error).__name__}: {error}"
            ) from error
        return RenderedPage(page, prepared)

    def _crop(self, job: CropJob) -> bytes:
        image = self._opened(job.source, job.options).render(job.page_number, job.options.dpi, job.box)
        cut = Image.frombuffer("RGB", (image.width_px, image.height_px), image.data, "raw", "RGB", 0, 1)
        written = io.BytesIO()
        cut.save(written, "PNG")
        return written.getvalue()

    def close(self) -> None:
        """Close every source that is still open."""
        while self._open:
            self._open.popitem()[1].close()
