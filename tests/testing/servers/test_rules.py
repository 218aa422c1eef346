"""Each kind of server asked by hand: what it takes, what it refuses, and what it garbles."""

from __future__ import annotations

import base64
import io

import httpx
import pytest
from PIL import Image

from dsocr_loaders.testing import (
    GARBLED,
    HostedKind,
    LlamaServerKind,
    OllamaKind,
    ScriptedServer,
    SglangKind,
    VllmKind,
)

PROMPT = "<|grounding|>Convert the document to markdown."
ANSWER = (
    "<|ref|>title<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n# Results\n\n"
    "<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
    '<table><tr><td rowspan="2">x</td><td>y</td></tr></table>'
)
STRIPPED = 'title[[10, 20, 300, 40]]\n# Results\n\ntable[[1, 2, 3, 4]]\n<table><td rowspan="2">xy</table>'


def png():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}}
TEXT = {"type": "text", "text": PROMPT}
MODELS = {"deepseek-ocr-rs": "deepseek-ocr", "ollama": "deepseek-ocr", "ollama-0.29": "deepseek-ocr"}


def said(text):
    return {"type": "text", "text": text}


def chat(parts, **fields):
    return {
        "model": "deepseek-ai/DeepSeek-OCR",
        "messages": [{"role": "user", "content": parts}],
        "max_tokens": 400,
        "temperature": 0,
        **fields,
    }


@pytest.fixture(autouse=True, scope="module")
def client():
    """Open one client for all, since each reads the certificates anew."""
    with httpx.Client(trust_env=False) as opened:
        CLIENTS.append(opened)
        yield opened


CLIENTS = []


def posted(server, body, path="/v1/chat/completions"):
    return CLIENTS[-1].post(server.root_url + path, json=body)


def read(kind, body, path="/v1/chat/completions", answer=ANSWER):
    """Return the text that comes back and why it is garbled."""
    name = kind if isinstance(kind, str) else kind.name
    with ScriptedServer(answer, kind=kind) as server:
        reply = posted(server, {**body, "model": MODELS.get(name, body.get("model"))}, path)
    assert reply.status_code == 200, reply.text
    said = reply.json()
    message = said["choices"][0]["message"] if "choices" in said else said["message"]
    return message["content"], server.garbled_because


