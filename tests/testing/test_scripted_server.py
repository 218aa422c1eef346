from __future__ import annotations

import copy
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from dsocr_loaders.engines.encode import encode_image
from dsocr_loaders.engines.profiles import PROFILES, request_body
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.testing import Fault, ScriptedServer, VllmRules, sample_page, sample_request
from dsocr_loaders.testing.rules import Refusal

MODEL = "deepseek-ai/DeepSeek-OCR"
RULES = VllmRules((MODEL,))


def good_body(page=None, max_tokens=100):
    page = page or sample_page()
    image = encode_image(page.image, "png")
    return request_body(PROFILES["vllm"], sample_request(page), image, MODEL, max_tokens)


def posted(server, body, **arguments):
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    with httpx.Client(trust_env=False) as client:
        return client.post(f"{server.base_url}/chat/completions", **content, **arguments)


def got(server, path="/models", **arguments):
    with httpx.Client(trust_env=False) as client:
        return client.get(server.base_url + path, **arguments)


def changed(*path, to):
    body = copy.deepcopy(good_body())
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    if to is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return body


CONTENT = ("messages", 0, "content")
IMAGE, TEXT = good_body()["messages"][0]["content"]

REFUSED = [
    (changed("model", to="other"), 404, "The model `other` does not exist."),
    (changed("model", to=...), 404, "does not exist"),
    (changed("messages", to=[]), 400, "messages"),
    (changed("messages", to=[{"role": "system", "content": "x"}]), 400, "user message"),
    (changed(*CONTENT, to="text"), 400, "list of parts"),
    (changed(*CONTENT, to=[TEXT]), 400, "one image_url part and one text part"),
    (changed(*CONTENT, to=[IMAGE]), 400, "one image_url part and one text part"),
    (changed(*CONTENT, to=[IMAGE, IMAGE, TEXT]), 400, "one image_url part"),
    (changed(*CONTENT, to=[IMAGE, TEXT, "x"]), 400, "one image_url part"),
    (changed(*CONTENT, 0, "image_url", to={"url": "https://host/page.png"}), 400, "data URL"),
    (changed(*CONTENT, 0, "image_url", to={"url": "data:image/png;base64,AAAA"}), 400, "cannot identify image"),
    (changed(*CONTENT, 0, "image_url", to={"url": "data:image/png;base64,AAA"}), 400, "cannot identify image"),
    (changed(*CONTENT, 0, "image_url", to="x"), 400, "data URL"),
    (changed(*CONTENT, 1, "text", to="<image><image>\nFree OCR."), 400, "Found more '<image>' placeholders"),
    (changed(*CONTENT, 1, "text", to=""), 400, "no text"),
    (changed("temperature", to=0.2), 400, "temperature"),
    (changed("temperature", to=...), 400, "temperature"),
    (changed("skip_special_tokens", to=True), 400, "skip_special_tokens"),
    (changed("skip_special_tokens", to=...), 400, "skip_special_tokens"),
    (changed("stream", to=True), 400, "stream"),
    (changed("vllm_xargs", to=[]), 400, "vllm_xargs"),
    (changed("vllm_xargs", "ngram_size", to=0), 400, "strictly positive"),
    (changed("vllm_xargs", "window_size", to="90"), 400, "strictly positive"),
    (changed("vllm_xargs", "whitelist_token_ids", to="[128821, 128822]"), 400, "list of integers"),
    (changed("max_tokens", to=0), 400, "at least 1"),
    (changed("max_tokens", to=8192 - 273), 400, "8192 tokens and your request has 274 input tokens"),
    ([], 400, "dictionary"),
]


