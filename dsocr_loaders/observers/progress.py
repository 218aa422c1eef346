"""How far a run is: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from dsocr_loaders.errors import placed
from dsocr_loaders.observers.report import RunFinished, RunStarted
from dsocr_loaders.pipeline import PageFinished, SourceOpened, SourceRefused
from dsocr_loaders.values import RawAnswer

if TYPE_CHECKING:
    from typing import TextIO

    from dsocr_loaders.observers.report import Event
    from dsocr_loaders.values import PageResult

__all__ = ["ProgressObserver"]

_BETWEEN_LINES_S = 5.0
_MINUTE_S = 60
_HOUR_S = 3600


class ProgressObserver:
    """Shows pages, pages and tokens a second, the time that is left, and failures.

    On a terminal that is one bar that stays at the bottom. Elsewhere it is a line at most every five seconds, one for
    each page or source that failed, and one at the end, so that a log stays short however long the run.

    The time that is left counts the pages of the sources that are open; it grows when another one is opened.

    Args:
        stream: where to write; by default standard error.
        says_failures: whether to name pages and sources that failed.
    """

    def __init__(self, stream: TextIO | None = None, *, says_failures: bool = True) -> None:
        self._stream = stream
        self._says_failures = says_failures
        self._bar: Any = None
        self._task: Any = None
        self._begin()

    def _begin(self) -> None:
        self._total = self._done = self._failed = self._tokens = 0
        self._began = self._last_line = time.monotonic()

    def observe(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case RunStarted():
                self._begin()
            case SourceOpened(page_numbers=numbers):
                self._total += len(numbers)
                self._show()
            case SourceRefused(failure=failure):
                self._say(placed(failure.message, failure.name))
            case PageFinished(result=result, is_known=is_known):
                self._count(result, is_known=is_known)
                self._show()
            case RunFinished():
                self._end()
            case _:
                pass

    def _count(self, page: PageResult, *, is_known: bool) -> None:
        self._done += 1
        if isinstance(page.answer, RawAnswer) and not is_known:
            self._tokens += page.answer.output_tokens or 0
        if page.error is not None:
            self._failed += 1
            self._say(page.error.message)

    def _show(self) -> None:
        stream = self._stream or sys.stderr
        if self._bar is None and stream.isatty():
            self._bar, self._task = _new_bar(stream)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, total=self._total, facts=self._facts())
        elif time.monotonic() - self._last_line >= _BETWEEN_LINES_S:
            self._write_line()

    def _say(self, message: str) -> None:
        if not self._says_failures:
            return
        if self._bar is not None:
            self._bar.console.print(message, markup=False, highlight=False, soft_wrap=True)
        else:
            self._write(message)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, total=self._total, facts=self._facts())
            self._bar.stop()
            self._bar = None
        elif self._done:
            self._write_line()

    def _write_line(self) -> None:
        self._last_line = time.monotonic()
        self._write(f"{self._done}/{self._total} pages, {self._facts()}")

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        stream.write(f"{line}\n")
        stream.flush()

    def _facts(self) -> str:
        elapsed_s = max(1e-3, time.monotonic() - self._began)
        rate = self._done / elapsed_s
        facts = [f"{rate:.1f} pages/s"]
        if self._tokens:
            facts.append(f"{self._tokens / elapsed_s:.0f} tokens/s")
        if self._done < self._total and rate:
            facts.append(f"{_duration((self._total - self._done) / rate)} left")
        if self._failed:
            facts.append(f"{self._failed} failed")
        return ", ".join(facts)


def _new_bar(stream: TextIO) -> tuple[Any, Any]:
    from rich.console import Console  # noqa: PLC0415 - a run without a bar does not wait for its import
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - likewise

    bar = Progress(
        TextColumn("pages"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[facts]}"),
        console=Console(file=stream),
    )  # fmt: skip
    task = bar.add_task("pages", total=None, facts="")
    bar.start()
    return bar, task


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} min"
