"""`resolve_sources`: what the user points at, one after another."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

from dsocr_loaders.errors import DsocrError, SettingsError, SourceError, SourceNotFound, SourceUnsupported
from dsocr_loaders.sources.content import BLOCK_BYTES, HEAD_BYTES, blocks_of, hashed, media_type_of, require_media_type
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from dsocr_loaders.sources.spool import Spool

__all__ = ["FileSystem", "Sourceable", "resolve_sources"]

Sourceable: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Source | Iterable[Sourceable]"
)
"""What `resolve_sources` takes."""

_EXTENSIONS = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
_PATTERN_MARKS = frozenset("*?[")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class FileSystem(Protocol):
    """The part of an fsspec file system that is used."""

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """Open a file for reading."""
        ...


def resolve_sources(
    source: Sourceable,
    *,
    spool: Spool,
    fs: FileSystem | None = None,
    name: str | None = None,
    recursive: bool = False,
) -> Iterator[Source | SourceFailure]:
    """Return the sources that `source` stands for, in order, each taken when it is asked for.

    Args:
        source: a path; a folder (its PDF, PNG and JPEG files by name, hidden ones left out); a pattern such as
            `"docs/*.pdf"`, if no file has that very name; bytes; a binary file object, read from where it stands; a
            `Source`; or an iterable of these, nested ones too.
        spool: takes the copies of what is not a local file; sources are valid until it is closed.
        fs: an fsspec file system; every path is then opened there.
        name: what to call a single source instead of its path, or instead of `bytes:<start of its sha256>`.
        recursive: go into a folder's subfolders too.

    Raises:
        SettingsError: `source` is none of these, or `name` was given for several sources.
    """
    if name is not None and not (_is_path(source) or _is_bytes(source) or hasattr(source, "read")):
        raise SettingsError(f"name={name!r} names one source; here it was given for several.")
    return _resolved(source, _Intake(spool, fs, name, recursive))


@dataclass(frozen=True, slots=True)
class _Intake:
    """The choices that hold for every source of a run."""

    spool: Spool
    fs: FileSystem | None
    name: str | None
    recursive: bool


def _is_path(source: object) -> bool:
    return isinstance(source, (str, os.PathLike))


def _is_bytes(source: object) -> bool:
    return isinstance(source, (bytes, bytearray, memoryview))


def _resolved(source: object, intake: _Intake) -> Iterator[Source | SourceFailure]:
    if isinstance(source, Source):
        yield source
    elif _is_path(source):
        yield from _from_path(os.fsdecode(cast("str", source)), intake)
    elif _is_bytes(source):
        data = memoryview(cast("bytes", source)).cast("B")
        blocks = (bytes(data[start : start + BLOCK_BYTES]) for start in range(0, len(data), BLOCK_BYTES))
        yield _spooled(blocks, intake.name, intake.spool)
    elif hasattr(source, "read"):
        own_name = getattr(source, "name", None)
        name = intake.name or (own_name if isinstance(own_name, str) else None)
        yield _spooled(blocks_of(cast("BinaryIO", source)), name, intake.spool)
    elif isinstance(source, Iterable) and not isinstance(source, Mapping):
        for item in source:
            yield from _resolved(item, intake)
    else:
        raise SettingsError(
            f"source={type(source).__name__} is not allowed; allowed: a path, a folder, a pattern, bytes, a binary "
            "file object, or a list of these."
        )


def _from_path(given: str, intake: _Intake) -> Iterator[Source | SourceFailure]:
    if intake.fs is not None:
        yield _from_file_system(given, intake.fs, intake)
        return
    if _URL.match(given):
        parts = urlsplit(given)
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
        hint = (
            "download it first"
            if parts.scheme.lower() in {"http", "https"}
            else "pass fs=, an fsspec file system, to a Reader"
        )
        yield SourceFailure(shown, SourceUnsupported.__name__, f"URLs are not read in this release; {hint}.")
        return
    if os.path.lexists(given):
        path = given
    else:
        path = os.path.expanduser(given)  # noqa: PTH111 - leaves "~nobody" as it is where Path raises
        if _PATTERN_MARKS.intersection(path):
            yield from _from_pattern(path, intake)
            return
    if Path(path).is_dir():
        yield from _from_folder(path, intake)
    else:
        yield _taken(intake.name or given, lambda: _local(path, intake.name or given))


def _from_pattern(pattern: str, intake: _Intake) -> Iterator[Source | SourceFailure]:
    found_any = False
    matches = glob.glob(pattern, recursive=True)  # noqa: PTH207 - keeps the names as the user wrote the pattern
    for path in sorted(matches):
        found: Iterable[Source | SourceFailure]
        if Path(path).is_dir():
            found = _files_of(path, is_recursive=True) if intake.recursive else ()
        else:
            found = _candidate(path)
        for item in found:
            found_any = True
            yield item
    if not found_any:
        message = "No PDF, PNG or JPEG file matches this pattern, and no file has this very name."
        yield SourceFailure(pattern, SourceNotFound.__name__, message)


def _from_folder(folder: str, intake: _Intake) -> Iterator[Source | SourceFailure]:
    found_any = False
    for item in _files_of(folder, is_recursive=intake.recursive):
        found_any = True
        yield item
    if not found_any:
        hint = "" if intake.recursive else f' Its subfolders were not searched; "{folder}/**/*" does that.'
        yield SourceFailure(
            folder, SourceNotFound.__name__, f"The folder holds no PDF, PNG or JPEG file, going by content.{hint}"
        )


def _files_of(folder: str, *, is_recursive: bool) -> Iterator[Source | SourceFailure]:
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        yield SourceFailure(folder, SourceError.__name__, f"The folder cannot be listed: {_reason(error)}.")
        return
    for entry in sorted(visible, key=lambda entry: entry.name):
        if entry.is_dir():
            # A linked folder is not entered: it may lead back here.
            if is_recursive and not entry.is_symlink():
                yield from _files_of(entry.path, is_recursive=True)
        else:
            yield from _candidate(entry.path)


def _candidate(path: str) -> Iterator[Source | SourceFailure]:
    """Yield the file if it is one of ours; a failure if its name says so and its content does not."""
    file = Path(path)
    if file.suffix.lower() not in _EXTENSIONS:
        try:
            if not file.is_file():
                return
            with file.open("rb") as stream:
                if media_type_of(stream.read(HEAD_BYTES)) is None:
                    return
        except OSError:
            return
    yield _taken(path, lambda: _local(path, path))


def _taken(name: str, take: Callable[[], Source]) -> Source | SourceFailure:
    try:
        return take()
    except SourceError as error:
        return SourceFailure(name, type(error).__name__, str(error))


def _local(path: str, name: str) -> Source:
    with _io_in_words():
        absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links, absolute() keeps ".."
        if not stat.S_ISREG(Path(absolute).stat().st_mode):
            raise SourceUnsupported("This is no ordinary file. Open it and pass the binary file object.")
        with Path(absolute).open("rb") as stream:
            # What cannot be read anyway is not hashed.
            require_media_type(stream.read(HEAD_BYTES))
            stream.seek(0)
            content = hashed(blocks_of(stream))
    return Source(name, absolute, content.sha256, require_media_type(content.head), content.size_bytes, absolute)


def _from_file_system(path: str, fs: FileSystem, intake: _Intake) -> Source | SourceFailure:
    name = intake.name or path
    try:
        with _io_in_words():
            stream = fs.open(path, "rb")
    except SourceError as error:
        return SourceFailure(name, type(error).__name__, str(error))
    with stream:
        return _spooled(blocks_of(stream), name, intake.spool)


def _spooled(blocks: Iterable[bytes], name: str | None, spool: Spool) -> Source | SourceFailure:
    """Copy `blocks` into the spool while hashing them; a copy that is no source is removed again."""
    path, shown = None, name or "bytes"
    try:
        with _io_in_words():
            target, path = spool.new_file()
            with target:
                content = hashed(blocks, target)
            shown = name or f"bytes:{content.sha256[:12]}"
        media_type = require_media_type(content.head)
        return Source(shown, path, content.sha256, media_type, content.size_bytes, canonical=shown)
    except SourceError as error:
        if path is not None:
            with suppress(OSError):
                Path(path).unlink()
        return SourceFailure(shown, type(error).__name__, str(error))


@contextmanager
def _io_in_words() -> Iterator[None]:
    """Turn what file systems, local or foreign, raise into a `SourceError`."""
    try:
        yield
    except DsocrError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFound(f"There is no such file or folder, seen from {Path.cwd()}.") from error
    except Exception as error:  # foreign file systems raise classes of their own
        raise SourceError(f"It cannot be read: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
