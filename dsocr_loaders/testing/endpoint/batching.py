"""Continuous batching as arithmetic: when each answer of a batch is finished. No clock, no network.

All requests that run take part in every step and get one token from it; a step takes longer the more of them there
are. So with `n` running, each has got `1 / step(n)` tokens a second since the number last changed, and the finish of
the next one follows from that: one event for each request that comes or ends, instead of one for each step. Steps are
taken as continuous, which is off by less than one step for a request.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ContinuousBatch", "Finished", "StepTime", "list_schedule_s"]


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long one step takes: `(base_s + per_request_s * running) * scale`.

    The defaults are those of an 8-bit 3B mixture of experts on one large GPU, as far as the shape of the curve goes:
    6 ms, and 0.03 ms for each request.
    """

    base_s: float = 0.006
    per_request_s: float = 0.00003
    scale: float = 1.0

    def of(self, running: int) -> float:
        """Return the seconds of one step with that many requests."""
        return (self.base_s + self.per_request_s * running) * self.scale


@dataclass(frozen=True, slots=True)
class Finished:
    """One request whose last token is there: which, and when."""

    number: int
    at_s: float


class ContinuousBatch:
    """The slots of a server and the queue before them, first come, first served.

    Times are seconds on any clock that only goes forward. Requests are known by a number of the caller's.

    Args:
        slots: requests that run at the same time.
        step: how long a step takes.
        now_s: the time at which the empty batch starts.

    Attributes:
        slot_seconds: requests running, integrated over time.
    """

    def __init__(self, slots: int, step: StepTime, now_s: float = 0.0) -> None:
        self._slots = slots
        self._step = step
        self._now_s = now_s
        self._tokens = 0.0  # that a request would have got which has been running from the start
        self._running: list[tuple[float, int]] = []  # heap of (value of _tokens at its end, number)
        self._waiting: deque[tuple[int, int]] = deque()  # (number, tokens)
        self.slot_seconds = 0.0

    @property
    def running(self) -> int:
        """Requests that have a slot."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests that wait for one."""
        return len(self._waiting)

    @property
    def next_finish_s(self) -> float | None:
        """When the next request will be finished if none comes before; None if none runs."""
        if not self._running:
            return None
        return self._now_s + max(0.0, self._running[0][0] - self._tokens) * self._step.of(len(self._running))

    def advance(self, now_s: float) -> list[Finished]:
        """Let the time go on to `now_s` and return what was finished by then, in order."""
        finished = []
        while (at_s := self.next_finish_s) is not None and at_s <= now_s:
            self._go_on(at_s)
            end, number = heapq.heappop(self._running)
            self._tokens = max(self._tokens, end)
            finished.append(Finished(number, at_s))
            self._admit()
        self._go_on(now_s)
        return finished

    def add(self, number: int, tokens: int, now_s: float) -> list[Finished]:
        """Take in a request of that many tokens, and return what was finished before."""
        finished = self.advance(now_s)
        self._waiting.append((number, tokens))
        self._admit()
        return finished

    def remove(self, number: int, now_s: float) -> tuple[list[Finished], float]:
        """Take out a request that nobody waits for any more; its slot is free at once.

        Returns:
            What was finished before, and the tokens that the request still lacked: 0 if it was finished by then.
        """
        finished = self.advance(now_s)
        for place, (waiting, tokens) in enumerate(self._waiting):
            if waiting == number:
                del self._waiting[place]
                return finished, float(tokens)
        for place, (end, running) in enumerate(self._running):
            if running == number:
                lacking = end - self._tokens
                self._running[place] = self._running[-1]
                self._running.pop()
                heapq.heapify(self._running)
                self._admit()
                return finished, lacking
        return finished, 0.0

    def _go_on(self, now_s: float) -> None:
        passed_s = now_s - self._now_s
        if passed_s <= 0.0:
            return
        if self._running:
            self._tokens += passed_s / self._step.of(len(self._running))
            self.slot_seconds += passed_s * len(self._running)
        self._now_s = now_s

    def _admit(self) -> None:
        while self._waiting and len(self._running) < self._slots:
            number, tokens = self._waiting.popleft()
            heapq.heappush(self._running, (self._tokens + tokens, number))


def list_schedule_s(token_counts: Iterable[int], slots: int, step: StepTime) -> float:
    """Return how long the requests take if all are there from the start and each free slot takes the next one.

    That is the best a client can reach that does not know the lengths beforehand and keeps the given order.
    """
    batch = ContinuousBatch(slots, step)
    for number, tokens in enumerate(token_counts):
        batch.add(number, tokens, 0.0)
    finished = batch.advance(float("inf"))
    return finished[-1].at_s if finished else 0.0
