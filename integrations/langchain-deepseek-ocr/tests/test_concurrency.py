from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest
from dsocr_loaders import PagesFailed
from dsocr_loaders.errors import engine_error
from dsocr_loaders.testing import ScriptedEngine
from langchain_core.documents.base import Blob

from langchain_deepseek_ocr import DeepSeekOCRLoader

READ_S = 1.5
MOST_LAG_S = READ_S / 2


def loader_of(file_path, engine, **settings):
    """Return a loader that rasterises with pdfium, whose workers start fastest."""
    return DeepSeekOCRLoader(file_path, engine=engine, pdf_backend="pdfium", **settings)


@pytest.fixture
def slow_engine(answers):
    """Return an engine that takes its time for each page."""
    engine = ScriptedEngine(answers, delay_s=READ_S)
    yield engine
    engine.close()


class Rendezvous(ScriptedEngine):
    """Answers the first page only when a second one is asked for."""

    def __init__(self, answers):
        super().__init__(answers)
        self.second = asyncio.Event()

    async def read(self, prepared, request):
        if self.requests:
            self.second.set()
        answer = await super().read(prepared, request)
        await asyncio.wait_for(self.second.wait(), timeout=60)
        return answer


async def longest_lag_s(work):
    """Run `work` and return its result and the longest time in which the event loop did nothing else."""
    longest_s = 0.0
    task = asyncio.create_task(work)
    while not task.done():
        begin = time.perf_counter()
        await asyncio.sleep(0.005)
        longest_s = max(longest_s, time.perf_counter() - begin)
    return await task, longest_s


async def collected(documents):
    return [document async for document in documents]


@pytest.mark.parametrize("kind", ["a path", "blobs"])
def test_the_event_loop_is_never_blocked(report, slow_engine, kind):
    """This test ensures that other coroutines run while pages are rasterised and read."""
    given = report if kind == "a path" else [Blob.from_data(report.read_bytes(), path="report.pdf")]

    async def main():
        async with loader_of(given, slow_engine, pages="1") as loader:
            return await longest_lag_s(collected(loader.alazy_load()))

    documents, lag_s = asyncio.run(main())

    assert [document.metadata["page"] for document in documents] == [0]
    assert lag_s < MOST_LAG_S


def test_it_needs_no_thread_of_the_caller(report, answers):
    """This test ensures that loading goes on where all threads of the caller's executor are busy, unlike LangChain's
    default, which takes one for each step.
    """  # noqa: D205 - one sentence that needs two lines
    engine = ScriptedEngine(answers)
    release = threading.Event()

    async def main(loader):
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1) as executor:
            loop.set_default_executor(executor)
            busy = loop.run_in_executor(None, release.wait)
            try:
                async with asyncio.timeout(60):
                    return [await collected(loader.alazy_load()), await loader.aload()]
            finally:
                release.set()
                await busy

    with loader_of(report, engine) as loader:
        loads = asyncio.run(main(loader))
    engine.close()

    assert [[document.metadata["page"] for document in load] for load in loads] == [[0, 1, 2], [0, 1, 2]]


def test_loads_run_side_by_side(report, answers):
    """This test ensures that two loads in one event loop wait for the engine together, and read the same."""
    engine = Rendezvous(answers)

    async def main():
        async with loader_of(report, engine, pages="1") as loader:
            return await asyncio.gather(loader.aload(), collected(loader.alazy_load()))

    eager, lazy = asyncio.run(main())
    engine.close()

    assert len(eager) == 1
    assert eager == lazy


def test_blobs_are_read_side_by_side(make_pdf, tmp_path, answers):
    """This test ensures that an engine need not wait at the end of each blob."""
    engine = Rendezvous(answers)
    blobs = [Blob.from_path(make_pdf(tmp_path / name, [name])) for name in ("a.pdf", "b.pdf")]
    with loader_of(blobs, engine) as loader:
        documents = loader.load()
    engine.close()

    assert [document.metadata["file_name"] for document in documents] == ["a.pdf", "b.pdf"]


