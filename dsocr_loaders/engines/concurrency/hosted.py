"""A hosted interface, which tells no load: limits for what is in flight and for what comes in a second.

A refusal says that one of the two was reached, not which. A 503 speaks of load. A 429 with no more requests in flight
than the host has answered at once before is one for coming too soon; with more, it is one for being too many, and that
is looked at again soon, see `AdditiveIncrease`.
"""

from __future__ import annotations

from typing import Final

from dsocr_loaders.engines.concurrency.additive import AdditiveIncrease
from dsocr_loaders.engines.concurrency.control import Outcome
from dsocr_loaders.engines.concurrency.rate import SendRate

__all__ = ["HostedControl"]

_LONGEST_PAUSE_S: Final = 60.0
_SMOOTHING: Final = 0.1


class HostedControl:
    """Finds both limits of a host, from its refusals.

    Args:
        ceiling: never more in flight than that.
    """

    def __init__(self, ceiling: int) -> None:
        self._in_flight = AdditiveIncrease(ceiling)
        self._rate = SendRate()
        self._sent: dict[int, int] = {}  # in flight when a request was sent, itself counted in
        self._sent_at_s: dict[int, float] = {}
        self._last_sent_s = 0.0
        self._mean_s = 0.0  # that an answer takes
        self._most_answered = 0  # of these numbers
        self._last = 0  # ticket
        self._settled = 0  # requests up to this ticket were sent before the rate was lowered last

    @property
    def limit(self) -> int:
        """Requests that may be in flight now, at least 1."""
        return self._in_flight.limit

    @property
    def per_s(self) -> float | None:
        """Requests that may be sent in a second; None: any number."""
        return self._rate.per_s

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next request may be sent.

        The one with which the control looks for more is kept apart from the one before it: refused for coming too soon,
        it would be taken for one too many.
        """
        wait_s = self._rate.wait_s(now_s)
        if self._in_flight.is_first_look and len(self._sent) == self.limit - 1:
            apart_s = self._mean_s / max(2, self.limit - 1)
            wait_s = max(wait_s, self._last_sent_s + apart_s - now_s)
        return wait_s

    def began(self, now_s: float) -> int:
        """Note that a request was sent, and return its ticket."""
        ticket = self._last = self._in_flight.began()
        self._sent[ticket] = len(self._sent) + 1
        self._sent_at_s[ticket] = self._last_sent_s = now_s
        self._rate.sent(now_s)
        return ticket

    def ended(self, ticket: int, outcome: Outcome, now_s: float, retry_after_s: float | None = None) -> None:
        """Note how it ended, and what a refusal asked to wait."""
        in_flight = self._sent.pop(ticket)
        took_s = now_s - self._sent_at_s.pop(ticket)
        if outcome in {Outcome.THROTTLED, Outcome.REFUSED}:  # those sent after it were not in flight with it
            self._sent.update((later, count - 1) for later, count in self._sent.items() if later > ticket)
        if outcome is Outcome.ANSWERED:
            self._most_answered = max(self._most_answered, in_flight)
            self._rate.taken(now_s)
            self._mean_s += (took_s - self._mean_s) * (_SMOOTHING if self._mean_s else 1.0)
        elif outcome is Outcome.THROTTLED:
            pause_s = None if retry_after_s is None else min(retry_after_s, _LONGEST_PAUSE_S)
            if ticket <= self._settled:  # of the wave that lowered the rate
                self._rate.pause(now_s, pause_s)
                outcome = Outcome.OTHER
            elif in_flight <= self._most_answered:
                if self._rate.per_s is None:
                    self._in_flight.forget_refusals()
                self._rate.refused(now_s, pause_s)
                self._settled = self._last
                outcome = Outcome.OTHER
        self._in_flight.ended(ticket, outcome)
