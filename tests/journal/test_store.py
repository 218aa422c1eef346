from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace

import pytest

from dsocr_loaders.answer_store import KnownPage
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.journal import JournalFile, JournalStore
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import Decoding, RawAnswer


@pytest.fixture
def engine():
    engine = ScriptedEngine()
    yield engine
    engine.close()


@pytest.fixture
def file(tmp_path):
    file = JournalFile.opened(tmp_path / "j.sqlite")
    yield file
    file.close()


def kept(file, engine, *pages, **settings):
    """Return a store that has recorded these pages, and a fresh one that has to look."""

    async def record():
        store = JournalStore(file, Settings(**settings), engine)
        await asyncio.gather(*(store.record(page) for page in pages))

    asyncio.run(record())
    return JournalStore(file, Settings(**settings), engine)


def test_a_recorded_page_is_found_again_as_it_was(file, engine, finished):
    """This test ensures that size, label, ink and the answer come back, of a blank page without an answer."""
    one, blank = finished(1), finished(2, "")
    store = kept(file, engine, one, blank)

    assert KnownPage(one.page, one.answer) == asyncio.run(store.find_page(one.place))
    assert KnownPage(blank.page, None) == asyncio.run(store.find_page(blank.place))
    assert asyncio.run(store.find_page(finished(3).place)) is None


def test_pixels_are_found_whatever_page_they_are_on(file, engine, finished):
    """This test ensures that an image that was answered in one file is known in another, and another request is not."""
    one = finished(1)
    store = kept(file, engine, one)
    elsewhere = finished(7, name="other.png", digest="digest 1")
    longer = replace(one.request, decoding=Decoding(max_new_tokens=9))

    assert asyncio.run(store.find_page(elsewhere.place)) is None
    assert one.answer == asyncio.run(store.lookup(elsewhere.prepared, elsewhere.request))
    assert asyncio.run(store.lookup(Prepared("digest 2", None), one.request)) is None
    assert asyncio.run(store.lookup(one.prepared, longer)) is None


def test_other_settings_find_nothing(file, engine, finished):
    """This test ensures that changed rendering and a changed request both make a page unknown."""
    one = finished(1)
    kept(file, engine, one)

    for settings in ({"dpi": 200}, {"prompt": "Read."}, {"revision": "1"}, {"max_new_tokens": 3}):
        store = JournalStore(file, Settings(**settings), engine)
        assert asyncio.run(store.find_page(one.place)) is None


@pytest.mark.parametrize("text", ["text[[0, 0, 999, 999]]\npage 1", "text [0, 0, 999, 999]page 1"])
def test_an_answer_with_stripped_tags_is_kept_and_never_used(file, engine, finished, text):
    """This test ensures that a page whose tags the server stripped is read again, and its better answer then stays."""
    bad, good = finished(1, text), finished(1)
    store = kept(file, engine, bad)
    before = asyncio.run(store.find_page(bad.place)), asyncio.run(store.lookup(bad.prepared, bad.request))
    store = kept(file, engine, good)
    kept(file, engine, bad)

    assert "stripped" in bad.parsed.dialect
    assert (None, None) == before
    assert good.answer == asyncio.run(store.find_page(bad.place)).answer


def test_answers_of_repairs_lie_beside_the_first_one(file, engine, finished):
    """This test ensures that an answer about a turned page, or to other words, is found by these and alters no page."""
    one, turned = finished(1), finished(1, "turned", digest="digest of the turned page")
    other = replace(one.request, prompt="Another way.", attempt=2)
    store = kept(file, engine, one)
    asyncio.run(store.record_answer(turned))
    asyncio.run(store.record_answer(replace(turned, prepared=one.prepared, request=other)))

    assert one.answer == asyncio.run(store.find_page(one.place)).answer
    assert one.answer == asyncio.run(store.lookup(one.prepared, one.request))
    assert turned.answer == asyncio.run(store.lookup(turned.prepared, turned.request))
    assert turned.answer == asyncio.run(store.lookup(one.prepared, other))


def test_odd_answers(file, engine, finished):
    """This test ensures that what a server may leave out, or say in any script, comes back unchanged."""
    text = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\n\u4e2d\u6587 \x00 \U0001f600"
    one = finished(1, text)
    one = replace(one, answer=RawAnswer(text, None, None, None, "", "scripted 1"))

    assert one.answer == asyncio.run(kept(file, engine, one).find_page(one.place)).answer


def test_a_cancelled_record_is_still_written(file, engine, finished):
    """This test ensures that a page that was paid for is kept when its run is cancelled in that moment."""
    one = finished(1)

    async def record_and_leave():
        store = JournalStore(file, Settings(), engine)
        task = asyncio.create_task(store.record(one))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(record_and_leave())
    file.write(lambda db: None).result(10)  # behind it

    assert asyncio.run(JournalStore(file, Settings(), engine).find_page(one.place)) is not None


def test_the_event_loop_never_waits(file, engine, finished):
    """This test ensures that a loop goes on while another process keeps the journal locked."""
    other = sqlite3.connect(file.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    lags = []

    async def tick():
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - began)

    async def record():
        ticking = asyncio.create_task(tick())
        asyncio.get_running_loop().call_later(0.3, other.execute, "COMMIT")
        await JournalStore(file, Settings(), engine).record(finished(1))
        ticking.cancel()

    asyncio.run(record())
    other.close()

    assert 5 < len(lags)
    assert 0.25 > max(lags)
