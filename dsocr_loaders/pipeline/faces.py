"""Iterating over a stream from outside its loop: blocking or `await`ing, over the same code.

The caller's iterator is the backpressure: nothing is handed over that was not asked for. Closing it, or an exception
in the caller, cancels what is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from dsocr_loaders.errors import EngineDead, engine_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.pipeline.stream import PageStream, RunItem

__all__ = ["aiterate", "iterate"]

_CLOSED = "The engine was closed while pages were being read."


def iterate(stream: PageStream, loop: EngineLoop) -> Generator[RunItem]:
    """Yield the items of `stream`, which lives on `loop`, blocking the calling thread while it waits.

    Works in any thread, also inside a running event loop (which it blocks).

    Raises:
        EngineError: the run cannot go on.
    """
    try:
        while True:
            try:
                item = loop.submit(stream.next()).result()
            except CancelledError as error:
                raise engine_error("died", _CLOSED) from error
            if item is None:
                return
            yield item
    finally:
        with contextlib.suppress(EngineDead, CancelledError):
            closing = loop.submit(stream.close())
            if not loop.is_current:  # an abandoned iterator may be collected in the loop's own thread
                closing.result()


async def aiterate(stream: PageStream, loop: EngineLoop) -> AsyncGenerator[RunItem]:
    """Yield the items of `stream`, which lives on `loop`, without blocking the caller's event loop.

    Raises:
        EngineError: the run cannot go on.
    """
    try:
        while True:
            future = loop.submit(stream.next())
            try:
                item = await asyncio.wrap_future(future)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                raise engine_error("died", _CLOSED) from error
            if item is None:
                return
            yield item
    finally:
        with contextlib.suppress(EngineDead):
            await asyncio.wrap_future(loop.submit(stream.close()))