@pytest.mark.parametrize(("body", "status", "word"), REFUSED)
def test_each_rule_refuses_what_breaks_it(body, status, word):
    """This test ensures that a client with one mistake fails here as it would at a vLLM server."""
    for look in (RULES.check, RULES.glance):
        with pytest.raises(Refusal) as caught:
            look(body)

        assert status == caught.value.status
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        good_body(),
        good_body(max_tokens=8192 - 274),
        changed("max_tokens", to=...),
        changed("vllm_xargs", to=...),
        changed(*CONTENT, to=[TEXT, IMAGE]),
    ],
)
def test_a_right_request_is_taken(body):
    """This test ensures that what vLLM takes is taken: parts in any order, the longest answer that fits."""
    prompt, image = RULES.check(body)
    asked = RULES.glance(body)

    assert prompt == asked.prompt == "<|grounding|>Convert the document to markdown."
    assert image == sample_page().image
    assert (image.width_px, image.height_px, 274) == (asked.width_px, asked.height_px, asked.input_tokens)
    assert body.get("max_tokens", 8192 - 274) == asked.most_tokens


def test_a_refusal_has_vllms_shape_and_is_remembered():
    """This test ensures that clients see the error body they would see, and tests see the request."""
    with ScriptedServer(["x"]) as server:
        reply = posted(server, changed("temperature", to=1))
        broken = posted(server, b"{")

    assert reply.status_code == broken.status_code == 400
    assert reply.json()["error"]["type"] == "BadRequestError"
    assert reply.json()["error"]["code"] == 400
    assert ["temperature" in request.refusal for request in server.requests] == [True, False]
    assert [request.image for request in server.requests] == [None, None]


def test_the_models_are_listed_as_vllm_does():
    """This test ensures that the fields which tell a vLLM server apart are there."""
    with ScriptedServer(models=["a", "b"], max_model_len=4096) as server:
        listed = got(server).json()

    assert [(model["id"], model["owned_by"], model["max_model_len"]) for model in listed["data"]] == [
        ("a", "vllm", 4096),
        ("b", "vllm", 4096),
    ]
    assert server.models_requests == 1


def test_answers_by_order_by_pixels_and_by_callable():
    """This test ensures that all three kinds of script answer, and that a script's end is an empty answer."""
    pages = [sample_page(1), sample_page(2)]
    by_pixels = {pixel_digest(page.image): f"page {page.page_number}" for page in pages}

    scripts = {
        "order": ["first"],
        "pixels": by_pixels,
        "callable": lambda request: f"{request.number}: {request.image.width_px}",
    }
    heard = {}
    for kind, answers in scripts.items():
        with ScriptedServer(answers) as server:
            replies = [posted(server, good_body(page)).json() for page in pages]
        heard[kind] = [reply["choices"][0]["message"]["content"] for reply in replies]

    assert heard == {"order": ["first", ""], "pixels": ["page 1", "page 2"], "callable": ["1: 96", "2: 96"]}


def test_a_completion_has_vllms_shape():
    """This test ensures that reason, usage and model are told."""
    with ScriptedServer(["one two"], faults=[Fault(finish_reason="length")]) as server:
        reply = posted(server, good_body()).json()

    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"] == {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    assert reply["model"] == MODEL


def test_only_the_right_key_is_let_in():
    """This test ensures that vLLM's answer to a wrong key is given before anything else is looked at."""
    with ScriptedServer(api_key="right") as server:
        statuses = [
            got(server).status_code,
            got(server, headers={"Authorization": "Bearer wrong"}).status_code,
            posted(server, b"{").status_code,
            got(server, headers={"Authorization": "Bearer right"}).status_code,
        ]

    assert statuses == [401, 401, 401, 200]
    assert server.requests == []


def test_other_paths_are_not_found():
    """This test ensures that a wrong URL fails as it does at a real server."""
    with ScriptedServer() as server, httpx.Client(trust_env=False) as client:
        assert got(server, "/nothing").status_code == 404
        assert client.post(f"{server.base_url}/completions").status_code == 404


