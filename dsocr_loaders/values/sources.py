"""A file to read, and what it says about itself before any page is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.values.vocabulary import HeadingSource

__all__ = ["OutlineEntry", "PagePlace", "Source", "SourceFailure", "SourceInfo"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    Attributes:
        name: as the user gave it; `"bytes:<first 12 hex digits of sha256>"` for unnamed bytes.
        path: where the bytes lie: the user's file, or a spooled copy, which is there until the run ends.
        sha256: hex digest of the bytes.
        media_type: `"application/pdf"`, `"image/png"` or another of `dsocr_loaders.sources.content`, by magic bytes.
        size_bytes: length.
        canonical: what chunk ids are made from: the absolute path of the user's file, else the name.
        modified_ns: when the file was written last, in nanoseconds as the system counts them, seen when it was hashed;
            a file with another time or size is not the one that was hashed. 0 if that is not known. No part of what
            makes sources equal.
    """

    name: str
    path: str
    sha256: str
    media_type: str
    size_bytes: int
    canonical: str
    modified_ns: int = field(default=0, compare=False)

    @property
    def file_name(self) -> str:
        """The last part of the name, whichever way its slashes lean."""
        return self.name.replace("\\", "/").rstrip("/").rpartition("/")[2] or self.name


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A heading of the document.

    Attributes:
        level: 1 is the highest.
        title: its text.
        page_number: the page it is on.
        source: where the level comes from, as in `Region.heading_source`.
    """

    level: int
    title: str
    page_number: int
    source: HeadingSource


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source says about itself before any page is read.

    Attributes:
        total_pages: number of pages.
        labels: one label for each page: the PDF's own (`"iv"`), else the number.
        bookmarks: the PDF's bookmarks in order.
        backend: `"pymupdf"` or `"pdfium"` for a PDF, `"pillow"` for an image.
    """

    total_pages: int
    labels: tuple[str, ...]
    bookmarks: tuple[OutlineEntry, ...]
    backend: str


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Which page of which source.

    Attributes:
        source: the file.
        info: what the file says about itself; in a run without its bookmarks, which no page waits for.
        page_number: from 1.
    """

    source: Source
    info: SourceInfo
    page_number: int

    @property
    def label(self) -> str:
        """The page's own label, else its number."""
        return self.info.labels[self.page_number - 1]

    def __str__(self) -> str:
        return f"{self.source.name}, page {self.page_number}"


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source of a run that could not be read at all.

    Attributes:
        name: as the user gave it.
        kind: class name of the error, such as `"SourceDamaged"`.
        message: what happened and what to do.
    """

    name: str
    kind: str
    message: str
