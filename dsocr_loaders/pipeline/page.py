"""One page: looked up or read, repaired if its answer is damaged, its figures looked at, recorded; and what fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from dsocr_loaders.answer_store import NoStore
from dsocr_loaders.engines.advice import HOW_TO_GET_OCR
from dsocr_loaders.engines.permits import Hold
from dsocr_loaders.engines.protocol import HearsAnswers
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.pipeline.answering import Answering
from dsocr_loaders.pipeline.attempts import Attempts, ReadFailed, StoreFailed, of_store
from dsocr_loaders.pipeline.desk import EngineDesk
from dsocr_loaders.pipeline.events import PageFinished, PageStarted, tell_nobody
from dsocr_loaders.pipeline.figures import FigureReader, figure_prompt
from dsocr_loaders.pipeline.parsing import AnswerParser
from dsocr_loaders.pipeline.repairing import Repairer
from dsocr_loaders.pipeline.results import failed_result, page_result, read_result
from dsocr_loaders.values import PageStatus, RawAnswer, RepairStep, Task, TextSource

if TYPE_CHECKING:
    from dsocr_loaders.answer_store import AnswerStore, KnownPage
    from dsocr_loaders.engines.protocol import Engine, Prepared
    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.pages import PagePool
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.repair import Reading
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PageImage, PagePlace, PageResult

__all__ = ["PageReading"]

_HEADROOM = 1.1  # images held per slot of the engine: one tenth is on its way while the rest are being read

_OF_PICTURES = frozenset({Task.FIGURE, Task.DESCRIBE, Task.LOCATE})

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Seen:
    """What was learnt of a page on its way, however it ends."""

    route: str = ""

    def prepared(self, prepared: Prepared) -> None:
        self.route = prepared.route


class PageReading:
    """Reads the pages of one run, many side by side. For use on the engine's loop.

    Args:
        engine: what reads.
        settings: what the user chose.
        pool: the page workers.
        fallback: reads pages that failed (`on_page_error="text_layer"`), or None.
        store: where answers are kept; nowhere if None.
        tell: takes the events of pages.

    Raises:
        MissingDependency: what the user named for repairs is not installed.
        SettingsError: the model does not know the task, or `read_figures` does not fit it.
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
        if engine.text_source is TextSource.TEXT_LAYER and settings.task in _OF_PICTURES:
            raise SettingsError(
                f"task={settings.task.value!r} asks what is seen, and {engine.fingerprint} reads text layers alone. "
                f"{HOW_TO_GET_OCR}"
            )
        prompt = figure_prompt(settings)
        self._engine = engine
        self._most_images = settings.max_in_flight
        self._store = store or NoStore()
        self._tell = tell
        self._attempts = Attempts(tell)
        parser = AnswerParser(settings.task)
        self._desk = EngineDesk(engine, settings, pool, self, tell)
        self._answering = Answering(self._desk, self._store, parser)
        self._repairer = Repairer(settings, self._desk, self._answering, self._attempts, self._store, tell)
        self._images = engine.loop.images.share(lambda: self.most_images)
        self._figures = FigureReader(
            settings, self._desk, self._answering, self._attempts, self._store, self._images, tell, prompt
        )
        self._fallback = EngineDesk(fallback, settings, pool, self, tell) if fallback else None
        self._by_fallback = Answering(self._fallback, NoStore(), parser) if self._fallback else None

    @property
    def most_images(self) -> int:
        """How many page images this run may hold now; it follows the engine's capacity."""
        return self._most_images or ceil(_HEADROOM * self._engine.capacity)

    @property
    def lost(self) -> EngineError | None:
        """Why no other page is worth starting, or None: the engine cannot be reached, or refuses everybody."""
        return self._attempts.lost

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
        """Return the result of a page that the store knows.

        If its answer is damaged, the page is rendered for its repair, and the engine is asked for what the store does
        not know of that.

        Raises:
            EngineError, Exception: as `read`.
        """
        self._tell(PageStarted(place))
        if known.answer is None:
            result = self._blank(place, known.page)
        else:
            reading = await self._answering.read(known.page, self._desk.question, known.answer)
            try:
                result = await self._repaired(place, reading, 1, Hold(self._images), attempts=0)
            except StoreFailed as failure:
                raise failure.__cause__ or failure from None
        self._tell(PageFinished(place, result, is_known=result.attempts == 0))
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
            result, is_known = await self._read(place, hold, seen)
        except StoreFailed as failure:
            raise failure.__cause__ or failure from None
        result = replace(result, route=seen.route)
        if result.status is PageStatus.FAILED and self._by_fallback is not None:
            result = await self._read_by_fallback(place, result, self._by_fallback, hold)
        self._tell(PageFinished(place, result, is_known))
        return result

    async def _read(self, place: PagePlace, hold: Hold, seen: _Seen) -> tuple[PageResult, bool]:
        """Return the page's result, and whether the store knew all that it was made of."""
        ask = partial(self._answering.answer, place, self._desk.question, hold=hold, see=seen.prepared)
        try:
            answered = await self._attempts.run(place, hold, ask)
        except ReadFailed as failure:
            failed = failed_result(place, failure.error, attempts=failure.attempt, text_source=self._engine.text_source)
            return failed, False
        if answered.reading is None:
            await of_store(self._store.record(answered.finished(place)))
            return self._blank(place, answered.page), False
        attempts = answered.attempt - (1 if answered.is_known else 0)
        if not answered.is_known:
            self._attempts.engine_answered()
            if answered.reading.parsed is not None and isinstance(self._engine, HearsAnswers):
                self._engine.hear(answered.reading.parsed)
        is_kept = isinstance(answered.reading.answer, RawAnswer)
        is_read = answered.reading.outcome[0] is not PageStatus.FAILED
        if is_kept and is_read:  # before it is repaired: what was paid for stays even if the process dies meanwhile
            await of_store(self._store.record(answered.finished(place)))
        result = await self._repaired(place, answered.reading, answered.attempt, hold, attempts=attempts)
        if is_kept and not is_read and result.status is not PageStatus.FAILED:
            await of_store(self._store.record(answered.finished(place)))
        return result, answered.is_known and result.attempts == attempts

    async def _repaired(
        self, place: PagePlace, reading: Reading, attempt: int, hold: Hold, *, attempts: int
    ) -> PageResult:
        repaired = await self._repairer.repair(place, reading, attempt, hold)
        result = read_result(place, repaired.reading, attempts=attempts + repaired.reads, repair_steps=repaired.steps)
        return await self._figures.with_readings(result, place, repaired.reading.page, repaired.reading.turn)

    async def _read_by_fallback(
        self, place: PagePlace, failed: PageResult, fallback: Answering, hold: Hold
    ) -> PageResult:
        """Return what the fallback reads, or `failed` if that is nothing either."""
        attempts = failed.attempts
        await hold.take(is_urgent=True)
        try:
            answered = await fallback.answer(place, self._desk.question, attempts, hold)
        except Exception as error:  # noqa: BLE001 - as for the engine's own bugs
            _log.info("%s: the text layer does not help: %s", place, error)
            return failed
        if answered.reading is None:
            return failed
        step = RepairStep("text_layer", 0, helped=True, detail="the page failed; read from its own text layer instead")
        steps = (*failed.repair_steps, step)
        result = read_result(place, answered.reading, attempts=attempts, repair_steps=steps)
        if result.status is PageStatus.FAILED:
            return failed
        _log.warning("%s; read from the text layer instead", failed.error.message if failed.error else place)
        return result

    def _blank(self, place: PagePlace, page: PageImage) -> PageResult:
        return page_result(place, PageStatus.BLANK, page=page, attempts=0, text_source=self._engine.text_source)
