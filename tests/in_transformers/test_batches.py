"""What becomes of pages that wait, are cancelled or fail, and of the loop meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch
from transformers import AutoTokenizer

from dsocr_loaders.engines.transformers import TransformersEngine, batches, generation
from dsocr_loaders.errors import EngineDead, EngineRejected, EngineUnavailable
from dsocr_loaders.settings import Settings

pytestmark = pytest.mark.transformers


@pytest.fixture
def engine(own_code):
    made = TransformersEngine(Settings(model=str(own_code), trust_remote_code=True))
    yield made
    made.close()


@pytest.fixture
def sizes(monkeypatch):
    """Sizes of the batches that are read."""
    seen = []
    answers_of = generation.answers_of

    def answers(loaded, pages):
        seen.append(len(pages))
        return answers_of(loaded, pages)

    monkeypatch.setattr(batches, "answers_of", answers)
    return seen


def submitted(engine, request):
    return engine.loop.submit(engine.read(engine.prepare(request.page, request), request))


def test_pages_that_wait_are_read_together(engine, sizes, make_page, make_request, read_with):
    """This test ensures that pages which come while the model is loaded make a full batch, and the rest another."""
    read_with(engine, *(make_request(make_page(400, 400, seed)) for seed in range(6)))

    assert engine.capacity == 4
    assert [4, 2] == sizes


def test_a_batch_waits_a_moment_for_company(engine, sizes, make_page, make_request):
    """This test ensures that pages which come one after the other are read together, once the model is there."""
    requests = [make_request(make_page(400, 400, seed)) for seed in range(2)]
    prepared = [engine.prepare(each.page, each) for each in requests]
    engine.loop.submit(engine.make_ready(prepared[0])).result(timeout=110)

    first = engine.loop.submit(engine.read(prepared[0], requests[0]))
    time.sleep(0.03)
    second = engine.loop.submit(engine.read(prepared[1], requests[1]))
    answers = [first.result(timeout=110), second.result(timeout=110)]

    assert [12, 12] == [answer.output_tokens for answer in answers]
    assert [2] == sizes


def test_an_answer_that_ends(engine, own_code, tmp_path, make_page, make_request, read_with):
    """This test ensures that tokens which the checkpoint names as ends end an answer, and are no part of it."""
    request = make_request(make_page(400, 400), max_new_tokens=12, ngram_size=0)
    (cut,) = read_with(engine, request)
    folder = tmp_path / "DeepSeek-OCR-ends"
    shutil.copytree(own_code, folder)
    first = AutoTokenizer.from_pretrained(folder).encode(cut.text[:1], add_special_tokens=False)[0]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, first]}))
    ending = TransformersEngine(Settings(model=str(folder), trust_remote_code=True))

    (ended,) = read_with(ending, request)
    ending.close()

    assert ("length", 12) == (cut.finish_reason, cut.output_tokens)
    assert ("stop", 0, "") == (ended.finish_reason, ended.output_tokens, ended.text)


def test_the_context_is_the_limit(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that an answer without a limit gets what prompt and page leave, and that none is an error."""
    request = make_request(make_page(400, 400), max_new_tokens=None)
    load, short = engine._thread._state.load, 300
    monkeypatch.setattr(engine._thread._state, "load", lambda: replace(load(), context_tokens=short))

    answer, error = read_with(engine, request, make_request(request.page, "word " * 20))

    assert short == answer.prompt_tokens + answer.output_tokens
    assert isinstance(error, EngineRejected)
    assert "the model's context is 300" in str(error)


def test_a_page_that_is_cancelled_leaves_its_batch(engine, sizes, make_page, make_request):
    """This test ensures that a page nobody waits for any more ends at the next token, and the others go on."""
    endless = make_request(make_page(400, 400, 1), max_new_tokens=7000, ngram_size=0)
    futures = [submitted(engine, endless), submitted(engine, make_request(make_page(400, 400, 2), max_new_tokens=3))]
    while not sizes:
        time.sleep(0.01)

    futures[0].cancel()

    assert futures[1].result(timeout=30).output_tokens == 3
    assert [2] == sizes


