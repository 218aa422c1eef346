"""Opening a journal's file: refusing what cannot work, and telling a damaged journal from a file of somebody else."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal.filesystems import network_filesystem
from dsocr_loaders.journal.schema import APPLICATION_ID, CHANGES, FORMAT_VERSION, SCHEMA

__all__ = [
    "JOURNAL_FILE",
    "Damaged",
    "connect",
    "is_damage",
    "is_damaged",
    "journal_path",
    "journal_problem",
    "set_aside",
]

JOURNAL_FILE: Final = "dsocr-journal.sqlite"

_BUSY_LIMIT_S: Final = 30.0
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_MAGIC: Final = b"SQLite format 3\0"
_SUFFIXES: Final = frozenset({".sqlite", ".sqlite3", ".db"})
_COMPANIONS: Final = ("", "-wal", "-shm")


class Damaged(Exception):
    """The file was a journal, and cannot be read as one."""


def journal_path(chosen: str | None) -> Path:
    """Return the file that `chosen` names: a file, a folder for `dsocr-journal.sqlite`, or None for the user's own.

    The user's own lies where programs keep what should last and can be lost: `$XDG_STATE_HOME` or `~/.local/state`,
    on macOS `~/Library/Application Support`, on Windows `%LOCALAPPDATA%`; in the folder `dsocr-loaders`.
    """
    if chosen is not None:
        path = Path(chosen).expanduser()
        return path / JOURNAL_FILE if path.is_dir() or chosen.endswith(("/", os.sep)) else path
    if os.name == "nt":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif os.uname().sysname == "Darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "dsocr-loaders" / JOURNAL_FILE


def connect(path: Path, *, may_write: bool = True) -> sqlite3.Connection:
    """Return a connection to the journal at `path`, made if it is missing, for use in one thread.

    Every statement commits by itself unless a transaction is begun. A commit is on the disk when it returns.

    Args:
        path: of the file; its folder is made if need be.
        may_write: if not, the file has to be there, and stays as it is.

    Raises:
        JournalError: the place is on a network filesystem, the file is no journal or of a newer release, or cannot be
            opened.
        Damaged: the file is to be set aside.
    """
    kind = network_filesystem(path)
    if kind is not None:
        raise JournalError(
            f"{path}: a journal cannot lie on a network filesystem ({kind}), where two processes would damage it. "
            "Name a file on a local disk with journal=, or leave the journal off."
        )
    try:
        _check_head(path)
        if may_write:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # what it holds is for the user's own eyes, whatever the umask says
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        elif not path.is_file():
            raise JournalError(f"{path}: there is no journal here.")
        connection = sqlite3.connect(path, timeout=_BUSY_LIMIT_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _not_opened(path, error) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        if is_damage(error):
            raise Damaged(str(error)) from error
        raise _not_opened(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _check_head(path: Path) -> None:
    """Refuse a file that was never a journal, before SQLite or a rename touches it."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        return
    if not head or head == _MAGIC:
        return
    if path.suffix not in _SUFFIXES:
        raise JournalError(f"{path} is no journal but some other file. Name another one with journal=.")
    raise Damaged("its first bytes are not those of a database")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Turn on the write-ahead log, and make the tables of a new file; refuse what is not this release's."""
    identity, file_version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    is_new = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not is_new and identity != APPLICATION_ID:
        raise JournalError(f"{path} is a database of some other program. Name another file with journal=.")
    if isinstance(file_version, int) and file_version > FORMAT_VERSION:
        raise JournalError(
            f"{path} was written by a newer release (format {file_version}; this one knows {FORMAT_VERSION}). Update "
            "dsocr-loaders, or name another file with journal=."
        )
    if _switched_on(connection) != "wal":
        raise JournalError(f"{path}: SQLite cannot keep a write-ahead log here. Name a file on a local disk.")
    connection.execute("PRAGMA synchronous = FULL")  # a commit outlives a loss of power, not just of the process
    if not is_new:
        if file_version != FORMAT_VERSION:
            _bring_up_to_date(connection)
        return
    connection.execute("BEGIN IMMEDIATE")
    with closing(connection.cursor()) as cursor:
        if not cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:  # else another process was faster
            for statement in SCHEMA:
                cursor.execute(statement)
            cursor.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            cursor.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        cursor.execute("COMMIT")


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Change a file of an earlier version into one of this; another process may be doing the same."""
    connection.execute("BEGIN IMMEDIATE")
    with closing(connection.cursor()) as cursor:
        version = cursor.execute("PRAGMA user_version").fetchone()[0]
        for earlier in range(version, FORMAT_VERSION):
            for statement in CHANGES.get(earlier, ()):
                cursor.execute(statement)
        cursor.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        cursor.execute("COMMIT")


def _switched_on(connection: sqlite3.Connection) -> object:
    """Return the log's mode after asking for `wal`, which SQLite's own waiting for others does not cover."""
    until = time.monotonic() + _BUSY_LIMIT_S
    while True:
        try:
            return _pragma(connection, "journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _pragma(connection: sqlite3.Connection, words: str) -> object:
    return connection.execute(f"PRAGMA {words}").fetchone()[0]


def is_damage(error: BaseException) -> bool:
    """Return whether the error says that the file's content is broken."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def is_damaged(path: Path) -> bool:
    """Return whether the journal at `path` is damaged, looking at all of it.

    Raises:
        JournalError: it cannot be opened for another reason.
    """
    try:
        with closing(connect(path)) as connection:
            return _pragma(connection, "integrity_check(1)") != "ok"
    except Damaged:
        return True
    except sqlite3.Error as error:
        if is_damage(error):
            return True
        raise journal_problem(path, error) from error


def journal_problem(path: Path, error: sqlite3.Error) -> JournalError:
    """Return the error for what SQLite said about a file that was open."""
    return JournalError(
        f"{path}: the journal cannot be used any more ({_reason(error)}). Every page that was handed over is in it and "
        "will not be read again. Make room, or name another file with journal=."
    )


def _not_opened(path: Path, error: Exception) -> JournalError:
    return JournalError(f"{path}: the journal cannot be opened ({_reason(error)}). Name another file with journal=.")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"another process has kept it locked for {_BUSY_LIMIT_S:g} s"
    return "the disk is full" if code == sqlite3.SQLITE_FULL else str(error)


def set_aside(path: Path) -> Path:
    """Rename a damaged journal with its companions, so that a new one can be begun, and return its new path.

    Raises:
        JournalError: it cannot be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    number = 0
    while (aside := path.with_name(f"{path.name}.damaged-{stamp}{f'-{number}' if number else ''}")).exists():
        number += 1
    try:
        for companion in reversed(_COMPANIONS):
            with suppress(FileNotFoundError):
                path.with_name(path.name + companion).rename(aside.with_name(aside.name + companion))
    except OSError as error:
        raise JournalError(
            f"{path}: the journal is damaged and cannot be set aside ({error.strerror}). Delete it, or name another "
            "file with journal=."
        ) from error
    return aside
