"""What the user points at, as `Source`s: files, folders, patterns, bytes, streams, paths of another file system.

A source is taken by what its bytes are, never by its name: a PDF called `scan.png` is a PDF. Each file is read once
to hash it, block by block, and only when the next source is asked for, so a folder of any size starts at once and
no file is ever held in memory. What does not lie on the local disk (bytes, streams, `fs=`) is copied while it is
hashed, into a `Spool`.

A source that cannot be taken is a `SourceFailure` at its place in the order; the others are not affected.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias, cast
from urllib.parse import urlsplit

from dsocr_loaders.errors import DsocrError, SettingsError, SourceError, SourceNotFound, SourceUnsupported
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import BinaryIO

__all__ = ["FileSystem", "Sourceable", "Spool", "resolve_sources"]

Sourceable: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Source | Iterable[Sourceable]"
)
"""What `resolve_sources` takes."""

_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 1024  # a PDF's header may start anywhere in here (ISO 32000-1, annex H, note 13)
_EXTENSIONS = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
_PATTERN_MARKS = frozenset("*?[")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

_OTHER_FORMATS = (
    (b"PK\x03\x04", "a ZIP file, as Word, Excel, PowerPoint and EPUB files are"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file"),
    (b"{\\rtf", "an RTF text"),
    (b"GIF8", "a GIF image, which a later release reads"),
    (b"II*\x00", "a TIFF image, which a later release reads"),
    (b"MM\x00*", "a TIFF image, which a later release reads"),
    (b"II+\x00", "a TIFF image, which a later release reads"),
    (b"MM\x00+", "a TIFF image, which a later release reads"),
    (b"BM", "a BMP image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"AT&TFORM", "a DjVu file"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip file"),
)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


class FileSystem(Protocol):
    """The part of an fsspec file system that is used."""

    def open(self, path: str, mode: str = "rb") -> BinaryIO:
        """Open a file for reading."""
        ...


class Spool:
    """A private temporary folder for the copies of bytes and streams.

    The folder is made on first use, readable by its owner alone, and removed by `close`, at the end of a `with`
    block, or at the latest when the object goes away or the interpreter ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: str | None = None
        self._is_closed = False
        self._finalizer: weakref.finalize[[str, int], Spool] | None = None

    def new_file(self) -> tuple[BinaryIO, str]:
        """Return a new empty file, open for writing, and its path.

        Raises:
            DsocrError: the spool is closed.
            OSError: the temporary folder cannot be written to.
        """
        with self._lock:
            if self._is_closed:
                raise DsocrError("The spool is closed. Make a new one to copy more bytes.")
            if self._folder is None:
                self._folder = tempfile.mkdtemp(prefix="dsocr-")
                self._finalizer = weakref.finalize(self, _remove, self._folder, os.getpid())
            descriptor, path = tempfile.mkstemp(dir=self._folder)
        return os.fdopen(descriptor, "wb"), path

    def close(self) -> None:
        """Remove the folder and every copy in it. Safe to call twice."""
        with self._lock:
            self._is_closed = True
            if self._finalizer is not None:
                self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a forked child shares the folder and must leave it alone
        shutil.rmtree(folder, ignore_errors=True)


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
        blocks = (bytes(data[start : start + _BLOCK_BYTES]) for start in range(0, len(data), _BLOCK_BYTES))
        yield _spooled(blocks, intake.name, intake.spool)
    elif hasattr(source, "read"):
        own_name = getattr(source, "name", None)
        name = intake.name or (own_name if isinstance(own_name, str) else None)
        yield _spooled(_blocks(cast("BinaryIO", source)), name, intake.spool)
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
        hint = "download it first" if parts.scheme.lower() in {"http", "https"} else "pass fs=, an fsspec file system"
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
        hint = "" if intake.recursive else " Its subfolders were not searched; recursive=True does that."
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
                if _media_type(stream.read(_HEAD_BYTES)) is None:
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
            _require_media_type(stream.read(_HEAD_BYTES))
            stream.seek(0)
            content = _hashed(_blocks(stream))
    return Source(name, absolute, content.sha256, _require_media_type(content.head), content.size_bytes, absolute)


def _from_file_system(path: str, fs: FileSystem, intake: _Intake) -> Source | SourceFailure:
    name = intake.name or path
    try:
        with _io_in_words():
            stream = fs.open(path, "rb")
    except SourceError as error:
        return SourceFailure(name, type(error).__name__, str(error))
    with stream:
        return _spooled(_blocks(stream), name, intake.spool)


def _spooled(blocks: Iterable[bytes], name: str | None, spool: Spool) -> Source | SourceFailure:
    """Copy `blocks` into the spool while hashing them; a copy that is no source is removed again."""
    path, shown = None, name or "bytes"
    try:
        with _io_in_words():
            target, path = spool.new_file()
            with target:
                content = _hashed(blocks, target)
            shown = name or f"bytes:{content.sha256[:12]}"
        media_type = _require_media_type(content.head)
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


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK_BYTES):
        if not isinstance(block, (bytes, bytearray, memoryview)):
            raise SourceUnsupported("The file object gives text. Open it for bytes: open(path, 'rb').")
        yield bytes(block)


@dataclass(frozen=True, slots=True)
class _Content:
    """What one pass over the bytes found."""

    sha256: str
    size_bytes: int
    head: bytes


def _hashed(blocks: Iterable[bytes], target: BinaryIO | None = None) -> _Content:
    digest, size, head = hashlib.sha256(), 0, b""
    for block in blocks:
        if len(head) < _HEAD_BYTES:
            head += block[: _HEAD_BYTES - len(head)]
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return _Content(digest.hexdigest(), size, head)


def _media_type(head: bytes) -> str | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "application/pdf" if b"%PDF-" in head else None


def _require_media_type(head: bytes) -> str:
    found = _media_type(head)
    if found is not None:
        return found
    if not head:
        raise SourceUnsupported("It is empty: there is not a single byte to read (a file object may stand at its end).")
    raise SourceUnsupported(f"It looks like {_likeness(head)}; PDF, PNG and JPEG are read. Convert it first.")


def _likeness(head: bytes) -> str:
    for magic, words in _OTHER_FORMATS:
        if head.startswith(magic):
            return words
    if head[8:12] == b"WEBP":
        return "a WebP image, which a later release reads"
    if head[4:8] == b"ftyp":
        return "a HEIC or AVIF image or a film"
    if _HTML.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "an HTML page, perhaps a login or error page that was saved in the file's place"
    if not set(head) & {*range(9), *range(14, 32)}:
        return "plain text"
    return "nothing that is known here"
