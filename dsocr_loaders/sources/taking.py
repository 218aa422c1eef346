"""One file becomes a `Source`: read once, hashed, and copied if it does not lie on the local disk."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsocr_loaders.errors import DsocrError, SourceError, SourceNotFound, SourceUnsupported
from dsocr_loaders.sources.content import HEAD_BYTES, blocks_of, hashed, require_bytes, require_media_type
from dsocr_loaders.values import Source, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from dsocr_loaders.settings import Limits
    from dsocr_loaders.sources.file_systems import FileSystem
    from dsocr_loaders.sources.spool import Spool

__all__ = ["Intake", "failure_of", "in_words", "local_source", "reason_of", "spooled_source"]


@dataclass(frozen=True, slots=True)
class Intake:
    """The choices that hold for every source of a run.

    Attributes:
        spool: takes the copies.
        limits: what is larger is refused.
        fs: file system that paths are opened in; None is the local one.
        name: what to call a single source.
        recursive: go into a folder's subfolders too.
        allows_private_urls: let URLs lead to addresses outside the public internet.
    """

    spool: Spool
    limits: Limits
    fs: FileSystem | None = None
    name: str | None = None
    recursive: bool = False
    allows_private_urls: bool = False


def local_source(path: str, name: str, intake: Intake) -> Source | SourceFailure:
    """Return the source that a file on the local disk is."""
    try:
        with in_words():
            absolute = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links, absolute() keeps ".."
            if not stat.S_ISREG(Path(absolute).stat().st_mode):
                raise SourceUnsupported("This is no ordinary file. Open it and pass the binary file object.")
            with Path(absolute).open("rb") as stream:
                return _hashed_source(stream, absolute, name, intake.limits.source_bytes)
    except SourceError as error:
        return failure_of(name, error)


def _hashed_source(stream: BinaryIO, path: str, name: str, most_bytes: int) -> Source:
    before = os.fstat(stream.fileno())
    require_bytes(before.st_size, most_bytes)
    # What cannot be read anyway is not hashed.
    require_media_type(stream.read(HEAD_BYTES))
    stream.seek(0)
    content = hashed(blocks_of(stream), most_bytes)
    after = os.fstat(stream.fileno())
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, content.size_bytes):
        raise SourceError("The file was changed while it was read. Read it again once nobody writes to it.")
    media_type = require_media_type(content.head)
    return Source(name, path, content.sha256, media_type, content.size_bytes, path, after.st_mtime_ns)


def spooled_source(
    blocks: Iterable[bytes], name: str | None, intake: Intake, *, has_exact_name: bool = True
) -> Source | SourceFailure:
    """Copy `blocks` into the spool while hashing them; a copy that is no source is removed again.

    Args:
        blocks: what the source holds.
        name: of the source; None names it after its hash.
        intake: of the run.
        has_exact_name: whether the name tells it from every other source. If not, ids are made from its hash as well.
    """
    path, shown = None, name or "bytes"
    try:
        with in_words(), intake.spool.new_file() as target:
            path = target.path
            content = hashed(blocks, intake.limits.source_bytes, target.write)
        shown = name or f"bytes:{content.sha256[:12]}"
        media_type = require_media_type(content.head)
        canonical = shown if has_exact_name else f"{shown}#{content.sha256[:12]}"
        modified_ns = Path(path).stat().st_mtime_ns
        return Source(shown, path, content.sha256, media_type, content.size_bytes, canonical, modified_ns)
    except BaseException as error:
        if path is not None:
            with suppress(OSError):
                Path(path).unlink()
        if not isinstance(error, SourceError):
            raise
        return failure_of(shown, error)


def failure_of(name: str, error: SourceError) -> SourceFailure:
    """Return the failure that an error is for the source of that name."""
    return SourceFailure(name, type(error).__name__, str(error))


@contextmanager
def in_words(fs: object = None) -> Iterator[None]:
    """Turn what file systems, local (None) or foreign, raise into a `SourceError`."""
    try:
        yield
    except DsocrError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        where = f"seen from {Path.cwd()}" if fs is None else f"in {type(fs).__name__}"
        raise SourceNotFound(f"There is no such file or folder, {where}.") from error
    except Exception as error:  # foreign file systems raise classes of their own
        raise SourceError(f"It cannot be read: {reason_of(error)}.") from error


def reason_of(error: Exception) -> str:
    """Return what an error says, without the path that the caller names anyway."""
    return (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
