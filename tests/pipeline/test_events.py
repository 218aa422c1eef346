"""What observers learn of a run, and in which order."""

from __future__ import annotations

from dsocr_loaders.errors import engine_error
from dsocr_loaders.pipeline import (
    PageFinished,
    PageRead,
    PageRendered,
    PageRetried,
    PageStarted,
    SourceDone,
    SourceOpened,
    SourceRefused,
)
from dsocr_loaders.testing import ScriptedEngine

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


def test_each_page_tells_its_way(make_pdf, run):
    """This test ensures that every step of every page is told once, in the order in which it happened."""
    busy = engine_error("busy", "busy", retry_after_s=0.0)
    engine = ScriptedEngine({1: [busy, ANSWER], 3: engine_error("bad_request", "no")}, delay_s=0.01)
    events = []

    list(run(make_pdf("1", "", "3"), engine, stream={"tell": events.append}))

    way = {number: [] for number in (1, 2, 3)}
    for event in events:
        if hasattr(event, "place"):
            way[event.place.page_number].append(type(event))
    assert [PageStarted, PageRendered, PageRetried, PageRendered, PageRead, PageFinished] == way[1]
    assert [PageStarted, PageRendered, PageFinished] == way[2]
    assert [PageStarted, PageRendered, PageFinished] == way[3]
    assert SourceOpened is type(events[0])
    assert SourceDone is type(events[-1])
    (retried,) = [event for event in events if isinstance(event, PageRetried)]
    assert (1, busy, 0.0) == (retried.attempt, retried.error, retried.delay_s)
    assert [1, 2] == [event.attempt for event in events if isinstance(event, PageRendered) and not event.is_blank][::2]
    (read,) = [event for event in events if isinstance(event, PageRead)]
    assert (2, ANSWER) == (read.attempt, read.answer.text)
    assert read.took_s >= 0.01
    assert {"ok", "blank", "failed"} == {event.result.status for event in events if isinstance(event, PageFinished)}
    engine.close()


def test_a_source_that_cannot_be_read_is_told(run, tmp_path):
    """This test ensures that an observer counts the sources that a caller is told of."""
    engine, events = ScriptedEngine(ANSWER), []

    list(run([tmp_path / "missing.pdf"], engine, stream={"tell": events.append}))

    assert [SourceRefused] == [type(event) for event in events]
    assert "SourceNotFound" == events[0].failure.kind
    engine.close()
