"""One page: look up, rasterise, prepare, read, parse, record; and what happens when a step fails."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from dsocr_loaders.answer_store import FinishedPage, NoStore
from dsocr_loaders.engines.permits import Hold
from dsocr_loaders.engines.protocol import HearsAnswers
from dsocr_loaders.errors import DsocrError, EngineError
from dsocr_loaders.health import examine, status_of
from dsocr_loaders.pipeline.desk import EngineDesk
from dsocr_loaders.pipeline.events import PageFinished, PageRetried, PageStarted, tell_nobody
from dsocr_loaders.pipeline.parsing import AnswerParser
from dsocr_loaders.pipeline.results import failed_result, page_result
from dsocr_loaders.pipeline.retries import LostContact, may_try_again, retry_delay_s
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.values import LayoutAnswer, PageError, PageStatus, TextSource

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dsocr_loaders.answer_store import AnswerStore, KnownPage
    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Answer, HealthFinding, PageImage, PagePlace, PageResult, ParsedAnswer, RawAnswer

__all__ = ["PageReading"]

_HEADROOM = 1.1  # images held per slot of the engine: one tenth is on its way while the rest are being read

_QUICKLY_EXAMINED = 4096  # characters; 1 to 2 ms

_log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A page's result, what a store is to keep of it, and whether the store knew the answer."""

    result: PageResult
    finished: FinishedPage | None = None
    is_known: bool = False


@dataclass(slots=True)
class _Seen:
    """What was learnt of a page on its way, however it ends."""

    route: str = ""


class _StoreFailed(Exception):
    """The store raised; its error is the cause."""


