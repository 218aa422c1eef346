"""The limit of a server that refuses, found in simulated time: ten mean durations to find it, then close to it."""

from __future__ import annotations

import heapq
import random

import pytest

from dsocr_loaders.engines.concurrency import AdditiveIncrease, Outcome

MEAN_S = 10.0
REFUSAL_S = 0.02


def read(control, server_limit, seconds, *, seed=0):
    """Keep a server busy that takes `server_limit(now)` requests; return (time, whether it was answered) of each."""
    dice = random.Random(seed)  # noqa: S311 - a test's own dice
    now, under_way, taken, ends = 0.0, [], 0, []
    in_flight = 0
    while now < seconds:
        while in_flight < control.limit:
            in_flight += 1
            ticket = control.began()
            is_taken = taken < server_limit(now)
            taken += is_taken
            took_s = MEAN_S * dice.lognormvariate(-0.28, 0.75) if is_taken else REFUSAL_S
            heapq.heappush(under_way, (now + took_s, ticket, is_taken))
        now, ticket, is_answered = heapq.heappop(under_way)
        in_flight -= 1
        taken -= is_answered
        control.ended(ticket, Outcome.ANSWERED if is_answered else Outcome.REFUSED)
        ends.append((now, is_answered))
    return ends


def rate_and_refusals(ends, after_s, until_s):
    """Return answers per second and the share of refusals between two times."""
    late = [is_answered for at_s, is_answered in ends if after_s < at_s <= until_s]
    return sum(late) / (until_s - after_s), 1 - sum(late) / len(late)


@pytest.mark.parametrize("server_limit", [1, 2, 3, 5, 8, 16, 40, 100, 256, 1000])
def test_comes_close_to_the_best_and_is_hardly_refused(server_limit):
    """This test ensures that after ten mean durations 95 % of the best are reached and less than 1 % is refused."""
    control = AdditiveIncrease(256)
    most = min(server_limit, 256)
    seconds = 100 + max(500, 20_000 / most)  # long enough to see a few requests of the smallest server

    ends = read(control, lambda _: server_limit, seconds)
    rate, refused = rate_and_refusals(ends, 100, seconds)

    assert rate >= 0.95 * most / MEAN_S
    assert refused < 0.01


def test_follows_a_server_that_gets_smaller():
    """This test ensures that half the capacity is found as fast as the whole was."""
    control = AdditiveIncrease(256)

    ends = read(control, lambda now: 64 if now < 200 else 32, 900)
    rate, refused = rate_and_refusals(ends, 300, 900)

    assert rate >= 0.93 * 32 / MEAN_S
    assert refused < 0.01


def test_finds_more_when_there_is_more():
    """This test ensures that a server which grew is used, if slowly: looking for more costs refusals."""
    control = AdditiveIncrease(256)

    ends = read(control, lambda now: 16 if now < 200 else 64, 2000)
    rate, refused = rate_and_refusals(ends, 1000, 2000)

    assert rate >= 0.93 * 64 / MEAN_S
    assert refused < 0.01


def test_stays_between_one_and_the_ceiling():
    """This test ensures that no server is asked for nothing, and none for more than the user allows."""
    refused, answered = AdditiveIncrease(12), AdditiveIncrease(12)

    read(refused, lambda _: 0, 5)
    read(answered, lambda _: 10_000, 500)

    assert (1, 12) == (refused.limit, answered.limit)
    assert 3 == AdditiveIncrease(3).limit


def test_does_not_grow_while_there_is_nothing_to_do():
    """This test ensures that the limit says what was tried: a run with few pages at a time proves nothing."""
    control = AdditiveIncrease(256)
    before = control.limit

    for _ in range(1000):
        control.ended(control.began(), Outcome.ANSWERED)
    for _ in range(1000):
        control.ended(control.began(), Outcome.OTHER)

    assert before == control.limit
