from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
import socket
import threading
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from dsocr_loaders.engines.profiles import PROFILES
from dsocr_loaders.engines.protocol import Engine, Prepared
from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.engines.replies import LARGEST_ANSWER_BYTES
from dsocr_loaders.errors import EngineDead, EngineError, EngineRejected, EngineUnavailable, SettingsError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import Fault, ScriptedServer, sample_page, sample_request
from dsocr_loaders.values import Decoding, RawAnswer, RgbImage, TextSource

KEY = "sk-do-not-show-1234"
GROUNDED = "<|ref|>title<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n# Über 中文\n"
LIMIT_S = 20


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def reading(url, **settings):
    engine = RemoteEngine(url, Settings(**settings))
    try:
        yield engine
    finally:
        engine.close()


def started(engine, page=None, **changes):
    page = page or sample_page()
    request = sample_request(page, **changes)
    return engine.loop.submit(engine.read(engine.prepare(page, request), request))


def read(engine, page=None, **changes):
    return started(engine, page, **changes).result(LIMIT_S)


def failure(url, **settings):
    with reading(url, **settings) as engine, pytest.raises(EngineError) as caught:
        read(engine)
    return caught.value


def test_a_page_goes_there_and_its_answer_comes_back():
    """This test ensures that a strict vLLM server takes the request, and that the answer arrives letter for letter."""
    with ScriptedServer([GROUNDED]) as server, reading(server.base_url) as engine:
        answer = read(engine)

    (request,) = server.requests
    assert request.refusal == ""
    assert answer == RawAnswer(
        GROUNDED, "stop", 5, 7, "deepseek-ai/DeepSeek-OCR", engine.fingerprint.replace(" auto ", " vllm ")
    )
    assert request.prompt == "<|grounding|>Convert the document to markdown."


@pytest.mark.parametrize(("image_format", "exact"), [("png", True), ("jpeg", False)])
def test_the_pages_pixels_arrive(image_format, exact):
    """This test ensures that the server decodes the page that was rendered, exactly so as PNG, closely so as JPEG."""
    stripes = b"".join(bytes((row, 255 - row, 100)) * 120 for row in range(80))
    page = replace(sample_page(), image=RgbImage(120, 80, stripes))

    with ScriptedServer([""]) as server, reading(server.base_url, image_format=image_format) as engine:
        read(engine, page)

    image = server.requests[0].image
    assert (image.width_px, image.height_px) == (120, 80)
    assert exact == (image.data == page.image.data)
    assert max(abs(one - other) for one, other in zip(image.data, page.image.data, strict=True)) <= 4


def test_it_is_an_engine_that_costs_nothing_until_it_reads():
    """This test ensures that constructing asks nothing of the network, starts no thread and pickles its `prepare`."""
    before = threading.active_count()

    engine = RemoteEngine("http://no.such.host.invalid/v1")

    assert isinstance(engine, Engine)
    assert (engine.capacity, engine.needs_image, engine.text_source) == (8, True, TextSource.OCR)
    assert isinstance(engine.prepare, partial)
    assert pickle.loads(pickle.dumps(engine.prepare)).keywords == {"image_format": "jpeg"}  # noqa: S301 - made here
    assert threading.active_count() == before
    engine.close()


