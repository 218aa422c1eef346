"""One journal file within this process: a thread that writes it and one that reads it, shared by all who use it."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal.opening import is_damaged, set_aside
from dsocr_loaders.journal.threads import DatabaseThread

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from concurrent.futures import Future

__all__ = ["JournalFile"]

T = TypeVar("T")

_MOST_TOGETHER: Final = 256
_MOST_REPLACEMENTS: Final = 3

_log = logging.getLogger("dsocr_loaders.journal")


class JournalFile:
    """A journal's file, open. `JournalFile.opened` makes one; each user closes it once.

    A damaged file is set aside with a warning, whenever it shows, and a new one begun.

    Attributes:
        path: of the file, absolute and without links.
        generation: how often the file was set aside.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = 0
        self._lock = threading.Lock()
        self._writer = DatabaseThread(self, "writer", begin="BEGIN IMMEDIATE", most_together=_MOST_TOGETHER)
        self._reader = DatabaseThread(self, "reader", begin="BEGIN", most_together=1)

    @classmethod
    def opened(cls, path: Path) -> JournalFile:
        """Return the journal at `path`, made if it is missing: one object for all who ask in this process.

        Raises:
            JournalError: see `dsocr_loaders.journal.opening.connect`.
        """
        return _open_files.joined(Path(os.path.realpath(path)))

    def close(self) -> None:
        """Say that one user is done. After the last one, what was handed in is finished and the file closed."""
        _open_files.left(self)

    def write(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do `work` in the writing thread; the future is done when it is on the disk. Its error is a `JournalError`."""
        return self._writer.submit(work)

    def read(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Do `work`, which only reads, in the reading thread. Its error is a `JournalError`."""
        return self._reader.submit(work)

    def stop(self) -> None:
        """Finish what was handed in, and close the file. For `close`."""
        self._reader.stop()
        self._writer.stop()

    def replace_damaged(self, generation: int, why: object) -> None:
        """Set the damaged file of that generation aside, unless the other thread has done so already.

        Raises:
            JournalError: it cannot be renamed, or the new one was damaged too, again and again.
        """
        with self._lock:
            if self.generation != generation:
                return
            if self.generation >= _MOST_REPLACEMENTS:
                raise JournalError(
                    f"{self.path}: the journal is damaged as soon as it is made ({why}). Name a file on another disk."
                )
            self.generation += 1
            if not is_damaged(self.path):  # any more: another process was faster
                return
            aside = set_aside(self.path)
        _log.warning(
            "%s: the journal is damaged (%s). It was set aside as %s and a new one begun: its pages are read again.",
            self.path,
            why,
            aside.name,
        )


class _OpenFiles:
    """Which files this process has open, so that each has one writing thread, however many readers use it."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._users: dict[JournalFile, int] = {}

    def joined(self, path: Path) -> JournalFile:
        if self._owner != os.getpid():  # a fork takes no threads along
            self._forget()
        with self._lock:
            file = next((known for known in self._users if known.path == path), None) or JournalFile(path)
            self._users[file] = self._users.get(file, 0) + 1
        try:
            file.write(lambda connection: connection.execute("SELECT 1").fetchone()).result()
        except BaseException:
            self.left(file)
            raise
        return file

    def left(self, file: JournalFile) -> None:
        if self._owner != os.getpid():
            return
        with self._lock:
            users = self._users.get(file, 0) - 1
            if users > 0:
                self._users[file] = users
                return
            if self._users.pop(file, None) is None:
                return
        file.stop()


_open_files = _OpenFiles()
