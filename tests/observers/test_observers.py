"""Observers: what they get, what they show, and that a run never waits for them."""

from __future__ import annotations

import io
import logging
import threading
import time
from dataclasses import replace

import pytest

from dsocr_loaders import observers
from dsocr_loaders.errors import engine_error
from dsocr_loaders.observers import EventDelivery, LogObserver, Observer, ProgressObserver, RunFinished, RunStarted
from dsocr_loaders.observers.progress import _duration
from dsocr_loaders.pipeline import (
    PageFinished,
    PageRead,
    PageRepairTried,
    PageRetried,
    PageStarted,
    SourceDone,
    SourceOpened,
    SourceRefused,
)
from dsocr_loaders.testing.pages import failed_page, page_from_answer, page_from_regions, report_source
from dsocr_loaders.values import (
    AnswerFault,
    HealthFinding,
    PagePlace,
    PageStatus,
    RawAnswer,
    RepairStep,
    SourceFailure,
    SourceInfo,
)

SOURCE = report_source()
INFO = SourceInfo(4, ("1", "2", "3", "4"), (), "pymupdf")


def place(page_number=1):
    return PagePlace(SOURCE, INFO, page_number)


def finished(page_number=1, *, tokens=100, is_known=False):
    page = replace(
        page_from_answer("Some words."), answer=RawAnswer("Some words.", "stop", 900, tokens, "model", "engine")
    )
    return PageFinished(place(page_number), page, is_known)


def answered(page_number=1):
    return PageRead(place(page_number), 1, finished().result.answer, 0.0, 1.0)


def failed(page_number=1):
    page = failed_page(page_number=page_number, message=f"report.pdf, page {page_number}: broken")
    return PageFinished(place(page_number), page, is_known=False)


OPENED = SourceOpened(SOURCE, INFO, (1, 2, 3, 4))
RETRIED = PageRetried(place(2), 1, engine_error("busy", "The server is busy."), 0.5)
REFUSED = SourceRefused(SourceFailure("torn.pdf", "SourceDamaged", "torn.pdf: the file is cut off"))


class Recorder:
    """Remembers what it was told, and on which thread."""

    def __init__(self, *, delay_s=0.0, fails_at=None):
        self.events = []
        self.threads = set()
        self._delay_s = delay_s
        self._fails_at = fails_at

    def observe(self, event):
        self.threads.add(threading.current_thread())
        self.events.append(event)
        time.sleep(self._delay_s)
        if len(self.events) == self._fails_at:
            raise ValueError("an observer's own bug")


def delivery(*watching):
    return EventDelivery(watching, engine="vllm 1", capacity=8)


class TestDelivery:
    def test_in_order_on_a_thread_of_its_own(self):
        """This test ensures that an observer gets everything, in order, from start to report, off the run's thread."""
        recorder = Recorder()
        events = [OPENED, PageStarted(place()), finished(), SourceDone(SOURCE)]
        told = delivery(recorder)
        for event in events:
            told.tell(event)

        report = told.finish()

        assert [RunStarted("vllm 1", 8), *events, RunFinished(report)] == recorder.events
        assert threading.current_thread() not in recorder.threads
        assert 1 == len(recorder.threads)

    def test_an_observer_that_fails(self, caplog):
        """This test ensures that an observer's bug is logged, ends its part, and disturbs neither run nor others."""
        broken, sound = Recorder(fails_at=2), Recorder()
        told = delivery(broken, sound)
        for event in (OPENED, finished(), finished(2)):
            told.tell(event)

        told.finish()

        assert (2, 5) == (len(broken.events), len(sound.events))
        assert 1 == sum("gets no more events" in record.message for record in caplog.records)

    def test_the_run_does_not_wait(self, monkeypatch, caplog):
        """This test ensures that a slow observer costs the run nothing: what is too much is left out and counted."""
        monkeypatch.setattr("dsocr_loaders.observers.delivery.MOST_WAITING", 5)
        monkeypatch.setattr("dsocr_loaders.observers.delivery._LONGEST_GOODBYE_S", 0.05)
        slow = Recorder(delay_s=0.2)
        told = delivery(slow)
        began = time.perf_counter()
        for number in range(50):
            told.tell(finished(number % 4 + 1))

        report = told.finish()

        assert time.perf_counter() - began < 0.2
        assert 50 == report.pages
        assert 40 < report.unseen_events < 50
        assert f"{report.unseen_events} events were left out" in caplog.text

    def test_nobody_watches(self):
        """This test ensures that without observers there is a report and no thread."""
        before = threading.active_count()
        told = delivery()
        told.tell(finished())

        assert before == threading.active_count()
        assert 1 == told.finish().pages

    def test_after_the_end(self):
        """This test ensures that what is told after the end is nothing, and that ending twice is fine."""
        recorder = Recorder()
        told = delivery(recorder)
        first = told.finish()
        told.tell(finished())

        assert first is told.finish()
        assert [RunStarted("vllm 1", 8), RunFinished(first)] == recorder.events

    def test_finish_from_an_observer(self):
        """This test ensures that ending the run from its observers' thread does not wait for itself."""
        told = None

        class Ending:
            def observe(self, event):
                if isinstance(event, SourceDone):
                    told.finish()

        told = delivery(Ending())
        told.tell(SourceDone(SOURCE))
        told._thread.join(2)

        assert not told._thread.is_alive()


