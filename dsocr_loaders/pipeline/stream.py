"""The stream: pages of many sources side by side, results in order or as they come.

Two counts bound it. *Images*: a page holds a permit from before it is rasterised until its answer is parsed, so page
images in flight never exceed `ceil(1.1 * engine.capacity)` (or `max_in_flight`), whatever the length of the document,
and however many runs share the engine. *Results*: finished pages wait for their turn in a buffer of text, ten times as
long; when the caller does not take them, admission stops. A page that waits for a second try holds no image permit.

Image permits, the engine's slots and the page workers go round the runs that want them, so that a short run is not
behind a long one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dsocr_loaders.engines.permits import FairPermits
from dsocr_loaders.errors import DsocrError, EngineError
from dsocr_loaders.pages import BookmarkJob, DescribeJob
from dsocr_loaders.pages.opening import PDF
from dsocr_loaders.pipeline.desk import open_options
from dsocr_loaders.pipeline.events import SourceDone, SourceOpened, SourceRefused, tell_nobody
from dsocr_loaders.pipeline.outlet import Batch, Outlet
from dsocr_loaders.pipeline.page import PageReading
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.settings import selected_pages
from dsocr_loaders.values import PagePlace, PageResult, SourceFailure

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from dsocr_loaders.answer_store import AnswerStore
    from dsocr_loaders.engines.permits import Hold, Share
    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline.events import RunEvent, Tell
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Source

__all__ = ["PageStream", "RunItem"]

_BUFFER: Final = 10  # results waiting for their turn, per image
_LOOK_AHEAD: Final = 2  # sources hashed and opened while the pages of the one before are being admitted

T = TypeVar("T")

_log = logging.getLogger(__name__)

RunItem = SourceOpened | PageResult | SourceDone | SourceFailure


class PageStream:
    """Reads sources and hands over, for each in order: `SourceOpened`, its pages' results, `SourceDone`.

    A source that cannot be read is one `SourceFailure` instead. Work starts with the first `next`.

    Args:
        sources: taken one at a time, in a thread, since resolving a source reads and hashes its file.
        engine: what reads.
        settings: what the user chose.
        pool: the page workers; not closed here.
        fallback: engine for pages that failed, or None.
        is_ordered: if not, results are handed over as they come: of several sources side by side, yet each between its
            own `SourceOpened` and `SourceDone`.
        store: where answers are kept; nowhere if None.
        tell: takes what happens, see `dsocr_loaders.pipeline.events`.

    Attributes:
        loop: the engine's event loop, which the stream lives on: `next` and `close` are coroutines for it.
    """

    def __init__(
        self,
        sources: Iterator[Source | SourceFailure],
        engine: Engine,
        settings: Settings,
        pool: PagePool,
        fallback: Engine | None = None,
        *,
        is_ordered: bool = True,
        store: AnswerStore | None = None,
        tell: Tell = tell_nobody,
    ) -> None:
        self.loop = engine.loop
        self._sources = sources
        self._engine = engine
        self._settings = settings
        self._pool = pool
        self._fallback = fallback
        self._store = store
        self._listener = tell
        self._options = open_options(settings)
        self._outlet: Outlet[RunItem | asyncio.Task[SourceOpened], PageResult] = Outlet(is_ordered=is_ordered)
        self._described: asyncio.Queue[SourceOpened | SourceFailure | None] = asyncio.Queue()
        self._ahead = asyncio.Semaphore(_LOOK_AHEAD)
        self._running: set[asyncio.Task[Any]] = set()  # pages, and bookmarks
        self._stages: tuple[asyncio.Task[None], ...] = ()
        self._reading: PageReading | None = None
        self._head: RunItem | asyncio.Task[RunItem] | None = None
        self._has_failed = False
        self._is_over = False

    async def next(self) -> RunItem | None:
        """Return the next item, or None when all have been handed over.

        Safe to cancel: the item is not lost, the next call returns it.

        Raises:
            EngineError: the run cannot go on: raised in the place of the page that found out if nothing was read yet or
                the engine died; else behind the results of all pages that were begun.
            Exception: what `sources` or the store raised.
        """
        if self._is_over:
            return None
        if self._reading is None:
            self._begin()
        if self._head is None:
            self._head = await self._outlet.get()
        if self._head is None:
            lost = self._lost
            await self.close()
            for stage in self._stages:
                if not stage.cancelled():
                    stage.result()  # raises what ended it
            if lost is not None:
                raise lost
            return None
        item = await asyncio.shield(self._head) if isinstance(self._head, asyncio.Task) else self._head
        self._head = None
        self._places.release()
        if isinstance(item, SourceDone):
            self._tell(item)
        return item

    async def close(self) -> None:
        """Cancel everything that is under way and wait until it has ended. Safe to call twice."""
        self._is_over = True
        running = [*self._stages, *self._running]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._reading is not None:
            self._reading.close()

    def _begin(self) -> None:
        """Make what belongs to the engine's loop, and start."""
        reading = PageReading(
            self._engine, self._settings, self._pool, fallback=self._fallback, store=self._store, tell=self._tell
        )
        self._reading = reading
        self._places: Share = FairPermits().share(lambda: _BUFFER * reading.most_images)
        self._stages = (asyncio.create_task(self._describe()), asyncio.create_task(self._admit(reading)))

    @property
    def _is_in_vain(self) -> bool:
        """Whether this run is going to end with an error, so that no other page is worth starting."""
        return self._has_failed or self._lost is not None

    @property
    def _lost(self) -> EngineError | None:
        return None if self._reading is None else self._reading.lost

    def _tell(self, event: RunEvent) -> None:
        self._listener(event)

    async def _describe(self) -> None:
        """Resolve and open the sources, a little ahead of admission."""
        try:
            while True:
                await self._ahead.acquire()
                source = await in_thread(lambda: next(self._sources, None), "sources")
                if source is None:
                    return
                described = source if isinstance(source, SourceFailure) else await self._opened(source)
                self._described.put_nowait(described)
        finally:
            self._described.put_nowait(None)

    async def _opened(self, source: Source) -> SourceOpened | SourceFailure:
        try:
            # As a party of its own, it is not behind the pages that wait for a worker.
            job = DescribeJob(source, self._options, needs_bookmarks=False)
            info = await self._pool.run(job, party=self)
        except EngineError:
            raise
        except DsocrError as error:
            return SourceFailure(source.name, type(error).__name__, str(error))
        return SourceOpened(source, info, selected_pages(self._settings.pages, info.total_pages))

    async def _with_bookmarks(self, opened: SourceOpened, has_begun: asyncio.Event) -> SourceOpened:
        """Return `opened` with the bookmarks, read beside the first pages, which do not wait for them."""
        await has_begun.wait()
        source = opened.source
        if source.media_type != PDF:
            return opened
        try:
            bookmarks = await self._pool.run(BookmarkJob(source, self._options), party=self)
        except EngineError:
            raise
        except DsocrError as error:
            _log.warning("%s: going on without its bookmarks: %s", source.name, error)
            return opened
        return replace(opened, info=replace(opened.info, bookmarks=bookmarks))

    async def _admit(self, reading: PageReading) -> None:
        try:
            while (described := await self._described.get()) is not None and not self._is_in_vain:
                self._ahead.release()
                await self._places.acquire()
                if isinstance(described, SourceFailure):
                    self._outlet.put(described)
                    self._tell(SourceRefused(described))
                else:
                    self._tell(described)
                    await self._admit_pages(described, reading)
        finally:
            self._outlet.end()

    async def _admit_pages(self, opened: SourceOpened, reading: PageReading) -> None:
        batch = Batch()
        has_begun = asyncio.Event()
        self._outlet.put(self._followed(asyncio.create_task(self._with_bookmarks(opened, has_begun))))
        try:
            for page_number in opened.page_numbers:
                await asyncio.sleep(0)  # a free permit is no wait, and hundreds of pages would begin in one turn
                await self._places.acquire()
                if self._is_in_vain:
                    return
                if not await self._admit_page(PagePlace(opened.source, opened.info, page_number), reading, batch):
                    return
                has_begun.set()  # the first page is in line for a worker before the bookmarks are
        finally:
            has_begun.set()
        await self._places.acquire()
        self._outlet.put_behind(SourceDone(opened.source), batch)

    async def _admit_page(self, place: PagePlace, reading: PageReading, batch: Batch) -> bool:
        """Begin a page; return False if, while it waited for its turn, it turned out that no page is worth it."""
        known = await reading.known(place)
        if known is not None:
            self._expect(reading.recall(place, known), batch)
        else:
            hold = await reading.image()
            if self._is_in_vain:
                hold.give_back()
                return False
            self._expect(reading.read(place, hold), batch, hold)
        return True

    def _expect(self, page: Coroutine[object, object, PageResult], batch: Batch, hold: Hold | None = None) -> None:
        self._outlet.expect(self._followed(asyncio.create_task(page), hold), batch)

    def _followed(self, task: asyncio.Task[T], hold: Hold | None = None) -> asyncio.Task[T]:
        """Return the task, which is cancelled when the stream is closed."""
        self._running.add(task)
        task.add_done_callback(lambda done: self._has_ended(done, hold))
        return task

    def _has_ended(self, task: asyncio.Task[T], hold: Hold | None) -> None:
        self._running.discard(task)
        if hold is not None:
            hold.give_back()  # a task that is cancelled before it began has not done so
        if not task.cancelled() and task.exception() is not None:  # seen: asyncio complains about one that is not
            self._has_failed = True