def test_a_time_limit_frees_the_model(engine, make_page, make_request, read_with):
    """This test ensures that a page which takes too long does not keep the next one waiting."""

    async def limited():
        request = make_request(make_page(400, 400, 1), max_new_tokens=7000, ngram_size=0)
        async with asyncio.timeout(0.5):
            await engine.read(engine.prepare(request.page, request), request)

    read_with(engine, make_request(make_page(400, 400)))  # the model is there
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        engine.loop.submit(limited()).result(timeout=30)
    (answer,) = read_with(engine, make_request(make_page(400, 400)))

    assert answer.output_tokens == 12
    assert time.monotonic() - began < 30  # 7,000 tokens take minutes


def test_the_loop_goes_on(engine, make_page, make_request):
    """This test ensures that whatever the model does, the engine's loop answers others within a blink."""

    async def longest_lag():
        lag = 0.0
        while not reading.done():
            began = time.monotonic()
            await asyncio.sleep(0.005)
            lag = max(lag, time.monotonic() - began)
        return lag

    reading = submitted(engine, make_request(make_page(1191, 1684), max_new_tokens=60, ngram_size=0))

    # The interpreter's lock and this machine's two cores are shared; a blocked loop would wait for seconds.
    assert engine.loop.submit(longest_lag()).result(timeout=110) < 2.0


def test_closing_ends_what_is_being_read(engine, sizes, make_page, make_request):
    """This test ensures that close() ends soon, with an error for those who wait, and leaves no thread."""
    futures = [submitted(engine, make_request(make_page(400, 400, 1), max_new_tokens=7000, ngram_size=0))]
    while not sizes:
        time.sleep(0.01)
    began = time.monotonic()

    engine.close()
    engine.close()

    assert isinstance(futures[0].exception(timeout=5), EngineDead)
    assert time.monotonic() - began < 5
    assert "dsocr-model" not in {thread.name for thread in threading.enumerate()}


def test_a_forgotten_engine_ends_its_thread(own_code, make_page, make_request, read_with):
    """This test ensures that a model's memory comes back without close()."""
    engine = TransformersEngine(Settings(model=str(own_code), trust_remote_code=True))
    read_with(engine, make_request(make_page(400, 400)))

    del engine
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and "dsocr-model" in {thread.name for thread in threading.enumerate()}:
        gc.collect()
        time.sleep(0.05)

    assert "dsocr-model" not in {thread.name for thread in threading.enumerate()}


def failing(monkeypatch, error, *, when):
    """Let batches of pages fail for which `when(pages)`."""
    answers_of = generation.answers_of

    def answers(loaded, pages):
        if when(pages):
            raise error
        return answers_of(loaded, pages)

    monkeypatch.setattr(batches, "answers_of", answers)


def test_too_many_pages_for_the_memory(engine, make_page, make_request, read_with, monkeypatch, caplog):
    """This test ensures that a batch is halved where memory runs out, that later ones stay small, and who says so."""
    failing(monkeypatch, torch.OutOfMemoryError("out of memory"), when=lambda pages: len(pages) > 1)
    requests = [make_request(make_page(400, 400, seed)) for seed in range(4)]

    answers = read_with(engine, *requests)

    assert [12] * 4 == [answer.output_tokens for answer in answers]
    assert engine.capacity == 1
    assert "engine_options={'batch_size': 2}" in caplog.text


