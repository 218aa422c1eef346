"""The document loader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from langchain_core.document_loaders import BaseLoader

from langchain_deepseek_ocr.reading import DocumentReader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from dsocr_loaders.settings import ReaderArguments
    from dsocr_loaders.sources import FileSystem
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import Document

    from langchain_deepseek_ocr.blobs import Loadable

__all__ = ["DeepSeekOCRLoader"]


class DeepSeekOCRLoader(DocumentReader, BaseLoader):
    """Loads PDFs and page images as `Document`s that know their page, region type and box.

    ```python
    with DeepSeekOCRLoader("report.pdf", engine="http://localhost:8000/v1") as loader:
        vector_store.add_documents(loader.load())
    ```

    `Document.id` is a UUID of source, place and text: the same for the same content, another for a changed one. The
    metadata is flat, JSON-safe, never None and has the same keys on every Document: the contract that
    `dsocr_loaders.ChunkMetadata` documents, with `page_number` from 1, and LangChain's own `page`, from 0.

    Pages are read side by side, over file borders too, and come in order. Loading may be repeated, in any thread and
    inside a running event loop, unless `file_path` can be read only once (a file object, a generator).

    Args:
        file_path: a path, a folder, a glob pattern, bytes, a binary file object, or a list of these; a
            `langchain_core` `BlobLoader`, a `Blob`, or an iterable of `Blob`s. A blob is one file.
        engine: what reads: `"auto"`, a base URL, `"text_layer"`, `"replay:FOLDER"`, or an engine; see
            `dsocr_loaders.Settings`.
        fs: an fsspec file system that the paths, folders and patterns are on.
        callbacks: LangChain callback handlers; they and those of a chain around the call get pages, retries and the
            run's report as custom events, see `langchain_deepseek_ocr.events`.
        **settings: see `dsocr_loaders.Settings`; `contextualize` (the headings above go before the text) is on by
            default, since LangChain embeds the text alone.

    Raises:
        SettingsError: a setting is not allowed.
    """

    def __init__(
        self,
        file_path: Loadable,
        *,
        engine: object = "auto",
        fs: FileSystem | None = None,
        callbacks: Callbacks = None,
        **settings: Unpack[ReaderArguments],
    ) -> None:
        super().__init__(engine, settings, callbacks)
        self.file_path = file_path
        self.fs = fs

    def lazy_load(self) -> Generator[Document]:
        """Yield Documents as soon as they are whole.

        Raises:
            PagesFailed: at the end, as `on_page_error` says; it carries the failed pages.
            SourceError: at the end, if there is one source and it cannot be read.
            EngineError: the run cannot go on.
        """
        return self._documents(self.file_path, fs=self.fs)

    def load(self) -> list[Document]:
        """Return all Documents of `lazy_load`. `PagesFailed` then carries the result of every page."""
        return list(self._documents(self.file_path, fs=self.fs, keeps_pages=True))

    def alazy_load(self) -> AsyncGenerator[Document]:
        """Like `lazy_load`, as an async generator that never blocks the event loop."""
        return self._adocuments(self.file_path, fs=self.fs)

    async def aload(self) -> list[Document]:
        """Like `load`, without blocking the event loop."""
        return [document async for document in self._adocuments(self.file_path, fs=self.fs, keeps_pages=True)]
