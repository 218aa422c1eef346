"""What `ordered=False` changes for a reader's forms, and what it leaves alone."""

from __future__ import annotations

import asyncio

from dsocr_loaders import Reader
from dsocr_loaders.testing import ScriptedEngine

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


async def collected(pages):
    return [page.page_number async for page in pages]


def test_pages_come_as_they_are_read_and_everything_else_in_order(make_pdf, pool, monkeypatch):
    """This test ensures that a slow first page is yielded last by both faces of `iter_pages`, and by nothing else."""
    engine = ScriptedEngine(ANSWER, delay_s=lambda request: 0.4 if request.page.page_number == 1 else 0.0)
    path = make_pdf("1", "2", "3")
    monkeypatch.setattr(pool, "close", lambda: None)
    monkeypatch.setattr("dsocr_loaders.reader.PagePool", lambda _: pool)

    with Reader(engine, ordered=False, granularity="page") as reader:
        reader.read(path)  # starts the page workers
        blocking = [page.page_number for page in reader.iter_pages(path)]
        awaited = asyncio.run(collected(reader.aiter_pages(path)))
        document = [page.page_number for page in reader.read(path).pages]
        objects = [each.metadata.page_number for each in reader.load(path)]

    assert 1 == blocking[-1]
    assert 1 == awaited[-1]
    assert [1, 2, 3] == document == objects
    assert [1, 2, 3] == sorted(blocking) == sorted(awaited)
    engine.close()
