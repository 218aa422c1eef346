"""What is peculiar to one kind of server, as a user of it meets it."""

from __future__ import annotations

import logging
import time

import pytest

from dsocr_loaders.errors import EngineError, PagesFailed
from dsocr_loaders.reader import Reader
from dsocr_loaders.testing import Fault, HostedKind, LlamaServerKind, OllamaKind, ScriptedServer, SglangKind

pytestmark = pytest.mark.usefixtures("warm_page_workers")

ANSWER = "<|ref|>text<|/ref|><|det|>[[1, 2, 300, 400]]<|/det|>\nIt rains."
KEY = "sk-do-not-show-1234"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def report(make_pdf):
    return make_pdf("one", "two", "three")


def texts(url, report, **settings):
    with Reader(url, granularity="region", **settings) as reader:
        return [chunk.text for chunk in reader.load(report)]


def failure(url, report, **settings):
    with Reader(url, **settings) as reader, pytest.raises((EngineError, PagesFailed)) as caught:
        reader.load(report)
    return caught.value


def test_siliconflow_gets_the_image_token(report, monkeypatch):
    """This test ensures that the one host whose words need `<image>` gets them, known by its name."""
    with ScriptedServer(ANSWER, kind=HostedKind(image_placeholder="as sent"), api_key=KEY) as server:
        monkeypatch.setenv("HTTP_PROXY", server.root_url)
        found = texts("http://api.siliconflow.cn/v1", report, api_key=KEY)

    assert ["It rains."] * 3 == found
    assert server.garbled_because == ()
    assert {request.seen for request in server.requests} == {"<image>\n<|grounding|>Convert the document to markdown."}


@pytest.mark.parametrize("has_processor", [True, False])
def test_sglang_gets_its_processor_where_it_takes_one(has_processor, report, caplog):
    """This test ensures that the n-gram rule is sent where it works, and that its absence is said with the option."""
    caplog.set_level(logging.WARNING, "dsocr_loaders.engines")
    kind = SglangKind(has_custom_logit_processor=has_processor)
    with ScriptedServer(ANSWER, kind=kind) as server:
        found = texts(server.base_url, report)

    assert ["It rains."] * 3 == found
    assert {has_processor} == {"custom_logit_processor" in request.body for request in server.requests}
    assert has_processor == ("--enable-custom-logit-processor" not in caplog.text)


def test_deepseek_ocr_rs_is_asked_for_one_page_at_a_time(report):
    """This test ensures that pages do not wait in the server's queue, where their time limit runs."""
    with ScriptedServer(ANSWER, kind="deepseek-ocr-rs", faults=lambda _: Fault(delay_s=0.03)) as server:
        found = texts(server.base_url, report)

    assert ["It rains."] * 3 == found
    assert server.most_in_flight == 1
    assert {request.body["model"] for request in server.requests} == {"deepseek-ocr"}


def test_an_empty_answer_of_deepseek_ocr_rs_is_not_asked_for_again(report):
    """This test ensures that its 500 for an empty answer is this page's failure at once, in words."""
    with ScriptedServer([ANSWER, "", ANSWER], kind="deepseek-ocr-rs") as server:
        error = failure(server.base_url, report)

    messages = [page.error.message for page in error.results if page.error is not None]
    assert ["failed", "ok", "ok"] == sorted(str(page.status) for page in error.results)
    assert ["nothing to say about this page" in message for message in messages] == [True]
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (LlamaServerKind(has_projector=False), "--mmproj"),
        (LlamaServerKind(names_template=True), "without --chat-template"),
    ],
)
def test_llama_server_launched_wrongly_ends_the_run_with_the_option(kind, words, report):
    """This test ensures that what no page can mend is said once, with what mends it."""
    with ScriptedServer(ANSWER, kind=kind) as server:
        error = failure(server.base_url, report)

    assert isinstance(error, EngineError)
    assert error.stops_run
    assert words in str(error)


def test_ollama_is_told_its_limits(report):
    """This test ensures that its own route gets context, limit and `shift`, which OpenAI's route cannot take."""
    with ScriptedServer(ANSWER, kind=OllamaKind(context_tokens=4096)) as server:
        found = texts(server.root_url, report)

    body = server.requests[0].body
    assert ["It rains."] * 3 == found
    assert (body["shift"], body["stream"], body["options"]["num_ctx"]) == (False, False, 8192)
    assert 0 < body["options"]["num_predict"] < 8192


def test_a_hosted_interface_that_is_busy_is_asked_again_when_it_says(report):
    """This test ensures that 429 with Retry-After costs that time and no page."""
    with ScriptedServer(ANSWER, kind="openai", faults={1: Fault.of_status(429, retry_after="0.3")}) as server:
        began = time.monotonic()
        found = texts(server.base_url, report, server="openai", max_concurrency=1)

    assert ["It rains."] * 3 == found
    assert time.monotonic() - began > 0.3
    assert len(server.requests) == 4


def test_a_hosted_interface_gets_no_field_it_does_not_know(report):
    """This test ensures that OpenAI's plain form is sent, and never more tokens than the model has."""
    kind = HostedKind(unknown_fields="refuse", most_tokens=8192)
    with ScriptedServer(ANSWER, kind=kind) as server:
        found = texts(server.base_url, report, server="openai")

    assert ["It rains."] * 3 == found
    assert {"model", "messages", "max_tokens", "temperature"} == set(server.requests[0].body)


def test_a_server_nobody_knows_is_not_guessed(report):
    """This test ensures that an unknown server is an error that says what was seen and how to name it."""
    with ScriptedServer(ANSWER, kind="openai") as server:
        error = failure(server.base_url, report)

    assert "'deepseek-ai'" in str(error)
    assert 'server="openai"' in str(error)
    assert server.requests == []
