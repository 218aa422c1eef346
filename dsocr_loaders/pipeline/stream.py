"""The stream: pages of many sources side by side, results in order.

Two counts bound it. *Images*: a page holds a permit from before it is rasterised until its answer is parsed, so page
images in flight never exceed `ceil(1.1 * engine.capacity)` (or `max_in_flight`), whatever the length of the document.
*Results*: finished pages wait for their turn in a buffer of text, ten times as long; when the caller does not take
them, admission stops. A page that waits for a second try holds no image permit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from dsocr_loaders.errors import DsocrError, EngineError
from dsocr_loaders.pages import DescribeJob
from dsocr_loaders.pipeline.page import PagePlace, PageReading
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.settings import selected_pages
from dsocr_loaders.values import PageResult, SourceFailure, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Source

__all__ = ["PageStream", "RunItem", "SourceDone", "SourceOpened"]

_HEADROOM = 1.1  # images held per slot of the engine: one tenth is on its way while the rest are being read
_BUFFER = 10  # results waiting for their turn, per image


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """A source that can be read; its pages follow.

    Attributes:
        source: the file.
        info: what it says about itself.
        page_numbers: the pages that will follow, in order.
    """

    source: Source
    info: SourceInfo
    page_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceDone:
    """All pages of the source have been handed over."""

    source: Source


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
    ) -> None:
        images = settings.max_in_flight or ceil(_HEADROOM * engine.capacity)
        self.loop = engine.loop
        self._sources = sources
        self._settings = settings
        self._pool = pool
        self._images = asyncio.Semaphore(images)
        self._places = asyncio.Semaphore(_BUFFER * images)
        self._reading = PageReading(engine, settings, pool, self._images, fallback)
        self._queue: asyncio.Queue[RunItem | asyncio.Task[PageResult] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[PageResult]] = set()
        self._admission: asyncio.Task[None] | None = None
        self._head: RunItem | asyncio.Task[PageResult] | None = None
        self._is_over = False

    async def next(self) -> RunItem | None:
        """Return the next item, or None when all have been handed over.

        Safe to cancel: the item is not lost, the next call returns it.

        Raises:
            EngineError: the run cannot go on.
        """
        if self._is_over:
            return None
        if self._admission is None:
            self._admission = asyncio.create_task(self._admit())
        if self._head is None:
            self._head = await self._queue.get()
        if self._head is None:
            self._is_over = True
            await self._admission  # raises what ended it
            return None
        item = await asyncio.shield(self._head) if isinstance(self._head, asyncio.Task) else self._head
        self._head = None
        self._places.release()
        return item

    async def close(self) -> None:
        """Cancel everything that is under way and wait until it has ended. Safe to call twice."""
        self._is_over = True
        running = [task for task in (self._admission, *self._tasks) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _admit(self) -> None:
        try:
            while (source := await in_thread(self._next_source, "sources")) is not None:
                if isinstance(source, SourceFailure):
                    await self._put(source)
                else:
                    await self._admit_source(source)
        finally:
            self._queue.put_nowait(None)

    async def _admit_source(self, source: Source) -> None:
        try:
            info: SourceInfo = await self._pool.run(DescribeJob(source, self._reading.options))
        except EngineError:
            raise
        except DsocrError as error:
            await self._put(SourceFailure(source.name, type(error).__name__, str(error)))
            return
        page_numbers = selected_pages(self._settings.pages, info.total_pages)
        await self._put(SourceOpened(source, info, page_numbers))
        for page_number in page_numbers:
            await self._places.acquire()
            await self._images.acquire()
            task = asyncio.create_task(self._reading.read(PagePlace(source, info, page_number)))
            self._tasks.add(task)
            task.add_done_callback(self._has_ended)
            self._queue.put_nowait(task)
        await self._put(SourceDone(source))

    def _has_ended(self, task: asyncio.Task[PageResult]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: the run may end before this page's turn, and asyncio would complain

    def _next_source(self) -> Source | SourceFailure | None:
        return next(self._sources, None)

    async def _put(self, item: RunItem) -> None:
        await self._places.acquire()
        self._queue.put_nowait(item)
