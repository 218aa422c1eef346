"""The order in which results leave: that of the pages, or that of their ends."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.pipeline import SourceDone, SourceOpened
from dsocr_loaders.pipeline.outlet import Batch, Outlet
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageResult

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


async def passed_through(sizes, seed, *, is_ordered):
    """Return what comes out of an outlet for sources of so many pages, whose pages end in an order of chance."""
    dice = random.Random(seed)  # noqa: S311 - a test's own dice

    async def page(name):
        for _ in range(dice.randrange(6)):
            await asyncio.sleep(0)
        return name

    outlet = Outlet(is_ordered=is_ordered)
    for source, size in enumerate(sizes):
        batch = Batch()
        outlet.put(("opened", source, 0))
        for number in range(size):
            outlet.expect(asyncio.create_task(page(("page", source, number))), batch)
            if dice.random() < 0.3:
                await asyncio.sleep(0)
        outlet.put_behind(("done", source, size), batch)
    outlet.end()
    seen = []
    while (item := await outlet.get()) is not None:
        seen.append(await item if isinstance(item, asyncio.Task) else item)
    return seen


def expected(sizes):
    for source, size in enumerate(sizes):
        yield ("opened", source, 0)
        yield from (("page", source, number) for number in range(size))
        yield ("done", source, size)


few_sources = st.lists(st.integers(0, 8), max_size=4)


@settings(max_examples=40, deadline=None)
@given(few_sources, st.integers(0, 10_000))
def test_order_is_restored(sizes, seed):
    """This test ensures that nothing is lost, doubled or swapped, in whatever order pages end."""
    assert list(expected(sizes)) == asyncio.run(passed_through(sizes, seed, is_ordered=True))


@settings(max_examples=40, deadline=None)
@given(few_sources, st.integers(0, 10_000))
def test_without_order_each_source_still_has_beginning_and_end(sizes, seed):
    """This test ensures that nothing is lost or doubled, and that pages stand between their source's two ends."""
    seen = asyncio.run(passed_through(sizes, seed, is_ordered=False))

    assert sorted(expected(sizes)) == sorted(seen)
    for source in range(len(sizes)):
        own = [kind for kind, of, _ in seen if of == source]
        assert ("opened", "done") == (own[0], own[-1])


def test_a_slow_page_holds_up_nobody_without_order(make_pdf, run):
    """This test ensures that over file borders too the slow page comes last, and its source's end behind it."""
    engine = ScriptedEngine(
        ANSWER, delay_s=lambda request: 1.0 if request.page.source.name.endswith("slow.pdf") else 0.0
    )
    list(run(make_pdf("1", "2"), engine))  # starts the page workers
    paths = [make_pdf("1", name="slow.pdf"), make_pdf("1", "2", "3")]

    items = list(run(paths, engine, stream={"is_ordered": False}))

    names = [item.source.file_name for item in items if isinstance(item, PageResult)]
    assert ["report.pdf"] * 3 + ["slow.pdf"] == names
    assert [SourceOpened, SourceOpened] == [type(item) for item in items if isinstance(item, SourceOpened)]
    assert (PageResult, SourceDone) == (type(items[-2]), type(items[-1]))
    assert items[-1].source.name.endswith("slow.pdf")
    engine.close()
