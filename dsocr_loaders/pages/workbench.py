"""What a page worker does with a job. Plain code without processes: it runs wherever it is called."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from PIL import Image

from dsocr_loaders.errors import DsocrError, SourceDamaged
from dsocr_loaders.geometry import box_to_pixels
from dsocr_loaders.pages.annotating import AnnotateJob, annotated_pdf
from dsocr_loaders.pages.ink import INK_DPI, measure_ink
from dsocr_loaders.pages.jobs import DescribeJob, RenderedPage, RenderJob
from dsocr_loaders.pages.opening import choose_pdf_backend, open_source
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
        self._open: OrderedDict[tuple[str, str, str | None, str | None], OpenedSource] = OrderedDict()

    def perform(self, job: Job[object]) -> object:
        """Return the job's result.

        Raises:
            DsocrError: as the backends and the engine's `prepare` raise it; any other exception of theirs becomes a
                `SourceDamaged` that names file, page, class and text.
        """
        try:
            if isinstance(job, DescribeJob):
                return self._describe(job)
            if isinstance(job, RenderJob):
                return self._render(job)
            if isinstance(job, AnnotateJob):
                return annotated_pdf(job, self._opened(job.source, job.options))
            return self._crop(cast("CropJob", job))
        except DsocrError:
            raise
        except Exception as error:
            self.close()  # what a library looks like inside after an error of its own is anyone's guess
            raise SourceDamaged(f"{job.place}: {type(error).__name__}: {error}") from error

    def _opened(self, source: Source, options: OpenOptions) -> OpenedSource:
        key = (source.path, source.sha256, options.password, options.pdf_backend)
        opened = self._open.pop(key, None)
        if opened is None:
            opened = open_source(source, choose_pdf_backend(options.pdf_backend), options.password)
        self._open[key] = opened
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return opened

    def _describe(self, job: DescribeJob) -> SourceInfo:
        opened = self._opened(job.source, job.options)
        return SourceInfo(opened.total_pages, opened.labels, opened.bookmarks, opened.backend)

    def _render(self, job: RenderJob) -> RenderedPage:
        opened = self._opened(job.source, job.options)
        frame = opened.frame(job.page_number)
        image = opened.render(job.page_number, job.options.dpi if job.needs_image else INK_DPI)
        page = PageImage(
            source=job.source,
            page_number=job.page_number,
            label=opened.labels[job.page_number - 1],
            width=frame.width,
            height=frame.height,
            unit=frame.unit,
            rotation=frame.rotation,
            ink=measure_ink(image),
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
        except DsocrError:
            raise
        except Exception as error:
            raise SourceDamaged(
                f"{job.place}: the engine could not prepare this page: {type(error).__name__}: {error}"
            ) from error
        return RenderedPage(page, prepared)

    def _crop(self, job: CropJob) -> bytes:
        image = self._opened(job.source, job.options).render(job.page_number, job.options.dpi)
        size = (image.width_px, image.height_px)
        picture = Image.frombuffer("RGB", size, image.data, "raw", "RGB", 0, 1)
        cut = picture.crop(box_to_pixels(job.box, width_px=image.width_px, height_px=image.height_px))
        written = io.BytesIO()
        cut.save(written, "PNG")
        return written.getvalue()

    def close(self) -> None:
        """Close every source that is still open."""
        while self._open:
            self._open.popitem()[1].close()
