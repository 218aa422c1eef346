"""The digests of a source's pages: what a recorded answer is filed under."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.encode import digest_page
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import DsocrError
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker, RenderJob
from dsocr_loaders.settings import selected_pages
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.sources import Sourceable
    from dsocr_loaders.values import Source

__all__ = ["PageDigest", "page_digests"]


@dataclass(frozen=True, slots=True)
class PageDigest:
    """A page and the digest of its pixels, None for a blank page, which no engine is asked about."""

    source: Source
    page_number: int
    digest: str | None


def page_digests(source: Sourceable, settings: Settings) -> Iterator[PageDigest | SourceFailure]:
    """Yield the digest of each page of `source`, rendered as a reader with these settings does.

    A source that cannot be read is a `SourceFailure`; the others follow.
    """
    password = None if settings.password is None else settings.password.get_secret_value()
    options = OpenOptions(dpi=settings.dpi, pdf_backend=settings.pdf_backend, password=password, limits=settings.limits)
    with Spool() as spool, closing(PageWorker()) as worker:
        sources = resolve_sources(
            source,
            spool=spool,
            recursive=settings.recursive,
            limits=settings.limits,
            allow_private_urls=settings.allow_private_urls,
        )
        for found in sources:
            if isinstance(found, SourceFailure):
                yield found
                continue
            try:
                info = worker.run(DescribeJob(found, options))
                for page_number in selected_pages(settings.pages, info.total_pages):
                    rendered = worker.run(
                        RenderJob(
                            source=found,
                            page_number=page_number,
                            options=options,
                            needs_image=True,
                            prepare=digest_page,
                            task=settings.task,
                            prompt="",
                            resolution=settings.resolution,
                            decoding=Decoding(),
                            attempt=1,
                        )
                    )
                    digest = rendered.prepared.digest if isinstance(rendered.prepared, Prepared) else None
                    yield PageDigest(found, page_number, digest)
            except DsocrError as error:
                yield SourceFailure(found.name, type(error).__name__, str(error))
