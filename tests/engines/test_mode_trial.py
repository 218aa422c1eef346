from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.errors import EngineError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedServer, sample_page, sample_request
from dsocr_loaders.testing.servers.vllm import VllmKind

LIMIT_S = 20


@contextmanager
def reading(scripted, resolution, **settings):
    engine = RemoteEngine(scripted.base_url, Settings(resolution=resolution, **settings))
    try:
        yield lambda resolution=resolution: read(engine, resolution)
    finally:
        engine.close()


def read(engine, resolution):
    page = sample_page(width_px=900, height_px=1200)
    request = replace(sample_request(page), resolution=resolution)
    return engine.loop.submit(engine.read(engine.prepare(page, request), request)).result(LIMIT_S).text


def modes_asked(server):
    return [request.body.get("mm_processor_kwargs", {}).get("resolution") for request in server.requests]


@pytest.mark.parametrize("resolution", ["tiny", "base", "gundam-9", "gundam-m"])
@pytest.mark.parametrize("named", ["auto", "vllm"])
def test_a_server_that_takes_modes_is_asked_for_them(resolution, named):
    """This test ensures that a mode is tried once, and then each page is asked for in it."""
    kind = VllmKind(resolution="gundam", mm_processor_kwargs="read")
    with ScriptedServer(["", "one", "two"], kind=kind) as server, reading(server, resolution, server=named) as ask:
        assert ["one", "two"] == [ask(), ask()]

    assert [resolution] * 3 == modes_asked(server)
    assert 1 == server.requests[0].body["max_tokens"]


def test_gundam_needs_no_trial():
    """This test ensures that a server is asked for nothing which it does by itself."""
    with ScriptedServer(["one"], kind=VllmKind(resolution="gundam")) as server, reading(server, "gundam-6") as ask:
        assert ask() == "one"

    assert [None] == modes_asked(server)


def test_a_server_started_in_the_mode():
    """This test ensures that a server which refuses modes is asked for none if it reads in the right one."""
    kind = VllmKind(resolution="small")
    with ScriptedServer(["", "", "one"], kind=kind) as server, reading(server, "small") as ask:
        assert ask() == "one"

    assert ["small", None, None] == modes_asked(server)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (VllmKind(resolution="gundam"), "it reads in gundam"),
        (VllmKind(resolution="large"), "it reads in large"),
        (VllmKind(resolution="gundam", mm_processor_kwargs="ignored"), "it reads in gundam"),
        (VllmKind(mm_processor_kwargs="ignored"), "its count of prompt tokens, 1, is that of no mode"),
    ],
)
def test_a_server_without_the_mode(kind, words):
    """This test ensures that a mode which the server would not read in is one clear error, before any page is sent."""
    with (
        ScriptedServer(["", ""], kind=kind) as server,
        reading(server, "base") as ask,
        pytest.raises(EngineError) as caught,
    ):
        ask()

    assert caught.value.stops_run
    assert "resolution='base' cannot be chosen on this vLLM server" in str(caught.value)
    assert words in str(caught.value)
    assert "dsocr-loaders installed beside vLLM" in str(caught.value)
    assert "--trust-request-mm-kwargs" in str(caught.value)


@pytest.mark.parametrize("launched", ["tiny", "large", "gundam-2"])
def test_an_answer_read_in_another_mode_is_none(launched):
    """This test ensures that a server started in another mode is found out by what a page costs."""
    with (
        ScriptedServer(["one"], kind=VllmKind(resolution=launched)) as server,
        reading(server, "gundam") as ask,
        pytest.raises(
            EngineError, match=f"another mode than resolution='gundam': .* are those of {launched}"
        ) as caught,
    ):
        ask()

    assert caught.value.stops_run


@pytest.mark.parametrize("kind", ["refused", "ignored"])
def test_one_page_in_another_mode_ends_no_run(kind):
    """This test ensures that a page which is asked for once more in a mode that the server has not fails alone."""
    scripted = ScriptedServer(["one", "two", "three"], kind=VllmKind(resolution="gundam", mm_processor_kwargs=kind))
    with scripted as server, reading(server, "gundam") as ask:
        assert ask() == "one"
        with pytest.raises(EngineError) as caught:
            ask("base")
        assert ask() == "three"

    assert not caught.value.stops_run


def test_one_page_in_another_mode():
    """This test ensures that a page can be asked for once more in another mode of a server that has it."""
    scripted = ScriptedServer(["one", "two"], kind=VllmKind(resolution="gundam", mm_processor_kwargs="read"))
    with scripted as server, reading(server, "gundam") as ask:
        assert ["one", "two"] == [ask(), ask("large")]

    assert [None, "large"] == modes_asked(server)


def test_a_mode_that_the_model_does_not_have():
    """This test ensures that a mode of another model is refused, and the server is not tried."""
    kind = VllmKind(models=("deepseek-ai/DeepSeek-OCR-2",), resolution="gundam", mm_processor_kwargs="read")
    with (
        ScriptedServer([""], kind=kind) as server,
        reading(server, "base", model="deepseek-ai/DeepSeek-OCR-2") as ask,
        pytest.raises(EngineError, match="resolution='base'"),
    ):
        ask()

    assert [] == server.requests
