"""One question about one page: render it, look the answer up or ask for it, take it apart, and examine it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from dsocr_loaders.answer_store import FinishedPage
from dsocr_loaders.health import examine
from dsocr_loaders.pipeline.attempts import of_store
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.repair import Reading
from dsocr_loaders.values import LayoutAnswer, PageStatus, RawAnswer, TextSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.answer_store import AnswerStore
    from dsocr_loaders.engines.permits import Hold
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.pipeline.desk import EngineDesk
    from dsocr_loaders.pipeline.parsing import AnswerParser
    from dsocr_loaders.repair import Question
    from dsocr_loaders.values import (
        Answer,
        HealthFinding,
        PageImage,
        PagePlace,
        ParsedAnswer,
        ReadRequest,
    )

__all__ = ["Answered", "Answering"]

_QUICKLY_EXAMINED: Final = 4096  # characters; 1 to 2 ms


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one question.

    Attributes:
        page: as shown, without its pixels.
        attempt: number of the try that answered.
        prepared: what the engine got, without its payload; None for a page that is blank.
        request: what it was asked, or would have been; None for a page that is blank.
        reading: the answer; None for a page that is blank, and where it was not to be asked for.
        is_known: the store knew the answer.
    """

    page: PageImage
    attempt: int
    prepared: Prepared | None = None
    request: ReadRequest | None = None
    reading: Reading | None = None
    is_known: bool = False

    def finished(self, place: PagePlace) -> FinishedPage:
        """Return what a store is to keep of it."""
        reading = self.reading
        if reading is None or not isinstance(reading.answer, RawAnswer):
            return FinishedPage(place, self.page, PageStatus.BLANK)
        status, _ = reading.outcome
        return FinishedPage(
            place, self.page, status, self.prepared, self.request, reading.answer, reading.parsed, reading.findings
        )


class Answering:
    """Answers questions with one engine.

    Args:
        desk: renders for the engine and asks it.
        store: where answers are looked up.
        parser: takes them apart.
    """

    def __init__(self, desk: EngineDesk, store: AnswerStore, parser: AnswerParser) -> None:
        self._desk = desk
        self._store = store
        self._parser = parser

    async def answer(
        self,
        place: PagePlace,
        question: Question,
        attempt: int,
        hold: Hold,
        *,
        is_extra: bool = False,
        see: Callable[[Prepared], None] = lambda _: None,
        may_ask: Callable[[], bool] = lambda: True,
    ) -> Answered:
        """Return the answer to one question, tried once.

        Args:
            place: which page.
            question: what is asked about it.
            attempt: number of the try.
            hold: the permit for the page's image; it is given back however this ends, at the latest when the answer
                is taken apart.
            is_extra: whether it is a second question, for the page's repair, which goes to the engine that sees.
            see: gets what was prepared, before it is asked about.
            may_ask: whether the engine may be asked where the store knows no answer.

        Raises:
            DsocrError: as rendering and the engine raise it.
            StoreFailed: the store raised.
        """
        try:
            page, prepared = await self._desk.render(place, attempt, question, is_extra=is_extra)
            if prepared is None:
                return Answered(page, attempt)
            see(prepared)
            request = question.request(page, attempt)
            answer: Answer | None = await of_store(self._store.lookup(prepared, request))
            is_known = answer is not None
            if answer is None and may_ask():
                answer = await self._desk.ask(place, prepared, request)
            prepared = replace(prepared, payload=None)  # the image has done its service
            if answer is None:
                return Answered(page, attempt, prepared, request)
            reading = await self.read(page, question, answer)
        finally:
            hold.give_back()
        return Answered(page, attempt, prepared, request, reading, is_known)

    async def read(self, page: PageImage, question: Question, answer: Answer) -> Reading:
        """Return an answer to a question about a page, taken apart and examined, with boxes on the page as shown."""
        if isinstance(answer, LayoutAnswer):
            return Reading(page, answer, answer.regions, (), TextSource.TEXT_LAYER)
        parsed = await self._parser.parse(answer, question.task)
        findings = await self._examine(answer, parsed, question.framing.page(page), question)
        regions = question.framing.on_page(parsed.regions)
        text_source, turn = self._desk.engine.text_source, question.framing.turn
        return Reading(page, answer, regions, findings, text_source, parsed, turn)

    async def _examine(
        self, answer: RawAnswer, parsed: ParsedAnswer, page: PageImage, question: Question
    ) -> tuple[HealthFinding, ...]:
        """Return what is wrong with an answer, beside the loop where that takes longer than a turn of it may."""
        look = partial(examine, answer, parsed, page, question.decoding, task=question.task)
        return look() if len(answer.text) <= _QUICKLY_EXAMINED else await in_thread(look, "examine")
