"""Following the load that a server tells: its slots full, hardly anybody waiting.

A vLLM server never refuses; what is too much waits inside it, unbounded, each request with its image. So the number of
requests that wait says exactly how many are too many. A few are kept waiting, so that a slot that becomes free is
taken before this client has heard of it.

While requests wait, those that run are the server's slots. From then on the limit is these and the few, until more
turn out to run at once.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.concurrency.control import Outcome

if TYPE_CHECKING:
    from dsocr_loaders.engines.concurrency.load import ServerLoad

__all__ = ["LoadFollowing"]

_FIRST: Final = 8
_KEPT_WAITING: Final = 1 / 32  # of those that run
_STEP: Final = 1 / 16  # of the limit: by about so much will it turn out to be too high
_LEAST_STEP: Final = 2
_LEAST_UNSEEN: Final = 2
_LOST_LOOKS: Final = 20  # a request that the server has not seen for so many looks is not on its way any more
_CROWDED_SHARE: Final = 0.25
_FEWEST_ENDS: Final = 32


class LoadFollowing:
    """Follows the load of a server.

    Args:
        ceiling: the limit is never higher.
        first: where it begins.
    """

    def __init__(self, ceiling: int, *, first: int = _FIRST) -> None:
        self._ceiling = ceiling
        self._limit = min(first, ceiling)
        self._in_flight = 0
        self._was_used_up = False  # since the load was told last
        self._slots = 0  # of the server, once it was full
        self._unseen: deque[int] = deque(maxlen=_LOST_LOOKS)
        self._ends = 0
        self._refusals = 0

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._limit

    @property
    def in_flight(self) -> int:
        """Requests that are."""
        return self._in_flight

    @property
    def is_settled(self) -> bool:
        """Whether the server was full once, so that little is to be expected of the next look at it."""
        return self._slots > 0 or self._limit >= self._ceiling

    def began(self) -> int:
        """Note that a request was sent; the ticket has no meaning here."""
        self._in_flight += 1
        self._was_used_up = self._was_used_up or self._in_flight >= self._limit
        return 0

    def ended(self, ticket: int, outcome: Outcome) -> None:
        """Note how it ended.

        A refusal now and then is noise, since the server itself refuses nothing. If a gateway before it refuses a
        quarter of the requests, the limit goes down by a quarter.
        """
        del ticket
        self._in_flight -= 1
        self._ends += outcome is not Outcome.OTHER
        self._refusals += outcome in {Outcome.REFUSED, Outcome.THROTTLED}
        if self._ends < max(_FEWEST_ENDS, self._limit):
            return
        if self._refusals > _CROWDED_SHARE * self._ends:
            self._limit = max(1, int(self._limit * (1 - _CROWDED_SHARE)))
            self._slots = self._limit
        self._ends = self._refusals = 0

    def observe(self, load: ServerLoad) -> None:
        """Take in what the server just told.

        Others may ask the same server: of what waits too much, this client takes back its share. The limit grows only
        while it is used up and the server sees nearly all that was sent: what it does not see yet, its front end is
        still unpacking, and more would not come in faster. It grows in steps of a sixteenth, looked at often: whatever
        is too much is held as images meanwhile.
        """
        seen = load.running + load.waiting
        kept_waiting = max(1, ceil(load.running * _KEPT_WAITING))
        was_used_up, self._was_used_up = self._was_used_up, self._in_flight >= self._limit
        on_its_way = self._on_its_way(max(0, self._in_flight - seen))
        if load.waiting > kept_waiting:
            share = self._in_flight / max(seen, self._in_flight, 1)
            too_many = ceil((load.waiting - kept_waiting) * share)
            self._limit = max(1, min(self._limit, self._in_flight - too_many))
            self._slots = load.running
            return
        if load.running > self._slots:
            self._slots = 0  # it waited for something else than a slot
        if load.waiting == kept_waiting or not was_used_up:
            return
        if self._slots:
            step = max(0, self._slots + kept_waiting - seen - on_its_way)
        elif on_its_way <= max(_LEAST_UNSEEN, int(self._limit * _STEP / 2)):
            step = max(_LEAST_STEP, int(self._limit * _STEP))
        else:
            step = 0
        self._limit = min(self._ceiling, self._limit + step)

    def _on_its_way(self, unseen: int) -> int:
        """Return how many of those that the server does not see will still come to it."""
        self._unseen.append(unseen)
        lost = min(self._unseen) if len(self._unseen) == _LOST_LOOKS else 0
        return unseen - lost
