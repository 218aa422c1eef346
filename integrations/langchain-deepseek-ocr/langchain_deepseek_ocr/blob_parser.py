"""The blob parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from langchain_core.document_loaders import BaseBlobParser

from langchain_deepseek_ocr.arrays import ARRAY_TYPE
from langchain_deepseek_ocr.reading import DocumentReader

if TYPE_CHECKING:
    from collections.abc import Generator

    from dsocr_loaders import Settings
    from dsocr_loaders.settings import ReaderArguments
    from langchain_core.callbacks import Callbacks
    from langchain_core.documents import Document
    from langchain_core.documents.base import Blob

__all__ = ["DeepSeekOCRBlobParser"]


class DeepSeekOCRBlobParser(DocumentReader, BaseBlobParser):
    """Parses blobs, PDFs and page images, as `Document`s that know their page, region type and box.

    ```python
    with DeepSeekOCRBlobParser(engine="http://localhost:8000/v1") as parser:
        documents = parser.parse(Blob.from_path("report.pdf"))
    ```

    A blob with a path is read from there, a blob with data from memory, under the name of its `source`. What it is
    decides its content (PDF, PNG or JPEG), not its media type; only `application/x-npy`, an array as `numpy.save`
    writes it, is taken at its word. The metadata is that of `DeepSeekOCRLoader`, over the blob's own; `source` is the
    blob's.

    It serves as an `images_parser` of LangChain's PDF loaders, which take the first Document of each embedded image:
    an array makes exactly one Document, the Markdown of the whole image, whatever `granularity` says, and an empty
    one where nothing could be read and `on_page_error` is `"skip"`. For loaders that hand over PNG, choose
    `granularity="page"`.

    Args:
        engine: what reads, see `DeepSeekOCRLoader`.
        callbacks: see `DeepSeekOCRLoader`.
        **settings: see `dsocr_loaders.Settings`; `contextualize` is on by default.

    Raises:
        SettingsError: a setting is not allowed.
    """

    def __init__(
        self, *, engine: object = "auto", callbacks: Callbacks = None, **settings: Unpack[ReaderArguments]
    ) -> None:
        super().__init__(engine, settings, callbacks)

    def lazy_parse(self, blob: Blob) -> Generator[Document]:
        """Yield the blob's Documents as soon as they are whole.

        Raises:
            PagesFailed: at the end, as `on_page_error` says; it carries the failed pages.
            SourceError: the blob cannot be read.
            MissingDependency: an array, and numpy is not installed.
            EngineError: the run cannot go on.
        """
        return self._documents(blob, settings=self._settings_for(blob))

    def parse(self, blob: Blob) -> list[Document]:
        """Return all Documents of `lazy_parse`. `PagesFailed` then carries the result of every page."""
        return list(self._documents(blob, settings=self._settings_for(blob), keeps_pages=True))

    def _settings_for(self, blob: Blob) -> Settings:
        settings = self.settings
        if blob.mimetype != ARRAY_TYPE:
            return settings
        policy = "placeholder" if settings.on_page_error == "skip" else settings.on_page_error
        return settings.model_copy(update={"granularity": "page", "on_page_error": policy})
