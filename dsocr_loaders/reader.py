"""The reader: an engine and settings in one object, which everything else wraps.

Whoever reads more than one file should keep a `Reader`, since it keeps the engine and the page workers warm;
`dsocr_loaders.shortcuts` has functions for a reader that lives for one call.
"""

from __future__ import annotations

import os
import threading
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, Self, Unpack

from dsocr_loaders.crops import CropStream
from dsocr_loaders.engines import make_engine
from dsocr_loaders.journal import ReaderJournal
from dsocr_loaders.locating import LocateRun, locating_settings
from dsocr_loaders.observers import EventDelivery, ProgressObserver
from dsocr_loaders.pages import PagePool
from dsocr_loaders.pipeline import PageStream, aiterate, in_thread, iterate
from dsocr_loaders.runs import ChunkRun, DocumentRun, Run, beside_loop
from dsocr_loaders.settings import ReaderArguments, Settings
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.values import PageResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator, Sequence

    from dsocr_loaders.engines import Engine
    from dsocr_loaders.observers import Observer, RunReport
    from dsocr_loaders.pipeline import ItemStream, RunItem
    from dsocr_loaders.sources import FileSystem, Sourceable
    from dsocr_loaders.values import Chunk, Document, LocatedWords, Source, SourceFailure

__all__ = ["Reader"]

_MOST_WORKERS = 4  # page workers; one rasterises faster than any engine here reads