KEEP = {"skip_special_tokens": False}
LENIENT = VllmKind(is_strict=False)
AS_SENT = HostedKind(image_placeholder="as sent")
NO_SPECIAL = LlamaServerKind(prints_special_tokens=False)
END = "<\uff5cend\u2581of\u2581sentence\uff5c>"


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("vllm", chat([IMAGE, TEXT], **KEEP), ANSWER),
        ("vllm", chat([TEXT, IMAGE], **KEEP), ANSWER),
        ("vllm", chat([IMAGE, said(f"<image>\n{PROMPT}")], **KEEP), ANSWER),
        (LENIENT, chat([IMAGE, TEXT], **KEEP), ANSWER),
        (LENIENT, chat([IMAGE, TEXT]), STRIPPED),
        ("sglang", chat([IMAGE, TEXT], **KEEP), ANSWER),
        ("sglang", chat([TEXT, IMAGE], **KEEP, custom_params={"ngram_size": 30}), ANSWER),
        ("sglang", chat([TEXT, IMAGE]), STRIPPED),
        (SglangKind(has_custom_logit_processor=True), chat([IMAGE, TEXT], **KEEP, custom_logit_processor="{}"), ANSWER),
        ("deepseek-ocr-rs", chat([TEXT, IMAGE], **KEEP), STRIPPED),
        ("ollama", chat([IMAGE, TEXT]), STRIPPED),
        ("ollama-0.29", chat([IMAGE, TEXT]), ANSWER),
        ("llama-server", chat([IMAGE, said(f"\n{PROMPT}")]), ANSWER + END),
        (NO_SPECIAL, chat([IMAGE, said(f"\n{PROMPT}")]), STRIPPED),
        ("openai", chat([IMAGE, said(f"<image>\n{PROMPT}")]), ANSWER),
        ("openai", chat([IMAGE, TEXT]), ANSWER),
        (AS_SENT, chat([IMAGE, said(f"<image>\n{PROMPT}")]), ANSWER),
        (HostedKind(unknown_fields="ignore"), chat([IMAGE, TEXT], **KEEP), ANSWER),
    ],
)
def test_a_right_request_is_answered(kind, body, expected):
    """This test ensures that what a real server of the kind takes is taken, with or without tags as it prints them."""
    assert (expected, ()) == read(kind, body)


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("vllm", chat([IMAGE, said(f" {PROMPT}")], **KEEP), "blanks around"),
        ("vllm", chat([IMAGE, said(f"<image>{PROMPT}")], **KEEP), "0 line breaks"),
        (LENIENT, chat([TEXT], **KEEP), "sees 0 images"),
        (LENIENT, chat([IMAGE, TEXT], **KEEP, temperature=0.2), "temperature 0.2"),
        (LENIENT, {**chat([IMAGE, TEXT], **KEEP), "temperature": None}, "temperature 1"),
        ("sglang", chat([IMAGE, said(f"<image>\n{PROMPT}")], **KEEP), "sees 2 images"),
        ("sglang", chat([IMAGE, TEXT], **KEEP, temperature=0.5), "temperature 0.5"),
        ("deepseek-ocr-rs", chat([IMAGE, TEXT]), "behind the prompt"),
        ("ollama", chat([TEXT, IMAGE]), "behind the prompt"),
        ("ollama", {**chat([IMAGE, TEXT]), "temperature": None}, "temperature 1"),
        ("llama-server", chat([TEXT, IMAGE]), "behind the prompt"),
        ("llama-server", chat([IMAGE, TEXT]), "0 line breaks"),
        ("llama-server", chat([IMAGE, said(f"\n<image>{PROMPT}")]), "sees 2 images"),
        ("llama-server", {**chat([IMAGE, said(f"\n{PROMPT}")]), "temperature": None}, "temperature 0.8"),
        (AS_SENT, chat([IMAGE, TEXT]), "sees 0 images"),
        ("openai", chat([IMAGE, said(f" {PROMPT}")]), "blanks around"),
    ],
)
def test_what_the_model_was_not_trained_for_is_garbled(kind, body, why):
    """This test ensures that a request which a real server takes and its model cannot use gives nonsense, and why."""
    text, because = read(kind, body)

    assert GARBLED in text
    assert ANSWER not in text
    assert len(because) == 1
    assert why in because[0]