def test_a_large_request_is_refused_by_the_gateway():
    """This test ensures that a limit on the body gives a web page with 413, as in front of real servers."""
    with ScriptedServer(largest_request_bytes=100) as server:
        reply = posted(server, good_body())

    assert reply.status_code == 413
    assert reply.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.of_status(429, retry_after="2"), 429), (Fault.of_status(520), 520), (Fault.html(status=502), 502)],
)
def test_statuses_are_scripted_by_number(fault, status):
    """This test ensures that exactly the chosen request fails, with the chosen headers."""
    with ScriptedServer(["a", "b", "c"], faults={2: fault}) as server:
        replies = [posted(server, good_body()) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200, status, 200]
    assert replies[1].headers.get("retry-after") == dict(fault.headers).get("Retry-After")
    assert len(server.requests) == 3


def test_a_cut_connection_breaks_in_the_body():
    """This test ensures that the announced length is not kept."""
    with ScriptedServer(["long answer"], faults=[Fault.cut(20)]) as server, pytest.raises(httpx.RemoteProtocolError):
        posted(server, good_body())


def test_a_trickle_is_slow_and_complete():
    """This test ensures that a slow body arrives whole if the client has the patience."""
    with ScriptedServer(faults=[Fault(body=b'"0123456789"', trickle_s=0.01)]) as server:
        begin = time.monotonic()
        reply = posted(server, good_body())

    assert reply.json() == "0123456789"
    assert time.monotonic() - begin > 0.1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(Fault.oversized(1000), b'"' + b"a" * 998 + b'"'), (Fault.html(), None), (Fault.invalid_utf8(), None)],
)
def test_bodies_are_sent_as_scripted(fault, expected):
    """This test ensures that a broken body arrives byte for byte with the status 200."""
    with ScriptedServer(faults=[fault]) as server:
        reply = posted(server, good_body())

    assert reply.status_code == 200
    assert reply.content == (expected or fault.body)


def test_faults_of_the_model_list_are_scripted_apart():
    """This test ensures that the first contact can fail and be mended."""
    with ScriptedServer(models_faults=[Fault.of_status(503), None]) as server:
        statuses = [got(server).status_code for _ in range(3)]

    assert statuses == [503, 200, 200]


def test_it_counts_requests_in_flight_and_keeps_their_order():
    """This test ensures that requests at once are all served, counted and remembered by number."""
    together = threading.Barrier(6, timeout=20)
    with ScriptedServer(lambda request: str(together.wait())) as server:
        body = good_body()
        with ThreadPoolExecutor(6) as clients:
            replies = list(clients.map(lambda _: posted(server, body).status_code, range(6)))

    assert replies == [200] * 6
    assert server.most_in_flight == 6
    assert [request.number for request in server.requests] == [1, 2, 3, 4, 5, 6]


def test_leaving_ends_everything_at_once():
    """This test ensures that a test with a hanging request ends when its block ends, and leaves no thread."""
    before = threading.active_count()
    with ScriptedServer(faults=[Fault(delay_s=60)]) as server:
        with ThreadPoolExecutor(1) as client, ScriptedServer():
            future = client.submit(posted, server, good_body(), timeout=30)
            while not server.most_in_flight:
                time.sleep(0.005)
            begin = time.monotonic()
            server.__exit__(None, None, None)
            with pytest.raises(httpx.TransportError):
                future.result(10)
        assert time.monotonic() - begin < 5
    while threading.active_count() > before:
        assert time.monotonic() - begin < 5
        time.sleep(0.01)


def test_outside_its_block_it_has_no_address():
    """This test ensures that a forgotten `with` is told."""
    with pytest.raises(RuntimeError, match="with block"):
        _ = ScriptedServer().base_url


def test_headers_are_remembered():
    """This test ensures that a test can look at what a client sent."""
    with ScriptedServer() as server:
        posted(server, good_body(), headers={"X-Team": "ocr"})

    assert server.requests[0].headers["x-team"] == "ocr"
    assert server.requests[0].body == json.loads(json.dumps(good_body()))
