"""Additive increase, multiplicative decrease, with a memory of where requests were refused.

The plain form loses too much: with a decrease by a tenth it is 5 % below the best on average and is refused again and
again. So the number in flight at which a request was refused is remembered, and the limit goes back to just below it,
stays there, and looks for more only after so many answers that refusals stay far below one in a hundred. The first
such look comes early: the refusals of the search may have meant something else, requests that came too fast.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from dsocr_loaders.engines.concurrency.control import Outcome

__all__ = ["AdditiveIncrease"]

_FIRST: Final = 8
_DECREASE: Final = 0.9
_CALM: Final = 200  # answers without a refusal before more is tried: at most one refusal in so many
_CALM_ROUNDS: Final = 3  # and at least so many times the limit
_FIRST_CALM: Final = 2  # before the first look


class _Phase(Enum):
    SEARCHING = "searching"  # never refused so far: one more with each answer, which doubles the limit in each round
    RETURNING = "returning"  # back up to just below where requests were refused, within about one round
    HOLDING = "holding"  # there
    TRYING = "trying"  # one more with each round


class AdditiveIncrease:
    """Finds the limit of a server that refuses what is too much.

    Args:
        ceiling: the limit is never higher.
        first: where it begins.
    """

    def __init__(self, ceiling: int, *, first: int = _FIRST) -> None:
        self._ceiling = ceiling
        self._limit = float(min(first, ceiling))
        self._phase = _Phase.SEARCHING
        self._refused_at = ceiling + 1  # in flight, the refused one counted in
        self._in_flight = 0
        self._tickets = 0
        self._settled = 0  # requests up to this ticket were sent before the last decrease
        self._answers = 0  # since the last refusal
        self._looks = 0  # for more, after the search

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return int(self._limit)

    @property
    def is_first_look(self) -> bool:
        """Whether it looks for more for the first time since the search."""
        return self._phase is _Phase.TRYING and self._looks == 1

    def began(self) -> int:
        """Note that a request was sent, and return its ticket."""
        self._in_flight += 1
        self._tickets += 1
        return self._tickets

    def forget_refusals(self) -> None:
        """Search anew from here: what was refused so far was refused for another reason."""
        self._phase = _Phase.SEARCHING
        self._refused_at = self._ceiling + 1
        self._settled = self._tickets
        self._looks = 0

    def ended(self, ticket: int, outcome: Outcome) -> None:
        """Note how it ended. Growth counts only answers that came while the limit was used up."""
        in_flight, self._in_flight = self._in_flight, self._in_flight - 1
        if outcome in {Outcome.REFUSED, Outcome.THROTTLED}:
            self._refused(ticket, in_flight)
        elif outcome is Outcome.ANSWERED:
            self._answers += 1
            if in_flight >= self.limit:
                self._grow(in_flight)

    def _refused(self, ticket: int, in_flight: int) -> None:
        """Take a refusal in.

        Those sent before the last decrease belong to the same wave, in which each sees fewer in flight: the last of
        them is the one that tells where the server's limit is.
        """
        is_same_wave = ticket <= self._settled
        if self._phase is _Phase.TRYING and in_flight >= self._refused_at and not is_same_wave:
            self._hold(in_flight)  # as was to be expected one day
        else:
            if is_same_wave:
                self._refused_at = min(self._refused_at, in_flight)
            elif self._phase is not _Phase.SEARCHING and self._answers < self._calm:
                self._refused_at = min(in_flight, max(2, int(self._refused_at * _DECREASE)))
            else:
                self._refused_at = in_flight
            self._limit = max(1.0, min(self._limit, (self._refused_at - 1) * _DECREASE))
            self._phase = _Phase.RETURNING
        if not is_same_wave:
            self._settled = self._tickets
        self._answers = 0

    def _hold(self, refused_at: int) -> None:
        self._refused_at = refused_at
        self._limit = float(max(1, min(self._ceiling, refused_at - 1)))
        self._phase = _Phase.HOLDING

    @property
    def _calm(self) -> int:
        return max(_CALM, _CALM_ROUNDS * self.limit)

    def _grow(self, in_flight: int) -> None:
        if self._phase is _Phase.HOLDING:
            if self._answers < (self._calm if self._looks else max(_FIRST_CALM, self.limit)):
                return
            self._looks += 1
            self._phase = _Phase.TRYING
            self._limit += 1.0
        elif self._phase is _Phase.TRYING and in_flight > self._refused_at:
            self._phase = _Phase.SEARCHING  # it takes more than it did
            self._looks = 0
            self._limit += 1.0
        elif self._phase is _Phase.SEARCHING:
            self._limit += 1.0
        elif self._phase is _Phase.TRYING:
            self._limit += 1.0 / self._limit
        else:
            self._limit += max(1.0, (1.0 - _DECREASE) * self._refused_at) / self._limit
            if self._limit >= self._refused_at - 1:
                self._hold(self._refused_at)
        self._limit = min(self._limit, float(self._ceiling))
