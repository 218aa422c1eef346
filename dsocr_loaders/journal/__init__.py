"""The journal: what was answered, on disk, so that a rerun is free and a kill costs only the pages in flight.

An answer is known by the digest of the pixels that were sent and by everything else that shapes it: model, revision,
engine and server, task, prompt, resolution, decoding, image format (`keys`). Beside it an index says which pixels a
page of a file has under a certain rendering, so that a rerun does not even render. What is made of an answer, regions,
structure, chunks, is made anew each time, so changing those settings costs no read.

A page is written, and synced to the disk, before it is handed over. What is not kept: failed pages, answers of the
text layer, which costs less to read again, and of a replay engine, which lie on the disk already. An answer whose tags
the server has stripped is kept and never used: the page is read again.

`file` is the open file with its two threads, `store` what the pipeline asks, `schema` the documented file format.
"""

from __future__ import annotations

from dsocr_loaders.journal.file import JournalFile
from dsocr_loaders.journal.opening import JOURNAL_FILE, journal_path
from dsocr_loaders.journal.store import JournalStore, is_journaled

__all__ = ["JOURNAL_FILE", "JournalFile", "JournalStore", "is_journaled", "journal_path"]
