"""Climbing the ladder of repairs: extra reads of a page whose answer is damaged, and which reading of it stays.

`dsocr_loaders.repair` says what is asked and which answer is better; here it is asked, with the run's permits, tries,
time limits and store. A page that is repaired holds an image and a slot for each extra read and neither in between.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from dsocr_loaders.answer_store import NoStore
from dsocr_loaders.engines.advice import HOW_TO_GET_OCR
from dsocr_loaders.errors import DsocrError, EngineError, MissingDependency
from dsocr_loaders.pipeline.attempts import ReadFailed, StoreFailed, of_store
from dsocr_loaders.pipeline.events import PageRepairTried
from dsocr_loaders.pipeline.threads import in_thread
from dsocr_loaders.repair import (
    RepairBudget,
    as_truncated,
    is_better,
    joined,
    ladder_of,
    mends,
    plans_for,
    trim_of,
)
from dsocr_loaders.values import AnswerFault, PageStatus, RawAnswer, RepairStep

if TYPE_CHECKING:
    from dsocr_loaders.answer_store import AnswerStore, FinishedPage
    from dsocr_loaders.engines.permits import Hold
    from dsocr_loaders.pipeline.answering import Answered, Answering
    from dsocr_loaders.pipeline.attempts import Attempts
    from dsocr_loaders.pipeline.desk import EngineDesk
    from dsocr_loaders.pipeline.events import Tell
    from dsocr_loaders.repair import Question, Reading
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.settings.arguments import RepairRung
    from dsocr_loaders.values import PagePlace

__all__ = ["Repaired", "Repairer"]

_log = logging.getLogger(__name__)

_PDF: Final = "application/pdf"
_NO_TEXT_LAYER: Final = (
    'repair names text_layer, which reads with PyMuPDF, and that is not installed. Run: pip install "pymupdf>=1.26,<2"'
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A page as the ladder leaves it.

    Attributes:
        reading: the best there is.
        steps: the rungs that were tried, in order.
        reads: how often the engine was asked for them.
    """

    reading: Reading
    steps: tuple[RepairStep, ...] = ()
    reads: int = 0


class Repairer:
    """Repairs the pages of one run, many side by side. For use on the engine's loop.

    Args:
        settings: what the user chose.
        desk: of the engine that read the pages.
        answering: has questions answered by it.
        attempts: tries again.
        store: keeps the answers of extra reads.
        tell: takes the events of pages.

    Raises:
        MissingDependency: the user named the rung `text_layer`, and PyMuPDF is not installed.
    """

    def __init__(
        self,
        settings: Settings,
        desk: EngineDesk,
        answering: Answering,
        attempts: Attempts,
        store: AnswerStore,
        tell: Tell,
    ) -> None:
        self.desk = desk
        self.answering = answering
        self.attempts = attempts
        self.store = store
        self.tell = tell
        self.budget = RepairBudget()
        self.model = settings.model
        self.most_reads = settings.max_repair_reads
        self.ladder = ladder_of(settings)
        if "text_layer" in self.ladder and find_spec("pymupdf") is None:
            if settings.repair is not True:
                raise MissingDependency(_NO_TEXT_LAYER)
            self.ladder = tuple(rung for rung in self.ladder if rung != "text_layer")
        if settings.prefer_text_layer:  # it was looked at before the model was asked
            self.ladder = tuple(rung for rung in self.ladder if rung != "text_layer")

    async def repair(self, place: PagePlace, first: Reading, attempt: int, hold: Hold) -> Repaired:
        """Return the best reading of a page, climbing as far as its faults ask for.

        Args:
            place: which page.
            first: the answer to its first question.
            attempt: number of the try that brought it; extra reads go on counting.
            hold: the permit for the page's image, which is given back; it is taken for each extra read.

        Raises:
            EngineError, StoreFailed: they end the run, see `Attempts.run`.
        """
        self.budget.page_answered()
        if not self.ladder or not first.findings or not isinstance(first.answer, RawAnswer):
            return Repaired(first)
        try:
            return await _Climb(self, place, first, attempt, hold).result()
        finally:
            hold.give_back()


