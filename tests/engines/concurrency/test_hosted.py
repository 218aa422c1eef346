"""Hosts that count requests in flight, by time, or both, found in simulated time."""

from __future__ import annotations

import heapq
import random

import pytest

from dsocr_loaders.engines.concurrency import HostedControl, Outcome

REFUSAL_S = 0.02


class Host:
    """Takes so many requests a second on average, a burst of `burst` at once, and so many in flight."""

    def __init__(self, per_s=None, most=None, burst=None):
        self.per_s, self.most = per_s, most
        self.burst = burst or max(1.0, per_s or 0.0)
        self.left, self.now, self.taken = self.burst, 0.0, 0

    def takes(self, now):
        if self.most is not None and self.taken >= self.most:
            return False
        if self.per_s is not None:
            self.left = min(self.burst, self.left + (now - self.now) * self.per_s)
            self.now = now
            if self.left < 1:
                return False
            self.left -= 1
        return True


def read(control, host, seconds, mean_s, *, retry_after_s=None, refused_as=Outcome.THROTTLED, seed=0):
    """Keep a host as busy as the control allows; return (time, whether it was answered) of each request."""
    dice = random.Random(seed)  # noqa: S311 - a test's own dice
    now, under_way, ends = 0.0, [], []
    while now < seconds:
        while len(under_way) < control.limit and control.wait_s(now) <= 0:
            ticket = control.began(now)
            is_taken = host.takes(now)
            host.taken += is_taken
            took_s = mean_s * dice.lognormvariate(-0.28, 0.75) if is_taken else REFUSAL_S
            heapq.heappush(under_way, (now + took_s, ticket, is_taken))
        turn_s = now + control.wait_s(now) if len(under_way) < control.limit else float("inf")
        if not under_way or turn_s < under_way[0][0]:
            now = max(turn_s, now + 1e-6)
            continue
        now, ticket, is_answered = heapq.heappop(under_way)
        host.taken -= is_answered
        outcome = Outcome.ANSWERED if is_answered else refused_as
        control.ended(ticket, outcome, now, None if is_answered else retry_after_s)
        ends.append((now, is_answered))
    return ends


def rate_and_refusals(ends, after_s, until_s):
    """Return answers per second and the share of refusals between two times."""
    late = [is_answered for at_s, is_answered in ends if after_s < at_s <= until_s]
    return sum(late) / (until_s - after_s), 1 - sum(late) / max(1, len(late))


@pytest.mark.parametrize("mean_s", [0.5, 5.0, 20.0])
@pytest.mark.parametrize("per_s", [0.5, 2.0, 10.0])
@pytest.mark.parametrize("retry_after_s", [None, 2.0])
def test_a_host_that_counts_by_time_is_asked_in_time(per_s, mean_s, retry_after_s):
    """This test ensures that requests are spaced out to what the host takes, and hardly one is refused."""
    control, seconds = HostedControl(256), 300 + 1500 / per_s

    ends = read(control, Host(per_s), seconds, mean_s, retry_after_s=retry_after_s)
    rate, refused = rate_and_refusals(ends, 300, seconds)

    assert rate >= 0.75 * per_s
    assert refused < 0.015


@pytest.mark.parametrize("most", [1, 3, 16, 100])
def test_a_host_that_counts_what_is_in_flight_is_asked_for_that(most):
    """This test ensures that such a host is used in full and hardly refuses, as with `AdditiveIncrease` alone."""
    control = HostedControl(256)

    ends = read(control, Host(most=most), 3000, 10.0)
    rate, refused = rate_and_refusals(ends, 100, 3000)

    assert control.per_s is None
    assert rate >= 0.93 * most / 10
    assert refused < 0.01
