"""One page: rasterise, prepare, read, parse; and what happens when a step fails."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import DsocrError, EngineError, engine_error, placed
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.pages import OpenOptions, RenderedPage, RenderJob
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import (
    Decoding,
    LayoutAnswer,
    PageError,
    PageImage,
    PageResult,
    PageStatus,
    ReadRequest,
    TextSource,
)

if TYPE_CHECKING:
    from dsocr_loaders.engines.protocol import Engine
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Answer, Region, Source, SourceInfo

__all__ = ["MOST_ATTEMPTS", "MOST_UNREACHED", "PagePlace", "PageReading", "retry_delay_s"]

MOST_ATTEMPTS = 3
MOST_UNREACHED = 3
"""After this many pages in a row that could not reach the engine in any of their tries, it counts as gone."""

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Which page of which source."""

    source: Source
    info: SourceInfo
    page_number: int

    @property
    def label(self) -> str:
        """The page's own label, else its number."""
        return self.info.labels[self.page_number - 1]

    def __str__(self) -> str:
        return f"{self.source.name}, page {self.page_number}"


@dataclass(frozen=True, slots=True)
class _Read:
    """A page that got an answer."""

    page: PageImage
    answer: Answer
    text_source: TextSource


class PageReading:
    """Reads pages one at a time for a stream that runs many of them side by side.

    Args:
        engine: what reads.
        settings: what the user chose.
        pool: the page workers.
        images: permits for page images. One is held by the caller when `read` is called; `read` gives it back when
            the answer is parsed, and while it waits for a second try.
        fallback: reads pages that failed (`on_page_error="text_layer"`), or None.
    """

    def __init__(
        self, engine: Engine, settings: Settings, pool: PagePool, images: asyncio.Semaphore, fallback: Engine | None
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._pool = pool
        self._images = images
        self._fallback = fallback
        self._unreached = 0  # pages in a row that could not reach the engine, all their tries used up
        self._prompt = prompt_for(settings.model, settings.task, settings.prompt)
        self._decoding = Decoding(max_new_tokens=settings.max_new_tokens)
        password = settings.password.get_secret_value() if settings.password else None
        self.options = OpenOptions(
            dpi=settings.dpi, pdf_backend=settings.pdf_backend, password=password, limits=settings.limits
        )

    async def read(self, place: PagePlace) -> PageResult:
        """Return the page's result; a failed one is a value.

        Raises:
            EngineError: it stops the whole run.
        """
        result = await self._read(place)
        if result.status is PageStatus.FAILED and self._fallback is not None:
            return await self._read_by_fallback(place, result, self._fallback)
        return result

    async def _read(self, place: PagePlace) -> PageResult:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                return await self._attempt(place, attempt)
            except EngineError as error:
                if error.retryable and attempt < MOST_ATTEMPTS:
                    delay_s = retry_delay_s(attempt, error.retry_after_s)
                    _log.info("%s: %s; trying again in %.1f s", place, error, delay_s)
                elif error.stops_run or self._is_gone(error):
                    raise
                else:
                    return self._failed(place, error, attempt)
            except DsocrError as error:
                return self._failed(place, error, attempt)
            except Exception as error:  # noqa: BLE001 - an engine's own bug costs this page and no other
                _log.debug("%s", place, exc_info=True)
                return self._failed(place, error, attempt)
            await asyncio.sleep(delay_s)
            await self._images.acquire()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _is_gone(self, error: EngineError) -> bool:
        """Tell whether so many pages in a row could not reach the engine that no other would."""
        self._unreached = self._unreached + 1 if error.cause == "connect" else 0
        return self._unreached >= MOST_UNREACHED

    async def _attempt(self, place: PagePlace, attempt: int) -> PageResult:
        """Return the result of one try. Holds an image permit on entry and gives it back however it ends."""
        try:
            rendered = await self._rendered(place, self._engine, attempt)
            page = rendered.page
            if rendered.prepared is None:
                return self._result(place, PageStatus.BLANK, page=page, attempts=0)
            answer = await self._answer(rendered, self._engine, attempt)
            self._unreached = 0
            return self._read_result(place, _Read(page, answer, self._engine.text_source), attempts=attempt)
        finally:
            self._images.release()

    async def _rendered(self, place: PagePlace, engine: Engine, attempt: int) -> RenderedPage:
        job = RenderJob(
            source=place.source,
            page_number=place.page_number,
            options=self.options,
            needs_image=engine.needs_image,
            prepare=engine.prepare,
            task=self._settings.task,
            prompt=self._prompt,
            resolution=self._settings.resolution,
            decoding=self._decoding,
            attempt=attempt,
            label=place.label,
        )
        return await self._pool.run(job)

    async def _answer(self, rendered: RenderedPage, engine: Engine, attempt: int) -> Answer:
        prepared = rendered.prepared
        if not isinstance(prepared, Prepared):
            raise engine_error("not_understood", f"prepare of {engine.fingerprint} returned no Prepared: {prepared!r}")
        request = ReadRequest(
            page=rendered.page,
            task=self._settings.task,
            prompt=self._prompt,
            resolution=self._settings.resolution,
            decoding=self._decoding,
            attempt=attempt,
        )
        try:
            async with engine.loop.slots(engine.capacity), asyncio.timeout(self._settings.timeout_s):
                return await engine.read(prepared, request)
        except TimeoutError as error:
            page = rendered.page
            raise engine_error(
                "timeout",
                f"{page.source.name}, page {page.page_number}: no answer within {self._settings.timeout_s:g} s; "
                "raise timeout_s if the engine is slow",
            ) from error

    def _read_result(
        self, place: PagePlace, read: _Read, *, attempts: int, repairs: tuple[str, ...] = ()
    ) -> PageResult:
        if isinstance(read.answer, LayoutAnswer):
            regions, status, error = read.answer.regions, PageStatus.OK, None
        else:
            parsed = parse_answer(read.answer.text, task=self._settings.task, finish_reason=read.answer.finish_reason)
            regions = parsed.regions
            status, error = examine(read.answer, parsed, self._decoding)
        if repairs and status is PageStatus.OK:
            status = PageStatus.REPAIRED
        if error is not None:
            error = PageError(error.kind, error.cause, f"{place}: {error.message}")
        return self._result(
            place,
            status,
            page=read.page,
            attempts=attempts,
            regions=regions,
            answer=read.answer,
            error=error,
            repairs=repairs,
            text_source=read.text_source,
        )

    async def _read_by_fallback(self, place: PagePlace, failed: PageResult, fallback: Engine) -> PageResult:
        """Return what the fallback reads, or `failed` if that is nothing either."""
        await self._images.acquire()
        try:
            rendered = await self._rendered(place, fallback, failed.attempts)
            answer = await self._answer(rendered, fallback, failed.attempts)
            read = _Read(rendered.page, answer, fallback.text_source)
            result = self._read_result(place, read, attempts=failed.attempts, repairs=("text_layer",))
        except Exception as error:  # noqa: BLE001 - as for the engine's own bugs
            _log.info("%s: the text layer does not help: %s", place, error)
            return failed
        finally:
            self._images.release()
        if result.status is PageStatus.FAILED:
            return failed
        _log.warning("%s; read from the text layer instead", failed.error.message if failed.error else place)
        return result

    def _failed(self, place: PagePlace, error: Exception, attempts: int) -> PageResult:
        cause = error.cause if isinstance(error, EngineError) else ""
        message = placed(str(error) or type(error).__name__, place.source.name, place.page_number)
        return self._result(
            place, PageStatus.FAILED, attempts=attempts, error=PageError(type(error).__name__, cause, message)
        )

    def _result(  # noqa: PLR0913 - one argument for each field of the result that varies
        self,
        place: PagePlace,
        status: PageStatus,
        *,
        attempts: int,
        page: PageImage | None = None,
        regions: tuple[Region, ...] = (),
        answer: Answer | None = None,
        error: PageError | None = None,
        repairs: tuple[str, ...] = (),
        text_source: TextSource | None = None,
    ) -> PageResult:
        return PageResult(
            source=place.source,
            page_number=place.page_number,
            status=status,
            regions=regions,
            answer=answer,
            attempts=attempts,
            repairs=repairs,
            error=error,
            width=page.width if page else 0.0,
            height=page.height if page else 0.0,
            unit=page.unit if page else "pt",
            label=place.label,
            text_source=text_source or self._engine.text_source,
            total_pages=place.info.total_pages,
            notes=page.notes if page else (),
        )


def retry_delay_s(attempt: int, retry_after_s: float | None) -> float:
    """Return how long to wait after try number `attempt`, never more than half a minute.

    That is what the server asked for, else doubling from half a second, with jitter that takes up to half off.
    """
    if retry_after_s is not None:
        return min(_LONGEST_DELAY_S, max(0.0, retry_after_s))
    spread = random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries out, guards nothing
    return min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** (attempt - 1)) * spread
