"""Values as rows of the journal's tables, and back; the statements that store and find them."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.answer_store import KnownPage
from dsocr_loaders.journal.keys import without_secrets
from dsocr_loaders.values import Dialect, InkGrid, PageImage, RawAnswer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from dsocr_loaders.answer_store import FinishedPage
    from dsocr_loaders.journal.keys import Setup
    from dsocr_loaders.values import PagePlace

__all__ = ["PageKey", "answer_for", "finished_pages", "known_page", "store_answer", "store_page"]

_STRIPPED: Final = frozenset({Dialect.STRIPPED, Dialect.DET_LABEL_STRIPPED})

_ADD_SETUP: Final = """
    INSERT OR IGNORE INTO setups
        (model, revision, engine, task, prompt, resolution, image_format, decoding, created_s, name)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_ANSWER: Final = """
    INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (digest, setup) DO UPDATE SET
        text = excluded.text, finish_reason = excluded.finish_reason, prompt_tokens = excluded.prompt_tokens,
        output_tokens = excluded.output_tokens, model = excluded.model, status = excluded.status,
        is_final = excluded.is_final, created_s = excluded.created_s, health = excluded.health
    WHERE is_final = 0
"""
_ADD_PAGE: Final = "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_ANSWER_COLUMNS: Final = "a.text, a.finish_reason, a.prompt_tokens, a.output_tokens, a.model"
_FIND_ANSWER: Final = f"SELECT {_ANSWER_COLUMNS} FROM answers a WHERE digest = ? AND setup = ? AND is_final"  # noqa: S608 - a constant
_FROM_PAGES: Final = """
    FROM pages p LEFT JOIN answers a ON a.digest = p.digest AND a.setup = ? AND a.is_final
    WHERE p.source_sha256 = ? AND p.rendering = ?
"""
_IS_FINISHED: Final = "(p.digest IS NULL OR a.digest IS NOT NULL)"
_FIND_PAGE: Final = f"""
    SELECT p.digest, p.width, p.height, p.unit, p.rotation, p.ink_columns, p.ink_rows, p.ink, p.notes, {_ANSWER_COLUMNS}
    {_FROM_PAGES} AND p.page_number = ? AND {_IS_FINISHED}
"""
_FINISHED_PAGES: Final = f"SELECT p.page_number {_FROM_PAGES} AND {_IS_FINISHED}"


@dataclass(frozen=True, slots=True)
class PageKey:
    """A source as it is rendered: the sha256 of its bytes, and what `rendering_of` says."""

    source_sha256: str
    rendering: str


def finished_pages(connection: sqlite3.Connection, key: PageKey, setup: str) -> frozenset[int]:
    """Return the numbers of the pages that are blank or have a final answer."""
    rows = connection.execute(_FINISHED_PAGES, (setup, key.source_sha256, key.rendering))
    return frozenset(number for (number,) in rows)


def known_page(
    connection: sqlite3.Connection, place: PagePlace, key: PageKey, setup: str, engine: str
) -> KnownPage | None:
    """Return the page if it is blank or has a final answer; `engine` is the fingerprint that the answer gets."""
    row = connection.execute(_FIND_PAGE, (setup, key.source_sha256, key.rendering, place.page_number)).fetchone()
    if row is None:
        return None
    digest, width, height, unit, rotation, columns, rows, ink, notes, *answer = row
    page = PageImage(
        source=place.source,
        page_number=place.page_number,
        label=place.label,
        width=width,
        height=height,
        unit=unit,
        rotation=rotation,
        ink=None if ink is None else InkGrid(columns, rows, zlib.decompress(ink)),
        notes=tuple(json.loads(notes)),
    )
    return KnownPage(page, None if digest is None else _answer(answer, engine))


def answer_for(connection: sqlite3.Connection, digest: str, setup: str, engine: str) -> RawAnswer | None:
    """Return the final answer to these pixels, or None."""
    row = connection.execute(_FIND_ANSWER, (digest, setup)).fetchone()
    return None if row is None else _answer(row, engine)


def _answer(columns: Sequence[Any], engine: str) -> RawAnswer:
    text, finish_reason, prompt_tokens, output_tokens, model = columns
    return RawAnswer(text, finish_reason, prompt_tokens, output_tokens, model, engine)


def store_answer(connection: sqlite3.Connection, finished: FinishedPage, setup: Setup) -> None:
    """Store an answer under its image and its setup. A final answer is never replaced."""
    answer, now_s = finished.answer, time.time()
    if answer is None or finished.prepared is None:
        return
    is_final = finished.parsed is None or finished.parsed.dialect not in _STRIPPED
    health = json.dumps([*dict.fromkeys(finding.fault.value for finding in finished.health)])
    said = (answer.text, answer.finish_reason, answer.prompt_tokens, answer.output_tokens, answer.model)
    connection.execute(_ADD_SETUP, (*astuple(setup), now_s, setup.name))
    connection.execute(
        _ADD_ANSWER, (finished.prepared.digest, setup.name, *said, finished.status.value, is_final, now_s, health)
    )


def store_page(connection: sqlite3.Connection, finished: FinishedPage, key: PageKey, setup: Setup) -> None:
    """Store a page, with its answer if it has one."""
    store_answer(connection, finished, setup)
    now_s = time.time()
    named = replace(finished.page.source, name=without_secrets(finished.page.source.name))
    page, ink = finished.page, finished.page.ink
    digest = finished.prepared.digest if finished.prepared else None
    connection.execute(
        _ADD_PAGE,
        (
            *(key.source_sha256, key.rendering, finished.place.page_number, digest),
            *(page.width, page.height, page.unit, page.rotation),
            *((ink.columns, ink.rows, zlib.compress(ink.shares, 1)) if ink else (None, None, None)),
            *(json.dumps(page.notes, ensure_ascii=False), named.file_name, now_s),
        ),
    )