class _Climb:
    """One page on the ladder."""

    def __init__(self, run: Repairer, place: PagePlace, first: Reading, attempt: int, hold: Hold) -> None:
        self._run = run
        self._place = place
        self._first = first
        self._hold = hold
        self._best = first
        self._winner = -1  # position of the step that brought the best reading
        self._steps: list[RepairStep] = []
        self._attempt = attempt
        self._planned = 0  # questions beyond the first, whoever answered them
        self._reads = 0
        self._unkept: list[FinishedPage] = []  # answers that are worth keeping only if the page is read in the end

    async def result(self) -> Repaired:
        for rung in self._run.ladder:
            if not self._best.faults or self._run.attempts.lost is not None:
                break
            if mends(rung, self._faults):
                await self._tried(rung)
        if self._best.outcome[0] is not PageStatus.FAILED:
            for page in self._unkept:
                await of_store(self._run.store.record_answer(page))
        self._log()
        steps = tuple(replace(step, helped=number == self._winner) for number, step in enumerate(self._steps))
        return Repaired(self._best, steps, self._reads)

    @property
    def _faults(self) -> frozenset[AnswerFault]:
        """What is wrong with the page now, and what the reason for it is.

        An answer whose loop was cut is truncated because of the loop, and a page that was turned still lies on its side
        for every rung that looks at it as it is.
        """
        faults, first = self._best.faults, self._first.faults
        causes = {AnswerFault.SIDEWAYS, AnswerFault.LOOP} if AnswerFault.TRUNCATED in faults else {AnswerFault.SIDEWAYS}
        return faults | (first & causes)

    async def _tried(self, rung: RepairRung) -> None:
        try:
            await self._try(rung)
        except (EngineError, StoreFailed):
            raise
        except Exception as error:  # noqa: BLE001 - a bug in a repair costs the repair; what was read stays
            _log.debug("%s", self._place, exc_info=True)
            self._note(rung, 0, f"{type(error).__name__}: {error}")

    async def _try(self, rung: RepairRung) -> None:
        if rung == "trim":  # out of other answers loops were cut when they came
            await self._trim()
        elif rung == "text_layer":
            await self._read_text_layer()
        elif self._run.desk.can_ask_again:
            await self._ask_again(rung)

    async def _trim(self) -> None:
        trimmed, words = await self._without_loops(self._first, self._run.desk.question)
        if trimmed is not None:
            self._judge("trim", 0, words, trimmed)

    async def _read_text_layer(self) -> None:
        place = self._place
        if place.source.media_type != _PDF:
            return
        await self._hold.take(is_urgent=True)
        try:
            answer = await self._run.desk.text_layer(place, self._attempt)
        except DsocrError as error:
            reason = str(error).removesuffix(HOW_TO_GET_OCR).removeprefix(f"{place}: ").strip()
            self._note("text_layer", 0, f"the page's own text layer does not help: {reason}")
            return
        finally:
            self._hold.give_back()
        if answer is not None:
            reading = await self._run.answering.read(self._first.page, self._run.desk.question, answer)
            self._judge("text_layer", 0, "the page's own text layer", reading)

    async def _ask_again(self, rung: RepairRung) -> None:
        run = self._run
        for plan in plans_for(rung, run.desk.question, run.model, self._best, run.desk.modes):
            words = " and ".join(question.words for question in plan)
            if self._planned + len(plan) > run.most_reads:
                self._note(rung, 0, f"{words}: not asked, max_repair_reads={run.most_reads} is reached")
                return
            if isinstance(run.store, NoStore) and run.budget.left < len(plan):
                self._note(rung, 0, f"{words}: not asked, {_SPENT}")
                return
            before = self._best
            await self._ask(rung, plan, words)
            if not self._best.faults or (self._best is not before and rung == "rotate"):
                return

    async def _ask(self, rung: RepairRung, plan: tuple[Question, ...], words: str) -> None:
        """Ask the questions of a plan, and judge the reading that they make together."""
        grant, before = _Grant(self._run.budget, len(plan)), self._reads
        readings, details = [], [words]
        try:
            for question in plan:
                reading = await self._asked(question, grant)
                if reading is None:
                    self._note(rung, self._reads - before, f"{words}: not asked, {_SPENT}")
                    return
                trimmed = None
                if AnswerFault.LOOP in reading.faults and "trim" in self._run.ladder:
                    trimmed, cut = await self._without_loops(reading, question)
                    details += [cut] if trimmed is not None else []
                readings.append(trimmed or reading)
        except ReadFailed as failure:
            self._note(rung, self._reads - before, f"{words}: {failure.error}")
            return
        finally:
            grant.close()
        reading = readings[0]
        if len(readings) > 1:
            band = (plan[1].framing.part.y0, plan[0].framing.part.y1)
            reading = await in_thread(partial(joined, reading, readings[1], band), "repair")
        self._judge(rung, self._reads - before, ", ".join(details), reading)

    async def _asked(self, question: Question, grant: _Grant) -> Reading | None:
        """Return the answer to one question; None if there are no reads left for it."""
        run = self._run
        self._planned += 1
        ask = partial(
            run.answering.answer, self._place, question, hold=self._hold, is_extra=True, may_ask=grant.may_ask
        )
        await self._hold.take(is_urgent=True)
        try:
            answered = await run.attempts.run(self._place, self._hold, ask, first=self._attempt + 1)
        except ReadFailed as failure:
            self._reads += failure.attempt - self._attempt
            self._attempt = failure.attempt
            grant.answered(is_known=False)
            raise
        if answered.reading is None:
            return None
        asked = answered.attempt - self._attempt - (1 if answered.is_known else 0)
        self._reads += asked
        self._attempt = answered.attempt
        if not answered.is_known:
            run.attempts.engine_answered()
            await self._keep(answered)
        grant.answered(is_known=answered.is_known)
        return answered.reading

    async def _keep(self, answered: Answered) -> None:
        """Keep an answer, so that a rerun has it; an empty one only once the page is read by another way."""
        page = answered.finished(self._place)
        if page.status is PageStatus.FAILED:
            self._unkept.append(page)
        else:
            await of_store(self._run.store.record_answer(page))

    async def _without_loops(self, reading: Reading, question: Question) -> tuple[Reading | None, str]:
        """Return the reading of an answer without its loops, and in words what was cut; None if none can be cut."""
        answer = reading.answer
        trim = trim_of(answer, reading.findings) if isinstance(answer, RawAnswer) else None
        if trim is None:
            return None, ""
        shorter = await self._run.answering.read(reading.page, question, trim.answer)
        trimmed = replace(reading, regions=trim.regions(shorter.regions), findings=trim.findings(shorter.findings))
        return as_truncated(trimmed, reading), trim.words

    def _judge(self, rung: RepairRung, reads: int, words: str, reading: Reading) -> None:
        """Take a reading if it is better than the best up to now."""
        left = ", ".join(sorted(reading.faults))
        if is_better(reading, self._best):
            self._best, self._winner = reading, len(self._steps)
            self._note(rung, reads, f"{words}: better" + (f", yet {left}" if left else ""), helped=True)
        else:
            self._note(rung, reads, f"{words}: no better" + (f", {left}" if left else ""))

    def _note(self, rung: RepairRung, reads: int, detail: str, *, helped: bool = False) -> None:
        step = RepairStep(rung, reads, helped, detail)
        self._steps.append(step)
        self._run.tell(PageRepairTried(self._place, step))

    def _log(self) -> None:
        if self._steps:
            faults = ", ".join(sorted(self._first.faults))
            steps = "; ".join(f"{step.rung}: {step.detail}" for step in self._steps)
            outcome = "repaired" if self._winner >= 0 else "not repaired"
            _log.info("%s: %s; %s (%s)", self._place, faults, outcome, steps)


_SPENT: Final = "the run's extra reads are used up"


class _Grant:
    """The reads of one plan, taken from the run's budget together, when the first of them has to be made."""

    def __init__(self, budget: RepairBudget, reads: int) -> None:
        self._budget = budget
        self._left = reads  # questions without an answer
        self._held = 0  # taken and not made

    def may_ask(self) -> bool:
        """Return whether the engine may be asked now, for a question or for another try at it."""
        if not self._held and self._budget.take(self._left):
            self._held = self._left
        return self._held > 0

    def answered(self, *, is_known: bool) -> None:
        """Note that a question has its answer."""
        self._left -= 1
        if self._held and not is_known:
            self._held -= 1
        elif self._held:
            self._held -= 1
            self._budget.give_back(1)

    def close(self) -> None:
        """Give back what was not used."""
        if self._held:
            self._budget.give_back(self._held)
            self._held = 0
