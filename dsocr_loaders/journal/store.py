"""The journal as the pipeline asks it: for one run, one engine and one set of settings."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from dsocr_loaders.engines.replay import ReplayEngine
from dsocr_loaders.journal.keys import asked_setup, rendering_of, setup_of
from dsocr_loaders.journal.rows import PageKey, answer_for, finished_pages, known_page, store_answer, store_page
from dsocr_loaders.values import TextSource

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dsocr_loaders.answer_store import FinishedPage, KnownPage
    from dsocr_loaders.engines.protocol import Engine, Prepared
    from dsocr_loaders.journal.file import JournalFile
    from dsocr_loaders.journal.keys import Setup
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PagePlace, RawAnswer, ReadRequest

__all__ = ["JournalStore", "is_journaled"]

T = TypeVar("T")

_MOST_SOURCES: Final = 8  # whose finished pages are remembered; a run opens two or three side by side


def is_journaled(engine: Engine) -> bool:
    """Return whether the engine's answers are worth keeping.

    The text layer's are not: reading it again costs less than looking it up. A replay engine's neither: they lie on
    the disk already, where people edit them.
    """
    return engine.text_source is TextSource.OCR and not isinstance(engine, ReplayEngine)


class JournalStore:
    """Finds and keeps the answers of one run; an `AnswerStore`. Nothing in it blocks: the file's threads do the work.

    Args:
        file: the open journal; not closed here.
        settings: what the user chose.
        engine: what reads.
    """

    def __init__(self, file: JournalFile, settings: Settings, engine: Engine) -> None:
        self._file = file
        self._settings = settings
        self._prepare = engine.prepare
        self._asked = asked_setup(settings, engine)
        self._setup = self._asked.name
        self._fingerprint = engine.fingerprint
        self._renderings: dict[str, str] = {}  # by the library that renders
        self._finished: dict[PageKey, Future[frozenset[int]]] = {}

    async def find_page(self, place: PagePlace) -> KnownPage | None:
        """Return the page if it is blank or was answered, rendered and asked as in this run; or None.

        Which pages are known is looked up once for each source, so a page that is not costs nothing.

        Raises:
            JournalError: the journal cannot be read.
        """
        key = self._key(place)
        if place.page_number not in await self._finished_pages(key):
            return None
        return await _result_of(self._file.read(lambda db: known_page(db, place, key, self._setup, self._fingerprint)))

    async def lookup(self, prepared: Prepared, request: ReadRequest) -> RawAnswer | None:
        """Return what was answered to this request for these very pixels, in whatever file they were; or None.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await _result_of(
            self._file.read(
                lambda db: answer_for(db, prepared.digest, setup_of(request, self._asked).name, self._fingerprint)
            )
        )

    async def record(self, page: FinishedPage) -> None:
        """Keep the page. It is on the disk when this returns, and will be if this is cancelled.

        Raises:
            JournalError: the journal cannot be written; what was recorded before is kept.
        """
        key = self._key(page.place)
        await _result_of(self._file.write(lambda db: store_page(db, page, key, self._setup_of(page))))

    async def record_answer(self, page: FinishedPage) -> None:
        """Keep the answer alone, as `record` does, where `lookup` finds it.

        Raises:
            JournalError: see `record`.
        """
        await _result_of(self._file.write(lambda db: store_answer(db, page, self._setup_of(page))))

    def _setup_of(self, page: FinishedPage) -> Setup:
        return self._asked if page.request is None else setup_of(page.request, self._asked)

    def _key(self, place: PagePlace) -> PageKey:
        backend = place.info.backend
        if backend not in self._renderings:
            self._renderings[backend] = rendering_of(self._settings, backend, self._prepare)
        return PageKey(place.source.sha256, self._renderings[backend])

    async def _finished_pages(self, key: PageKey) -> frozenset[int]:
        asked = self._finished.get(key)
        if asked is None:
            while len(self._finished) >= _MOST_SOURCES:
                self._finished.pop(next(iter(self._finished)))
            asked = self._finished[key] = self._file.read(lambda db: finished_pages(db, key, self._setup))
        return await _result_of(asked)


async def _result_of(work: Future[T]) -> T:
    """Return the result of a work. Who waits may be cancelled, or its loop closed, without any effect on the work."""
    if not work.done():
        loop = asyncio.get_running_loop()
        is_done = loop.create_future()

        def settle() -> None:
            if not is_done.done():
                is_done.set_result(None)

        def tell(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(settle)

        work.add_done_callback(tell)
        await is_done
    return work.result()
