"""What the loader and the parser share: a `Reader` of the core, and the way from its items to `Document`s."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Self

from dsocr_loaders import Reader
from dsocr_loaders.pipeline import SourceOpened
from dsocr_loaders.runs import ChunkRun, beside_loop
from dsocr_loaders.values import SourceFailure

from langchain_deepseek_ocr.blobs import BlobIntake
from langchain_deepseek_ocr.documents import document_of
from langchain_deepseek_ocr.events import observer_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from dsocr_loaders import Settings
    from dsocr_loaders.pipeline import RunItem
    from dsocr_loaders.settings import ReaderArguments
    from dsocr_loaders.sources import FileSystem
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import Document
    from langchain_core.documents.base import Blob

    from langchain_deepseek_ocr.blobs import Loadable
    from langchain_deepseek_ocr.events import CallbackObserver

__all__ = ["DocumentReader"]


class DocumentReader:
    """Owns a `Reader` and reads `Document`s with it.

    Making one starts nothing: the engine and the page workers start on first use. `close`, or leaving a `with` or
    `async with` block, ends them; an engine object that was passed in stays open. It may be used from several threads
    at once. Pickles carry the settings alone.

    Args:
        engine: what reads, see `dsocr_loaders.Settings`.
        settings: see `dsocr_loaders.Settings`; but `contextualize` is on by default, since LangChain's stores embed
            a Document's text and none of its metadata.
        callbacks: learn what happens as custom events, see `events`; so do those of a chain around the call.

    Raises:
        SettingsError: a setting is not allowed.
    """

    def __init__(self, engine: object, settings: ReaderArguments, callbacks: Callbacks = None) -> None:
        arguments: ReaderArguments = {"contextualize": True, **settings}
        self._reader = Reader(engine, **arguments)
        self._callbacks = callbacks

    @property
    def settings(self) -> Settings:
        """What was chosen, with defaults filled in."""
        return self._reader.settings

    def close(self) -> None:
        """End the page workers, and the engine if it was made here. Safe to call twice."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_reader": self.settings}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _reader=Reader.from_settings(state["_reader"]))

    def _observers(self) -> tuple[CallbackObserver, ...]:
        observer = observer_for(self._callbacks)
        return () if observer is None else (observer,)

    def _documents(
        self,
        given: Loadable,
        *,
        fs: FileSystem | None = None,
        settings: Settings | None = None,
        keeps_pages: bool = False,
    ) -> Generator[Document]:
        """Yield the Documents of what was given.

        Args:
            given: sources or blobs.
            fs: an fsspec file system that the paths of sources are on.
            settings: how pages become Documents, where that is not as in the reader's own settings.
            keeps_pages: whether `PagesFailed` carries every page's result, or the failed ones alone.
        """
        intake = BlobIntake(given, fs)
        run = _DocumentRun(intake, settings or self.settings, keeps_pages=keeps_pages)
        with closing(self._reader.iter_items(intake, fs=fs, observers=self._observers())) as items:
            for item in items:
                yield from run.documents(item)
        run.finish()

    async def _adocuments(
        self, given: Loadable, *, fs: FileSystem | None = None, keeps_pages: bool = False
    ) -> AsyncGenerator[Document]:
        """Like `_documents`, without blocking the event loop."""
        intake = BlobIntake(given, fs)
        run = _DocumentRun(intake, self.settings, keeps_pages=keeps_pages)
        async with aclosing(self._reader.aiter_items(intake, fs=fs, observers=self._observers())) as items:
            async for item in items:
                for document in await beside_loop(run.documents, item):
                    yield document
        run.finish()


class _DocumentRun(ChunkRun):
    """Makes the Documents of a run; each knows the blob it comes from."""

    def __init__(self, intake: BlobIntake, settings: Settings, *, keeps_pages: bool) -> None:
        super().__init__(settings, keeps_pages=keeps_pages)
        self._intake = intake
        self._blob: Blob | None = None

    def documents(self, item: RunItem) -> Iterator[Document]:
        """Yield what `item` completes."""
        if isinstance(item, SourceOpened | SourceFailure):
            self._blob = self._intake.next_blob()
        for chunk in self.chunks(item):
            yield document_of(chunk, blob=self._blob)
