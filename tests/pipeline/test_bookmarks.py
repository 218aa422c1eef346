"""A file's bookmarks, which are read beside its pages: only the source's opening, as the caller takes it, has them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import EngineDead, SourceDamaged, engine_error
from dsocr_loaders.pages import BookmarkJob, DescribeJob, RenderedPage, RenderJob
from dsocr_loaders.pipeline import PageFinished, PageStream, SourceDone, SourceOpened, aiterate
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import OutlineEntry, PageImage, PageResult, Source, SourceInfo

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"
BOOKMARKS = (OutlineEntry(1, "Start", 1, "bookmark"),)
PDF = Source("a.pdf", "/nowhere/a.pdf", "0" * 64, "application/pdf", 1, "/nowhere/a.pdf")
LIMIT_S = 20.0


class FakePool:
    """Renders two pages without pixels; the bookmarks come when `wait` lets them."""

    def __init__(self, wait=None):
        self.jobs = []
        self._wait = wait

    async def run(self, job, *, party):
        self.jobs.append(type(job))
        if isinstance(job, DescribeJob):
            return SourceInfo(2, ("i", "ii"), BOOKMARKS if job.needs_bookmarks else (), "pymupdf")
        if isinstance(job, BookmarkJob):
            if self._wait is not None:
                await self._wait()
            return BOOKMARKS
        page = PageImage(job.source, job.page_number, "", 595, 842, "pt")
        return RenderedPage(page, Prepared(f"{job.page_number:064x}", b""))


def read(pool, source=PDF, **stream):
    """Return what the stream hands over, within the limit."""
    engine = ScriptedEngine(ANSWER)

    async def collected():
        async with (
            asyncio.timeout(LIMIT_S),
            aclosing(aiterate(PageStream(iter([source]), engine, Settings(), pool, **stream))) as items,
        ):
            return [item async for item in items]

    try:
        return asyncio.run(collected())
    finally:
        engine.close()


@pytest.mark.parametrize("is_ordered", [True, False])
def test_pages_are_read_while_the_bookmarks_are(is_ordered):
    """This test ensures that bookmarks come second, hold no page up, and are there when the opening is taken."""
    finished = asyncio.Event()

    def tell(event):
        if isinstance(event, PageFinished) and event.place.page_number == 2:
            finished.set()

    pool = FakePool(finished.wait)
    opened, *pages, done = read(pool, tell=tell, is_ordered=is_ordered)

    assert [DescribeJob, RenderJob, BookmarkJob] == [*dict.fromkeys(pool.jobs)]
    assert (SourceOpened, BOOKMARKS) == (type(opened), opened.info.bookmarks)
    assert {1, 2} == {page.page_number for page in pages}
    assert SourceDone is type(done)


def test_bookmarks_that_cannot_be_read_cost_the_bookmarks(caplog):
    """This test ensures that a file on whose bookmarks a library dies twice is read without them, which is said."""

    async def die():
        raise SourceDamaged("a.pdf: the page worker crashed")

    opened, *pages, _ = read(FakePool(die))

    assert () == opened.info.bookmarks
    assert ["ok", "ok"] == [page.status for page in pages if isinstance(page, PageResult)]
    assert "a.pdf: going on without its bookmarks: a.pdf: the page worker crashed" in caplog.messages


def test_closed_page_workers_end_the_run():
    """This test ensures that what ends every job ends the run here too."""

    async def closed():
        raise engine_error("died", "The page workers are closed.")

    with pytest.raises(EngineDead, match="are closed"):
        read(FakePool(closed))


def test_a_store_that_fails_at_the_first_page_is_told():
    """This test ensures that the opening, which comes before any page, does not wait for a page that never begins."""

    class Broken:
        async def find_page(self, place):
            raise OSError(f"no journal for {place}")

    with pytest.raises(OSError, match=r"no journal for a\.pdf, page 1"):
        read(FakePool(), store=Broken())


def test_an_image_is_not_asked_for_bookmarks():
    """This test ensures that a file that can have none costs no job for them."""
    pool = FakePool()
    read(pool, replace(PDF, media_type="image/png"))

    assert [DescribeJob, RenderJob, RenderJob] == pool.jobs
