"""Blobs as sources of the core."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from dsocr_loaders import SettingsError
from langchain_core.document_loaders import BlobLoader
from langchain_core.documents.base import Blob

from langchain_deepseek_ocr.arrays import ARRAY_TYPE, array_as_png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.sources import FileSystem, Sourceable

__all__ = ["BlobIntake", "BlobStream", "Loadable"]

Loadable: TypeAlias = "Sourceable | BlobLoader | Blob | Iterable[Blob]"
"""What a loader takes: a source of the core, or blobs."""


class BlobStream:
    """A blob as a binary file object. Nothing is opened or converted before the first read.

    Attributes:
        name: the blob's source, or None.
    """

    def __init__(self, blob: Blob) -> None:
        self.name = None if blob.source is None else str(blob.source)
        self._blob = blob
        self._content: io.BytesIO | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that are left.

        Raises:
            DsocrError: an array that cannot be converted, see `array_as_png`.
            OSError, ValueError: the blob cannot be read.
        """
        if self._content is None:
            data = self._blob.as_bytes()
            self._content = io.BytesIO(array_as_png(data) if self._blob.mimetype == ARRAY_TYPE else data)
        return self._content.read(size)


class BlobIntake:
    """Hands what the user gave to the core, and remembers which blob each source comes from.

    Iterating yields sources of the core, each blob as exactly one of them, taken when it is asked for; anything but
    blobs passes as it is. The core reads the sources in this order, so `next_blob` is called once for each source
    that begins (or fails to). Iterating and `next_blob` may happen in different threads.

    Args:
        given: a source of the core, blobs, or what yields blobs.
        fs: the file system of the core's sources. A blob opens its file itself, on whatever it lies.
    """

    def __init__(self, given: Loadable, fs: FileSystem | None = None) -> None:
        self._given = given
        self._fs = fs
        self._taken: deque[Blob] = deque()

    def __iter__(self) -> Iterator[Sourceable]:
        kinds = set()
        for each in _leaves(self._given):
            kinds.add(isinstance(each, Blob))
            if len(kinds) > 1:  # a folder is many sources, so blobs among folders could not be told apart
                raise SettingsError("Blobs and other sources are mixed in one list; give them to a loader each.")
            if isinstance(each, Blob):
                self._taken.append(each)
                yield _source_of(each) if self._fs is None else cast("BinaryIO", BlobStream(each))
            else:
                yield each

    def next_blob(self) -> Blob | None:
        """Return the blob of the next source; None where the sources are no blobs."""
        return self._taken.popleft() if self._taken else None


def _leaves(given: Loadable) -> Iterator[Blob | Sourceable]:
    """Yield the single sources and blobs of collections, nested ones too."""
    if isinstance(given, BlobLoader):
        yield from given.yield_blobs()
    elif isinstance(given, Blob | str | bytes | bytearray | memoryview | Mapping) or hasattr(given, "read"):
        yield given  # the core says what it thinks of a mapping
    elif isinstance(given, Iterable):
        for each in given:
            yield from _leaves(each)
    else:
        yield given


def _source_of(blob: Blob) -> Sourceable:
    is_file = blob.data is None and blob.path is not None and Path(blob.path).is_file()
    if is_file and blob.mimetype != ARRAY_TYPE:
        return str(blob.path)
    return cast("BinaryIO", BlobStream(blob))  # of which the core uses `read` and `name`
