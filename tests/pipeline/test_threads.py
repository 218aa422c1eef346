"""Blocking calls beside an event loop."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from dsocr_loaders.pipeline import in_thread


def test_returns_or_raises_what_the_call_does() -> None:
    """The result comes from another thread, and so does an error."""

    def fail() -> None:
        raise LookupError("nothing there")

    async def both() -> str:
        with pytest.raises(LookupError, match="nothing there"):
            await in_thread(fail, "test")
        return await in_thread(lambda: threading.current_thread().name, "test")

    assert "dsocr-test" == asyncio.run(both())


def test_nobody_waits_for_a_call_that_does_not_come_back() -> None:
    """Cancelling returns at once, and the loop ends although the call still runs."""
    released = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await in_thread(lambda: released.wait(30), "test")

    started = time.monotonic()
    asyncio.run(give_up())
    elapsed_s = time.monotonic() - started
    released.set()

    assert elapsed_s < 2.0