def test_the_server_is_asked_once_what_it_serves(caplog):
    """This test ensures that many reads at once share the first contact, and that its outcome is logged once."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    with ScriptedServer(lambda request: str(request.number)) as server, reading(server.base_url) as engine:
        futures = [started(engine, sample_page(number)) for number in range(1, 21)]
        texts = {future.result(LIMIT_S).text for future in futures}

    assert texts == {str(number) for number in range(1, 21)}
    assert server.models_requests == 1
    found = [record.getMessage() for record in caplog.records if record.name == "dsocr_loaders.engines"]
    assert found == [f"{server.base_url}: vLLM server; reading with its model deepseek-ai/DeepSeek-OCR, context 8192"]


def test_never_more_than_the_capacity_is_asked_for():
    """This test ensures that the server sees as many requests at once as the engine says, over as many connections."""
    together = threading.Barrier(5, timeout=LIMIT_S)
    with (
        ScriptedServer(lambda request: str(together.wait())) as server,
        reading(server.base_url, max_concurrency=5) as engine,
    ):
        futures = [started(engine) for _ in range(30)]
        assert {future.result(LIMIT_S).text for future in futures} == {"0", "1", "2", "3", "4"}

    assert server.most_in_flight == 5


def test_waiting_for_a_slot_does_not_count_as_waiting_for_an_answer():
    """This test ensures that timeout_s limits one answer, however many pages stand before it."""
    slow = Fault(delay_s=0.3)
    with (
        ScriptedServer(["x"] * 4, faults=lambda number: slow) as server,
        reading(server.base_url, max_concurrency=1, timeout_s=0.9) as engine,
    ):
        futures = [started(engine) for _ in range(4)]

        assert [future.result(LIMIT_S).text for future in futures] == ["x"] * 4


@pytest.mark.parametrize("max_model_len", [8192, 4096, None])
def test_the_answer_may_fill_the_servers_context(max_model_len):
    """This test ensures that max_tokens follows the server's context, 8192 where it tells none."""
    with ScriptedServer([""], max_model_len=max_model_len) as server, reading(server.base_url) as engine:
        read(engine, sample_page(width_px=1191, height_px=1684))

    (request,) = server.requests
    assert request.refusal == ""
    assert request.body["max_tokens"] == (max_model_len or 8192) - 903 - 48


def test_the_answer_fits_the_model_that_is_really_there():
    """This test ensures that a model with more image tokens than the one asked for is not asked for too much."""
    with ScriptedServer(["x"], models=["team/deepseek-ocr-2"]) as server, reading(server.base_url) as engine:
        assert read(engine, sample_page(width_px=1191, height_px=1684)).text == "x"


def test_max_new_tokens_is_sent():
    """This test ensures that the user's own limit for an answer reaches the server."""
    with ScriptedServer([""]) as server, reading(server.base_url) as engine:
        read(engine, decoding=Decoding(max_new_tokens=77))

    assert server.requests[0].body["max_tokens"] == 77


def test_truncation_is_told():
    """This test ensures that an answer which the server cut at its limit says so."""
    with ScriptedServer(["half"], faults=[Fault(finish_reason="length")]) as server, reading(server.base_url) as engine:
        answer = read(engine)

    assert (answer.text, answer.finish_reason) == ("half", "length")


def test_a_server_under_another_models_name_is_used(caplog):
    """This test ensures that the default model means a server's only model, and that its name is logged."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    with ScriptedServer(["x"], models=["ocr-alias"]) as server, reading(server.base_url) as engine:
        answer = read(engine)

    assert answer.model == "ocr-alias"
    assert "ocr-alias" in caplog.text


def test_a_model_that_was_asked_for_is_not_replaced():
    """This test ensures that a wrong model name is an error that lists the server's models and ends the run."""
    with ScriptedServer(["x"], models=["ocr-alias"]) as server:
        error = failure(server.base_url, model="my/finetune")

    assert (type(error), error.cause, error.stops_run) == (EngineRejected, "not_found", True)
    assert "my/finetune" in str(error)
    assert "ocr-alias" in str(error)
    assert server.requests == []


