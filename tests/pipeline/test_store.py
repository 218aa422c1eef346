"""The pipeline and whatever keeps answers: when it is asked, and what its word is worth."""

from __future__ import annotations

import pytest

from dsocr_loaders.answer_store import KnownPage
from dsocr_loaders.errors import OutputError, engine_error
from dsocr_loaders.pipeline import PageFinished, PageRead, PageRendered
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import Dialect, PageResult, PageStatus, RawAnswer

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"
STORED = RawAnswer(ANSWER.replace("words", "stored words"), "stop", 1, 2, "model", "engine")


class MemoryStore:
    """Knows pages by their number and images by their digest; remembers what it is told."""

    def __init__(self, pages=(), images=()):
        self.pages = dict(pages)
        self.images = dict(images)
        self.recorded = []

    async def find_page(self, place):
        return self.pages.get(place.page_number)

    async def lookup(self, prepared, request):
        assert prepared.digest
        assert request.page.image is None
        return self.images.get(prepared.digest)

    async def record(self, page):
        self.recorded.append(page)

    async def record_answer(self, page):
        raise AssertionError(page)


def pages_of(items):
    return [item for item in items if isinstance(item, PageResult)]


def test_answers_are_recorded_with_all_that_names_them(make_pdf, run):
    """This test ensures that good and blank pages are kept, each with its digest and status, and failed ones not."""
    engine, store = ScriptedEngine({1: ANSWER, 3: engine_error("bad_request", "no"), 4: ""}), MemoryStore()

    pages_of(run(make_pdf("1", "", "3", "4"), engine, stream={"store": store}, repair=False))

    one, two = sorted(store.recorded, key=lambda page: page.place.page_number)
    asked = next(position for position, request in enumerate(engine.requests) if request.page.page_number == 1)
    assert (1, PageStatus.OK, engine.digests[asked]) == (one.place.page_number, one.status, one.prepared.digest)
    assert (ANSWER, Dialect.GROUNDED, None) == (one.answer.text, one.parsed.dialect, one.prepared.payload)
    assert engine.requests[asked] == one.request
    assert (2, PageStatus.BLANK, None) == (two.place.page_number, two.status, two.answer)
    engine.close()


def test_a_known_page_is_neither_rendered_nor_asked_nor_recorded(make_pdf, run):
    """This test ensures that a rerun costs nothing for a page that is known, read or blank, and says what it was."""
    first, path = MemoryStore(), make_pdf("1", "", "3")
    engine = ScriptedEngine(ANSWER)
    read = pages_of(run(path, engine, stream={"store": first}))
    known = {page.place.page_number: KnownPage(page.page, page.answer) for page in first.recorded}
    events, second, asked = [], MemoryStore(known), len(engine.requests)

    again = pages_of(run(path, engine, stream={"store": second, "tell": events.append}))

    assert asked == len(engine.requests)
    assert [] == second.recorded
    assert [] == [event for event in events if isinstance(event, PageRendered | PageRead)]
    assert [True] * 3 == [event.is_known for event in events if isinstance(event, PageFinished)]
    assert [0, 0, 0] == [page.attempts for page in again]
    for before, after in zip(read, again, strict=True):
        assert (before.status, before.regions, before.answer) == (after.status, after.regions, after.answer)
        assert (before.width, before.height, before.label) == (after.width, after.height, after.label)
    engine.close()


def test_a_known_image_is_not_asked_about_again(make_pdf, run):
    """This test ensures that an image which was answered before takes no slot, and is recorded for its page."""
    engine = ScriptedEngine(ANSWER)
    pages_of(run(make_pdf("1", "2"), engine))
    by_page = {
        request.page.page_number: digest for request, digest in zip(engine.requests, engine.digests, strict=True)
    }
    store, asked = MemoryStore(images={by_page[1]: STORED}), len(engine.requests)

    first, second = pages_of(run(make_pdf("1", "2"), engine, stream={"store": store}))

    assert [2] == [request.page.page_number for request in engine.requests[asked:]]
    assert ("stored words", 0) == (first.regions[0].text, first.attempts)
    assert ("words", 1) == (second.regions[0].text, second.attempts)
    assert {1, 2} == {page.place.page_number for page in store.recorded}
    engine.close()


@pytest.mark.parametrize("method", ["find_page", "lookup", "record"])
def test_an_error_of_the_store_ends_the_run(method, make_pdf, run):
    """This test ensures that a full disk is the caller's error and no page's, however the store is asked."""
    engine, store = ScriptedEngine(ANSWER), MemoryStore()

    async def fail(*_):
        raise OutputError("the disk is full")

    setattr(store, method, fail)

    with pytest.raises(OutputError, match="the disk is full"):
        pages_of(run(make_pdf("1", "2"), engine, stream={"store": store}))

    assert 0 == engine.loop.images.held
    engine.close()


def test_a_page_is_handed_over_once_it_is_recorded(make_pdf, run):
    """This test ensures that what a caller has seen is kept, even if the process dies the moment after."""
    engine, store = ScriptedEngine(ANSWER, capacity=2), MemoryStore()
    seen = []

    for item in run(make_pdf(*map(str, range(6))), engine, stream={"store": store}):
        if isinstance(item, PageResult):
            seen.append(item.page_number)
            assert set(seen) <= {page.place.page_number for page in store.recorded}

    assert [1, 2, 3, 4, 5, 6] == seen
    engine.close()
