"""What the awaitable forms of a reader leave to threads, so that the caller's event loop keeps turning."""

from __future__ import annotations

import asyncio
import threading

import pytest

from dsocr_loaders import Reader, runs
from dsocr_loaders.testing import ScriptedEngine

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nA page of words."


@pytest.fixture
def reader(pool, monkeypatch):
    """A reader that finds structure over the whole document, and notes the threads that count tokens."""
    monkeypatch.setattr(pool, "close", lambda: None)
    monkeypatch.setattr("dsocr_loaders.reader.PagePool", lambda _: pool)
    engine = ScriptedEngine(ANSWER)
    threads = set()

    def count(text):
        threads.add(threading.current_thread().name)
        return len(text)

    with Reader(engine, structure="whole", token_counter=count) as made:
        yield made, threads
    engine.close()


async def listed(chunks):
    return [each.text async for each in chunks]


def test_chunks_of_a_whole_document_are_made_in_a_thread(reader, make_pdf):
    """This test ensures that what is made of a long document at its end does not hold up the caller's loop."""
    made, threads = reader
    path = make_pdf("1", "2")

    lazily = asyncio.run(listed(made.alazy_load(path)))
    at_once = [each.text for each in asyncio.run(made.aload(path))]

    assert {"dsocr-chunks"} == threads
    assert [each.text for each in made.load(path)] == lazily == at_once


def test_a_document_is_made_in_a_thread(reader, make_pdf, monkeypatch):
    """This test ensures the same of `aread`."""
    made, _ = reader
    threads, build = [], runs.build_document

    def noted(*parts):
        threads.append(threading.current_thread().name)
        return build(*parts)

    monkeypatch.setattr(runs, "build_document", noted)
    document = asyncio.run(made.aread(make_pdf("1", "2")))

    assert ["dsocr-document"] == threads
    assert 2 == len(document.pages)
