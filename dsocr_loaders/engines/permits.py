"""Permits that several runs share fairly: one kind for an engine's slots, one for the page images on their way to it.

A run opens a `Share` and asks it for permits. Whatever is free goes round the runs that wait, one permit each, so that
a call of five pages is not behind one of five thousand; inside a run, first come is first served.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["FairPermits", "Hold", "Share"]


class FairPermits:
    """Counts permits, and hands what is free round the shares that wait. For one event loop.

    The shares bound it together: no share holds more than its own limit, and all of them hold no more than the largest
    of their limits. A limit may move at any time; a lower one takes nothing back, a higher one shows when the next
    permit is asked for or given back, or with `look_again`.

    Attributes:
        held, most_held: permits that are out now, and at most so far.
    """

    def __init__(self) -> None:
        self.held = 0
        self.most_held = 0
        self._shares: set[Share] = set()
        self._waiting: OrderedDict[Share, _Line] = OrderedDict()

    def share(self, limit: Callable[[], int]) -> Share:
        """Return a share for one run, whose limit counts until it is left."""
        share = Share(self, limit)
        self._shares.add(share)
        return share

    def leave(self, share: Share) -> None:
        """Let the share's limit count no more; nobody may wait for its permits. What it holds it may give back later.

        Safe to call twice.
        """
        self._shares.discard(share)
        self._waiting.pop(share, None)

    async def acquire(self, share: Share, *, is_urgent: bool) -> None:
        """Wait for a permit; urgent ones come before the others of the same share. Safe to cancel."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._waiting.setdefault(share, _Line())
        (line.urgent if is_urgent else line.regular).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # granted and cancelled in one breath
                self.release(share)
            raise

    def release(self, share: Share) -> None:
        """Give a permit back."""
        self.held -= 1
        share.held -= 1
        self._hand_out()

    def look_again(self) -> None:
        """Hand out what a raised limit allows, without waiting for the next permit to be asked for or given back."""
        self._hand_out()

    def _hand_out(self) -> None:
        if not self._waiting:
            return
        most = max((share.limit() for share in self._shares), default=0)
        passed_over = 0
        while self.held < most and passed_over < len(self._waiting):
            share, line = next(iter(self._waiting.items()))
            turns = line.next()
            if turns is None:
                del self._waiting[share]
                continue
            self._waiting.move_to_end(share)
            if share.held >= share.limit():
                passed_over += 1
                continue
            passed_over = 0
            turns.popleft().set_result(None)
            self.held += 1
            share.held += 1
            self.most_held = max(self.most_held, self.held)


class _Line:
    """Those of one share who wait."""

    def __init__(self) -> None:
        self.urgent: deque[asyncio.Future[None]] = deque()
        self.regular: deque[asyncio.Future[None]] = deque()

    def next(self) -> deque[asyncio.Future[None]] | None:
        """Return the queue whose first one is next, without those that were cancelled; None if nobody waits."""
        for turns in (self.urgent, self.regular):
            while turns and turns[0].done():
                turns.popleft()
            if turns:
                return turns
        return None


class Share:
    """One run's part of some permits.

    Attributes:
        limit: how many it may hold now.
        held: how many it holds.
    """

    def __init__(self, permits: FairPermits, limit: Callable[[], int]) -> None:
        self._permits = permits
        self.limit = limit
        self.held = 0

    async def acquire(self, *, is_urgent: bool = False) -> None:
        """Wait for a permit; urgent ones come before the others of this share. Safe to cancel."""
        await self._permits.acquire(self, is_urgent=is_urgent)

    def release(self) -> None:
        """Give a permit back."""
        self._permits.release(self)

    @asynccontextmanager
    async def permit(self) -> AsyncIterator[None]:
        """Hold a permit for the length of a block."""
        await self.acquire()
        try:
            yield
        finally:
            self.release()

    def leave(self) -> None:
        """Let this share count no more, see `FairPermits.leave`."""
        self._permits.leave(self)


class Hold:
    """At most one permit of a share, given back once however often it is asked for."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._is_held = False

    async def take(self, *, is_urgent: bool = False) -> None:
        """Wait for the permit. Safe to cancel."""
        await self._share.acquire(is_urgent=is_urgent)
        self._is_held = True

    def give_back(self) -> None:
        """Give the permit back if it is held."""
        if self._is_held:
            self._is_held = False
            self._share.release()