@pytest.mark.parametrize(
    ("kind", "body", "status", "word"),
    [
        (LENIENT, chat([IMAGE, TEXT], model="x"), 404, "The model `x` does not exist."),
        (LENIENT, chat([IMAGE, said("<image><image>")]), 400, "Found more '<image>' placeholders"),
        (LENIENT, chat([IMAGE, TEXT], max_tokens=8192), 400, "is too large: 8192"),
        (LENIENT, chat([IMAGE, TEXT], vllm_xargs={"ngram_size": 0}), 400, "strictly positive"),
        ("sglang", chat([IMAGE, TEXT], custom_logit_processor="{}"), 400, "--enable-custom-logit-processor"),
        ("sglang", chat([IMAGE, TEXT], max_tokens=8000), 400, "exceeds the model's maximum context length"),
        ("sglang", chat([{"type": "image_url", "image_url": {"url": "zzz"}}, TEXT]), 400, "ImageData"),
        ("deepseek-ocr-rs", chat([TEXT, IMAGE], model="x"), 400, "`x` is not available"),
        ("deepseek-ocr-rs", chat([TEXT, IMAGE], model=None), 422, "<title>422"),
        ("deepseek-ocr-rs", chat([said("<image>Free OCR."), IMAGE], model="deepseek-ocr"), 400, "embedding mismatch"),
        ("deepseek-ocr-rs", {"model": "deepseek-ocr", "messages": []}, 400, "at least one user message"),
        ("ollama", chat([IMAGE, TEXT], model="x"), 404, "model 'x' not found"),
        (
            "ollama",
            chat([{"type": "image_url", "image_url": "http://h/p.png"}, TEXT], model="deepseek-ocr"),
            400,
            "image URLs are not currently supported",
        ),
        (
            "ollama",
            chat([{"type": "image_url", "image_url": "data:image/tiff;base64,AA"}], model="deepseek-ocr"),
            400,
            "invalid image input",
        ),
        ("llama-server", chat([IMAGE, said("<__media__>")]), 400, "Failed to tokenize prompt"),
        ("llama-server", chat([IMAGE, TEXT], dry_sequence_breakers=[]), 400, "non-empty array of strings"),
        ("llama-server", chat([IMAGE, TEXT], dry_penalty_last_n=-2), 400, ">= -1"),
        (LlamaServerKind(has_projector=False), chat([IMAGE, TEXT]), 500, "you may need to provide the mmproj"),
        (LlamaServerKind(names_template=True), chat([IMAGE, TEXT]), 400, "Failed to tokenize prompt"),
        (LlamaServerKind(context_tokens=200), chat([IMAGE, TEXT]), 400, "exceeds the available context size (200"),
        ("openai", chat([IMAGE, TEXT], **KEEP), 400, "skip_special_tokens"),
        ("openai", chat([IMAGE, TEXT], max_tokens=9000), 400, "at most 8192"),
        ("openai", chat([IMAGE, TEXT], max_tokens=8190), 400, "maximum context length is 8192"),
        ("openai", chat([IMAGE, TEXT], model="x"), 404, "does not exist"),
        ("openai", chat([{"type": "image_url", "image_url": {"url": "http://h/p.png"}}]), 400, "only base64"),
    ],
)
def test_each_rule_refuses_in_the_words_of_its_server(kind, body, status, word):
    """This test ensures that a client sees the status and the words that it would see, and a test the request."""
    with ScriptedServer(ANSWER, kind=kind) as server:
        reply = posted(server, body)

    assert status == reply.status_code
    assert word in reply.text
    assert [bool(request.refusal) for request in server.requests] == [True]


@pytest.mark.parametrize("kind", ["sglang", "deepseek-ocr-rs", "ollama", "llama-server", "openai", LENIENT])
@pytest.mark.parametrize("content", [b"{", b"[]", b'{"messages": 5}', b'{"messages": [5], "model": "deepseek-ocr"}'])
def test_no_body_breaks_a_server(kind, content, client):
    """This test ensures that a client which sends nonsense gets an error of the kind, and no broken connection."""
    with ScriptedServer(ANSWER, kind=kind) as server:
        reply = client.post(f"{server.base_url}/chat/completions", content=content)

    assert 200 <= reply.status_code < 500
    assert reply.content


def test_an_answer_ends_at_the_limit():
    """This test ensures that a server that says so says so, and that deepseek-ocr.rs shows it in its count alone."""
    body = chat([TEXT, IMAGE], **KEEP, max_tokens=3)
    with ScriptedServer(ANSWER, kind="sglang") as one, ScriptedServer(ANSWER, kind="deepseek-ocr-rs") as other:
        told = posted(one, body).json()
        hidden = posted(other, {**body, "model": "deepseek-ocr"}).json()

    assert [reply["choices"][0]["finish_reason"] for reply in (told, hidden)] == ["length", "stop"]
    assert [reply["usage"]["completion_tokens"] for reply in (told, hidden)] == [3, 3]
    assert hidden["choices"][0]["message"]["content"] == "title[[10, 20, 300,"


def test_deepseek_ocr_rs_has_a_default_limit_and_wants_an_image():
    """This test ensures that 512 tokens are all that comes unasked, and that a missing image is a friendly 200."""
    with ScriptedServer([" ".join(f"w{n}" for n in range(600)), "", ""], kind="deepseek-ocr-rs") as server:
        body = {**chat([TEXT, IMAGE]), "model": "deepseek-ocr", "max_tokens": None}
        long = posted(server, body).json()
        empty = posted(server, body)
        bare = posted(server, {**body, "messages": [{"role": "user", "content": PROMPT}]}).json()

    assert long["usage"]["completion_tokens"] == 512
    assert (empty.status_code, "empty output" in empty.text) == (500, True)
    assert "Image Required" in bare["choices"][0]["message"]["content"]
    assert bare["usage"]["total_tokens"] == 0
    assert server.garbled_because == ()


