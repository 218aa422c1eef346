from __future__ import annotations

import pickle
import time
from dataclasses import replace

import pytest

from dsocr_loaders.engines.protocol import Engine
from dsocr_loaders.errors import EngineDead, EngineRejected, engine_error
from dsocr_loaders.testing import ScriptedEngine, sample_page, sample_request, scripted_prepare
from dsocr_loaders.values import LayoutAnswer, RawAnswer


def started(engine, number=1, attempt=1):
    page = sample_page(number)
    request = sample_request(page, attempt=attempt)
    return engine.loop.submit(engine.read(engine.prepare(page, request), request))


def read(engine, number=1, attempt=1):
    return started(engine, number, attempt).result(10)


def test_it_is_an_engine_whose_prepare_travels():
    """This test ensures that a pipeline can use it with real page workers."""
    engine = ScriptedEngine()

    assert isinstance(engine, Engine)
    assert pickle.loads(pickle.dumps(engine.prepare)) is scripted_prepare  # noqa: S301 - pickled here


def test_one_answer_for_all_pages():
    """This test ensures that the shortest script works and that the engine remembers what it was asked."""
    engine = ScriptedEngine("text")

    assert read(engine, 1) == RawAnswer("text", "stop", None, None, "scripted", "scripted 1")
    assert read(engine, 2).text == "text"
    assert [request.page.page_number for request in engine.requests] == [1, 2]
    assert len(set(engine.digests)) == 2
    engine.close()


def test_answers_by_page_and_attempt():
    """This test ensures that a page can fail first and be read later, and that a missing page is an error."""
    fault = engine_error("busy", "later")
    layout = LayoutAnswer((), "scripted 1")
    engine = ScriptedEngine({1: [fault, "second"], 2: layout})

    with pytest.raises(type(fault), match="later"):
        read(engine, 1, attempt=1)
    assert read(engine, 1, attempt=2).text == "second"
    assert read(engine, 1, attempt=3).text == "second"
    assert read(engine, 2) is layout
    with pytest.raises(EngineRejected, match="page 3"):
        read(engine, 3)
    engine.close()


def test_answers_by_callable():
    """This test ensures that a script may look at the whole request."""
    engine = ScriptedEngine(lambda request: f"page {request.page.page_number}", delay_s=lambda request: 0.0)

    assert read(engine, 7).text == "page 7"
    engine.close()


def test_it_counts_what_is_in_flight():
    """This test ensures that a test can tell how many pages were asked for at once."""
    engine = ScriptedEngine("x", delay_s=0.05)

    futures = [started(engine, number) for number in range(1, 6)]

    assert {future.result(10).text for future in futures} == {"x"}
    assert (engine.most_in_flight, engine.in_flight) == (5, 0)
    engine.close()


def test_closing_ends_running_reads():
    """This test ensures that it keeps the protocol's promise about close."""
    engine = ScriptedEngine("x", delay_s=60)
    future = started(engine)
    while not engine.in_flight:
        time.sleep(0.005)

    engine.close()
    engine.close()

    assert isinstance(future.exception(10), EngineDead)
    assert engine.is_closed


def test_pages_without_pixels_have_digests_of_their_own():
    """This test ensures that engines without images can be tested for what they are asked."""
    pages = [replace(sample_page(number), image=None) for number in (1, 2)]

    digests = {scripted_prepare(page, sample_request(page)).digest for page in pages}

    assert len(digests) == 2
