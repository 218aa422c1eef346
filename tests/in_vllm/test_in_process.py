"""The engine on real vLLM, with the checkpoint that knows a few pages: as users call it."""

from __future__ import annotations

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from langchain_deepseek_ocr import DeepSeekOCRLoader
from llama_index.readers.deepseek_ocr import DeepSeekOCRReader
from tokenizers import Tokenizer

from dsocr_loaders import Reader
from dsocr_loaders.errors import EngineDead, EngineUnavailable
from dsocr_loaders.testing.closed_book import PAGES
from dsocr_loaders.values import PageStatus, Task

OPTIONS = {"enforce_eager": True, "max_model_len": 4096, "max_num_seqs": 4}


@pytest.fixture(scope="module")
def arguments(checkpoint, servers):
    """The settings of all readers here: in the mode in which a page takes a second on two cores."""
    servers.close()  # vLLM takes 4 GB
    return {"engine": "vllm", "model": str(checkpoint), "engine_options": OPTIONS, "resolution": "tiny"}


@pytest.fixture(scope="module")
def kept(arguments):
    """A reader that keeps the model loaded while the others of this module come and go."""
    with Reader(**arguments) as reader:
        _ = reader.engine  # it keeps the core from now on, which the first page starts
        yield reader


def load_with_llama_index(path, arguments):
    documents = DeepSeekOCRReader(**arguments).load_data(path)
    return [(document.text, document.metadata["page_number"]) for document in documents]


def load_with_langchain(path, arguments):
    documents = DeepSeekOCRLoader(path, contextualize=False, **arguments).load()
    return [(document.page_content, document.metadata["page_number"]) for document in documents]


def test_every_page_is_read_as_it_was_learnt(kept, arguments, book):
    """This test ensures that each page of a PDF comes back with its own answer, character for character, in order."""
    with Reader(**{**arguments, "resolution": "gundam"}) as reader:
        pages = list(reader.iter_pages(book))
        assert kept.engine.process_id == reader.engine.process_id

    assert [page.answer() for page in PAGES] == [page.answer.text for page in pages]
    assert [PageStatus.OK] * len(PAGES) == [page.status for page in pages]
    assert {"stop"} == {page.answer.finish_reason for page in pages}


def test_two_readers_two_prompts_one_model(kept, arguments, book):
    """This test ensures that readers share the model, side by side, each with the answers to its own prompt."""
    with Reader(**arguments, pages="1-3") as grounded, Reader(**arguments, pages="1-3", task="free") as plain:
        with ThreadPoolExecutor(2) as threads:
            both = list(threads.map(lambda reader: list(reader.iter_pages(book)), (grounded, plain)))

        assert kept.engine.process_id is not None
        assert {kept.engine.process_id} == {grounded.engine.process_id, plain.engine.process_id}
    expected = [[page.answer(task) for page in PAGES[:3]] for task in (Task.DOCUMENT, Task.FREE)]
    assert expected == [[page.answer.text for page in pages] for pages in both]


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
    assert longest_gap_s < 5


def test_the_ngram_rule_is_at_work(kept, arguments, looping_page):
    """This test ensures that a page on which the model repeats itself without end repeats no run of thirty tokens."""
    with Reader(**arguments, max_new_tokens=400, repair=False) as reader:
        (page,) = reader.iter_pages(looping_page)
        vocabulary = Tokenizer.from_file(f"{arguments['model']}/tokenizer.json")

    tokens = vocabulary.encode(page.answer.text, add_special_tokens=False).ids
    runs = [tuple(tokens[at : at + 30]) for at in range(len(tokens) - 29)]
    near = [runs[at] in runs[max(0, at - 60) : at] for at in range(len(runs))]
    assert len(tokens) > 90
    assert not any(near)


@pytest.fixture(scope="module")
def chunks(arguments, book):
    """What the reader itself makes of the first pages, after another run of them."""
    with Reader(**arguments, pages="1-3") as reader:
        return reader.load(book)


@pytest.mark.parametrize("load", [load_with_llama_index, load_with_langchain])
def test_the_framework_classes(kept, load, arguments, book, chunks):
    """This test ensures that the fixture comes back as the right chunks, in order, through the classes users call."""
    assert kept.engine.process_id is not None

    loaded = load(book, {**arguments, "pages": "1-3"})

    assert [(chunk.text, chunk.metadata.page_number) for chunk in chunks] == loaded
    titles = [part.text.lstrip("# ") for page in PAGES[:3] for part in page.sheet.parts if part.text.startswith("#")]
    found = "\n".join(text for text, _ in loaded)
    places = [found.find(title) for title in titles]
    assert len(titles) > 1
    assert -1 not in places
    assert sorted(places) == places


def test_resolutions_that_vllm_itself_has_not(kept, arguments, book):
    """This test ensures that the model reads the views of several modes side by side, for the tokens of each."""
    image_tokens = {"tiny": 73, "small": 111, "base": 273}
    with ExitStack() as opened, ThreadPoolExecutor(3) as threads:
        readers = [
            opened.enter_context(Reader(**{**arguments, "resolution": each, "pages": "2"})) for each in image_tokens
        ]
        pages = [page for (page,) in threads.map(lambda reader: list(reader.iter_pages(book)), readers)]

    assert [PAGES[1].answer()] * 3 == [page.answer.text for page in pages]
    prompts = [page.answer.prompt_tokens - tokens for page, tokens in zip(pages, image_tokens.values(), strict=True)]
    assert 1 == len(set(prompts))


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

    def test_a_model_of_damaged_weights(self, kept, checkpoint, book, tmp_path):
        """This test ensures that vLLM's own refusal is one clear error for the run."""
        kept.close()
        for path in checkpoint.iterdir():
            if path.suffix == ".json" and "index" not in path.name:
                (tmp_path / path.name).symlink_to(path)
        (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)

        with (
            Reader(engine="vllm", model=str(tmp_path), engine_options=OPTIONS) as reader,
            pytest.raises(EngineUnavailable, match=r"weights of .* cannot be read") as caught,
        ):
            list(reader.iter_pages(book))
        assert "no_engine" == caught.value.cause
