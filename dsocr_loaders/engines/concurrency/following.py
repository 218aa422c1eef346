"""Following the load that a server tells: its slots full, hardly anybody waiting.

A vLLM server never refuses; what is too much waits inside it, unbounded, each request with its image. So the number of
requests that wait says exactly how many are too many. A few are kept waiting, so that a slot that becomes free is
taken before this client has heard of it.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.concurrency.control import Outcome

if TYPE_CHECKING:
    from dsocr_loaders.engines.concurrency.load import ServerLoad

__all__ = ["LoadFollowing"]

_FIRST: Final = 8
_KEPT_WAITING: Final = 1 / 32  # of those that run
_STEP: Final = 1 / 8  # of the limit: at most by so much will it turn out to be too high
_LEAST_STEP: Final = 4
_SMALL_STEP: Final = 1 / 16  # once the server was full
_LEAST_UNSEEN: Final = 8
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
        self._was_full = False
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
        return self._was_full or self._limit >= self._ceiling

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
        self._refusals += outcome is Outcome.REFUSED
        if self._ends < max(_FEWEST_ENDS, self._limit):
            return
        if self._refusals > _CROWDED_SHARE * self._ends:
            self._limit = max(1, int(self._limit * (1 - _CROWDED_SHARE)))
            self._was_full = True
        self._ends = self._refusals = 0

    def observe(self, load: ServerLoad) -> None:
        """Take in what the server just told.

        Others may ask the same server: of what waits too much, this client takes back its share. The limit grows only
        while it is used up and the server sees most of what was sent: what it does not see yet, its front end is
        still unpacking, and more would not come in faster. It grows in steps of an eighth, looked at often: whatever is
        too much is held as images meanwhile.
        """
        seen = load.running + load.waiting
        kept_waiting = max(1, ceil(load.running * _KEPT_WAITING))
        was_used_up, self._was_used_up = self._was_used_up, self._in_flight >= self._limit
        if load.waiting > kept_waiting:
            share = self._in_flight / max(seen, self._in_flight, 1)
            too_many = ceil((load.waiting - kept_waiting) * share)
            self._limit = max(1, min(self._limit, self._in_flight - too_many))
            self._was_full = True
        elif load.waiting < kept_waiting and was_used_up:
            unseen = self._in_flight - seen
            if unseen <= max(_LEAST_UNSEEN, load.running):
                if self._was_full:
                    step = max(1, int(self._limit * _SMALL_STEP))
                else:
                    step = max(_LEAST_STEP, int(self._limit * _STEP))
                self._limit = min(self._ceiling, self._limit + step)
