"""Runs: what a caller gets to see of a stream's items, and what is raised at the end.

`Run` applies `on_page_error`; `ChunkRun` and `DocumentRun` make chunks and documents of what it lets through. They
take items one at a time, so that the blocking and the `await`able forms of `Reader` share them.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders import errors
from dsocr_loaders.errors import EngineError, JournalError, OutputError, PagesFailed, SourceError, placed
from dsocr_loaders.granularity import make_cutter
from dsocr_loaders.pipeline import SourceDone, SourceOpened, in_thread
from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.values import PageResult, PageStatus, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dsocr_loaders.granularity import Cutter
    from dsocr_loaders.pipeline import RunItem
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Chunk, Document

__all__ = ["ChunkRun", "DocumentRun", "Run", "beside_loop", "source_error"]

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Run:
    """Applies `on_page_error` to the items of a run.

    Args:
        settings: what the user chose.
        keeps_pages: whether `PagesFailed` carries every page's result, or the failed ones alone.
    """

    def __init__(self, settings: Settings, *, keeps_pages: bool = False) -> None:
        self._settings = settings
        self._keeps_pages = keeps_pages
        self._kept: list[PageResult] = []
        self._failed_sources: list[SourceFailure] = []
        self._sources = 0
        self._has_failed = False

    def take(self, item: RunItem) -> RunItem | None:
        """Return the item, or None if it is to be left out."""
        if isinstance(item, SourceFailure):
            self._sources += 1
            self._failed_sources.append(item)
            if self._settings.on_page_error == "skip":
                _log.warning("left out: %s", source_error(item))
            return None
        if isinstance(item, SourceOpened):
            self._sources += 1
            if not item.page_numbers:
                chosen, total = self._settings.pages, item.info.total_pages
                _log.warning("%s: pages=%r chooses none of its %d pages.", item.source.name, chosen, total)
        if not isinstance(item, PageResult):
            return item
        return self._take_page(item)

    def _take_page(self, page: PageResult) -> PageResult | None:
        is_failed = page.status is PageStatus.FAILED
        policy = self._settings.on_page_error
        if self._keeps_pages or (is_failed and policy in {"raise", "text_layer"}):
            self._kept.append(page)
        if not is_failed or policy == "placeholder":
            return page
        if policy == "skip":
            _log.warning("page left out: %s", page.error.message if page.error else "")
        else:
            self._has_failed = True
        return None

    def finish(self) -> None:
        """Raise what has to be raised at the end of the run.

        A run over one source that cannot be read raises that source's error, whatever `on_page_error` says of pages.
        """
        if self._sources == 1 and self._failed_sources:
            raise source_error(self._failed_sources[0])
        if self._has_failed or (self._failed_sources and self._settings.on_page_error != "skip"):
            raise PagesFailed(self._kept, self._failed_sources)

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """Give an error that ends the run what was read before it."""
        try:
            with self.missing_crops_last():
                yield
        except (EngineError, JournalError, OutputError) as error:
            error.results = tuple(self._kept)
            raise

    @contextmanager
    def missing_crops_last(self) -> Iterator[None]:
        """Let pages that failed weigh more than crops that are missing: a run raises one of the two at its end."""
        try:
            yield
        except OutputError:
            self.finish()
            raise


class ChunkRun(Run):
    """Makes the objects of a run."""

    def __init__(self, settings: Settings, *, keeps_pages: bool = False) -> None:
        super().__init__(settings, keeps_pages=keeps_pages)
        self._structurer: Structurer | None = None
        self._cutter: Cutter | None = None

    def chunks(self, item: RunItem) -> Iterator[Chunk]:
        """Yield what `item` completes."""
        taken = self.take(item)
        if isinstance(taken, SourceOpened):
            self._structurer = Structurer(taken.info, self._settings.structure)
            self._cutter = make_cutter(taken.source, taken.info, self._settings)
        elif self._structurer is not None and self._cutter is not None:
            if isinstance(taken, PageResult):
                for page in self._structurer.add(taken):
                    yield from self._cutter.add(page)
            elif isinstance(taken, SourceDone):
                for page in self._structurer.finish():
                    yield from self._cutter.add(page)
                yield from self._cutter.finish()


class DocumentRun(Run):
    """Makes the one document of a run."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, keeps_pages=True)
        self._opened: SourceOpened | None = None
        self._structurer: Structurer | None = None
        self._pages: list[PageResult] = []

    def add(self, item: RunItem) -> None:
        """Take the next item."""
        taken = self.take(item)
        if isinstance(taken, SourceOpened):
            if self._opened is not None:
                raise SourceError(
                    f"read() takes one source, and this is {self._opened.source.name}, {taken.source.name} and maybe "
                    "more; Reader.lazy_load and Reader.iter_pages take many."
                )
            self._opened = taken
            self._structurer = Structurer(taken.info, self._settings.structure)
        elif self._structurer is not None and isinstance(taken, PageResult):
            self._pages += self._structurer.add(taken)

    def document(self) -> Document:
        """Return the document, or raise what has to be raised at the end of the run."""
        self.finish()
        if self._opened is None or self._structurer is None:
            if self._failed_sources:  # and skipped: but of a document nothing is left then
                raise PagesFailed(sources=self._failed_sources)
            raise SourceError("There is no source to read: the list is empty.")
        pages = [*self._pages, *self._structurer.finish()]
        return build_document(self._opened.source, self._opened.info, pages)


async def beside_loop(take: Callable[[RunItem], Iterable[T]], item: RunItem) -> Iterable[T]:
    """Return what a run makes of an item, without holding up the event loop that awaits it.

    What comes before and behind the pages of a source goes to a thread: a tokenizer may be loaded then, and a whole
    document made, for seconds. A page takes a few milliseconds.
    """
    if isinstance(item, PageResult):
        return take(item)
    return await in_thread(lambda: list(take(item)), "chunks")


def source_error(failure: SourceFailure) -> SourceError:
    """Return the error that a source's failure stands for, ready to be raised."""
    kind = getattr(errors, failure.kind, SourceError)
    is_source_error = isinstance(kind, type) and issubclass(kind, SourceError)
    text = placed(failure.message, failure.name)
    return kind(text) if is_source_error else SourceError(text)
