"""What a run did, in numbers."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from dsocr_loaders.errors import placed
from dsocr_loaders.pipeline import (
    FigureRead,
    PageFinished,
    PageRead,
    PageRetried,
    RunEvent,
    SourceOpened,
    SourceRefused,
)
from dsocr_loaders.values import AnswerFault, PageStatus, RawAnswer

if TYPE_CHECKING:
    from dsocr_loaders.values import PageResult

__all__ = ["Event", "Observer", "RunCount", "RunFinished", "RunReport", "RunStarted"]

_MOST_NAMED = 100  # failures that a report names: memory does not grow with the length of a run


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. `str()` is its printed form.

    Attributes:
        engine: fingerprint of the engine.
        sources: how many were opened.
        refused: name and reason of sources that could not be, the first hundred.
        refused_sources: how many those were.
        statuses: pages by status, from best to worst; those without a page are left out.
        known_pages: how many pages' answers came from the journal.
        attempts: reads that were made, second tries counted.
        retries: second tries by cause, see the table of `dsocr_loaders.errors`.
        prompt_tokens, output_tokens: of the answers that were read, as far as the server counts them.
        failures: why pages failed, each with file and page, the first hundred.
        elapsed_s: seconds from the first step to the last.
        unseen_events: events that observers were too slow for.
        faults: pages by what is wrong with their answers, each fault of a page counted once; those that were mended are
            in `repairs`.
        repairs: pages by the rung of the ladder of repairs that mended them, in whole or in part.
        repair_reads: extra reads that were made for that, also in vain; they are among the `attempts`.
        figures_read, figures_unread: figures that `read_figures` read, or tried to, in the journal's answers too.
        figure_reads: reads that were made for them; they are among the `attempts`.
    """

    engine: str
    sources: int
    refused: tuple[tuple[str, str], ...]
    refused_sources: int
    statuses: tuple[tuple[PageStatus, int], ...]
    known_pages: int
    attempts: int
    retries: tuple[tuple[str, int], ...]
    prompt_tokens: int
    output_tokens: int
    failures: tuple[str, ...]
    elapsed_s: float
    unseen_events: int = 0
    faults: tuple[tuple[AnswerFault, int], ...] = ()
    repairs: tuple[tuple[str, int], ...] = ()
    repair_reads: int = 0
    figures_read: int = 0
    figures_unread: int = 0
    figure_reads: int = 0

    @property
    def pages(self) -> int:
        """Pages that have a result."""
        return sum(count for _, count in self.statuses)

    @property
    def failed_pages(self) -> int:
        """Pages that failed."""
        return dict(self.statuses).get(PageStatus.FAILED, 0)

    @property
    def cost_lines(self) -> list[str]:
        """The lines of the printed form that say what the run took: reads saved and repeated, tokens, time."""
        lines = []
        if self.known_pages:
            lines.append(_line("journal", f"{self.known_pages} of these pages were read before"))
        if self.faults:
            lines.append(_line("health", ", ".join(f"{count} {fault.value}" for fault, count in self.faults)))
        if self.repairs or self.repair_reads:
            lines.append(_line("repairs", self._repairs()))
        if self.figures_read or self.figures_unread:
            lines.append(_line("figures", self._figures()))
        if self.retries:
            lines.append(_line("retries", ", ".join(f"{count} {cause}" for cause, count in self.retries)))
        if self.output_tokens:
            lines.append(_line("tokens", f"{self.output_tokens} out, {self.prompt_tokens} in"))
        rate = self.pages / self.elapsed_s if self.elapsed_s > 0 else 0.0
        lines.append(_line("time", f"{self.elapsed_s:.1f} s, {rate:.2f} pages/s"))
        return lines

    def __str__(self) -> str:
        lines = [_line("engine", self.engine), _line("sources", self._sources())]
        by_status = ", ".join(f"{count} {status.value}" for status, count in self.statuses)
        lines.append(_line("pages", f"{self.pages}: {by_status}" if by_status else "0"))
        lines += self.cost_lines
        lines += [_line("refused", placed(message, name)) for name, message in self.refused]
        lines += [_line("failed", failure) for failure in self.failures]
        for word, named, total in (
            ("refused", len(self.refused), self.refused_sources),
            ("failed", len(self.failures), self.failed_pages),
        ):
            if total > named:
                lines.append(_line(word, f"... and {total - named} more"))
        return "\n".join(lines)

    def _repairs(self) -> str:
        pages = ", ".join(f"{count} by {rung}" for rung, count in self.repairs)
        return f"{pages or 'none'}; {self.repair_reads} extra reads"

    def _figures(self) -> str:
        unread = f", {self.figures_unread} not" if self.figures_unread else ""
        return f"{self.figures_read} read{unread}; {self.figure_reads} extra reads"

    def _sources(self) -> str:
        return f"{self.sources} read, {self.refused_sources} refused" if self.refused_sources else str(self.sources)


