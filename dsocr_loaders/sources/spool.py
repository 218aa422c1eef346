"""Where the copies of bytes, streams and URLs lie while a run reads them."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dsocr_loaders.errors import DsocrError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import BinaryIO

__all__ = ["Spool", "SpoolFile"]

_PREFIX = "dsocr-spool-"
_LOCK_NAME = ".in-use"
_YOUNG_S = 60.0  # a folder younger than this may be about to be locked


class SpoolFile:
    """A copy that is being written. Leaving the `with` block closes it.

    Attributes:
        path: where it lies.
    """

    def __init__(self, stream: BinaryIO, path: str, spool: Spool) -> None:
        self.path = path
        self._folder = str(Path(path).parent)
        self._stream = stream
        self._spool = spool

    def write(self, block: bytes) -> None:
        """Append `block`.

        Raises:
            SourceError: the disk is full or broken.
            DsocrError: the spool was closed in the meantime: nobody wants the copy any more.
        """
        self._spool.require_open()
        with _disk_in_words(self._folder):
            self._stream.write(block)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(OSError):  # what was buffered has no room either
                self._stream.close()
            return
        with _disk_in_words(self._folder):
            self._stream.close()


class Spool:
    """A private temporary folder for copies.

    The folder is made on first use, readable by its owner alone, and removed by `close`, at the end of a `with`
    block, or at the latest when the object goes away or the interpreter ends. A process that is killed leaves its
    folder behind; the next spool of the same user removes it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: str | None = None
        self._is_closed = False
        self._finalizer: weakref.finalize[[str, int, int | None], Spool] | None = None

    def new_file(self) -> SpoolFile:
        """Return a new empty file, open for writing.

        Raises:
            DsocrError: the spool is closed.
            SourceError: the temporary folder cannot be written to.
        """
        with self._lock:
            self.require_open()
            with _disk_in_words(tempfile.gettempdir()):
                if self._folder is None:
                    _remove_orphans(Path(tempfile.gettempdir()))
                    self._folder = tempfile.mkdtemp(prefix=_PREFIX)
                    lock = _locked(Path(self._folder) / _LOCK_NAME)
                    self._finalizer = weakref.finalize(self, _remove, self._folder, os.getpid(), lock)
                descriptor, path = tempfile.mkstemp(dir=self._folder)
        return SpoolFile(os.fdopen(descriptor, "wb"), path, self)

    def require_open(self) -> None:
        """Return if the spool takes copies.

        Raises:
            DsocrError: it is closed.
        """
        if self._is_closed:
            raise DsocrError("The spool is closed. Make a new one to copy more bytes.")

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


@contextmanager
def _disk_in_words(folder: str) -> Iterator[None]:
    """Turn what the disk says into a `SourceError` that tells where the copy should have gone."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            f"It cannot be copied to {folder}: {reason}. Free some space there, or name another folder with the "
            "environment variable TMPDIR."
        ) from error


def _locked(path: Path) -> int | None:
    """Return the descriptor of a file that is locked as long as this process lives, None where there are no locks."""
    if find_spec("fcntl") is None:
        return None
    import fcntl  # noqa: PLC0415 - not on Windows

    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody has it, or the file system has no locks
        os.close(descriptor)
        return None
    return descriptor


def _remove_orphans(temporary: Path) -> None:
    """Remove the spools of this user whose process was killed, which is where the lock is free."""
    if find_spec("fcntl") is None:
        return
    for lock_path in temporary.glob(f"{_PREFIX}*/{_LOCK_NAME}"):
        with suppress(OSError):
            found = lock_path.stat()
            if found.st_uid != os.getuid() or time.time() - found.st_mtime < _YOUNG_S:
                continue
            lock = _locked(lock_path)
            if lock is not None:
                shutil.rmtree(lock_path.parent, ignore_errors=True)
                os.close(lock)


def _remove(folder: str, owner: int, lock: int | None) -> None:
    if os.getpid() == owner:  # a forked child shares the folder and must leave it alone
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            with suppress(OSError):
                os.close(lock)
