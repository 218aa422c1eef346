"""Trying again: a page's tries one after the other, and an engine that turns out to be gone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders.errors import DsocrError, EngineError
from dsocr_loaders.pipeline.events import PageRetried
from dsocr_loaders.pipeline.retries import LostContact, may_try_again, retry_delay_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dsocr_loaders.engines.permits import Hold
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.values import PagePlace

__all__ = ["Attempts", "ReadFailed", "StoreFailed", "of_store"]

_log = logging.getLogger("dsocr_loaders.pipeline.page")

T = TypeVar("T")


class ReadFailed(Exception):
    """All tries are used up, or there is no point in another; the error is the page's.

    Attributes:
        error: why.
        attempt: number of the last try.
    """

    def __init__(self, error: Exception, attempt: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.attempt = attempt


class StoreFailed(Exception):
    """The store raised; its error is the cause."""


async def of_store(kept: Awaitable[T]) -> T:
    """Return what a store returns.

    Raises:
        StoreFailed: it raised.
    """
    try:
        return await kept
    except Exception as error:
        raise StoreFailed from error


class Attempts:
    """Tries the reads of one run, many side by side. For use on the engine's loop.

    Args:
        tell: takes the events of pages.

    Attributes:
        lost: why no other page is worth starting, or None: the engine cannot be reached, or refuses everybody.
    """

    def __init__(self, tell: Tell) -> None:
        self.lost: EngineError | None = None
        self._tell = tell
        self._contact = LostContact()
        self._is_lost = asyncio.Event()

    def engine_answered(self) -> None:
        """Note that the engine answered a read."""
        self._contact.page_answered()

    async def run(self, place: PagePlace, hold: Hold, once: Callable[[int], Awaitable[T]], *, first: int = 1) -> T:
        """Return what one of the tries returns.

        Args:
            place: which page.
            hold: the permit for the page's image; each try gives it back, and it is taken again for the next one.
            once: makes one try; it gets the try's number.
            first: number of the first try.

        Raises:
            ReadFailed: the page could not be read.
            EngineError: one that stops the whole run by itself; see also `lost`.
            StoreFailed: likewise.
        """
        attempt = first
        while True:
            try:
                return await once(attempt)
            except EngineError as error:
                if self.lost is None and may_try_again(error, attempt - first + 1):
                    delay_s = retry_delay_s(attempt - first + 1, error.retry_after_s)
                    _log.info("%s: %s; trying again in %.1f s", place, error, delay_s)
                    self._tell(PageRetried(place, attempt, error, delay_s))
                    failed = ReadFailed(error, attempt)
                elif error.stops_run and (error.cause == "died" or not self._contact.has_answered):
                    self._give_up(error)
                    raise
                else:
                    if error.stops_run or self._contact.page_failed(error):
                        self._give_up(error)  # other pages that are in flight may still bring an answer
                    raise ReadFailed(error, attempt) from error
            except StoreFailed:
                raise
            except DsocrError as error:
                raise ReadFailed(error, attempt) from error
            except Exception as error:
                _log.debug("%s", place, exc_info=True)  # an engine's own bug costs this page and no other
                raise ReadFailed(error, attempt) from error
            # The loop's timers are the heap of due times. The page holds neither a slot nor an image meanwhile.
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._is_lost.wait()
                    raise failed
            await hold.take(is_urgent=True)
            attempt += 1

    def _give_up(self, error: EngineError) -> None:
        """Let no page be tried again."""
        self.lost = self.lost or error
        self._is_lost.set()