class TestReport:
    def test_numbers(self):
        """This test ensures that the report adds up what happened."""
        told = delivery()
        blank = PageFinished(
            place(4), replace(page_from_regions(()), status=PageStatus.BLANK, attempts=0), is_known=False
        )
        for event in (
            *(OPENED, REFUSED, RETRIED, RETRIED, answered(1), finished(1)),
            *(finished(2, is_known=True), failed(3), blank),
        ):
            told.tell(event)

        report = told.finish()

        assert ((PageStatus.OK, 2), (PageStatus.BLANK, 1), (PageStatus.FAILED, 1)) == report.statuses
        assert (4, 1, 1, 1) == (report.pages, report.failed_pages, report.known_pages, report.sources)
        assert (("busy", 2),) == report.retries
        assert (900, 100) == (report.prompt_tokens, report.output_tokens)
        assert ("report.pdf, page 3: broken",) == report.failures
        assert (("torn.pdf", "torn.pdf: the file is cut off"),) == report.refused

    def test_printed_form(self):
        """This test ensures that the printed report has a line for each thing that a person wants to know."""
        told = delivery()
        for event in (OPENED, REFUSED, RETRIED, answered(1), finished(1), finished(2, is_known=True), failed(3)):
            told.tell(event)

        printed = str(replace(told.finish(), elapsed_s=2.0))

        assert printed.splitlines() == [
            "engine  vllm 1",
            "sources 1 read, 1 refused",
            "pages   3: 2 ok, 1 failed",
            "journal 1 of these pages were read before",
            "retries 1 busy",
            "tokens  100 out, 900 in",
            "time    2.0 s, 1.50 pages/s",
            "refused torn.pdf: the file is cut off",
            "failed  report.pdf, page 3: broken",
        ]

    def test_what_is_wrong_with_answers(self):
        """This test ensures that each fault of a page is counted once, in the order of the faults, and printed."""
        findings = [
            HealthFinding(fault, "why") for fault in (AnswerFault.TRUNCATED, AnswerFault.LOOP, AnswerFault.LOOP)
        ]
        told = delivery()
        for number, health in enumerate([(), tuple(findings), tuple(findings[1:])], 1):
            told.tell(replace(finished(number), result=replace(finished(number).result, health=health)))

        report = told.finish()

        assert ((AnswerFault.LOOP, 2), (AnswerFault.TRUNCATED, 1)) == report.faults
        assert "health  2 loop, 1 truncated" in str(report).splitlines()

    def test_repairs(self):
        """This test ensures that repaired pages are counted by rung, and extra reads with their tokens."""
        told = delivery()
        steps = (RepairStep("trim", 0, helped=False), RepairStep("halves", 2, helped=True))
        for repairs, each in ((("halves",), steps), (("halves",), steps), ((), steps[:1]), (("trim",), steps[:1])):
            page = replace(finished().result, repairs=repairs, repair_steps=each, attempts=3)
            for event in (answered(), answered(), answered(), replace(finished(), result=page)):
                told.tell(event)

        report = told.finish()

        assert ((("halves", 2), ("trim", 1)), 4, 12) == (report.repairs, report.repair_reads, report.attempts)
        assert 1200 == report.output_tokens
        assert "repairs 2 by halves, 1 by trim; 4 extra reads" in str(report).splitlines()

    def test_nothing_happened(self):
        """This test ensures that a run without a page has a report as well."""
        printed = str(replace(delivery().finish(), elapsed_s=0.0))

        assert ["engine  vllm 1", "sources 0", "pages   0", "time    0.0 s, 0.00 pages/s"] == printed.splitlines()

    def test_many_failures(self):
        """This test ensures that a report names a hundred failures and counts the rest."""
        told = delivery()
        for number in range(130):
            told.tell(failed(number + 1))
            told.tell(REFUSED)

        report = told.finish()

        assert (100, 130, 100, 130) == (
            len(report.failures), report.failed_pages, len(report.refused), report.refused_sources,
        )  # fmt: skip
        assert 2 == str(report).count("... and 30 more")