def test_deepseek_ocr_rs_lets_nothing_come_twice():
    """This test ensures that its n-gram rule damages an answer that repeats itself, unless it is switched off."""
    twice = " ".join(["the same words again"] * 12)
    body = {**chat([TEXT, IMAGE]), "model": "deepseek-ocr"}
    with ScriptedServer(twice, kind="deepseek-ocr-rs") as server:
        damaged = posted(server, body).json()
        whole = posted(server, {**body, "no_repeat_ngram_size": 0}).json()

    assert damaged["choices"][0]["message"]["content"] == GARBLED
    assert whole["choices"][0]["message"]["content"] == twice
    assert len(server.garbled_because) == 1


def test_deepseek_ocr_rs_loads_whatever_it_is_asked_for():
    """This test ensures that another model of its list does not answer for DeepSeek's."""
    text, because = read("deepseek-ocr-rs", chat([TEXT, IMAGE]))
    with ScriptedServer(ANSWER, kind="deepseek-ocr-rs") as server:
        posted(server, chat([TEXT, IMAGE], model="glm-ocr"))

    assert (text, because) == (STRIPPED, ())
    assert "another family" in server.garbled_because[0]


def native(**fields):
    message = {"role": "user", "content": PROMPT, "images": [png()]}
    return {"model": "deepseek-ocr", "messages": [message], "stream": False, **fields}


@pytest.mark.parametrize("kind", ["ollama", "ollama-0.29"])
def test_ollamas_own_route(kind):
    """This test ensures that it answers in its own shape, at temperature 0 unasked, with tags before 0.30 alone."""
    with ScriptedServer(ANSWER, kind=kind) as server:
        chat_reply = posted(server, native(), "/api/chat").json()
        body = {"model": "deepseek-ocr", "prompt": f"[img]\n{PROMPT}", "images": [png()], "stream": False}
        generated = posted(server, body, "/api/generate").json()

    expected = ANSWER if kind == "ollama-0.29" else STRIPPED
    assert [chat_reply["message"]["content"], generated["response"]] == [expected] * 2
    assert (chat_reply["done"], chat_reply["done_reason"]) == (True, "stop")
    assert server.garbled_because == ()
    assert [request.seen for request in server.requests] == [f"<image>{PROMPT}", f"<image>\n{PROMPT}"]


def test_ollama_streams_unless_told_not_to():
    """This test ensures that a client which forgets `stream` gets lines of JSON."""
    with ScriptedServer("hello", kind="ollama") as server:
        reply = posted(server, {**native(), "stream": None}, "/api/chat")

    assert reply.headers["content-type"] == "application/x-ndjson"
    assert len(reply.text.splitlines()) == 2


@pytest.mark.parametrize(
    ("version", "body", "words"),
    [
        ("0.31.1", {}, 1000),
        ("0.31.1", {"options": {"num_predict": 7}}, 7),
        ("0.31.1", {"options": {"num_ctx": 20}}, 200),
        ("0.31.1", {"shift": False, "options": {"num_ctx": 300}}, 22),
        ("0.30.2", {"options": {"num_ctx": 300}}, 22),
        ("0.29.0", {"options": {"num_ctx": 20}}, 200),
    ],
)
def test_ollamas_limits(version, body, words):
    """This test ensures that an answer ends at num_predict, at ten contexts, or with a context that does not shift."""
    kind = OllamaKind(version=version, context_tokens=100)
    with ScriptedServer("w " * 5000, kind=kind) as server:
        reply = posted(server, native(**body), "/api/chat").json()

    assert words == reply["eval_count"]
    assert reply["done_reason"] == "length"


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"model": "x"}, 404, "model 'x' not found"),
        ({"options": {"num_ctx": "8192"}}, 400, 'option "num_ctx" must be of type integer'),
        ({"messages": [{"role": "user", "content": "", "images": [f"data:image/png;base64,{png()}"]}]}, 400, "base64"),
    ],
)
def test_ollamas_own_errors(body, status, word):
    """This test ensures that its own route has its own error body."""
    with ScriptedServer(ANSWER, kind="ollama") as server:
        reply = posted(server, {**native(), **body}, "/api/chat")

    assert status == reply.status_code
    assert word in reply.json()["error"]
