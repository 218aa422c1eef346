"""Runs as LangChain's callbacks show them."""

from __future__ import annotations

import asyncio

import pytest
from dsocr_loaders.errors import PagesFailed, engine_error
from dsocr_loaders.testing import ScriptedEngine
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.runnables import RunnableLambda

from langchain_deepseek_ocr import DeepSeekOCRBlobParser, DeepSeekOCRLoader

pytestmark = pytest.mark.usefixtures("warm_workers")


class Remembering(BaseCallbackHandler):
    """Keeps custom events and the run that they belong to."""

    def __init__(self):
        self.seen = []

    def on_custom_event(self, name, data, *, run_id, **_):
        self.seen.append((name, data, run_id))


class RememberingAsync(AsyncCallbackHandler):
    """The same, as a coroutine."""

    def __init__(self):
        self.seen = []

    async def on_custom_event(self, name, data, *, run_id, **_):
        self.seen.append((name, data, run_id))


@pytest.fixture
def engine(answers):
    made = ScriptedEngine(answers)
    yield made
    made.close()


@pytest.mark.parametrize("handler", [Remembering, RememberingAsync])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_loaders_callbacks(report, engine, handler, is_async):
    """This test ensures that callbacks of the loader get file, pages and report, in both forms of handler and call."""
    remembering = handler()
    with DeepSeekOCRLoader(report, engine=engine, callbacks=[remembering]) as loader:
        if is_async:
            asyncio.run(loader.aload())
        else:
            loader.load()

    names = [name for name, _, _ in remembering.seen]
    assert "deepseek_ocr_file" == names[0]
    assert "deepseek_ocr_run" == names[-1]
    assert {"deepseek_ocr_page"} == set(names[1:-1])
    pages = sorted(data["page_number"] for name, data, _ in remembering.seen if name == "deepseek_ocr_page")
    assert list(range(1, len(pages) + 1)) == pages
    assert len(pages) == remembering.seen[-1][1]["pages"]


def test_a_chain_around_the_loader(report, engine):
    """This test ensures that a chain's callbacks get the events as those of its own run."""
    remembering = Remembering()
    runs = []
    with DeepSeekOCRLoader(report, engine=engine) as loader:
        chain = RunnableLambda(lambda _: runs.append(1) or loader.load())
        chain.invoke(None, config={"callbacks": [remembering]})

    assert [1] == runs
    assert "deepseek_ocr_run" == remembering.seen[-1][0]
    assert 1 == len({run_id for _, _, run_id in remembering.seen})
    assert remembering.seen[-1][2] is not None


def test_failures_are_told(report, answers):
    """This test ensures that second tries and failed pages are told with their reason."""
    busy = engine_error("busy", "The server is busy.", retry_after_s=0.0)
    engine = ScriptedEngine({**answers, 1: [busy, answers[1]], 2: engine_error("bad_request", "The page is refused.")})
    remembering = Remembering()
    with DeepSeekOCRLoader(report, engine=engine, callbacks=[remembering]) as loader, pytest.raises(PagesFailed):
        loader.load()
    engine.close()

    retries = [data for name, data, _ in remembering.seen if name == "deepseek_ocr_page_retry"]
    failed = [data for name, data, _ in remembering.seen if name == "deepseek_ocr_page" and data["message"]]
    assert [(1, "The server is busy.")] == [(data["page_number"], data["message"]) for data in retries]
    assert [2] == [data["page_number"] for data in failed]


def test_nobody_listens(report, engine):
    """This test ensures that without callbacks nothing is set up, and a parser takes callbacks as well."""
    with DeepSeekOCRLoader(report, engine=engine) as loader:
        assert () == loader._observers()
    with DeepSeekOCRBlobParser(engine=engine, callbacks=[Remembering()]) as parser:
        assert 1 == len(parser._observers())


def test_repairs_are_told(report):
    """This test ensures that a callback learns that a page was repaired, and what is still wrong with it."""
    remembering, engine = (
        Remembering(),
        ScriptedEngine(f"<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nIt rains{' again' * 2000}"),
    )
    with DeepSeekOCRLoader(
        report, engine=engine, callbacks=[remembering], max_repair_reads=0, repair=["trim"]
    ) as loader:
        loader.load()
    engine.close()

    pages = [data for name, data, _ in remembering.seen if name == "deepseek_ocr_page"]
    assert {("trim", "truncated")} == {(*page["repairs"], *page["faults"]) for page in pages}
