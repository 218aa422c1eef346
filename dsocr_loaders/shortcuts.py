"""Functions for a reader that lives for one call, and `chunk` for a document that was read before."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Unpack

from dsocr_loaders.granularity import cut
from dsocr_loaders.reader import Reader
from dsocr_loaders.settings import Settings, SettingsArguments

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from dsocr_loaders.sources import FileSystem, Sourceable
    from dsocr_loaders.values import Chunk, Document, PageResult

__all__ = ["aiter_pages", "aread", "chunk", "iter_pages", "read"]


def read(source: Sourceable, *, fs: FileSystem | None = None, **settings: Unpack[SettingsArguments]) -> Document:
    """Return the document that `source` makes: every page with its regions, their boxes and text.

    Args:
        source: a path, an http(s) URL, bytes or a binary file object.
        fs: an fsspec file system that the path is on.
        **settings: see `Settings`.

    Raises:
        DsocrError: see `Reader.read`.
    """
    with Reader(**settings) as reader:
        return reader.read(source, fs=fs)


async def aread(source: Sourceable, *, fs: FileSystem | None = None, **settings: Unpack[SettingsArguments]) -> Document:
    """Like `read`, without blocking the event loop."""
    async with Reader(**settings) as reader:
        return await reader.aread(source, fs=fs)


def iter_pages(
    source: Sourceable, *, fs: FileSystem | None = None, **settings: Unpack[SettingsArguments]
) -> Generator[PageResult]:
    """Yield the result of each page of `source` in order, as soon as it and those before it are read.

    Args:
        source: a path, a folder, a glob pattern, an http(s) URL, bytes, a binary file object, or a list of these.
        fs: an fsspec file system that the path is on.
        **settings: see `Settings`.

    Raises:
        DsocrError: see `Reader.iter_pages`.
    """
    return _pages(Reader(**settings), source, fs)


def _pages(reader: Reader, source: Sourceable, fs: FileSystem | None) -> Generator[PageResult]:
    with reader:
        yield from reader.iter_pages(source, fs=fs)


def aiter_pages(
    source: Sourceable, *, fs: FileSystem | None = None, **settings: Unpack[SettingsArguments]
) -> AsyncGenerator[PageResult]:
    """Like `iter_pages`, without blocking the event loop."""
    return _apages(Reader(**settings), source, fs)


async def _apages(reader: Reader, source: Sourceable, fs: FileSystem | None) -> AsyncGenerator[PageResult]:
    async with reader, aclosing(reader.aiter_pages(source, fs=fs)) as pages:
        async for page in pages:
            yield page


def chunk(document: Document, **settings: Unpack[SettingsArguments]) -> Iterator[Chunk]:
    """Yield the chunks of a document that was read.

    Args:
        document: as `read` returns it.
        **settings: those that shape chunks: `granularity`, `chunk_tokens`, `token_counter`, `min_tokens`,
            `overlap_tokens`, `parents`, `contextualize`, `table_format`, `join_pages` and `include_furniture`.

    Raises:
        SettingsError: a setting is not allowed.
    """
    return cut(document, Settings(**settings))
