"""Which request goes wrong, and which one is over a hosted interface's limits."""

from __future__ import annotations

import random
from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.testing.endpoint.plan import EndpointFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.testing.endpoint.plan import FaultPlan, HostedLimits

__all__ = ["AT_ONCE", "Allowance", "fault_of"]

AT_ONCE: Mapping[EndpointFault | None, tuple[int, str]] = MappingProxyType(
    {
        EndpointFault.BUSY: (503, "ServiceUnavailable"),
        EndpointFault.BUSY_RETRY_AFTER: (503, "ServiceUnavailable"),
        EndpointFault.SERVER_FAULT: (500, "InternalServerError"),
    }
)
"""Faults that are an HTTP status at once, with the word of the error body."""


def fault_of(plan: FaultPlan, *, number: int, name: str, attempt: int) -> EndpointFault | None:
    """Return what happens to a request, None if nothing does.

    Args:
        plan: what goes wrong.
        number: of the request, from 1, in the order of arrival.
        name: of the page.
        attempt: of the page, from 1.
    """
    if number in plan.numbers:
        return plan.numbers[number]
    if not plan.shares or (plan.faulty_attempts is not None and attempt > plan.faulty_attempts):
        return None
    draw = random.Random(f"{plan.seed} fault {name} {attempt}").random()  # noqa: S311 - a reproducible trace
    for fault, share in plan.shares.items():
        if draw < share:
            return fault
        draw -= share
    return None


class Allowance:
    """What a hosted interface still takes: requests in flight, and requests over the last second.

    Args:
        limits: None takes everything.
        now_s: the time at which it begins, with one second's requests to give.
    """

    def __init__(self, limits: HostedLimits | None, now_s: float) -> None:
        self._most_in_flight = limits.most_in_flight if limits else None
        self._requests_per_s = limits.requests_per_s if limits else None
        self._most = max(1.0, self._requests_per_s or 0.0)
        self._left = self._most
        self._now_s = now_s

    def takes(self, now_s: float, *, in_flight: int) -> bool:
        """Return whether one more request may come, which is counted then."""
        if self._most_in_flight is not None and in_flight >= self._most_in_flight:
            return False
        if self._requests_per_s is None:
            return True
        self._left = min(self._most, self._left + (now_s - self._now_s) * self._requests_per_s)
        self._now_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