def test_a_server_that_is_not_running():
    """This test ensures that a refused connection names the URL, asks the obvious question and may pass."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        error = failure(url)

    assert (type(error), error.cause) == (EngineUnavailable, "first_contact")
    assert (error.retryable, error.stops_run) == (True, True)
    assert url in str(error)
    assert "Is the server running" in str(error)


def test_a_host_that_does_not_exist():
    """This test ensures that a misspelt host is called that."""
    error = failure("http://no.such.host.invalid/v1")

    assert error.cause == "first_contact"
    assert "host name is not known" in str(error)


def test_https_at_an_http_server():
    """This test ensures that a TLS failure is called that."""
    with ScriptedServer() as server:
        error = failure(server.base_url.replace("http://", "https://"))

    assert error.cause == "first_contact"
    assert "TLS failed" in str(error)


def test_a_url_without_v1():
    """This test ensures that the missing path is named."""
    with ScriptedServer() as server:
        error = failure(server.base_url.removesuffix("/v1"))

    assert error.cause == "not_found"
    assert "Is /v1 missing" in str(error)


def test_a_failed_first_contact_is_shared_by_those_who_waited_and_tried_again_later():
    """This test ensures that a dead server is not asked once for each waiting page, and that a later page asks anew."""
    slow = Fault(status=503, delay_s=0.2)
    with ScriptedServer(["x"], models_faults=[slow]) as server, reading(server.base_url) as engine:
        futures = [started(engine) for _ in range(10)]
        errors = [future.exception(LIMIT_S) for future in futures]
        asked = server.models_requests
        answer = read(engine)

    assert {error.cause for error in errors} == {"first_contact"}
    assert len({id(error) for error in errors}) == 10
    assert asked == 1
    assert answer.text == "x"
    assert server.models_requests == 2


def test_a_cancelled_first_contact_is_taken_over():
    """This test ensures that a caller who gives up does not fail those who wait behind it."""
    with (
        ScriptedServer(["x"], models_faults=[Fault(delay_s=30)]) as server,
        reading(server.base_url) as engine,
    ):
        first = started(engine)
        wait_until(lambda: server.models_requests == 1)
        second = started(engine)
        first.cancel()

        assert second.result(LIMIT_S).text == "x"


def wait_until(condition):
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.html(), "wrong_server"),
        (Fault(body=b"Ollama is running"), "wrong_server"),
        (Fault(body=b"\xff\xfe"), "wrong_server"),
        (Fault(body=b'{"models": []}'), "wrong_server"),
        (Fault(body=b'{"data": [{"id": "m", "owned_by": "vllm"}, {"id": "n"}]}'), "not_found"),
        (Fault.oversized(LARGEST_ANSWER_BYTES + 1), "wrong_server"),
        (Fault.html(status=404), "not_found"),
        (Fault.of_status(403), "unauthorized"),
        (Fault.of_status(503, retry_after="3"), "first_contact"),
        (Fault.html(status=502), "first_contact"),
        (Fault.cut(5), "first_contact"),
        (Fault(status=307, headers=(("Location", "http://other.invalid/v1/models"),)), "wrong_server"),
    ],
)
def test_a_first_contact_that_fails_ends_the_run(fault, cause):
    """This test ensures that no page is sent to something that is not known to be the right server."""
    with ScriptedServer(["x"], models_faults=[fault]) as server:
        error = failure(server.base_url)

    assert cause == error.cause
    assert error.stops_run
    assert server.base_url in str(error)
    assert server.requests == []


def test_another_kind_of_server_is_named():
    """This test ensures that `server="auto"` says what it found and what to do."""
    with ScriptedServer(kind="openai", owned_by="gateway") as server:
        error = failure(server.base_url)

    assert error.cause == "wrong_server"
    assert "'gateway'" in str(error)
    assert 'server="openai"' in str(error)


def test_naming_the_server_overrules_what_was_found():
    """This test ensures that vLLM behind a gateway, which changes the list of models, can be used."""
    with ScriptedServer(["x"], owned_by="gateway") as server, reading(server.base_url, server="vllm") as engine:
        assert read(engine).text == "x"


@pytest.mark.parametrize(
    "settings", [{"server": name, "resolution": "base"} for name in sorted(PROFILES) if name != "vllm"]
)
def test_what_a_server_cannot_be_asked_is_refused_at_once(settings):
    """This test ensures that a mode which a server would ignore is an error before anything is sent."""
    with pytest.raises(SettingsError):
        RemoteEngine("http://host/v1", Settings(**settings))


@pytest.mark.parametrize(
    ("settings", "environment", "word"),
    [
        ({}, {}, "No key was sent"),
        ({"api_key": "wrong"}, {}, "api_key="),
        ({}, {"DSOCR_API_KEY": "wrong", "DSOCR_ENDPOINT": "{url}"}, "variable DSOCR_API_KEY"),
        ({}, {"DSOCR_API_KEY": KEY, "DSOCR_ENDPOINT": "http://other:1/v1"}, "origin of DSOCR_ENDPOINT alone"),
    ],
)
def test_a_refused_key_says_which_one(settings, environment, word, monkeypatch):
    """This test ensures that a 401 names the key to check, shows none, and is not tried again."""
    with ScriptedServer(api_key=KEY) as server:
        for name, value in environment.items():
            monkeypatch.setenv(name, value.format(url=server.base_url))
        error = failure(server.base_url, **settings)

    assert (error.cause, error.retryable, error.stops_run) == ("unauthorized", False, True)
    assert word in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("is_explicit", [True, False])
def test_the_right_key_is_sent(is_explicit, monkeypatch):
    """This test ensures that both ways to give a key work."""
    with ScriptedServer(["x"], api_key=KEY) as server:
        if not is_explicit:
            monkeypatch.setenv("DSOCR_ENDPOINT", server.base_url)
            monkeypatch.setenv("DSOCR_API_KEY", KEY)
        with reading(server.base_url, **({"api_key": KEY} if is_explicit else {})) as engine:
            assert read(engine).text == "x"

    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_key_shows_nowhere(caplog):
    """This test ensures that no log at any level, repr, fingerprint, error or pickle holds the key."""
    caplog.set_level(logging.DEBUG)
    echo = Fault(status=400, body=json.dumps({"error": {"message": f"bad key {KEY}"}}).encode())
    with (
        ScriptedServer(["x"], api_key=KEY, faults={2: echo, 3: Fault.cut()}) as server,
        reading(server.base_url, api_key=KEY) as engine,
    ):
        read(engine)
        shown = [repr(engine), engine.fingerprint]
        for _ in range(2):
            with pytest.raises(EngineError) as caught:
                read(engine)
            shown.append(str(caught.value))
        with pytest.raises(TypeError):
            pickle.dumps(engine)

    assert len(caplog.records) > 3
    assert [text for text in [*shown, caplog.text] if KEY in text] == []


@pytest.mark.parametrize(
    ("fault", "cause", "word"),
    [
        (Fault.of_status(400), "bad_request", "refuses this page (400 Bad Request)"),
        (Fault.of_status(401), "unauthorized", "refuses the key"),
        (Fault.of_status(404), "not_found", "404"),
        (Fault.html(status=413), "too_large", "413"),
        (Fault.of_status(422), "bad_request", "422"),
        (Fault.of_status(429), "throttled", "429"),
        (Fault.of_status(500), "server_fault", "500"),
        (Fault.of_status(503), "busy", "503"),
        (Fault.html(status=504), "server_fault", "504 Gateway Timeout"),
        (Fault(status=302, headers=(("Location", "http://other.invalid/login?next=x"),)), "wrong_server", "redirects"),
        (Fault.cut(), "cut", "in the middle"),
        (Fault.cut(0), "cut", "in the middle"),
        (Fault.html(), "not_understood", "web page. It says: 'Welcome'"),
        (Fault(body=b"error: out of memory"), "not_understood", "'error: out of memory'"),
        (Fault(body=b""), "not_understood", "not JSON"),
        (Fault(body=b'{"error": {"message": "out of memory"}}'), "not_understood", "'out of memory'"),
        (Fault(body=b"[" * 100_000), "not_understood", "not JSON"),
        (Fault.invalid_utf8(), "not_understood", "not UTF-8"),
        (Fault.oversized(LARGEST_ANSWER_BYTES + 1), "not_understood", "longer than 10000000 bytes"),
        (Fault(finish_reason="abort"), "cut", "'abort'"),
    ],
)
def test_each_fault_is_this_pages_error_and_no_other(fault, cause, word):
    """This test ensures that every way a server fails a page is told apart, and that the next page is read."""
    with ScriptedServer(["a", "b", "c"], faults={2: fault}) as server, reading(server.base_url) as engine:
        assert read(engine).text == "a"
        with pytest.raises(EngineError) as caught:
            read(engine)
        assert read(engine).text == "c"

    assert cause == caught.value.cause
    assert word in str(caught.value)


def test_an_answer_of_ten_megabytes_is_read_no_further_than_the_limit():
    """This test ensures that a body without end costs no more memory than the limit."""
    endless = Fault(body=b"x" * (3 * LARGEST_ANSWER_BYTES))
    with ScriptedServer(faults=[endless]) as server, reading(server.base_url) as engine:
        tracemalloc.start()
        error = started(engine).exception(LIMIT_S)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert "longer than" in str(error)
    assert peak_bytes < 2.5 * LARGEST_ANSWER_BYTES


def test_an_answer_just_within_the_limit_is_read():
    """This test ensures that the limit itself is allowed."""
    head, tail = b'{"choices": [{"message": {"content": "', b'"}, "finish_reason": "stop"}]}'
    body = head + b"x" * (LARGEST_ANSWER_BYTES - len(head) - len(tail)) + tail
    with ScriptedServer(faults=[Fault(body=body)]) as server, reading(server.base_url) as engine:
        assert len(read(engine).text) == LARGEST_ANSWER_BYTES - len(head) - len(tail)


@pytest.mark.parametrize(
    ("value", "low_s", "high_s"), [("7", 7, 7), ("Wed, 01 Jan 2200 00:00:00 GMT", 1e9, 1e10), ("soon", None, None)]
)
def test_a_busy_server_may_say_how_long(value, low_s, high_s):
    """This test ensures that Retry-After reaches whoever retries, in seconds."""
    with ScriptedServer(faults=[Fault.of_status(429, retry_after=value)]) as server:
        error = failure(server.base_url)

    assert (error.cause, error.retryable) == ("throttled", True)
    assert error.retry_after_s is low_s is None or low_s <= error.retry_after_s <= high_s


@pytest.mark.parametrize("fault", [Fault(delay_s=60), Fault(trickle_s=0.03)])
def test_the_time_limit_is_for_the_whole_answer(fault):
    """This test ensures that silence and a slow trickle both end at timeout_s, and that the next page is read."""
    with (
        ScriptedServer(["a" * 500, "b"], faults={1: fault}) as server,
        reading(server.base_url, timeout_s=0.5) as engine,
    ):
        begin = time.monotonic()
        with pytest.raises(EngineUnavailable) as caught:
            read(engine)
        took_s = time.monotonic() - begin
        assert read(engine).text == "b"

    assert (caught.value.cause, caught.value.retryable) == ("timeout", True)
    assert "0.5 s" in str(caught.value)
    assert 0.4 < took_s < 3


def test_a_silent_first_contact_ends_too():
    """This test ensures that a port which takes connections and says nothing does not hang a run."""
    with ScriptedServer(models_faults=[Fault(delay_s=60)]) as server:
        error = failure(server.base_url, timeout_s=0.3)

    assert error.cause == "first_contact"


def test_a_server_that_goes_away_is_unreachable_not_wrong():
    """This test ensures that a server which dies during a run gives retryable errors that end no run by themselves."""
    with ScriptedServer(["x"]) as server:
        engine = RemoteEngine(server.base_url)
        read(engine)
    errors = [started(engine).exception(LIMIT_S) for _ in range(2)]
    engine.close()

    assert {error.cause for error in errors} <= {"connect", "cut"}
    assert errors[-1].cause == "connect"
    assert not errors[-1].stops_run


def test_an_idle_connection_that_the_server_closed_is_no_error():
    """This test ensures that connections are reused, and given up before vLLM closes them after five seconds."""
    with ScriptedServer(["a", "b"]) as server, reading(server.base_url) as engine:
        read(engine)
        pool = engine._connections.shards[0].client._transport._pool
        assert (len(pool.connections), pool._keepalive_expiry) == (1, 4.0)
        read(engine)
        assert len(pool.connections) == 1


def test_closing_ends_running_reads_with_one_clear_error():
    """This test ensures that a caller who waits learns that the engine was closed, at once."""
    with ScriptedServer(faults=lambda number: Fault(delay_s=60)) as server:
        engine = RemoteEngine(server.base_url)
        futures = [started(engine) for _ in range(3)]
        wait_until(lambda: server.most_in_flight == 3)
        begin = time.monotonic()

        engine.close()
        engine.close()

        errors = [future.exception(LIMIT_S) for future in futures]
        assert time.monotonic() - begin < 2
    assert {(type(error), error.cause) for error in errors} == {(EngineDead, "died")}
    with pytest.raises(EngineDead):
        started(engine)


def test_cancelling_a_read_is_a_cancellation():
    """This test ensures that stopping one page leaves the engine alive and no page in flight."""
    with (
        ScriptedServer(["a", "b"], faults={1: Fault(delay_s=60)}) as server,
        reading(server.base_url, max_concurrency=1) as engine,
    ):
        future = started(engine)
        wait_until(lambda: server.most_in_flight == 1)

        future.cancel()

        assert future.cancelled()
        assert read(engine).text == "b"


def test_an_engine_that_is_forgotten_closes_its_connections():
    """This test ensures that nothing is left open when nobody calls close."""
    with ScriptedServer(["x"]) as server:
        engine = RemoteEngine(server.base_url)
        read(engine)
        del engine
        gc.collect()
        wait_until(lambda: not server._http.connections)

    assert [thread.name for thread in threading.enumerate() if thread.name == "dsocr-remote"] == []


def test_closing_closes_its_connections():
    """This test ensures that the server sees the connections go."""
    with ScriptedServer(["x"]) as server, reading(server.base_url) as engine:
        read(engine)
        assert len(server._http.connections) == 1
        engine.close()
        wait_until(lambda: not server._http.connections)


def test_it_can_be_awaited_inside_a_running_loop():
    """This test ensures that a caller's own event loop is enough to use an engine by hand."""

    async def by_hand():
        with ScriptedServer(["x"]) as server, reading(server.base_url) as engine:
            page = sample_page()
            request = sample_request(page)
            return await engine.read(engine.prepare(page, request), request)

    assert asyncio.run(by_hand()).text == "x"


