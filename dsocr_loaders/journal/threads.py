"""A thread with a database connection of its own. SQLite waits while it reads, writes and syncs; event loops must not.

Whatever is handed in while the thread is busy goes into the next transaction together, so one sync pays for all.
"""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from dsocr_loaders.journal.opening import Damaged, connect, is_damage, journal_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["DatabaseThread", "Replaceable"]

T = TypeVar("T")
Work = tuple["Callable[[sqlite3.Connection], Any]", "Future[Any]"]


class Replaceable(Protocol):
    """A file that is replaced by a new one when it turns out to be damaged.

    Attributes:
        path: of the file.
        generation: how often it was replaced; a connection of an older one is of no use any more.
    """

    path: Path
    generation: int

    def replace_damaged(self, generation: int, why: object) -> None:
        """Put the file of that generation aside, unless that is done already.

        Raises:
            JournalError: that is not possible.
        """


class DatabaseThread:
    """Does works one after the other, each in a transaction, several in one where that is allowed.

    Args:
        file: what to connect to; the connection is made with the first work.
        name: shown as the thread's name.
        begin: the statement that begins a transaction.
        most_together: works in one transaction.
    """

    def __init__(
        self, file: Replaceable, name: str, *, begin: Literal["BEGIN", "BEGIN IMMEDIATE"], most_together: int
    ) -> None:
        self._file = file
        self._begin = begin
        self._most_together = most_together
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._generation = -1
        self._thread = threading.Thread(target=self._run, name=f"dsocr-journal-{name}", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Hand in a work. The future is done when its transaction is; its error is a `JournalError`.

        After an error nothing of the work is in the file. A work may be done twice, the first time in vain.
        """
        future: Future[T] = Future()
        self._queue.put((work, future))
        return future

    def stop(self) -> None:
        """Finish what was handed in, close the connection and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            works, is_over = self._next_works()
            if works:
                self._do_all(works)
        self._disconnect()

    def _next_works(self) -> tuple[list[Work], bool]:
        """Wait for a work, and return it with those behind it, and whether there will be no more."""
        works: list[Work] = []
        item = self._queue.get()
        while item is not None:
            if item[1].set_running_or_notify_cancel():
                works.append(item)
            if len(works) >= self._most_together:
                return works, False
            try:
                item = self._queue.get_nowait()
            except Empty:
                return works, False
        return works, True

    def _do_all(self, works: list[Work]) -> None:
        """Do the works together; where that fails, each alone: on a full disk a short page may still fit."""
        outcome = self._outcome(works)
        if isinstance(outcome, list):
            for (_, future), result in zip(works, outcome, strict=True):
                future.set_result(result)
        elif len(works) == 1:
            works[0][1].set_exception(outcome)
        else:
            for work in works:
                self._do_all([work])

    def _outcome(self, works: list[Work]) -> list[Any] | Exception:
        try:
            return self._done(works)
        except Exception as error:  # noqa: BLE001 - the thread lives on, and who waits is told
            return error

    def _done(self, works: list[Work]) -> list[Any]:
        """Return the works' results once they are committed. A damaged file is replaced and the works done again."""
        while True:
            try:
                return self._transact(works)
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise journal_problem(self._file.path, error) from error
                why: Exception = error
            except Damaged as error:
                why = error
            self._disconnect()
            self._file.replace_damaged(self._generation, why)

    def _transact(self, works: list[Work]) -> list[Any]:
        if self._connection is None or self._generation != self._file.generation:
            self._disconnect()
            self._generation = self._file.generation
            self._connection = connect(self._file.path)
        connection = self._connection
        connection.execute(self._begin)
        try:
            results = [work(connection) for work, _ in works]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return results

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # of a damaged file; everything that counts was committed before
                connection.close()
