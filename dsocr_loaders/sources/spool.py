"""Where the copies of bytes and streams lie while a run reads them."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from typing import TYPE_CHECKING, Self

from dsocr_loaders.errors import DsocrError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

__all__ = ["Spool"]


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
