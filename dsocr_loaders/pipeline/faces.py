"""Iterating over a stream from outside its loop: blocking or `await`ing, over the same code.

The caller's iterator is the backpressure: nothing is handed over that was not asked for. Closing it, or an exception
in the caller, cancels what is under way.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Protocol, TypeVar

from dsocr_loaders.errors import EngineDead, engine_error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from concurrent.futures import Future

    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.pipeline.stream import RunItem

__all__ = ["ItemStream", "aiterate", "iterate"]

T = TypeVar("T")


class ItemStream(Protocol):
    """What can be iterated over: `PageStream`, or something that stands behind one. It lives on `loop`."""

    @property
    def loop(self) -> EngineLoop:
        """The loop that `next` and `close` are coroutines for."""
        ...

    async def next(self) -> RunItem | None:
        """Return the next item, None behind the last one. Cancelling loses nothing."""
        ...

    async def close(self) -> None:
        """Cancel everything that is under way and wait until it has ended. Safe to call twice."""
        ...


_CLOSED = "The engine was closed while pages were being read."


def iterate(stream: ItemStream) -> Generator[RunItem]:
    """Yield the items of `stream`, blocking the calling thread while it waits.

    Works in any thread, also inside a running event loop (which it blocks).

    Raises:
        EngineError: the run cannot go on.
    """
    try:
        while (item := _result(stream.loop.submit(stream.next()))) is not None:
            yield item
    finally:
        with contextlib.suppress(EngineDead):
            closing = stream.loop.submit(stream.close())
            if not stream.loop.is_current:  # an abandoned iterator may be collected in the loop's own thread
                _result(closing)


async def aiterate(stream: ItemStream) -> AsyncGenerator[RunItem]:
    """Yield the items of `stream` without blocking the caller's event loop.

    Raises:
        EngineError: the run cannot go on.
    """
    try:
        while (item := await _aresult(stream.loop.submit(stream.next()))) is not None:
            yield item
    finally:
        with contextlib.suppress(EngineDead):
            await _aresult(stream.loop.submit(stream.close()))


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except CancelledError as error:
        raise engine_error("died", _CLOSED) from error


async def _aresult(future: Future[T]) -> T:
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # it is the caller who is cancelled
            raise
        raise engine_error("died", _CLOSED) from error
