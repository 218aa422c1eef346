"""A queue that goes round those who put something in, so that a short run is not behind a long one."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["FairQueue"]

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Takes items of several parties and gives out one of each in turn; of one party, first in, first out.

    For any number of threads. A party is known only while something of it waits.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a garbage collection while it is held may close this very queue
        self._waiting: OrderedDict[Hashable, deque[T]] = OrderedDict()
        # One token for each item, and one that goes round once the queue is closed. Those who wait wait for a token,
        # since a SimpleQueue, unlike a Condition, may be entered again by a collection at any moment.
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()

    def put(self, item: T, party: Hashable) -> None:
        """Add an item of `party`."""
        with self._lock:
            self._waiting.setdefault(party, deque()).append(item)
        self._tokens.put(None)

    def get(self) -> T | None:
        """Wait for an item, take and return it; None once the queue is closed and empty."""
        self._tokens.get()
        with self._lock:
            if not self._waiting:
                self._tokens.put(None)
                return None
            party, items = next(iter(self._waiting.items()))
            item = items.popleft()
            if items:
                self._waiting.move_to_end(party)
            else:
                del self._waiting[party]
            return item

    def close(self) -> None:
        """Let those who wait go once the queue is empty. Safe to call twice."""
        self._tokens.put(None)
