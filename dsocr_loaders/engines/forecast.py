"""Which way each page of a source would go, found out without reading any with a model and without the network."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.engines.routing import TextLayerFirst
from dsocr_loaders.engines.select import make_engine
from dsocr_loaders.engines.text_layer.documents import Password
from dsocr_loaders.engines.text_layer.engine import text_layer_or_reason
from dsocr_loaders.errors import DsocrError
from dsocr_loaders.pages import DescribeJob, OpenOptions, PageWorker, RenderJob
from dsocr_loaders.settings import selected_pages
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import Decoding, SourceFailure, TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.sources import Sourceable
    from dsocr_loaders.values import PageImage, ReadRequest, Source

__all__ = ["PageForecast", "Way", "forecast_pages"]

Way = Literal["text_layer", "model", "blank", "fails"]


@dataclass(frozen=True, slots=True)
class PageForecast:
    """Which way a page would go.

    Attributes:
        source: the file.
        page_number: from 1.
        way: read from its text layer; read by the model; blank, so read by nobody; or failed.
        reason: why, in words; `""` for a blank page.
    """

    source: Source
    page_number: int
    way: Way
    reason: str


def forecast_pages(source: Sourceable, settings: Settings) -> Iterator[PageForecast | SourceFailure]:
    """Yield for each page of `source` which way a reader with these settings would take.

    Pages are rendered small and their text layer is looked at, as reading them would do; no model and no server is
    asked, so what only these can tell (a server that is not there, a page that a model cannot read) is not foretold.
    A source that cannot be read is a `SourceFailure`; the others follow.

    Raises:
        EngineUnavailable, MissingDependency: there is no engine that these settings name.
    """
    engine = make_engine(settings)
    if engine is not settings.engine:
        engine.close()
    password = None if settings.password is None else settings.password.get_secret_value()
    options = OpenOptions(dpi=settings.dpi, pdf_backend=settings.pdf_backend, password=password)
    probe = partial(probe_text_layer, password=Password(password), has_pymupdf=find_spec("pymupdf") is not None)
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
            except DsocrError as error:
                yield SourceFailure(found.name, type(error).__name__, str(error))
                continue
            for page_number in selected_pages(settings.pages, info.total_pages):
                job = RenderJob(
                    source=found,
                    page_number=page_number,
                    options=options,
                    needs_image=False,
                    prepare=probe,
                    task=settings.task,
                    prompt="",
                    resolution=settings.resolution,
                    decoding=Decoding(),
                )
                yield _foretold(worker, job, engine)


def probe_text_layer(page: PageImage, _request: ReadRequest, *, password: Password, has_pymupdf: bool) -> Prepared:
    """Return why `page` needs OCR, in words that follow "because", `""` if its text layer is good."""
    if not has_pymupdf:
        return Prepared("", "PyMuPDF, which would read its text layer, is not installed")
    found = text_layer_or_reason(page, password)
    return Prepared("", found if isinstance(found, str) else "")


def _foretold(worker: PageWorker, job: RenderJob, engine: Engine) -> PageForecast:
    try:
        prepared = worker.run(job).prepared
    except DsocrError as error:
        return PageForecast(job.source, job.page_number, "fails", str(error))
    if prepared is None:
        return PageForecast(job.source, job.page_number, "blank", "")
    reason = str(prepared.payload) if isinstance(prepared, Prepared) else ""
    way, words = _way(engine, reason)
    return PageForecast(job.source, job.page_number, way, words)


def _way(engine: Engine, reason: str) -> tuple[Way, str]:
    if engine.text_source is TextSource.TEXT_LAYER:
        return ("fails", f"needs OCR, because {reason}") if reason else ("text_layer", "its text layer is good")
    if isinstance(engine, TextLayerFirst):
        model = engine.model.fingerprint
        return (
            ("model", f"needs OCR by {model}, because {reason}") if reason else ("text_layer", "its text layer is good")
        )
    other = reason or "its text layer is good: prefer_text_layer would read it without the model"
    return "model", f"{engine.fingerprint} reads every page; {other}"
