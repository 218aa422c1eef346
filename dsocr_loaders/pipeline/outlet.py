"""Where results wait for the caller: in order, or as they come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Batch", "Outlet"]

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Batch:
    """Tasks that something is to come behind: the pages of one source."""

    def __init__(self) -> None:
        self.running = 0
        self.then: Callable[[], None] | None = None


class Outlet(Generic[ItemT, ResultT]):
    """Takes items, and tasks that will become items, and gives them out. For one event loop.

    Args:
        is_ordered: give out in the order of coming in, so that a task that is not done holds up what came in later; or
            else whatever is there.
    """

    def __init__(self, *, is_ordered: bool) -> None:
        self._is_ordered = is_ordered
        self._ready: asyncio.Queue[ItemT | asyncio.Task[ResultT] | None] = asyncio.Queue()
        self._everything = Batch()

    def put(self, item: ItemT) -> None:
        """Add an item."""
        self._ready.put_nowait(item)

    def expect(self, task: asyncio.Task[ResultT], batch: Batch) -> None:
        """Add a task of a batch, for its result."""
        if self._is_ordered:
            self._ready.put_nowait(task)
            return
        for each in (batch, self._everything):
            each.running += 1
        task.add_done_callback(lambda done: self._has_ended(done, batch))

    def put_behind(self, item: ItemT, batch: Batch) -> None:
        """Add an item that is given out after all tasks of a batch."""
        self._put_behind(item, batch)

    def end(self) -> None:
        """Say that nothing more comes in: `get` returns None behind the rest."""
        self._put_behind(None, self._everything)

    async def get(self) -> ItemT | asyncio.Task[ResultT] | None:
        """Return the next item or task, None at the end. Safe to cancel. A task is done, unless this is ordered."""
        return await self._ready.get()

    def _put_behind(self, item: ItemT | None, batch: Batch) -> None:
        if batch.running:
            batch.then = lambda: self._ready.put_nowait(item)
        else:
            self._ready.put_nowait(item)

    def _has_ended(self, task: asyncio.Task[ResultT], batch: Batch) -> None:
        self._ready.put_nowait(task)
        for each in (batch, self._everything):
            each.running -= 1
            if not each.running and each.then is not None:
                each.then()
