"""Following a server's own word, in simulated time on the simulated endpoint's own batch."""

from __future__ import annotations

from math import ceil

import pytest

from dsocr_loaders.engines.concurrency import LoadFollowing, Outcome, ServerLoad
from dsocr_loaders.testing.endpoint.batching import ContinuousBatch, StepTime

TOKENS = 1000


def read(control, slots, seconds, *, others=0, look_s=0.1):
    """Keep a batch busy and look at it now and then; return its samples as (time, running, waiting, limit)."""
    batch = ContinuousBatch(slots, StepTime())
    samples, number, mine = [], 0, set()
    for number in range(1, others + 1):
        batch.add(number, 10**9, 0.0)
    now = 0.0
    while now < seconds:
        now += look_s
        for finished in batch.advance(now):
            mine.discard(finished.number)
            control.ended(0, Outcome.ANSWERED)
        while len(mine) < control.limit:
            number += 1
            mine.add(number)
            control.began()
            batch.add(number, 200 + (number * 7919) % (2 * TOKENS), now)
        control.observe(ServerLoad(batch.running, batch.waiting))
        samples.append((now, batch.running, batch.waiting, control.limit))
    return samples


@pytest.mark.parametrize("slots", [1, 4, 16, 64, 250])
def test_keeps_the_slots_full_and_hardly_anybody_waiting(slots):
    """This test ensures that after ten mean durations every slot is in use, and few requests wait."""
    duration_s = 1200 * StepTime().of(slots)

    samples = read(LoadFollowing(256), slots, 20 * duration_s)
    late = [sample for sample in samples if sample[0] > 10 * duration_s]

    assert all(running == slots for _, running, _, _ in late)
    assert max(waiting for _, _, waiting, _ in late) <= max(2, slots // 16)
    assert max(limit for *_, limit in late) <= slots + max(1, ceil(slots / 32))


@pytest.mark.parametrize("slots", [16, 40, 64, 128, 250, 512])
def test_hardly_goes_beyond_the_slots_while_it_looks_for_them(slots):
    """This test ensures that the search, which images are held for, asks for a sixteenth too much at most."""
    samples = read(LoadFollowing(1024), slots, 30.0, look_s=0.05)

    assert max(limit for *_, limit in samples) <= max(slots + 3, 1.08 * slots)
    assert next(at_s for at_s, running, *_ in samples if running == slots) <= 3.5


def test_finds_a_large_server_within_seconds():
    """This test ensures that growth does not wait for answers: it shows in seconds that the server is not full."""
    samples = read(LoadFollowing(256), 512, 3.0, look_s=0.05)

    assert 256 == samples[-1][3]
    assert 256 == max(limit for *_, limit in samples)


def test_shares_a_server_with_others():
    """This test ensures that requests of others which wait cost this client its share alone, and never the last one."""
    control = LoadFollowing(256)

    samples = read(control, 32, 300.0, others=24)

    assert all(running == 32 for _, running, _, _ in samples[-50:])
    assert 8 <= control.limit <= 16
    assert max(waiting for _, _, waiting, _ in samples[-50:]) <= 4


def test_does_not_pile_up_before_a_slow_front_end():
    """This test ensures that requests which the server has not unpacked yet are no sign of free slots."""
    control = LoadFollowing(256)

    for _ in range(50):
        while control.in_flight < control.limit:
            control.began()
        control.observe(ServerLoad(running=4, waiting=0))

    assert control.limit <= 16


def test_requests_that_hang_on_their_way_leave_no_slot_idle():
    """This test ensures that requests which the server never saw, a quarter of its slots, are made up for."""
    control = LoadFollowing(256)

    for look in range(100):
        while control.in_flight < control.limit:
            control.began()
        seen = control.in_flight - (16 if look >= 50 else 0)
        control.observe(ServerLoad(min(64, seen), max(0, seen - 64)))

    assert 16 + 64 <= control.limit <= 16 + 64 + 8


def test_a_refusal_now_and_then_is_noise():
    """This test ensures that a server with one fault in twenty is used in full, and a crowded gateway is spared."""
    noisy, crowded = LoadFollowing(64, first=64), LoadFollowing(64, first=64)

    for number in range(2000):
        noisy.ended(noisy.began(), Outcome.ANSWERED if number % 20 else Outcome.REFUSED)
        crowded.ended(crowded.began(), Outcome.ANSWERED if number % 3 else Outcome.REFUSED)

    assert 64 == noisy.limit
    assert 1 <= crowded.limit < 4


def test_requests_that_wait_for_room_in_a_batch_are_no_sign_of_full_slots():
    """This test ensures that a server which lets requests in by and by is filled nevertheless."""
    control = LoadFollowing(256)
    running = 0

    for _ in range(400):
        while control.in_flight < control.limit:
            control.began()
        running = min(128, control.in_flight, running + 3)
        control.observe(ServerLoad(running, control.in_flight - running))

    assert 128 <= control.limit <= 132
