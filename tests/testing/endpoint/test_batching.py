from __future__ import annotations

import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.testing.endpoint.batching import ContinuousBatch, Finished, StepTime, list_schedule_s

STEP = StepTime()


def by_steps(token_counts, slots, step):
    """Return when each of the requests, which are all there from the start, ends: one loop for each step."""
    waiting = list(enumerate(token_counts))[::-1]
    running, ends, now_s = {}, {}, 0.0
    while waiting or running:
        while waiting and len(running) < slots:
            number, tokens = waiting.pop()
            running[number] = tokens
        now_s += step.of(len(running))
        for number in list(running):
            running[number] -= 1
            if not running[number]:
                del running[number]
                ends[number] = now_s
    return ends


def test_a_request_alone():
    """This test ensures that a request alone takes its tokens times the step of one."""
    batch = ContinuousBatch(4, STEP)
    batch.add(1, 100, 5.0)

    assert pytest.approx(5.0 + 100 * 0.00603) == batch.next_finish_s
    assert [] == batch.advance(5.6)
    assert [1] == [finished.number for finished in batch.advance(5.7)]


def test_a_second_request_slows_the_first():
    """This test ensures that each running request makes every step longer from its arrival on."""
    batch = ContinuousBatch(4, StepTime(base_s=0.0, per_request_s=1.0))
    batch.add(1, 10, 0.0)
    batch.add(2, 10, 4.0)

    assert [Finished(1, 16.0), Finished(2, 20.0)] == batch.advance(100.0)


def test_waiting_requests_come_in_order():
    """This test ensures that a slot goes to the request that has waited longest, at the moment it is free."""
    batch = ContinuousBatch(1, StepTime(base_s=1.0, per_request_s=0.0))
    for number in (1, 2, 3):
        batch.add(number, 2, 0.0)

    assert (1, 2) == (batch.running, batch.waiting)
    assert [Finished(1, 2.0), Finished(2, 4.0), Finished(3, 6.0)] == batch.advance(50.0)
    assert 6.0 == batch.slot_seconds


def test_removed_requests():
    """This test ensures that the slot of a client that left is free at once, and says what it had not got yet."""
    batch = ContinuousBatch(1, StepTime(base_s=1.0, per_request_s=0.0))
    for number in (1, 2, 3):
        batch.add(number, 10, 0.0)

    assert ([], 10.0) == batch.remove(2, 1.0)
    assert ([], 6.0) == batch.remove(1, 4.0)
    assert [Finished(3, 14.0)] == batch.advance(20.0)
    assert ([], 0.0) == batch.remove(3, 21.0)


@given(counts=st.lists(st.integers(1, 60), min_size=1, max_size=40), slots=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_against_a_loop_of_steps(counts, slots):
    """This test ensures that events agree with stepping through every token, where all requests are there at once."""
    batch = ContinuousBatch(slots, STEP)
    for number, tokens in enumerate(counts):
        batch.add(number, tokens, 0.0)
    ends = {finished.number: finished.at_s for finished in batch.advance(float("inf"))}

    assert pytest.approx(by_steps(counts, slots, STEP)) == ends
    assert pytest.approx(max(ends.values())) == list_schedule_s(counts, slots, STEP)


def test_the_list_schedule_of_steps_that_cost_the_same():
    """This test ensures that the optimum is the list schedule: the next request goes to the first free slot."""
    counts = [900, 20, 700, 350, 10, 80, 8000, 33, 512]
    free = [0.0] * 3
    for tokens in counts:
        heapq.heapreplace(free, free[0] + tokens * 0.01)

    assert pytest.approx(max(free)) == list_schedule_s(counts, 3, StepTime(base_s=0.01, per_request_s=0.0))
    assert 0.0 == list_schedule_s([], 3, STEP)
