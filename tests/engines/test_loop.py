from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.errors import EngineDead

SOON_S = 20.0  # a wait that costs nothing where all is well, on a busy machine too
LONGEST_CLOSE_S = 4.0  # after five, a close gives up on what does not end


@pytest.fixture
def loop():
    made = EngineLoop("under-test")
    yield made
    made.close()


def threads_of(name):
    return [thread for thread in threading.enumerate() if thread.name == f"dsocr-{name}"]


def ends_soon(thread):
    thread.join(timeout=SOON_S)
    return not thread.is_alive()


async def thread_it_runs_on():
    await asyncio.sleep(0)
    return threading.current_thread()


async def double(number):
    await asyncio.sleep(0)
    return 2 * number


def test_no_thread_is_started_before_the_first_coroutine():
    """This test ensures that an engine which is never used costs no thread, and that closing it is harmless."""
    loop = EngineLoop("unused")

    assert threads_of("unused") == []

    loop.close()


def test_many_threads_share_one_loop(loop):
    """This test ensures that coroutines handed over by several threads all run, on one thread and with their result."""
    with ThreadPoolExecutor(8) as callers:
        doubled = list(callers.map(lambda number: loop.submit(double(number)).result(SOON_S), range(64)))
        homes = set(callers.map(lambda _: loop.submit(thread_it_runs_on()).result(SOON_S), range(64)))

    assert doubled == [2 * number for number in range(64)]
    assert homes == set(threads_of("under-test"))


def test_coroutines_run_side_by_side(loop):
    """This test ensures that one coroutine can wait for another one that was handed over later."""
    signal = loop.submit(make_event()).result(SOON_S)
    waiting = loop.submit(signal.wait())

    loop.submit(set_event(signal)).result(SOON_S)

    assert waiting.result(SOON_S) is True


async def make_event():
    return asyncio.Event()


async def set_event(event):
    event.set()


def test_a_running_event_loop_can_await_it(loop):
    """This test ensures that a caller inside a running loop gets the result without blocking that loop."""

    async def caller():
        ticks = 0
        answer = asyncio.ensure_future(asyncio.wrap_future(loop.submit(slow_double(21))))
        while not answer.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return await answer, ticks

    answer, ticks = asyncio.run(caller())

    assert answer == 42
    assert ticks > 3


async def slow_double(number):
    await asyncio.sleep(0.1)
    return 2 * number


def test_cancelling_the_callers_future_cancels_the_coroutine(loop):
    """This test ensures that a caller who gives up does not leave work behind."""
    started, cancelled = threading.Event(), threading.Event()
    future = loop.submit(run_until_cancelled(started, cancelled))
    assert started.wait(SOON_S)

    future.cancel()

    assert cancelled.wait(SOON_S)


async def run_until_cancelled(started, cancelled):
    try:
        started.set()
        await asyncio.sleep(60)
    finally:
        cancelled.set()


def test_an_error_reaches_the_caller(loop):
    """This test ensures that what a coroutine raises is raised where its result is asked for."""
    with pytest.raises(ZeroDivisionError):
        loop.submit(divide_by_zero()).result(SOON_S)


async def divide_by_zero():
    return 1 / 0


def test_close_cancels_what_runs_and_ends_the_thread(loop):
    """This test ensures that closing gives nothing up: it lets coroutines clean up and tells their callers at once."""
    started, cancelled = threading.Event(), threading.Event()
    future = loop.submit(run_until_cancelled(started, cancelled))
    assert started.wait(SOON_S)
    (thread,) = threads_of("under-test")
    begin = time.monotonic()

    loop.close()

    assert time.monotonic() - begin < LONGEST_CLOSE_S
    assert not thread.is_alive()
    assert cancelled.is_set()
    with pytest.raises(CancelledError):
        future.result(0)


def test_close_right_after_submit_tells_the_caller(loop):
    """This test ensures that a coroutine which never got its turn ends as cancelled, not as forgotten."""
    futures = [loop.submit(run_until_cancelled(threading.Event(), threading.Event())) for _ in range(20)]

    loop.close()

    assert all(future.cancelled() for future in futures)


