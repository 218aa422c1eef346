"""Iterating from outside the stream's loop, in whatever way it ends."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.errors import EngineDead
from dsocr_loaders.pipeline import PageStream, aiterate
from dsocr_loaders.settings import Settings
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.testing import ScriptedEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline import RunItem

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


def wait_until_reading(engine: ScriptedEngine) -> None:
    while not engine.in_flight:
        time.sleep(0.01)


def test_an_iterator_may_be_collected_on_the_loop_itself(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]]
) -> None:
    """Garbage that the loop's own thread collects is closed without waiting for that thread."""
    engine = ScriptedEngine(ANSWER, delay_s=60.0)
    items = run(make_pdf("1"), engine)
    next(items)
    wait_until_reading(engine)

    async def collect() -> None:
        gc.collect()

    cycle: list[object] = [items]
    cycle.append(cycle)
    gc.disable()
    try:
        del items, cycle
        engine.loop.submit(collect()).result(timeout=5.0)
    finally:
        gc.enable()
    deadline = time.monotonic() + 5.0
    while engine.in_flight and time.monotonic() < deadline:
        time.sleep(0.01)

    assert 0 == engine.in_flight
    engine.close()


def test_a_loop_that_ends_is_the_engines_end_for_both_faces(
    make_pdf: Callable[..., Path], run: Callable[..., Iterator[RunItem]], pool: PagePool, spool: Spool
) -> None:
    """Even an engine that says nothing when its loop ends is told as EngineDead, never as a cancelled caller."""
    path = make_pdf("1")
    blocking, awaiting = (ScriptedEngine(ANSWER, delay_s=60.0) for _ in range(2))

    async def read() -> None:
        stream = PageStream(resolve_sources(path, spool=spool), awaiting, Settings(), pool)
        async with aclosing(aiterate(stream)) as items:
            async for _ in items:
                pass

    async def read_and_close() -> None:
        reading = asyncio.create_task(read())
        await asyncio.to_thread(wait_until_reading, awaiting)
        await asyncio.to_thread(awaiting.loop.close)
        await reading

    items = run(path, blocking)
    next(items)
    wait_until_reading(blocking)
    blocking.loop.close()

    with pytest.raises(EngineDead, match="closed"):
        next(items)
    with pytest.raises(EngineDead, match="closed"):
        asyncio.run(read_and_close())