def test_what_another_engine_prepared_is_refused():
    """This test ensures that a page without its image is not sent."""
    with reading("http://no.such.host.invalid/v1") as engine, pytest.raises(EngineRejected, match="prepare"):
        engine.loop.submit(engine.read(Prepared("digest", None), sample_request())).result(LIMIT_S)


def test_proxy_settings_that_cannot_be_used_are_named(monkeypatch):
    """This test ensures that a proxy of an unknown kind in the environment is a clear error, not one of httpx."""
    monkeypatch.setenv("HTTP_PROXY", "gopher://proxy:1")
    error = failure("http://host.invalid/v1")

    assert error.cause == "no_engine"
    assert "proxy" in str(error)


def test_the_fingerprint_tells_what_shapes_an_answer():
    """This test ensures that URL, kind of server, model and the image's format are in it, as they were asked for."""
    with reading("http://host:8000/v1/", model="my/model", image_format="png") as engine:
        assert engine.fingerprint == "remote http://host:8000/v1 auto my/model png"
        assert repr(engine) == "<RemoteEngine remote http://host:8000/v1 auto my/model png>"
    with reading("http://host:8000/v1/", server="ollama") as engine:
        assert engine.fingerprint == "remote http://host:8000/v1 ollama deepseek-ai/DeepSeek-OCR jpeg"
