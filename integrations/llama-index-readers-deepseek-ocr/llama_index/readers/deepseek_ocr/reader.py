"""The reader: PDFs and page images in, LlamaIndex documents or nodes out."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, Self, Unpack

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.reader import Reader
from dsocr_loaders.settings import Settings
from dsocr_loaders.sources import EXTENSIONS
from llama_index.core.bridge.pydantic import PrivateAttr, model_validator
from llama_index.core.readers.base import BasePydanticReader

from llama_index.readers.deepseek_ocr.events import InstrumentationObserver
from llama_index.readers.deepseek_ocr.translation import NodeRun, document_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from dsocr_loaders.settings import ReaderArguments, SettingsArguments
    from dsocr_loaders.sources import FileSystem, Sourceable
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document, TextNode

__all__ = ["DeepSeekOCRReader"]


class DeepSeekOCRReader(BasePydanticReader, Settings):
    """Reads PDFs and page images with DeepSeek-OCR.

    ```python
    reader = DeepSeekOCRReader("http://localhost:8000/v1")
    index = VectorStoreIndex.from_documents(reader.load_data("report.pdf"))
    ```

    Each document is one chunk, ready to be indexed (or a region, page or whole file, see `granularity`), and its
    metadata says where it comes from: `page_number`, `region_type`, `bbox_x0` to `bbox_y1` and more, the same flat
    keys on each, see `dsocr_loaders.values.ChunkMetadata`. The same file makes the same ids every time.

    The settings are those of `dsocr_loaders.Settings`; `engine` may come first without its name. They stay as they
    are: `model_copy(update={...})` returns a reader with others.

    The engine is made on first use, once, whichever thread comes first, and never pickled: a reader that is sent to
    another process makes its own there. An engine that is given as an object, or an explicit `api_key`, therefore
    cannot be sent. Leave the `with` block or call `close` to end the engine; an object that was given stays open.

    Methods that take a source take a path, a folder, a glob pattern, bytes, a binary file object, or a list of these:

    * `file_path`: the source.
    * `extra_info`: metadata to add; the reader's own keys win.
    * `fs`: an fsspec file system that the paths are on.
    * `name`: what to call bytes, a stream or a single file.

    Pages, retries and the run's report go to LlamaIndex's instrumentation, see the module `events`.

    They raise what `dsocr_loaders.Reader` raises: at the end `PagesFailed` or a `SourceError`, as `on_page_error`
    says, and an `EngineError` if no page can be read.

    Raises:
        SettingsError: a setting is not allowed.
    """

    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _reader: Reader | None = PrivateAttr(default=None)

    def __init__(self, engine: object = "auto", **settings: Unpack[ReaderArguments]) -> None:
        super().__init__(engine=engine, **settings)

    @classmethod
    def class_name(cls) -> str:
        """Return the name that serialised readers carry."""
        return "DeepSeekOCRReader"

    @model_validator(mode="before")
    @classmethod
    def _url_is_remote(cls, values: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever was given
        if not isinstance(values, dict):
            return values
        engine = values.get("engine")
        return {"is_remote": isinstance(engine, str) and "://" in engine, **values}

    def lazy_load_data(
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> Generator[Document]:
        """Yield the documents, each as soon as it is whole."""
        with closing(self._opened().lazy_load(file_path, fs=fs, name=name)) as chunks:
            for chunk in chunks:
                yield document_of(chunk, extra_info or {}, is_contextualized=self.contextualize)

    def load_data(
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> list[Document]:
        """Return all documents. `PagesFailed` then carries the result of every page."""
        chunks = self._opened().load(file_path, fs=fs, name=name)
        return [document_of(chunk, extra_info or {}, is_contextualized=self.contextualize) for chunk in chunks]

    async def alazy_load_data(  # type: ignore[override]  # LlamaIndex's is a coroutine whose result blocks the loop
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> AsyncGenerator[Document]:
        """Yield the documents without blocking the event loop: `async for document in reader.alazy_load_data(...)`.

        `BaseReader` has a coroutine of this name instead, whose result is a blocking generator.
        """
        async with aclosing(self._opened().alazy_load(file_path, fs=fs, name=name)) as chunks:
            async for chunk in chunks:
                yield document_of(chunk, extra_info or {}, is_contextualized=self.contextualize)

    async def aload_data(
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> list[Document]:
        """Like `load_data`, without blocking the event loop."""
        chunks = await self._opened().aload(file_path, fs=fs, name=name)
        return [document_of(chunk, extra_info or {}, is_contextualized=self.contextualize) for chunk in chunks]

    def load_nodes(
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> list[TextNode]:
        """Return nodes for `VectorStoreIndex(nodes)`, so that no splitter has a say.

        A node knows its file as SOURCE, under the id of that file's `grounded` document, and its neighbours as
        PREVIOUS and NEXT; its id is the chunk's.

        Raises:
            SettingsError: `granularity` is `"grounded"`, which `DeepSeekOCRNodeParser` reads.
        """
        run = self._node_run(extra_info)
        for item in self._opened().iter_items(file_path, fs=fs, name=name):
            run.add(item)
        return run.nodes()

    async def aload_nodes(
        self,
        file_path: Sourceable,
        extra_info: Mapping[str, Any] | None = None,
        fs: FileSystem | None = None,
        *,
        name: str | None = None,
    ) -> list[TextNode]:
        """Like `load_nodes`, without blocking the event loop."""
        run = self._node_run(extra_info)
        async for item in self._opened().aiter_items(file_path, fs=fs, name=name):
            await run.aadd(item)
        return run.nodes()

    def as_file_extractor(self) -> dict[str, BaseReader]:
        """Return a map for `SimpleDirectoryReader(folder, file_extractor=...)`: the suffixes that are read, in lower
        case.

        `SimpleDirectoryReader` drops a whole file on any exception. So its reader is a copy of this one with
        `on_page_error="skip"`, which leaves failed pages out and warns; `"placeholder"` raises for no page either
        and stays. The copy makes an engine of its own, unless one was given as an object, and ends it when it goes
        away.
        """  # noqa: D205 - one sentence that needs two lines
        policy = "placeholder" if self.on_page_error == "placeholder" else "skip"
        return dict.fromkeys(sorted(EXTENSIONS), self.model_copy(update={"on_page_error": policy}))

    def close(self) -> None:
        """End the page workers, and the engine if it was made here. Safe to call twice; a later call starts anew."""
        with self._lock:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def __getstate__(self) -> dict[Any, Any]:
        # LlamaIndex's own tries to pickle every attribute, which would include a model's weights, and drops what fails.
        if not isinstance(self.engine, str):
            raise SettingsError(
                f"engine={type(self.engine).__qualname__}(...) cannot be sent to another process. Name the engine "
                "(a URL, 'text_layer', 'replay:FOLDER'), so that each process makes its own, or read in one process."
            )
        return {**Settings.__getstate__(self), "__pydantic_private__": None}

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied._reader = None  # noqa: SLF001 - model_copy may give it other settings, so it makes its own engine
        return copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self.__copy__()  # nothing in a reader can be changed, and an engine that was given is shared

    def _opened(self) -> Reader:
        with self._lock:
            if self._reader is None:
                chosen: SettingsArguments = {name: getattr(self, name) for name in Settings.model_fields}  # type: ignore[assignment]  # the fields are the arguments, and a test says so
                chosen["observers"] = (*self.observers, InstrumentationObserver())
                self._reader = Reader.from_settings(Settings(**chosen))
            return self._reader

    def _node_run(self, extra_info: Mapping[str, Any] | None) -> NodeRun:
        if self.granularity == "grounded":
            raise SettingsError(
                "granularity='grounded' makes JSON, and nodes of it come from DeepSeekOCRNodeParser: pass it the "
                "documents of load_data. load_nodes takes chunk, region, page or document."
            )
        return NodeRun(self, extra_info or {})