def _line(word: str, text: str) -> str:
    return f"{word:<8}{text}"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins.

    Attributes:
        engine: fingerprint of the engine.
        capacity: pages that it reads at the same time, as far as is known before the first.
    """

    engine: str
    capacity: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run is over, also one that was given up or ended by an error."""

    report: RunReport


Event = RunStarted | RunEvent | RunFinished


@runtime_checkable
class Observer(Protocol):
    """Learns what happens in a run, from `RunStarted` to `RunFinished`.

    Events come one at a time, in the order in which things happened, on a thread of the run's own: an observer may
    write to a file or a screen. The run does not wait for it; where thousands of events are waiting, further ones are
    left out, but never `RunFinished`. An exception is logged and ends the observer's part in this run, nothing else.
    """

    def observe(self, event: Event) -> None:
        """Take the next event."""
        ...


class RunCount:
    """Counts events into a `RunReport`."""

    def __init__(self, started: RunStarted) -> None:
        self._engine = started.engine
        self._began = time.monotonic()
        self._sources = 0
        self._refused: list[tuple[str, str]] = []
        self._refused_sources = 0
        self._statuses: Counter[PageStatus] = Counter()
        self._retries: Counter[str] = Counter()
        self._faults: Counter[AnswerFault] = Counter()
        self._repairs: Counter[str] = Counter()
        self._repair_reads = 0
        self._figures: Counter[bool] = Counter()  # by whether they were read
        self._figure_reads = 0
        self._failures: list[str] = []
        self._known_pages = self._attempts = self._prompt_tokens = self._output_tokens = 0

    def add(self, event: RunEvent) -> None:
        """Count one event."""
        match event:
            case SourceOpened():
                self._sources += 1
            case SourceRefused(failure=failure):
                self._refused_sources += 1
                if len(self._refused) < _MOST_NAMED:
                    self._refused.append((failure.name, failure.message))
            case PageRead(answer=RawAnswer() as answer):
                self._prompt_tokens += answer.prompt_tokens or 0
                self._output_tokens += answer.output_tokens or 0
            case PageRetried(error=error):
                self._retries[error.cause] += 1
            case FigureRead(is_read=is_read, reads=reads):
                self._figures[is_read] += 1
                self._figure_reads += reads
            case PageFinished(result=result, is_known=is_known):
                self._add_page(result, is_known=is_known)
            case _:
                pass

    def _add_page(self, page: PageResult, *, is_known: bool) -> None:
        self._statuses[page.status] += 1
        self._faults.update({finding.fault for finding in page.health})
        self._repairs.update(page.repairs)
        self._repair_reads += sum(step.reads for step in page.repair_steps)
        self._attempts += page.attempts
        self._known_pages += is_known and page.answer is not None  # a blank page was never read
        if page.error is not None and len(self._failures) < _MOST_NAMED:
            self._failures.append(page.error.message)

    def report(self, *, unseen_events: int = 0) -> RunReport:
        """Return what was counted up to now."""
        return RunReport(
            engine=self._engine,
            sources=self._sources,
            refused=tuple(self._refused),
            refused_sources=self._refused_sources,
            statuses=tuple((status, self._statuses[status]) for status in PageStatus if self._statuses[status]),
            known_pages=self._known_pages,
            attempts=self._attempts,
            retries=tuple(sorted(self._retries.items())),
            prompt_tokens=self._prompt_tokens,
            output_tokens=self._output_tokens,
            failures=tuple(self._failures),
            elapsed_s=time.monotonic() - self._began,
            unseen_events=unseen_events,
            faults=tuple((fault, self._faults[fault]) for fault in AnswerFault if self._faults[fault]),
            repairs=tuple(sorted(self._repairs.items())),
            repair_reads=self._repair_reads,
            figures_read=self._figures[True],
            figures_unread=self._figures[False],
            figure_reads=self._figure_reads,
        )