def test_too_large_a_page_for_the_memory(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that a page which does not fit alone fails, with what would help, and the others do not."""
    failing(
        monkeypatch,
        torch.OutOfMemoryError("CUDA out of memory"),
        when=lambda pages: any(page.page.tiles is not None for page in pages),
    )
    large, small = read_with(engine, make_request(make_page(1191, 1684)), make_request(make_page(400, 400)))

    assert large.cause == "too_large"
    assert "resolution='base'" in str(large)
    assert small.output_tokens == 12


def test_a_page_that_the_model_cannot_read(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that an error of the model costs the page that caused it."""
    failing(monkeypatch, ValueError("odd"), when=lambda pages: any(page.page.tiles is not None for page in pages))

    bad, good = read_with(engine, make_request(make_page(1191, 1684)), make_request(make_page(400, 400)))

    assert "ValueError: odd" in str(bad)
    assert good.output_tokens == 12


def test_a_device_that_breaks(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that a lost device is one error for everybody, now and later."""
    failing(monkeypatch, RuntimeError("CUDA error: device-side assert triggered"), when=lambda _: True)
    page = make_page(400, 400)

    errors = [*read_with(engine, make_request(page), make_request(page)), *read_with(engine, make_request(page))]

    assert [EngineDead] * 3 == [type(error) for error in errors]
    assert all("device-side assert" in str(error) for error in errors)


def test_no_numbers(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that a model whose numbers overflow is an error and not an answer of noise."""
    load = engine._thread._state.load

    def broken():
        loaded = load()
        with torch.no_grad():
            loaded.inputs._model.lm_head.weight.fill_(float("nan"))
        return loaded

    monkeypatch.setattr(engine._thread._state, "load", broken)

    (error,) = read_with(engine, make_request(make_page(400, 400)))

    assert error.cause == "not_understood"
    assert "NaN" in str(error)


def test_a_model_that_cannot_be_loaded_fails_for_all_who_wait(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that each page gets an error of its own, and that a later one tries again."""
    state, load = engine._thread._state, engine._thread._state.load

    def refuse():
        raise EngineUnavailable("no", cause="no_engine")

    monkeypatch.setattr(state, "load", refuse)
    first = read_with(engine, *(make_request(make_page(400, 400, seed)) for seed in range(2)))
    monkeypatch.setattr(state, "load", load)

    (answer,) = read_with(engine, make_request(make_page(400, 400)))

    assert [True, True] == [error.stops_run for error in first]
    assert answer.output_tokens == 12


def test_a_model_is_made_ready_before_the_first_page(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that all who wait for the model learn of it, and that it is loaded once."""
    state, load, loads = engine._thread._state, engine._thread._state.load, []
    monkeypatch.setattr(state, "load", lambda: loads.append(1) or load())
    request = make_request(make_page(400, 400))
    prepared = engine.prepare(request.page, request)

    waiting = [engine.loop.submit(engine.make_ready(prepared)) for _ in range(3)]
    done = [each.result(timeout=60) for each in waiting]
    engine.loop.submit(engine.make_ready(prepared)).result(timeout=10)
    (answer,) = read_with(engine, request)

    assert [None] * 3 == done
    assert [1] == loads
    assert answer.output_tokens == 12


def test_a_model_that_cannot_be_made_ready(engine, make_page, make_request, monkeypatch):
    """This test ensures that those who wait for a model are told why it does not come, or that it never will."""

    def refuse():
        raise EngineUnavailable("no", cause="no_engine")

    monkeypatch.setattr(engine._thread._state, "load", refuse)
    request = make_request(make_page(400, 400))
    prepared = engine.prepare(request.page, request)

    error = engine.loop.submit(engine.make_ready(prepared)).exception(timeout=30)
    engine._thread.close()
    later = engine.loop.submit(engine.make_ready(prepared)).exception(timeout=30)

    assert (EngineUnavailable, EngineDead) == (type(error), type(later))


LEAVE = """
import pickle, sys, time
from dsocr_loaders.engines.transformers import TransformersEngine
from dsocr_loaders.settings import Settings

engine = TransformersEngine(Settings(model=sys.argv[1], trust_remote_code=True))
with open(sys.argv[2], "rb") as file:
    request = pickle.load(file)
prepared = engine.prepare(request.page, request)
engine.loop.submit(engine.make_ready(prepared)).result()
engine.loop.submit(engine.read(prepared, request))
time.sleep(1)
"""


@pytest.mark.timeout(300)
def test_a_program_that_ends_in_the_middle(own_code, tmp_path, make_page, make_request):
    """This test ensures that a script which forgets its engine while it reads ends as it should, and leaves nothing."""
    (tmp_path / "leave.py").write_text(LEAVE)
    request = make_request(make_page(400, 400), max_new_tokens=7000, ngram_size=0)
    (tmp_path / "request").write_bytes(pickle.dumps(request))
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    done = subprocess.run(
        [sys.executable, tmp_path / "leave.py", own_code, tmp_path / "request"],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert (0, "") == (done.returncode, done.stdout), done.stderr
    assert [] == list(temporary.iterdir())