def test_close_twice_is_safe(loop):
    """This test ensures that a second close does nothing."""
    loop.submit(double(1)).result(SOON_S)

    loop.close()
    loop.close()

    assert threads_of("under-test") == []


def test_close_from_the_loops_own_thread_does_not_wait_for_itself(loop):
    """This test ensures that a coroutine may close the loop it runs on."""
    (thread,) = {loop.submit(thread_it_runs_on()).result(SOON_S)}

    assert loop.submit(close_from_inside(loop)).result(SOON_S) == "closed"
    assert ends_soon(thread)


async def close_from_inside(loop):
    loop.close()
    return "closed"


def test_close_does_not_wait_for_a_coroutine_that_closes_too(loop):
    """This test ensures that a clean-up which closes the loop again does not hold up the close that it belongs to."""
    started = threading.Event()
    loop.submit(close_when_cancelled(loop, started))
    assert started.wait(SOON_S)
    begin = time.monotonic()

    loop.close()

    assert time.monotonic() - begin < LONGEST_CLOSE_S


async def close_when_cancelled(loop, started):
    try:
        started.set()
        await asyncio.sleep(60)
    finally:
        loop.close()
        with contextlib.suppress(EngineDead):
            loop.submit(double(1))


def test_a_closed_loop_takes_nothing_more(loop):
    """This test ensures that late work is refused with a clear error, and that no coroutine is left un-awaited."""
    loop.submit(double(1)).result(SOON_S)
    loop.close()
    late = double(2)

    with pytest.raises(EngineDead, match="closed") as caught:
        loop.submit(late)

    assert caught.value.cause == "died"
    assert inspect.getcoroutinestate(late) == inspect.CORO_CLOSED
    assert threads_of("under-test") == []


def test_an_unused_closed_loop_takes_nothing_either():
    """This test ensures that closing before the first use is remembered."""
    loop = EngineLoop("closed-early")
    loop.close()
    late = double(2)

    with pytest.raises(EngineDead):
        loop.submit(late)

    assert threads_of("closed-early") == []


def test_a_forgotten_loop_ends_its_thread():
    """This test ensures that an engine which nobody closed leaves no thread once it is garbage."""
    loop = EngineLoop("forgotten")
    (thread,) = {loop.submit(thread_it_runs_on()).result(SOON_S)}

    del loop
    gc.collect()

    assert ends_soon(thread)


def test_a_loop_forgotten_on_its_own_thread_ends_too():
    """This test ensures that the last reference may be dropped by a coroutine of the loop itself."""
    holder = [EngineLoop("forgotten-inside")]
    (thread,) = {holder[0].submit(thread_it_runs_on()).result(SOON_S)}
    done = threading.Event()
    holder[0].submit(drop_last_reference(holder, done))

    assert done.wait(SOON_S)
    assert ends_soon(thread)


async def drop_last_reference(holder, done):
    await asyncio.sleep(0.02)
    holder.clear()
    gc.collect()
    done.set()


def test_two_loops_are_independent():
    """This test ensures that closing one engine's loop leaves another one's alone."""
    first, second = EngineLoop("first"), EngineLoop("second")
    first.submit(double(1)).result(SOON_S)
    first.close()

    assert second.submit(double(2)).result(SOON_S) == 4

    second.close()


def test_async_generators_are_finished_at_close(loop):
    """This test ensures that a generator that is still open when the loop ends runs its clean-up."""
    finished = threading.Event()
    loop.submit(start_numbers(finished)).result(SOON_S)

    loop.close()

    assert finished.is_set()


async def start_numbers(finished):
    generator = numbers(finished)
    await anext(generator)
    KEPT.append(generator)


async def numbers(finished):
    try:
        while True:
            yield 1
    finally:
        await asyncio.sleep(0)
        finished.set()


KEPT: list[object] = []
