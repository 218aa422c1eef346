"""The journal's file format: one SQLite database, version 2.

`PRAGMA application_id` is 1,685,285,491 (`"dsjs"`), `PRAGMA user_version` the version. Times are seconds since 1970.
Text is what the models said, so the file is as confidential as the documents. It holds no key, and of no URL the
user, password, query or fragment.

* `setups`: all but the pixels that shapes an answer, one row for each combination that was asked. `name` is the first
  16 hex digits of the sha256 over the JSON of the other columns but `created_s` (sorted keys, compact).
* `answers`: what was answered to the pixels `digest` under the `setup`: the raw text, the finish reason (`"stop"`,
  `"length"` or NULL), token counts (NULL where not told), the model's name as the server gives it, the page's status,
  and its `health`: what is wrong with the answer, a JSON list of faults, the gravest first. `is_final` is 0 for an
  answer whose tags the server has stripped: it is kept, and the page is read again.
* `pages`: the index that makes rendering superfluous. A page of the source with this sha256, rendered as `rendering`
  says, has the pixels `digest` (NULL: it is blank), this size, and this ink: a grid of shares, one byte a cell,
  compressed with zlib. `notes` is what was odd when it was rendered, a JSON list of texts. `file_name` is for people.

A version raises when a column changes its meaning or is added; a newer version's file is refused by an older release,
and one of version 1, which had no `health`, gets that column when it is opened.
"""

from __future__ import annotations

from typing import Final

__all__ = ["APPLICATION_ID", "CHANGES", "FORMAT_VERSION", "SCHEMA"]

APPLICATION_ID: Final = int.from_bytes(b"dsjs", "big")
FORMAT_VERSION: Final = 2

SCHEMA: Final = (
    """
    CREATE TABLE setups (
        name TEXT PRIMARY KEY,
        model TEXT NOT NULL,
        revision TEXT NOT NULL,
        engine TEXT NOT NULL,
        task TEXT NOT NULL,
        prompt TEXT NOT NULL,
        resolution TEXT NOT NULL,
        image_format TEXT NOT NULL,
        decoding TEXT NOT NULL,
        created_s REAL NOT NULL
    )
    """,
    """
    CREATE TABLE answers (
        digest TEXT NOT NULL,
        setup TEXT NOT NULL REFERENCES setups (name),
        text TEXT NOT NULL,
        finish_reason TEXT,
        prompt_tokens INTEGER,
        output_tokens INTEGER,
        model TEXT NOT NULL,
        status TEXT NOT NULL,
        is_final INTEGER NOT NULL,
        created_s REAL NOT NULL,
        health TEXT NOT NULL DEFAULT '[]',
        UNIQUE (digest, setup)
    )
    """,
    """
    CREATE TABLE pages (
        source_sha256 TEXT NOT NULL,
        rendering TEXT NOT NULL,
        page_number INTEGER NOT NULL,
        digest TEXT,
        width REAL NOT NULL,
        height REAL NOT NULL,
        unit TEXT NOT NULL,
        rotation INTEGER NOT NULL,
        ink_columns INTEGER,
        ink_rows INTEGER,
        ink BLOB,
        notes TEXT NOT NULL,
        file_name TEXT NOT NULL,
        created_s REAL NOT NULL,
        UNIQUE (source_sha256, rendering, page_number)
    )
    """,
)
"""Statements that make the tables of an empty database."""

CHANGES: Final = {1: ("ALTER TABLE answers ADD COLUMN health TEXT NOT NULL DEFAULT '[]'",)}
"""Version -> the statements that make the next one of it."""
