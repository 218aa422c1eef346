"""Files, folders and patterns of an fsspec file system.

Files are copied into the spool. Folders and patterns need `isdir`, `ls` and `glob`, which every fsspec file system
has; a file system of your own may leave them out and takes files alone then.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Protocol, cast

from dsocr_loaders.errors import SourceError, SourceNotFound
from dsocr_loaders.sources.content import HEAD_BYTES, blocks_of, media_type_of
from dsocr_loaders.sources.folders import EXTENSIONS, has_pattern_marks, nesting_exceeded
from dsocr_loaders.sources.taking import failure_of, in_words, spooled_source
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from dsocr_loaders.sources.taking import Intake

__all__ = ["FileSystem", "from_file_system"]


class FileSystem(Protocol):
    """The part of an fsspec file system that every source needs."""

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """Open a file for reading."""
        ...


class _FolderSystem(FileSystem, Protocol):
    """The part that folders and patterns need."""

    def isdir(self, path: str) -> bool: ...

    def ls(self, path: str, *, detail: bool) -> list[dict[str, Any]]: ...

    def glob(self, path: str) -> list[str]: ...

    def exists(self, path: str) -> bool: ...


def from_file_system(given: str, intake: Intake) -> Iterator[Source | SourceFailure]:
    """Yield what a path of `intake.fs` stands for: a file, a folder's files, or what matches a pattern."""
    fs = cast("FileSystem", intake.fs)
    if not all(hasattr(fs, name) for name in ("isdir", "ls", "glob", "exists")):
        yield _file(fs, given, intake.name or given, intake)
        return
    folders = cast("_FolderSystem", fs)
    found_any = False
    try:
        for path in _paths(folders, given, intake):
            found_any = True
            yield path if isinstance(path, SourceFailure) else _file(fs, path, intake.name or path, intake)
    except SourceError as error:
        yield failure_of(intake.name or given, error)
        return
    if not found_any:
        message = f"It holds, or matches, no PDF and no image that is read, in {type(fs).__name__}."
        yield SourceFailure(given, SourceNotFound.__name__, message)


def _paths(fs: _FolderSystem, given: str, intake: Intake) -> Iterator[str | SourceFailure]:
    with in_words(fs):
        is_pattern = has_pattern_marks(given) and not fs.exists(given)
        is_folder = not is_pattern and fs.isdir(given)
    if is_pattern:
        with in_words(fs):
            matches = sorted(fs.glob(given))
        for path in matches:
            # fsspec's patterns match hidden names too.
            hidden = [part for part in path.split("/") if part.startswith(".") and part not in given.split("/")]
            with in_words(fs):
                is_folder = fs.isdir(path)
            if hidden or (is_folder and not intake.recursive):
                continue
            if is_folder:
                yield from _files_of(fs, path, intake, 0)
            elif _is_ours(fs, path):
                yield path
    elif is_folder:
        yield from _files_of(fs, given, intake, 0)
    else:
        yield given


def _files_of(fs: _FolderSystem, folder: str, intake: Intake, depth: int) -> Iterator[str | SourceFailure]:
    if depth > intake.limits.nesting:
        yield nesting_exceeded(folder, intake.limits.nesting)
        return
    try:
        with in_words(fs):
            entries = sorted(fs.ls(folder, detail=True), key=lambda entry: str(entry["name"]))
    except SourceError as error:
        yield failure_of(folder, error)
        return
    for entry in entries:
        path = str(entry["name"]).rstrip("/")
        name = posixpath.basename(path)
        # Object stores list the folder's own marker, an empty file of its name, inside it.
        if name.startswith(".") or path == folder.rstrip("/"):
            continue
        if entry.get("type") == "directory":
            if intake.recursive and not entry.get("islink"):
                yield from _files_of(fs, path, intake, depth + 1)
        elif _is_ours(fs, path):
            yield path


def _is_ours(fs: FileSystem, path: str) -> bool:
    """Whether a file is one of ours by its name, or else by its first bytes."""
    if posixpath.splitext(path)[1].lower() in EXTENSIONS:
        return True
    try:
        with in_words(fs):
            head = getattr(fs, "cat_file", None)  # asks for a range, where open() may read megabytes ahead
            if head is not None:
                return media_type_of(bytes(head(path, 0, HEAD_BYTES))) is not None
            with fs.open(path, "rb") as stream:
                return media_type_of(stream.read(HEAD_BYTES)) is not None
    except SourceError:
        return False


def _file(fs: FileSystem, path: str, name: str, intake: Intake) -> Source | SourceFailure:
    try:
        with in_words(fs):
            stream = fs.open(path, "rb")
    except SourceError as error:
        return failure_of(name, error)
    with stream:
        return spooled_source(blocks_of(stream), name, intake)
