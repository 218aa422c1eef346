"""What one object of a result holds: a chunk, a region, a page, a document, or a document's grounded JSON.

All five are `Chunk` values with the same metadata contract, so that everything behind this module treats them alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from dsocr_loaders.chunking import Chunker, ChunkSequence, Draft, RegionChunker
from dsocr_loaders.export import document_markdown, document_to_json, page_markdown
from dsocr_loaders.structure import build_document
from dsocr_loaders.values import SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Chunk, Document, PageResult, Source

__all__ = ["Cutter", "cut", "make_cutter"]


class Cutter(Protocol):
    """Takes the pages of one source in order and returns the objects that are whole."""

    def add(self, page: PageResult) -> list[Chunk]:
        """Take the next page; return what is whole now."""
        ...

    def finish(self) -> list[Chunk]:
        """Return the last objects."""
        ...


def make_cutter(source: Source, info: SourceInfo, settings: Settings) -> Cutter:
    """Return the cutter for `settings.granularity`.

    * `chunk`: see `dsocr_loaders.chunking.Chunker`;
    * `region`: see `dsocr_loaders.chunking.RegionChunker`;
    * `page`: one object for each page, its Markdown; blank and failed pages are empty ones;
    * `document`: one object, the Markdown of all pages;
    * `grounded`: one object, the document as JSON, from which a node parser makes chunks later.

    Objects of pages and documents are named by their source (and page) alone, so that an upsert replaces them, and
    their metadata names no regions: the box is the page.
    """

    def as_markdown(document: Document) -> str:
        return document_markdown(document, table_format=settings.table_format, join_pages=settings.join_pages)

    match settings.granularity:
        case "chunk":
            return Chunker(settings)
        case "region":
            return RegionChunker(settings)
        case "page":
            return _EachPage(settings)
        case "document":
            return _WholeDocument(source, info, "document", as_markdown)
        case "grounded":
            return _WholeDocument(source, info, "grounded", _as_json)


def cut(document: Document, settings: Settings) -> Iterator[Chunk]:
    """Yield the objects that `settings.granularity` names of a document that was read and structured before."""
    info = SourceInfo(
        total_pages=document.total_pages,
        labels=tuple(page.label for page in document.pages),
        bookmarks=tuple(entry for entry in document.outline if entry.source == "bookmark"),
        backend=document.pdf_backend,
    )
    cutter = make_cutter(document.source, info, settings)
    for page in document.pages:
        yield from cutter.add(page)
    yield from cutter.finish()


def _as_json(document: Document) -> str:
    """Return the document's JSON without what differs between runs, which would make an unchanged file look changed."""
    source = document.source
    if source.path != source.canonical:  # a spooled copy, which lies elsewhere each time
        source = replace(source, path="")
    pages = tuple(replace(page, source=source, attempts=min(page.attempts, 1), route="") for page in document.pages)
    document = replace(document, source=source, pages=pages)
    return document_to_json(document)


class _EachPage:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sequence = ChunkSequence(is_contextualized=False)

    def add(self, page: PageResult) -> list[Chunk]:
        text = page_markdown(page, table_format=self._settings.table_format)
        return self._sequence.add([Draft(page, text=text, kind=f"page {page.page_number}")])

    def finish(self) -> list[Chunk]:
        return self._sequence.finish()


class _WholeDocument:
    def __init__(self, source: Source, info: SourceInfo, kind: str, written: Callable[[Document], str]) -> None:
        self._source = source
        self._info = info
        self._kind = kind
        self._written = written
        self._pages: list[PageResult] = []

    def add(self, page: PageResult) -> list[Chunk]:
        self._pages.append(page)
        return []

    def finish(self) -> list[Chunk]:
        pages, self._pages = tuple(self._pages), []
        if not pages:
            return []
        document = build_document(self._source, self._info, pages)
        draft = Draft(pages[0], text=self._written(document), pages=pages, kind=self._kind)
        return ChunkSequence(is_contextualized=False).finish([draft])