def test_documents_come_as_they_are_read(make_pdf, tmp_path, answer):
    """This test ensures that the first Document does not wait for the last page, and that leaving early cancels."""
    path = make_pdf(tmp_path / "long.pdf", [f"Page {number}" for number in range(1, 17)])
    engine = ScriptedEngine(
        lambda request: answer(f"Part {request.page.page_number}", "Body."),
        delay_s=lambda request: 3600.0 if request.page.page_number == 16 else 0.0,
    )

    async def main():
        async with loader_of(path, engine) as loader, aclosing(loader.alazy_load()) as documents:
            return await asyncio.wait_for(anext(documents), timeout=60)

    first = asyncio.run(main())
    engine.close()

    assert first.metadata["page"] == 0
    assert engine.in_flight == 0


def test_a_failed_page_is_told_at_the_end(report, answers):
    """This test ensures that the async forms raise what the blocking ones do."""
    engine = ScriptedEngine(answers | {2: engine_error("bad_request", "page 2 is refused")})
    seen = []

    async def lazily(loader):
        async for document in loader.alazy_load():
            seen.append(document.metadata["page"])  # noqa: PERF401 - what came before the error has to be seen

    async def main():
        async with loader_of(report, engine) as loader:
            with pytest.raises(PagesFailed) as lazy:
                await lazily(loader)
            with pytest.raises(PagesFailed) as eager:
                await loader.aload()
            return [[result.page_number for result in each.value.results] for each in (lazy, eager)]

    carried = asyncio.run(main())
    engine.close()

    assert seen == [0, 2]
    assert carried == [[2], [1, 2, 3]]


def test_the_blocking_form_works_inside_a_running_event_loop(report, answers):
    """This test ensures that notebooks and servers can call `load`, although it blocks them."""
    engine = ScriptedEngine(answers)

    async def main():
        with loader_of(report, engine) as loader:
            return loader.load()

    documents = asyncio.run(main())
    engine.close()

    assert [document.metadata["page"] for document in documents] == [0, 1, 2]


def test_each_step_may_come_from_another_thread(report, answers):
    """This test ensures that nothing in the generator belongs to a thread: LangChain runs each step in any of them."""
    engine = ScriptedEngine(answers)
    pages = []
    with loader_of(report, engine) as loader:
        documents = loader.lazy_load()
        for _ in range(4):
            step = threading.Thread(
                target=lambda: pages.append(getattr(next(documents, None), "metadata", {}).get("page"))
            )
            step.start()
            step.join()
    engine.close()

    assert pages == [0, 1, 2, None]


def test_threads_share_a_loader(report, answers):
    """This test ensures that one loader serves several threads at once, from its very first use."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader, ThreadPoolExecutor(4) as executor:
        loads = list(executor.map(lambda _: loader.load(), range(4)))
    engine.close()

    assert len(loads[0]) == 3
    assert loads == [loads[0]] * 4


def test_two_loads_can_be_interleaved(report, answers):
    """This test ensures that no lock is held while a Document is in the caller's hands."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        pairs = list(zip(loader.lazy_load(), loader.lazy_load(), strict=True))
    engine.close()

    assert len(pairs) == 3
    assert all(left == right for left, right in pairs)


SCRIPT = """
from langchain_deepseek_ocr import DeepSeekOCRLoader

documents = DeepSeekOCRLoader({path!r}, engine={engine!r}, pdf_backend="pdfium").load()
print([document.metadata["page"] for document in documents])
"""


def test_a_script_needs_no_guard(report, recorded, tmp_path):
    """This test ensures that a script without `if __name__ == "__main__"` and without `close` runs once and ends."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(path=str(report), engine=f"replay:{recorded}"))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "[0, 1, 2]\n", "")