class TestLog:
    def test_what_is_wrong_with_an_answer(self, caplog):
        """This test ensures that a finding is told with its page."""
        caplog.set_level(logging.INFO, "dsocr_loaders.run")
        page = finished()

        LogObserver().observe(
            replace(page, result=replace(page.result, health=(HealthFinding(AnswerFault.LOOP, "again and again"),)))
        )

        assert ["report.pdf, page 1: loop: again and again"] == [record.getMessage() for record in caplog.records]

    def test_a_repair(self, caplog):
        """This test ensures that every rung that was tried is told with what came of it."""
        caplog.set_level(logging.INFO, "dsocr_loaders.run")

        LogObserver().observe(PageRepairTried(place(2), RepairStep("trim", 0, helped=True, detail="cut 9: better")))

        assert ["report.pdf, page 2: repair by trim: cut 9: better"] == [record.message for record in caplog.records]

    def test_records(self, caplog):
        """This test ensures that each level has what belongs to it."""
        caplog.set_level(logging.DEBUG, "dsocr_loaders.run")
        log = LogObserver()
        report = delivery().finish()
        for event in (
            RunStarted("vllm 1", 8), OPENED, PageStarted(place()), REFUSED, RETRIED, finished(), failed(3),
            SourceDone(SOURCE), RunFinished(replace(report, elapsed_s=1.0)),
        ):  # fmt: skip
            log.observe(event)

        assert [(record.levelname, record.message) for record in caplog.records] == [
            ("INFO", "reading with vllm 1, 8 pages at a time"),
            ("INFO", "report.pdf: 4 pages"),
            ("WARNING", "torn.pdf: the file is cut off"),
            ("INFO", "report.pdf, page 2: The server is busy.; trying again in 0.5 s"),
            ("DEBUG", "report.pdf, page 1: ok"),
            ("WARNING", "report.pdf, page 3: broken"),
            ("INFO", "report.pdf: done"),
            ("INFO", "0 pages in 1.0 s, 0 failed"),
        ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestProgress:
    def test_lines(self, monkeypatch):
        """This test ensures that elsewhere than on a terminal there are few lines: now and then, failures, the end."""
        clock = [100.0]
        monkeypatch.setattr(observers.progress.time, "monotonic", lambda: clock[0])
        written = io.StringIO()
        progress = ProgressObserver(written)
        progress.observe(RunStarted("vllm 1", 8))
        progress.observe(OPENED)
        for step in (finished(1), finished(2), failed(3), finished(4)):
            clock[0] += 2.5
            progress.observe(step)
        progress.observe(RunFinished(delivery().finish()))

        assert written.getvalue().splitlines() == [
            "2/4 pages, 0.4 pages/s, 40 tokens/s, 5 s left",
            "report.pdf, page 3: broken",
            "4/4 pages, 0.4 pages/s, 30 tokens/s, 1 failed",
            "4/4 pages, 0.4 pages/s, 30 tokens/s, 1 failed",
        ]

    def test_bar(self):
        """This test ensures that a terminal gets a bar with pages, rate and failures, and messages above it."""
        written = Terminal()
        progress = ProgressObserver(written)
        for event in (RunStarted("vllm 1", 8), OPENED, finished(1), failed(2), REFUSED):
            progress.observe(event)
        progress.observe(RunFinished(delivery().finish()))

        shown = written.getvalue()
        assert "2/4" in shown
        assert "pages/s" in shown
        assert "tokens/s" in shown
        assert "1 failed" in shown
        assert "report.pdf, page 2: broken" in shown
        assert "torn.pdf: the file is cut off" in shown

    def test_known_pages_have_no_tokens(self):
        """This test ensures that answers from the journal do not count into tokens a second."""
        written = io.StringIO()
        progress = ProgressObserver(written)
        for event in (OPENED, finished(1, is_known=True)):
            progress.observe(event)
        progress.observe(RunFinished(delivery().finish()))

        assert "tokens" not in written.getvalue()

    def test_again(self):
        """This test ensures that an observer that serves two runs begins anew."""
        written = io.StringIO()
        progress = ProgressObserver(written)
        for _ in range(2):
            for event in (RunStarted("vllm 1", 8), OPENED, finished(1), RunFinished(delivery().finish())):
                progress.observe(event)

        assert ["1/4 pages", "1/4 pages"] == [line.split(",")[0] for line in written.getvalue().splitlines()]

    @pytest.mark.parametrize(
        ("seconds", "expected"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (7260, "2 h 01 min")]
    )
    def test_durations(self, seconds, expected):
        """This test ensures that times read as people say them."""
        assert expected == _duration(seconds)


def test_observers_are_told_by_their_method():
    """This test ensures that anything with `observe` is an observer."""
    assert all(isinstance(each, Observer) for each in (Recorder(), LogObserver(), ProgressObserver()))
    assert not isinstance(object(), Observer)
