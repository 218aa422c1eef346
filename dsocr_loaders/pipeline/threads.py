"""A blocking call beside an event loop, in a thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_thread"]

T = TypeVar("T")


async def in_thread(call: Callable[[], T], name: str) -> T:
    """Return what `call` returns, run in a daemon thread of this name.

    Not `asyncio.to_thread`: its threads are waited for when the loop or the program ends, so a call that never comes
    back would keep both alive, and they are the caller's, who may have none free.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever awaits the result gets it
            future.set_exception(error)

    future.set_running_or_notify_cancel()
    threading.Thread(target=run, name=f"dsocr-{name}", daemon=True).start()
    return await asyncio.wrap_future(future)