class Reader:
    """Reads sources: as page results, as documents, or as chunks.

    Every form exists blocking and as `await`able, over the same code, and works in plain scripts, threads and running
    event loops. The engine is made on first use. Closing (or leaving the `with` block) ends the engine and the page
    workers; an engine object that was passed in stays open, so that several readers can share it.

    Sources are a path, a folder, a glob pattern, an http(s) URL, bytes, a binary file object, or a list of these.

    Args:
        engine: what reads, see `Settings.engine`.
        **settings: see `Settings`.

    Attributes:
        settings: what was chosen, with defaults filled in.
        last_report: what the run that ended last did, in numbers, also one that was given up; None before the first.

    Raises:
        SettingsError: a setting is not allowed.
    """

    def __init__(self, engine: object = "auto", **settings: Unpack[ReaderArguments]) -> None:
        self.settings = Settings(engine=engine, **settings)
        self.last_report: RunReport | None = None
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._fallback: Engine | None = None
        self._pool: PagePool | None = None
        self._journal = ReaderJournal()

    def _own(self) -> None:
        """Let go of what a forked process has of its parent's: the threads behind it are not there."""
        if self._owner != os.getpid():
            self._start_afresh()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return a reader with these settings."""
        return cls(**{name: getattr(settings, name) for name in Settings.model_fields})

    @property
    def engine(self) -> Engine:
        """The engine, made now if this is its first use.

        Raises:
            EngineUnavailable: there is none.
        """
        self._own()
        with self._lock:
            if self._engine is None:
                self._engine = make_engine(self.settings)
            return self._engine

    def close(self) -> None:
        """End the page workers, and the engine if this reader made it. Safe to call twice; reading makes new ones."""
        self._own()
        with self._lock:
            pool, self._pool = self._pool, None
            engine, self._engine = self._engine, None
            fallback, self._fallback = self._fallback, None
        if pool is not None:
            pool.close()
        if fallback is not None:
            fallback.close()
        if engine is not None and engine is not self.settings.engine:
            engine.close()
        self._journal.close()  # after the engine, whose loop may be waiting for a page to be written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await in_thread(self.close, "close")

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self).from_settings, (self.settings,))

    def __repr__(self) -> str:
        return f"Reader({self.settings!r})"

    def iter_items(
        self,
        source: Sourceable,
        *,
        fs: FileSystem | None = None,
        name: str | None = None,
        observers: Sequence[Observer] = (),
    ) -> Generator[RunItem]:
        """Yield everything that happens: for each source `SourceOpened`, its page results and `SourceDone`, or one
        `SourceFailure`. Nothing is left out or raised for a failure of a page or source; `settings.on_page_error`
        has no say here, and `settings.ordered` neither: pages are in order. `observers` watch this run beside those of
        the settings.
        """  # noqa: D205 - one sentence that needs two lines
        return self._items(source, fs, name, is_ordered=True, observers=observers)

    def aiter_items(
        self,
        source: Sourceable,
        *,
        fs: FileSystem | None = None,
        name: str | None = None,
        observers: Sequence[Observer] = (),
    ) -> AsyncGenerator[RunItem]:
        """Like `iter_items`, without blocking the event loop."""
        return self._aitems(source, fs, name, is_ordered=True, observers=observers)

    def iter_pages(
        self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None
    ) -> Generator[PageResult]:
        """Yield the result of each page in order, as soon as it and those before it are read.

        With `settings.ordered` False as soon as it is read, the pages of several sources side by side.

        Raises:
            PagesFailed, SourceError: at the end, as `settings.on_page_error` says.
            EngineError: the run cannot go on.
            OutputError: `settings.save_images` cannot be written into; or, at the end, crops are missing.
        """
        run = Run(self.settings)
        with (
            run.missing_crops_last(),
            closing(self._items(source, fs, name, is_ordered=self.settings.ordered)) as items,
        ):
            for item in items:
                if isinstance(page := run.take(item), PageResult):
                    yield page
        run.finish()

    async def aiter_pages(
        self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None
    ) -> AsyncGenerator[PageResult]:
        """Like `iter_pages`, without blocking the event loop."""
        run = Run(self.settings)
        with run.missing_crops_last():
            async with aclosing(self._aitems(source, fs, name, is_ordered=self.settings.ordered)) as items:
                async for item in items:
                    if isinstance(page := run.take(item), PageResult):
                        yield page
        run.finish()

    def lazy_load(
        self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None
    ) -> Generator[Chunk]:
        """Yield the objects that `settings.granularity` names, as soon as they are whole.

        Raises:
            PagesFailed, SourceError: at the end, as `settings.on_page_error` says.
            EngineError: the run cannot go on.
        """
        run = ChunkRun(self.settings)
        with run.missing_crops_last(), closing(self.iter_items(source, fs=fs, name=name)) as items:
            for item in items:
                yield from run.chunks(item)
        run.finish()

    async def alazy_load(
        self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None
    ) -> AsyncGenerator[Chunk]:
        """Like `lazy_load`, without blocking the event loop."""
        run = ChunkRun(self.settings)
        with run.missing_crops_last():
            async with aclosing(self.aiter_items(source, fs=fs, name=name)) as items:
                async for item in items:
                    for each in await beside_loop(run.chunks, item):
                        yield each
        run.finish()

    def load(self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None) -> list[Chunk]:
        """Return all objects of `lazy_load`. `PagesFailed` and `EngineError` carry the result of every page read."""
        run = ChunkRun(self.settings, keeps_pages=True)
        with run.handing_over(), closing(self.iter_items(source, fs=fs, name=name)) as items:
            chunks = [each for item in items for each in run.chunks(item)]
        run.finish()
        return chunks

    async def aload(self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None) -> list[Chunk]:
        """Like `load`, without blocking the event loop."""
        run = ChunkRun(self.settings, keeps_pages=True)
        with run.handing_over():
            async with aclosing(self.aiter_items(source, fs=fs, name=name)) as items:
                chunks = [each async for item in items for each in await beside_loop(run.chunks, item)]
        run.finish()
        return chunks

    def read(self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None) -> Document:
        """Return the document that one source makes.

        Raises:
            PagesFailed: as `settings.on_page_error` says; carries the result of every page.
            SourceError: the source cannot be read, or it is more than one.
            EngineError: the run cannot go on; its `results` are what was read before.
        """
        run = DocumentRun(self.settings)
        with run.handing_over(), closing(self.iter_items(source, fs=fs, name=name)) as items:
            for item in items:
                run.add(item)
        return run.document()

    async def aread(self, source: Sourceable, *, fs: FileSystem | None = None, name: str | None = None) -> Document:
        """Like `read`, without blocking the event loop."""
        run = DocumentRun(self.settings)
        with run.handing_over():
            async with aclosing(self.aiter_items(source, fs=fs, name=name)) as items:
                async for item in items:
                    run.add(item)
        return await in_thread(run.document, "document")

    def locate(
        self,
        words: str,
        source: Sourceable,
        *,
        page: int | None = None,
        pages: str | None = None,
        fs: FileSystem | None = None,
        name: str | None = None,
    ) -> tuple[LocatedWords, ...]:
        """Return the pages on which the model sees `words`, or what they name, and where; empty if on none.

        Every page is asked about once (task `locate`); of a document that was read, `locate_quote` finds words for
        nothing. A page that fails is an error here, unless `settings.on_page_error` is `"skip"`.

        Args:
            words: as they stand on the page, or a few that say what to look for: "the red stamp".
            source: as for `read`; may be several.
            page: one page, from 1; -1 is the last.
            pages: several, such as "2-4"; `settings.pages` if neither is given.
            fs: an fsspec file system that the path is on.
            name: of bytes or a stream.

        Raises:
            SettingsError: the model or the engine cannot be asked for it, or words or pages are not allowed.
            PagesFailed, SourceError, EngineError: as for `iter_pages`.
        """
        settings = locating_settings(self.settings, words, page, pages)
        run = LocateRun(settings)
        with closing(self._items(source, fs, name, is_ordered=True, settings=settings)) as items:
            for item in items:
                run.add(item)
        return run.found()

    async def alocate(
        self,
        words: str,
        source: Sourceable,
        *,
        page: int | None = None,
        pages: str | None = None,
        fs: FileSystem | None = None,
        name: str | None = None,
    ) -> tuple[LocatedWords, ...]:
        """Like `locate`, without blocking the event loop."""
        settings = locating_settings(self.settings, words, page, pages)
        run = LocateRun(settings)
        async with aclosing(self._aitems(source, fs, name, is_ordered=True, settings=settings)) as items:
            async for item in items:
                run.add(item)
        return run.found()

    def _items(
        self,
        source: Sourceable,
        fs: FileSystem | None,
        name: str | None,
        *,
        is_ordered: bool,
        observers: Sequence[Observer] = (),
        settings: Settings | None = None,
    ) -> Generator[RunItem]:
        delivery = self._delivery(observers)
        try:
            with Spool() as spool:
                stream = self._stream(self._sources(source, spool, fs, name), delivery, is_ordered, settings)
                with closing(iterate(stream)) as items:
                    yield from items
        finally:
            self.last_report = delivery.finish()

    async def _aitems(
        self,
        source: Sourceable,
        fs: FileSystem | None,
        name: str | None,
        *,
        is_ordered: bool,
        observers: Sequence[Observer] = (),
        settings: Settings | None = None,
    ) -> AsyncGenerator[RunItem]:
        delivery = await in_thread(lambda: self._delivery(observers), "engine")  # making an engine may take its time
        try:
            with Spool() as spool:
                sources = self._sources(source, spool, fs, name)
                opened = partial(self._stream, sources, delivery, is_ordered, settings)
                stream = await in_thread(opened, "journal")  # it opens it
                async with aclosing(aiterate(stream)) as items:
                    async for item in items:
                        yield item
        finally:
            self.last_report = await in_thread(delivery.finish, "observers")

    def _delivery(self, observers: Sequence[Observer]) -> EventDelivery:
        progress = (ProgressObserver(),) if self.settings.show_progress else ()
        every = (*self.settings.observers, *observers, *progress)
        return EventDelivery(every, engine=self.engine.fingerprint, capacity=self.engine.capacity)

    def _sources(
        self, source: Sourceable, spool: Spool, fs: FileSystem | None, name: str | None
    ) -> Iterator[Source | SourceFailure]:
        return resolve_sources(
            source,
            spool=spool,
            fs=fs,
            name=name,
            recursive=self.settings.recursive,
            limits=self.settings.limits,
            allow_private_urls=self.settings.allow_private_urls,
        )

    def _stream(
        self,
        sources: Iterator[Source | SourceFailure],
        delivery: EventDelivery,
        is_ordered: bool,  # noqa: FBT001 - private
        asked: Settings | None,
    ) -> ItemStream:
        """Return the stream of a run, under other settings than the reader's own if `asked` has some."""
        settings, engine = asked or self.settings, self.engine
        if asked is not None:  # a question about pixels: whoever goes by text layers has to look
            engine = getattr(engine, "eyes", engine)
        with self._lock:
            if self._pool is None:
                self._pool = PagePool(min(_MOST_WORKERS, os.cpu_count() or 1))
            if self._fallback is None and settings.on_page_error == "text_layer":
                self._fallback = make_engine(settings.model_copy(update={"engine": "text_layer"}))
            pool, fallback = self._pool, self._fallback
        stream = PageStream(
            sources,
            engine,
            settings,
            pool,
            fallback,
            is_ordered=is_ordered,
            store=self._journal.store(settings, engine),
            tell=delivery.tell,
        )
        return stream if settings.save_images is None else CropStream(stream, pool, settings)
