"""Looking after a journal: what is in it, removing a part of it, and writing it out. Each opens the file for itself."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import JournalError
from dsocr_loaders.journal.keys import Setup
from dsocr_loaders.journal.opening import Damaged, connect, is_damage, journal_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["JournaledSetup", "JournaledSource", "Pruned", "Selection", "exported", "prune", "setups", "sources"]

_DAY_S: Final = 86_400.0
_SETUP_COLUMNS: Final = "s.model, s.revision, s.engine, s.task, s.prompt, s.resolution, s.image_format, s.decoding"
_SETUPS: Final = f"""
    SELECT s.name, {_SETUP_COLUMNS}, count(a.digest), coalesce(sum(a.output_tokens), 0),
        count(a.digest) - coalesce(sum(a.is_final), 0), max(a.created_s)
    FROM setups s LEFT JOIN answers a ON a.setup = s.name GROUP BY s.name ORDER BY max(a.created_s)
"""  # noqa: S608 - constants
_SOURCES: Final = """
    SELECT source_sha256, max(file_name), count(DISTINCT page_number), max(created_s)
    FROM pages GROUP BY source_sha256 ORDER BY max(created_s)
"""
_ANSWERS: Final = f"""
    SELECT a.digest, {_SETUP_COLUMNS}, a.text, a.finish_reason, a.prompt_tokens, a.output_tokens, a.model, a.status,
        a.is_final, a.created_s, a.health
    FROM answers a JOIN setups s ON s.name = a.setup ORDER BY a.created_s, a.digest
"""  # noqa: S608 - constants
_PAGES_OF: Final = """
    SELECT DISTINCT file_name, source_sha256, page_number FROM pages WHERE digest = ? ORDER BY file_name, page_number
"""
_OF_SOURCE: Final = "(file_name = :source OR (length(:source) >= 6 AND source_sha256 LIKE :source || '%'))"
_ITS_OWN: Final = f"""
    digest IN (SELECT digest FROM pages WHERE {_OF_SOURCE})
    AND digest NOT IN (SELECT digest FROM pages WHERE digest NOT NULL AND NOT {_OF_SOURCE})
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class JournaledSetup:
    """A setup and what was answered under it.

    Attributes:
        name: what it is filed under.
        setup: its values.
        answers, output_tokens: how many.
        not_final: of the answers, those that are never used, since the server has stripped their tags.
        last_s: when the last one was written, seconds since 1970.
    """

    name: str
    setup: Setup
    answers: int
    output_tokens: int
    not_final: int
    last_s: float


@dataclass(frozen=True, slots=True)
class JournaledSource:
    """A file some of whose pages are in the journal: its hash, its name, how many pages, and when the last came."""

    sha256: str
    file_name: str
    pages: int
    last_s: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Which answers are meant: those to which everything applies that is given. Nothing given means all.

    Attributes:
        older_than_days: written longer ago.
        setup: of this setup.
        source: to pages of this file and of no other: its name, or the first six or more
            digits of its sha256.
        not_final: those that are never used.
    """

    older_than_days: float | None = None
    setup: str | None = None
    source: str | None = None
    not_final: bool = False


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed: answers, and pages of the index."""

    answers: int
    pages: int


def setups(path: Path) -> list[JournaledSetup]:
    """Return the setups, the one that was used last at the end.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    with _opened(path) as connection:
        rows = connection.execute(_SETUPS).fetchall()
    return [
        JournaledSetup(name, Setup(*values), answers, tokens, not_final, last_s or 0.0)
        for name, *values, answers, tokens, not_final, last_s in rows
    ]


def sources(path: Path) -> list[JournaledSource]:
    """Return the files that pages are known of, the one that was read last at the end.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    with _opened(path) as connection:
        return [JournaledSource(*row) for row in connection.execute(_SOURCES)]


def exported(path: Path) -> Iterator[str]:
    """Yield each answer as one line of JSON: digest, setup, text, counts, status, faults, and pages that it answers.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    with _opened(path) as connection:
        names = Setup.__dataclass_fields__
        for digest, *rest in connection.execute(_ANSWERS):
            values, said = rest[: len(names)], rest[len(names) :]
            text, finish_reason, prompt_tokens, output_tokens, model, status, is_final, created_s, health = said
            pages = [
                {"file_name": file_name, "source_sha256": sha256, "page_number": page_number}
                for file_name, sha256, page_number in connection.execute(_PAGES_OF, (digest,))
            ]
            yield json.dumps(
                {
                    "digest": digest,
                    "setup": dict(zip(names, values, strict=True)),
                    "text": text,
                    "finish_reason": finish_reason,
                    "prompt_tokens": prompt_tokens,
                    "output_tokens": output_tokens,
                    "model": model,
                    "status": status,
                    "health": json.loads(health),
                    "is_final": bool(is_final),
                    "created_s": created_s,
                    "pages": pages,
                },
                ensure_ascii=False,
            )


def prune(path: Path, selection: Selection) -> Pruned:
    """Remove the answers that are meant and what only belongs to them, and give the room back to the disk.

    While another process has the journal open the file may keep its size; the room is used again then.

    Raises:
        JournalError: there is no journal, or it cannot be written.
    """
    conditions = ["1"]
    values: dict[str, object] = {"source": selection.source, "setup": selection.setup, "before_s": 0.0}
    if selection.older_than_days is not None:
        conditions.append("created_s < :before_s")
        values["before_s"] = time.time() - selection.older_than_days * _DAY_S
    page_conditions = list(conditions)
    if selection.setup is not None:
        conditions.append("setup = :setup")
    if selection.not_final:
        conditions.append("NOT is_final")
    if selection.source is not None:
        conditions.append(_ITS_OWN)
        page_conditions.append(_OF_SOURCE)
    unused = "digest NOT NULL AND digest NOT IN (SELECT digest FROM answers)"
    if selection.setup is None and not selection.not_final:  # blank pages and the source's own, whoever read them
        is_source = "1" if selection.source is not None else "digest IS NULL"
        unused = f"({unused}) OR ({is_source} AND {' AND '.join(page_conditions)})"
    with _opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        answers = _deleted(connection, "answers", " AND ".join(conditions), values)
        pages = _deleted(connection, "pages", unused, values)
        connection.execute("DELETE FROM setups WHERE name NOT IN (SELECT setup FROM answers)")
        connection.execute("COMMIT")
        try:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError:  # somebody reads; what is free is used again
            pass
    return Pruned(answers, pages)


def _deleted(connection: sqlite3.Connection, table: str, condition: str, values: dict[str, object]) -> int:
    statement = f"DELETE FROM {table} WHERE {condition}"  # noqa: S608 - constants of this module; values are bound
    return connection.execute(statement, values).rowcount


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(connect(path, may_write=False)) as connection:
            yield connection
    except Damaged as error:
        raise _damaged(path, error) from error
    except sqlite3.Error as error:
        raise (_damaged(path, error) if is_damage(error) else journal_problem(path, error)) from error


def _damaged(path: Path, why: Exception) -> JournalError:
    return JournalError(f"{path}: the journal is damaged ({why}). The next run that uses it sets it aside.")
