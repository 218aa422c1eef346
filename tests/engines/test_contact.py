from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dsocr_loaders.engines import contact
from dsocr_loaders.engines.recognition import PROBES
from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.errors import EngineError
from dsocr_loaders.settings import Settings

LIMIT_S = 20
MODELS = {"object": "list", "data": [{"id": "deepseek-ocr", "object": "model", "owned_by": "somebody"}]}


class Told:
    """A server that tells what it is given, path by path, and remembers who asked."""

    def __init__(self, pages, delay_s=0.0):
        self.pages = pages
        self.delay_s = delay_s
        self.asked = []
        self.stopping = threading.Event()


@contextmanager
def telling(pages, delay_s=0.0):
    told = Told(pages, delay_s)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            told.asked.append((self.path, self.headers.get("Authorization")))
            if self.path not in told.pages or self.path != "/v1/models":
                told.stopping.wait(told.delay_s)
            page = told.pages.get(self.path)
            body = page if isinstance(page, bytes) else json.dumps(page).encode()
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        told.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def met(url, **settings):
    engine = RemoteEngine(url, Settings(**settings))
    try:
        return engine.loop.submit(engine.first_contact()).result(LIMIT_S)
    finally:
        engine.close()


def failure(url, **settings):
    with pytest.raises(EngineError) as caught:
        met(url, **settings)
    return caught.value


def test_an_unknown_server_is_asked_a_few_things_once():
    """This test ensures that the questions are bounded, all behind the URL, and all with its key."""
    with telling({"/v1/models": MODELS, "/version": b"no JSON"}) as told:
        error = failure(f"{told.url}/v1", api_key="k")

    assert sorted((path, "Bearer k") for path in ("/v1/models", *PROBES)) == sorted(told.asked)
    assert error.cause == "wrong_server"
    assert "'somebody'" in str(error)
    assert "answers /version" in str(error)


def test_a_server_that_is_silent_beside_its_list_costs_seconds(monkeypatch):
    """This test ensures that each probe has a limit of its own, far below that of the list."""
    monkeypatch.setattr(contact, "PROBE_TIMEOUT_S", 0.3)
    with telling({"/v1/models": MODELS}, delay_s=30) as told:
        began = time.monotonic()
        error = failure(f"{told.url}/v1")

    assert error.cause == "wrong_server"
    assert time.monotonic() - began < 10


def test_what_it_tells_of_itself_is_no_condition():
    """This test ensures that a llama-server whose properties are closed or broken is read with as before."""
    owned = {"data": [{"id": "deepseek-ocr", "owned_by": "llamacpp"}]}
    for properties in (None, b"<html>", [], {"total_slots": "many"}):
        with telling({"/v1/models": owned, "/props": properties}) as told:
            assert met(f"{told.url}/v1").id == "deepseek-ocr"


@pytest.mark.parametrize("models", [None, b"<html>", {"models": []}])
def test_a_host_without_a_list_is_asked_for_the_model_as_named(models):
    """This test ensures that a hosted interface that lists nothing can be used."""
    with telling({"/v1/models": models}) as told:
        assert met(f"{told.url}/v1", server="openai", model="their/name").id == "their/name"


def test_a_server_that_was_named_is_asked_for_its_list_alone():
    """This test ensures that naming the server spares the questions of recognising it."""
    with telling({"/v1/models": {"data": [{"id": "deepseek-ocr"}]}}) as told:
        assert met(f"{told.url}/v1", server="deepseek-ocr-rs").id == "deepseek-ocr"

    assert [path for path, _ in told.asked] == ["/v1/models"]


def test_a_server_known_by_another_page_still_needs_its_list():
    """This test ensures that a root without /v1 stays the error that says so, whatever else answers there."""
    with telling({"/version": {"version": "0.32.0"}}) as told:
        error = failure(told.url)

    assert error.cause == "not_found"
    assert "/v1" in str(error)


def test_ollama_without_the_model_says_what_it_has():
    """This test ensures that one unrelated model in Ollama's catalogue is never read with."""
    with telling({"/api/version": {"version": "0.31.1"}, "/api/tags": {"models": [{"name": "qwen3:8b"}]}}) as told:
        error = failure(told.url)

    assert error.cause == "not_found"
    assert "'qwen3:8b'" in str(error)
