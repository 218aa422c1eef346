"""The journal of one reader: opened with its first use, given back when the reader is closed or forgotten."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from dsocr_loaders.journal.file import JournalFile
from dsocr_loaders.journal.opening import journal_path
from dsocr_loaders.journal.store import JournalStore, is_journaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.settings import Settings

__all__ = ["ReaderJournal"]


class ReaderJournal:
    """Opens the journal that the settings name, if they name one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: JournalFile | None = None
        self._close: Callable[[], object] | None = None

    def store(self, settings: Settings, engine: Engine) -> JournalStore | None:
        """Return where a run's answers are kept; None if there is no journal, or none for this engine.

        It may take its time: not for an event loop.

        Raises:
            JournalError: the journal cannot be opened.
        """
        chosen = settings.journal
        if not chosen or not is_journaled(engine):
            return None
        with self._lock:
            if self._file is None:
                self._file = JournalFile.opened(journal_path(None if chosen is True else chosen))
                self._close = weakref.finalize(self, self._file.close)
            return JournalStore(self._file, settings, engine)

    def close(self) -> None:
        """Finish what is being written and let go of the file. Safe to call twice; it is opened again when needed."""
        with self._lock:
            close, self._close, self._file = self._close, None, None
        if close is not None:
            close()