class PageReading:
    """Reads the pages of one run, many side by side. For use on the engine's loop.

    Args:
        engine: what reads.
        settings: what the user chose.
        pool: the page workers.
        fallback: reads pages that failed (`on_page_error="text_layer"`), or None.
        store: where answers are kept; nowhere if None.
        tell: takes the events of pages.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        pool: PagePool,
        *,
        fallback: Engine | None = None,
        store: AnswerStore | None = None,
        tell: Tell = tell_nobody,
    ) -> None:
        self._engine = engine
        self._most_images = settings.max_in_flight
        self._desk = EngineDesk(engine, settings, pool, self, tell)
        self._fallback = EngineDesk(fallback, settings, pool, self, tell) if fallback else None
        self._images = engine.loop.images.share(lambda: self.most_images)
        self._store = store or NoStore()
        self._tell = tell
        self._contact = LostContact()
        self._lost: EngineError | None = None
        self._is_lost = asyncio.Event()
        self._parser = AnswerParser(settings.task)
        self._task = settings.task

    @property
    def most_images(self) -> int:
        """How many page images this run may hold now; it follows the engine's capacity."""
        return self._most_images or ceil(_HEADROOM * self._engine.capacity)

    @property
    def lost(self) -> EngineError | None:
        """Why no other page is worth starting, or None: the engine cannot be reached, or refuses everybody."""
        return self._lost

    def close(self) -> None:
        """Leave the engine's permits to other runs. Safe to call twice; nothing may be read afterwards."""
        self._images.leave()
        self._desk.close()
        if self._fallback is not None:
            self._fallback.close()

    async def known(self, place: PagePlace) -> KnownPage | None:
        """Return what the store knows of a page, which is then for `recall` instead of `read`."""
        return await self._store.find_page(place)

    async def recall(self, place: PagePlace, known: KnownPage) -> PageResult:
        """Return the result of a page that the store knows."""
        self._tell(PageStarted(place))
        if known.answer is None:
            result = self._blank(place, known.page)
        else:
            result, _ = await self._result(place, known.page, known.answer, self._engine, attempts=0)
        self._tell(PageFinished(place, result, is_known=True))
        return result

    async def image(self) -> Hold:
        """Return the permit for one page image, once it is to be had. `read` gives it back."""
        hold = Hold(self._images)
        await hold.take()
        return hold

    async def read(self, place: PagePlace, hold: Hold) -> PageResult:
        """Return the page's result; a failed one is a value.

        Args:
            place: which page.
            hold: from `image`. It is given back when the answer is parsed, and while the page waits for another try.

        Raises:
            EngineError: one that stops the whole run by itself; see also `lost`.
            Exception: what the store raised, which stops it too.
        """
        self._tell(PageStarted(place))
        seen = _Seen()
        try:
            outcome = await self._read(place, hold, seen)
            if outcome.finished is not None:
                await self._of_store(self._store.record(outcome.finished))
        except _StoreFailed as failure:
            raise failure.__cause__ or failure from None
        result = replace(outcome.result, route=seen.route)
        if result.status is PageStatus.FAILED and self._fallback is not None:
            result = await self._read_by_fallback(place, result, self._fallback, hold)
        self._tell(PageFinished(place, result, outcome.is_known))
        return result

    async def _read(self, place: PagePlace, hold: Hold, seen: _Seen) -> _Outcome:
        attempt = 1
        while True:
            try:
                return await self._attempt(place, attempt, hold, seen)
            except EngineError as error:
                if self._lost is None and may_try_again(error, attempt):
                    delay_s = retry_delay_s(attempt, error.retry_after_s)
                    _log.info("%s: %s; trying again in %.1f s", place, error, delay_s)
                    self._tell(PageRetried(place, attempt, error, delay_s))
                    failed = self._failed(place, error, attempt)
                elif error.stops_run and (error.cause == "died" or not self._contact.has_answered):
                    self._give_up(error)
                    raise
                else:
                    if error.stops_run or self._contact.page_failed(error):
                        self._give_up(error)  # other pages that are in flight may still bring an answer
                    return self._failed(place, error, attempt)
            except _StoreFailed:
                raise
            except DsocrError as error:
                return self._failed(place, error, attempt)
            except Exception as error:  # noqa: BLE001 - an engine's own bug costs this page and no other
                _log.debug("%s", place, exc_info=True)
                return self._failed(place, error, attempt)
            # The loop's timers are the heap of due times. The page holds neither a slot nor an image meanwhile.
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._is_lost.wait()
                    return failed
            await hold.take(is_urgent=True)
            attempt += 1

    def _give_up(self, error: EngineError) -> None:
        """Let no page be tried again."""
        self._lost = self._lost or error
        self._is_lost.set()

    async def _attempt(self, place: PagePlace, attempt: int, hold: Hold, seen: _Seen) -> _Outcome:
        """Return the outcome of one try. Gives the image back however it ends."""
        try:
            page, prepared = await self._desk.render(place, attempt)
            if prepared is None:
                return _Outcome(self._blank(place, page), FinishedPage(place, page, PageStatus.BLANK))
            seen.route = prepared.route
            request = self._desk.request(page, attempt)
            stored = await self._of_store(self._store.lookup(prepared, request))
            answer = stored or await self._desk.ask(place, prepared, request)
            prepared = replace(prepared, payload=None)  # the image has done its service
            if stored is None:
                self._contact.page_answered()
            attempts = attempt if stored is None else attempt - 1
            result, parsed = await self._result(place, page, answer, self._engine, attempts=attempts)
            if stored is None and parsed is not None and isinstance(self._engine, HearsAnswers):
                self._engine.hear(parsed)
        finally:
            hold.give_back()
        if result.status is PageStatus.FAILED or isinstance(answer, LayoutAnswer):
            return _Outcome(result)
        finished = FinishedPage(place, page, result.status, prepared, request, answer, parsed, result.health)
        return _Outcome(result, finished, is_known=stored is not None)

    async def _of_store(self, kept: Awaitable[T]) -> T:
        try:
            return await kept
        except Exception as error:
            raise _StoreFailed from error

    async def _result(
        self,
        place: PagePlace,
        page: PageImage,
        answer: Answer,
        engine: Engine,
        *,
        attempts: int,
        repairs: tuple[str, ...] = (),
    ) -> tuple[PageResult, ParsedAnswer | None]:
        parsed, error = None, None
        health: tuple[HealthFinding, ...] = ()
        if isinstance(answer, LayoutAnswer):
            regions, status = answer.regions, PageStatus.OK
        else:
            parsed = await self._parser.parse(answer)
            regions = parsed.regions
            health = await self._examine(answer, parsed, page)
            status, error = status_of(health, answer)
        if repairs and status is PageStatus.OK:
            status = PageStatus.REPAIRED
        if error is not None:
            error = PageError(error.kind, error.cause, f"{place}: {error.message}")
        result = page_result(
            place,
            status,
            page=page,
            attempts=attempts,
            regions=regions,
            answer=answer,
            error=error,
            repairs=repairs,
            health=health,
            text_source=TextSource.TEXT_LAYER if isinstance(answer, LayoutAnswer) else engine.text_source,
        )
        return result, parsed

    async def _examine(self, answer: RawAnswer, parsed: ParsedAnswer, page: PageImage) -> tuple[HealthFinding, ...]:
        """Return what is wrong with an answer, beside the loop where that takes longer than a turn of it may."""
        look = partial(examine, answer, parsed, page, self._desk.decoding, task=self._task)
        return look() if len(answer.text) <= _QUICKLY_EXAMINED else await in_thread(look, "examine")

    async def _read_by_fallback(
        self, place: PagePlace, failed: PageResult, fallback: EngineDesk, hold: Hold
    ) -> PageResult:
        """Return what the fallback reads, or `failed` if that is nothing either."""
        attempts = failed.attempts
        await hold.take(is_urgent=True)
        try:
            page, prepared = await fallback.render(place, attempts)
            if prepared is None:
                return failed
            answer = await fallback.ask(place, prepared, fallback.request(page, attempts))
            repairs = ("text_layer",)
            result, _ = await self._result(place, page, answer, fallback.engine, attempts=attempts, repairs=repairs)
        except Exception as error:  # noqa: BLE001 - as for the engine's own bugs
            _log.info("%s: the text layer does not help: %s", place, error)
            return failed
        finally:
            hold.give_back()
        if result.status is PageStatus.FAILED:
            return failed
        _log.warning("%s; read from the text layer instead", failed.error.message if failed.error else place)
        return result

    def _blank(self, place: PagePlace, page: PageImage) -> PageResult:
        return page_result(place, PageStatus.BLANK, page=page, attempts=0, text_source=self._engine.text_source)

    def _failed(self, place: PagePlace, error: Exception, attempts: int) -> _Outcome:
        return _Outcome(failed_result(place, error, attempts=attempts, text_source=self._engine.text_source))
