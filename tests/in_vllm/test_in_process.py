"""The engine on real vLLM, with the checkpoint that knows a few pages: as users call it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from dsocr_loaders import Reader
from dsocr_loaders.engines.vllm import VllmEngine
from dsocr_loaders.errors import EngineDead, EngineUnavailable
from dsocr_loaders.testing.closed_book.cache import checkpoint
from dsocr_loaders.testing.closed_book.pages import PAGES, write_book, write_looping_page
from dsocr_loaders.values import PageStatus, Task

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]

OPTIONS = {"dtype": "bfloat16", "enforce_eager": True, "max_model_len": 4096, "max_num_seqs": 4}


@pytest.fixture(scope="module")
def model():
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    return str(checkpoint())


@pytest.fixture(scope="module")
def arguments(model):
    return {"engine": "vllm", "model": model, "engine_options": OPTIONS}


@pytest.fixture(scope="module", autouse=True)
def kept(arguments):
    """A reader that keeps the model loaded while the others of this module come and go."""
    with Reader(**arguments) as reader:
        assert isinstance(reader.engine, VllmEngine)
        yield reader


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return write_book(tmp_path_factory.mktemp("book") / "tide-mill.pdf")


def test_every_page_is_read_as_it_was_learnt(kept, book):
    """This test ensures that each page of a PDF comes back with its own answer, character for character, in order."""
    pages = list(kept.iter_pages(book))

    assert [page.answer() for page in PAGES] == [page.answer.text for page in pages]
    assert [PageStatus.OK] * len(PAGES) == [page.status for page in pages]
    assert {"stop"} == {page.answer.finish_reason for page in pages}


def test_two_readers_two_prompts_one_model(kept, arguments, book):
    """This test ensures that readers share the model, side by side, each with the answers to its own prompt."""
    with Reader(**arguments, task="free") as other:
        plain = [None]
        thread = threading.Thread(target=lambda: plain.__setitem__(0, list(other.iter_pages(book))))
        thread.start()
        grounded = list(kept.iter_pages(book))
        thread.join()

        assert other.engine.process_id == kept.engine.process_id
    assert [page.answer() for page in PAGES] == [page.answer.text for page in grounded]
    assert [page.answer(Task.FREE) for page in PAGES] == [page.answer.text for page in plain[0]]


def test_an_event_loop_is_not_held_up(arguments, book):
    """This test ensures that answers come as they are finished, and that the caller's event loop goes on meanwhile."""

    async def read():
        gaps, pages = [], []
        loop = asyncio.get_running_loop()

        async def beat():
            while True:
                before = loop.time()
                await asyncio.sleep(0.01)
                gaps.append(loop.time() - before)

        beating = asyncio.create_task(beat())
        async with Reader(**arguments, pages="3-5", ordered=False) as reader:
            pages.extend([page async for page in reader.aiter_pages(book)])
        beating.cancel()
        return pages, max(gaps)

    pages, longest_gap_s = asyncio.run(read())

    assert {3: PAGES[2].answer(), 4: PAGES[3].answer(), 5: PAGES[4].answer()} == {
        page.page_number: page.answer.text for page in pages
    }
    assert longest_gap_s < 2


def test_the_ngram_rule_is_at_work(kept, arguments, tmp_path):
    """This test ensures that a page that makes the model loop is cut short by the rule, or by the limit without it."""
    looping = write_looping_page(tmp_path / "looping.pdf")
    limited = {**arguments, "max_new_tokens": 300}

    with Reader(**limited) as reader:
        (page,) = reader.iter_pages(looping)

    tokens = page.answer.text.split()
    window = [tuple(tokens[at : at + 30]) for at in range(len(tokens) - 30)]
    assert len(window) == len(set(window)) or page.answer.finish_reason == "stop"


@pytest.mark.parametrize("framework", ["llama_index", "langchain"])
def test_the_framework_classes(framework, arguments, book):
    """This test ensures that the fixture comes back as the right chunks, in order, through the classes users call."""
    pages = "1-3"
    if framework == "llama_index":
        reader_class = pytest.importorskip("llama_index.readers.deepseek_ocr").DeepSeekOCRReader
        documents = reader_class(**arguments, pages=pages).load_data(book)
    else:
        loader_class = pytest.importorskip("langchain_deepseek_ocr").DeepSeekOCRLoader
        documents = loader_class(book, **arguments, pages=pages).load()
    texts = [getattr(each, "text", None) or each.page_content for each in documents]
    numbers = [each.metadata["page_number"] for each in documents]

    assert sorted(numbers) == numbers
    assert {1, 2, 3} == set(numbers)
    for page in PAGES[:3]:
        words = next(part.text for part in page.sheet.parts if part.text)
        assert any(words.lstrip("# ") in text for text in texts), words


@pytest.mark.parametrize("resolution", ["tiny", "base"])
def test_other_resolutions_are_read(kept, arguments, book, resolution):
    """This test ensures that the model takes the tensors of modes that vLLM itself has not, and counts their tokens."""
    with Reader(**arguments, resolution=resolution, pages="1", max_new_tokens=8, prompt="Free OCR.") as reader:
        (page,) = reader.iter_pages(book)

    expected = {"tiny": 73, "base": 273}[resolution]
    (gundam,) = Reader(**arguments, pages="1", max_new_tokens=8, prompt="Free OCR.").iter_pages(book)
    assert expected - 273 == page.answer.prompt_tokens - gundam.answer.prompt_tokens


class TestEnd:
    """Last in this file: it ends the model that the others share."""

    def test_a_core_that_is_killed_is_one_error_for_the_run(self, kept, arguments, book):
        """This test ensures that a killed process ends the run with one `EngineDead`, which keeps what was read."""
        engine = kept.engine

        def read_and_kill():
            for page in kept.iter_pages(book):
                read.append(page.status)
                os.kill(engine.process_id, signal.SIGKILL)

        read = []
        with pytest.raises(EngineDead, match="SIGKILL") as caught:
            read_and_kill()

        assert [PageStatus.OK] == read[:1]
        assert "died" == caught.value.cause
        assert "make a new one" in str(caught.value)
        kept.close()

    def test_a_model_of_damaged_weights(self, model, tmp_path):
        """This test ensures that vLLM's own refusal is one clear error for the run."""
        for path in Path(model).iterdir():
            if path.suffix == ".json" and "index" not in path.name:
                (tmp_path / path.name).symlink_to(path)
        (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)

        with (
            Reader(engine="vllm", model=str(tmp_path), engine_options=OPTIONS) as reader,
            pytest.raises(EngineUnavailable, match=r"weights of .* cannot be read") as caught,
        ):
            list(reader.iter_pages(Path(model) / "tide-mill.pdf"))
        assert "no_engine" == caught.value.cause
