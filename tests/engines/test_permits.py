from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.engines.permits import FairPermits, Hold


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def waiting(*coroutines):
    tasks = [asyncio.create_task(each) for each in coroutines]
    await settle()
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def noted(share, name, order, *, is_urgent=False):
    await share.acquire(is_urgent=is_urgent)
    order.append(name)


def test_what_is_free_goes_round_the_shares():
    """This test ensures that five waiting pages of a short run are served among five thousand of a long one."""

    async def run():
        permits, order = FairPermits(), []
        long, short = permits.share(lambda: 2), permits.share(lambda: 2)
        await long.acquire()
        await long.acquire()
        calls = [*(noted(long, "long", order) for _ in range(6)), *(noted(short, "short", order) for _ in range(3))]
        async with waiting(*calls):
            for _ in range(6):
                (long if long.held else short).release()
                await settle()
        return order

    assert sorted(asyncio.run(run())) == ["long"] * 3 + ["short"] * 3


def test_first_come_first_served_within_a_share_but_for_what_is_urgent():
    """This test ensures that pages of one run start in order, and that those which were tried before go first."""

    async def run():
        permits, order = FairPermits(), []
        share = permits.share(lambda: 1)
        await share.acquire()
        calls = [noted(share, name, order, is_urgent="again" in name) for name in ("one", "two", "again", "once again")]
        async with waiting(*calls):
            for _ in range(4):
                share.release()
                await settle()
        return order

    assert asyncio.run(run()) == ["again", "once again", "one", "two"]


def test_a_share_is_bound_by_itself_and_all_by_the_largest():
    """This test ensures that a run with a small limit of its own neither exceeds it nor is kept from it."""

    async def run():
        permits = FairPermits()
        small, large = permits.share(lambda: 2), permits.share(lambda: 5)
        async with waiting(*(large.acquire() for _ in range(9))):
            at_first = (small.held, large.held)
            async with waiting(*(small.acquire() for _ in range(9))):
                for _ in range(4):
                    large.release()
                    await settle()
                return at_first, (small.held, large.held), permits.most_held

    assert asyncio.run(run()) == ((0, 5), (2, 3), 5)


def test_a_limit_that_moves_is_followed():
    """This test ensures that a higher limit shows with the next permit asked for, and a lower one as they come back."""

    async def run():
        permits, limits, held = FairPermits(), [2], []
        share = permits.share(lambda: limits[0])
        async with waiting(*(share.acquire() for _ in range(9))):
            held.append(share.held)
            limits[0] = 4
            share.release()
            held.append(share.held)
            limits[0] = 1
            share.release()
            share.release()
            held.append(share.held)
            share.release()
            held.append(share.held)
        return held

    assert asyncio.run(run()) == [2, 4, 2, 1]


def test_a_share_that_was_left_holds_nobody_up():
    """This test ensures that the limit of a run which is over counts no more."""

    async def run():
        permits = FairPermits()
        over, stays = permits.share(lambda: 9), permits.share(lambda: 1)
        over.leave()
        over.leave()
        async with waiting(*(stays.acquire() for _ in range(3))):
            return stays.held

    assert asyncio.run(run()) == 1


def test_a_permit_is_held_at_most_once_and_given_back_once():
    """This test ensures that a page which ends in two ways gives back no permit of another page."""

    async def run():
        permits = FairPermits()
        share = permits.share(lambda: 3)
        await share.acquire()
        hold = Hold(share)
        await hold.take()
        hold.give_back()
        hold.give_back()
        return permits.held

    assert asyncio.run(run()) == 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4))
def test_nothing_leaks_whoever_is_cancelled(seed, limit, shares):
    """This test ensures that pages cancelled at any moment, granted or not, leave every permit behind, and no limit is
    passed.
    """  # noqa: D205 - one sentence that needs two lines
    dice = random.Random(seed)  # noqa: S311 - a test's own dice

    async def hold(share):
        async with share.permit():
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)

    async def run():
        permits = FairPermits()
        parties = [permits.share(lambda: limit) for _ in range(shares)]
        tasks = []
        for _ in range(40):
            tasks.append(asyncio.create_task(hold(dice.choice(parties))))
            if dice.random() < 0.5:
                await asyncio.sleep(0)
            if dice.random() < 0.4:
                dice.choice(tasks).cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        for party in parties:
            await party.acquire()
            party.release()
        return permits.held, permits.most_held

    held, most_held = asyncio.run(run())

    assert held == 0
    assert most_held <= limit


def test_a_raised_limit_can_show_at_once():
    """This test ensures that those who wait need not wait for a permit to come back when a limit has risen."""

    async def run():
        permits, order, limit = FairPermits(), [], 1
        share = permits.share(lambda: limit)
        async with waiting(*(noted(share, number, order) for number in range(4))):
            limit = 3
            await settle()
            before = list(order)
            permits.look_again()
            await settle()
        return before, order

    assert ([0], [0, 1, 2]) == asyncio.run(run())
