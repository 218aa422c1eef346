"""The second look at a page's figures (`read_figures`): each is asked about alone, side by side."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.permits import Hold
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.figures import MOST_FIGURES, figure_question, figure_reading, figures_worth_reading
from dsocr_loaders.pipeline.attempts import ReadFailed, of_store
from dsocr_loaders.pipeline.events import FigureRead
from dsocr_loaders.repair import trim_of
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import RawAnswer, Task, TextSource

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from dsocr_loaders.answer_store import AnswerStore
    from dsocr_loaders.engines.permits import Share
    from dsocr_loaders.pipeline.answering import Answering
    from dsocr_loaders.pipeline.attempts import Attempts
    from dsocr_loaders.pipeline.desk import EngineDesk
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.repair import Question, Reading
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import FigureReading, PageImage, PagePlace, PageResult, Region

__all__ = ["FigureReader", "figure_prompt"]

_log = logging.getLogger(__name__)

_TASKS: Final = frozenset({Task.DOCUMENT, Task.OCR})
"""Tasks that tell where figures are; the others are about the picture as a whole."""

_NOTHING: Final = "the model read nothing in it"


@dataclass(frozen=True, slots=True)
class _Look:
    """What came of the second look at one figure.

    Attributes:
        region: the figure.
        reads: how often the engine was asked.
        reading: what was read, or None.
        problem: why nothing was, else `""`.
    """

    region: Region
    reads: int
    reading: FigureReading | None = None
    problem: str = ""


def figure_prompt(settings: Settings) -> str | None:
    """Return what a figure is asked; None if figures are not to be read.

    Raises:
        SettingsError: they are, and the model was not trained for it.
    """
    if not settings.read_figures or settings.task not in _TASKS:
        return None
    try:
        return prompt_for(settings.model, Task.FIGURE)
    except SettingsError as error:
        raise SettingsError(f"read_figures=True: {error}") from error


class FigureReader:
    """Reads the figures of one run's pages. For use on the engine's loop.

    Every read is one like a page's own: with a permit for its image and a slot of the engine, tried again, looked up
    and kept in the store by the crop's pixels and the prompt.

    Args:
        settings: what the user chose.
        desk: of the engine that read the pages.
        answering: has questions answered by it.
        attempts: tries again.
        store: keeps the answers.
        images: the run's permits for images.
        tell: takes the events of figures.
        prompt: what a figure is asked, from `figure_prompt`; None to read none.
    """

    def __init__(
        self,
        settings: Settings,
        desk: EngineDesk,
        answering: Answering,
        attempts: Attempts,
        store: AnswerStore,
        images: Share,
        tell: Tell,
        prompt: str | None,
    ) -> None:
        self._settings = settings
        self._answering = answering
        self._attempts = attempts
        self._store = store
        self._images = images
        self._tell = tell
        self._asked: Question | None = None
        if prompt is None:
            return
        if desk.can_ask_again:
            self._asked = replace(desk.question, task=Task.FIGURE, prompt=prompt)
        else:
            _log.warning("read_figures has no effect: %s reads no pixels", desk.engine.fingerprint)

    async def with_readings(self, result: PageResult, place: PagePlace, page: PageImage, turn: int = 0) -> PageResult:
        """Return a page's result with what its figures show; one that cannot be read is named in its notes.

        Pages of a text layer stay as they are: what a model says never mixes with it.

        Args:
            result: of the page as it was read, and repaired.
            place: which page.
            page: as shown, without its pixels.
            turn: degrees clockwise that it was turned by to be read; its figures are as well.

        Raises:
            EngineError, StoreFailed: they end the run, see `Attempts.run`.
        """
        if self._asked is None or result.text_source is not TextSource.OCR:
            return result
        figures, too_many = figures_worth_reading(result.regions, page)
        if not figures:
            return result
        questions = [figure_question(self._asked, region, page, self._settings, turn) for region in figures]
        looks = await _all_of(
            self._look(place, page, region, question, result.attempts + 1)
            for region, question in zip(figures, questions, strict=True)
        )
        readings = {look.region.order: look.reading for look in looks}
        notes = [
            f"The figure in region {look.region.order} was not read: {look.problem}" for look in looks if look.problem
        ]
        if too_many:
            notes.append(f"{too_many} more figures were not read: of one page the {MOST_FIGURES} largest are.")
        for note in notes:
            _log.info("%s: %s", place, note)
        return replace(
            result,
            regions=tuple(replace(region, reading=readings.get(region.order)) for region in result.regions),
            attempts=result.attempts + sum(look.reads for look in looks),
            notes=(*result.notes, *notes),
        )

    async def _look(self, place: PagePlace, page: PageImage, region: Region, question: Question, first: int) -> _Look:
        look = await self._asked_about(place, page, region, question, first)
        self._tell(FigureRead(place, region.order, look.reading is not None, look.reads, look.problem))
        return look

    async def _asked_about(
        self, place: PagePlace, page: PageImage, region: Region, question: Question, first: int
    ) -> _Look:
        if self._attempts.lost is not None:
            return _Look(region, 0, problem=f"not asked, since the engine is gone: {self._attempts.lost}")
        hold = Hold(self._images)
        ask = partial(self._answering.answer, place, question, hold=hold, is_extra=True)
        await hold.take(is_urgent=True)
        try:
            answered = await self._attempts.run(place, hold, ask, first=first)
        except ReadFailed as failure:
            return _Look(region, failure.attempt - first + 1, problem=str(failure.error))
        finally:
            hold.give_back()
        reads = answered.attempt - first + (0 if answered.is_known else 1)
        if answered.reading is None:
            return _Look(region, 0, problem=_NOTHING)
        if not answered.is_known:
            self._attempts.engine_answered()
            await of_store(self._store.record_answer(answered.finished(place)))
        reading = await self._read(page, question, answered.reading)
        return _Look(region, reads, reading, "" if reading else _NOTHING)

    async def _read(self, page: PageImage, question: Question, reading: Reading) -> FigureReading | None:
        """Return what an answer says, without its loops."""
        answer = reading.answer
        if not isinstance(answer, RawAnswer):
            return None
        trim = trim_of(answer, reading.findings)
        if trim is not None:
            shorter = await self._answering.read(page, question, trim.answer)
            reading = replace(reading, regions=trim.regions(shorter.regions))
        return figure_reading(answer, reading)


async def _all_of(looks: Iterable[Coroutine[Any, Any, _Look]]) -> list[_Look]:
    """Return what all of them return, in order. If one raises, the others are cancelled, and have ended."""
    tasks = [asyncio.create_task(look) for look in looks]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
