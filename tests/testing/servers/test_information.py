"""What each kind of server tells about itself, by which it is told apart."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from dsocr_loaders.testing import KINDS, Fault, LlamaServerKind, ScriptedServer

BODY = {"model": "deepseek-ocr", "messages": [{"role": "user", "content": "x"}]}


@pytest.fixture(scope="module")
def client():
    """Open one client for all, since each reads the certificates anew."""
    with httpx.Client(trust_env=False) as opened:
        yield opened


def told(client, kind, *paths, **arguments):
    with ScriptedServer(kind=kind, **arguments) as server:
        return [client.get(server.root_url + path) for path in paths]


@pytest.mark.parametrize(
    ("kind", "owner", "header", "model"),
    [
        ("vllm", "vllm", "uvicorn", "deepseek-ai/DeepSeek-OCR"),
        ("sglang", "sglang", "uvicorn", "deepseek-ai/DeepSeek-OCR"),
        ("deepseek-ocr-rs", "deepseek-ocr", "Rocket", "deepseek-ocr"),
        ("ollama", "library", None, "deepseek-ocr:latest"),
        ("ollama-0.29", "library", None, "deepseek-ocr:latest"),
        ("llama-server", "llamacpp", "llama.cpp", "ggml-org/DeepSeek-OCR-GGUF"),
        ("openai", "deepseek-ai", "nginx", "deepseek-ai/DeepSeek-OCR"),
    ],
)
def test_models_and_their_owner(client, kind, owner, header, model):
    """This test ensures that the list of models says what the real server's says."""
    (reply,) = told(client, kind, "/v1/models")

    first = reply.json()["data"][0]
    assert (owner, header, model) == (first["owned_by"], reply.headers.get("server"), first["id"])


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        ("vllm", "/version", ["0.32.0"]),
        ("vllm", "/health", []),
        ("sglang", "/get_model_info", ["model_path", "deepseek-ai/DeepSeek-OCR"]),
        ("sglang", "/model_info", ["is_generation"]),
        ("sglang", "/server_info", ["0.5.20", "enable_custom_logit_processor"]),
        ("sglang", "/health", []),
        ("deepseek-ocr-rs", "/v1/health", ["ok"]),
        ("deepseek-ocr-rs", "/v1/models", ["glm-ocr", "deepseek-ocr-2"]),
        ("ollama", "/", ["Ollama is running"]),
        ("ollama", "/api/version", ["0.31.1"]),
        ("ollama-0.29", "/api/version", ["0.29.0"]),
        ("ollama", "/api/tags", ["deepseek-ocr:latest"]),
        ("llama-server", "/props", ["n_ctx", "model_path", "build_info"]),
        ("llama-server", "/v1/health", ["ok"]),
        ("llama-server", "/v1/models", ["n_ctx_train", "multimodal"]),
    ],
)
def test_what_tells_it_apart(client, kind, path, words):
    """This test ensures that each of a server's own pages is there, and on no other kind of server."""
    (reply,) = told(client, kind, path)

    assert reply.status_code == 200
    assert [word for word in words if word not in reply.text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_other_kinds_are_not_there(client, kind):
    """This test ensures that no kind answers to the pages that tell another apart."""
    own = {
        "vllm": "/version",
        "sglang": "/get_model_info",
        "ollama": "/api/version",
        "llama-server": "/props",
        "deepseek-ocr-rs": "/v1/health",
    }
    paths = [path for name, path in own.items() if not kind.startswith(name) and (kind, name) != SHARED]
    statuses = {reply.status_code for reply in told(client, kind, *paths, "/nothing")}

    assert {404} == statuses


SHARED = ("llama-server", "deepseek-ocr-rs")  # both have /v1/health


def test_ollama_shows_a_model(client):
    """This test ensures that its model can be asked about, and counts as no page."""
    with ScriptedServer(kind="ollama") as server:
        shown = client.post(f"{server.root_url}/api/show", json={"model": "deepseek-ocr"}).json()
        missing = client.post(f"{server.root_url}/api/show", json={"model": "x"})

    assert shown["model_info"]["general.architecture"] == "deepseekocr"
    assert missing.status_code == 404
    assert server.requests == []


@pytest.mark.parametrize(
    ("kind", "open_path"),
    [("vllm", "/version"), ("sglang", "/health"), ("llama-server", "/v1/models"), ("openai", None)],
)
def test_a_key_is_wanted_where_the_real_server_wants_one(client, kind, open_path):
    """This test ensures that a wrong key is refused in the words of the kind, and that public pages stay public."""
    with ScriptedServer(kind=kind, api_key="right") as server:
        refused = client.post(f"{server.base_url}/chat/completions", json=BODY)
        public = client.get(server.root_url + open_path) if open_path else None

    assert refused.status_code == 401
    assert "right" not in refused.text
    assert public is None or public.status_code == 200


def test_llama_server_says_that_metrics_are_off(client):
    """This test ensures that its answer is an error with a hint, and no missing page."""
    (reply,) = told(client, "llama-server", "/metrics")

    assert (reply.status_code, "--metrics" in reply.text) == (501, True)


def test_deepseek_ocr_rs_reads_one_page_at_a_time(client):
    """This test ensures that further pages wait, however many connections there are."""
    busy = threading.Semaphore(1)

    def answer(request):
        assert busy.acquire(blocking=False)
        time.sleep(0.02)
        busy.release()
        return "x"

    part = [{"type": "text", "text": "Free OCR."}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    body = {"model": "deepseek-ocr", "messages": [{"role": "user", "content": part}]}
    with (
        ScriptedServer(answer, kind="deepseek-ocr-rs") as server,
        ThreadPoolExecutor(4) as pool,
    ):
        url = f"{server.base_url}/chat/completions"
        statuses = [reply.status_code for reply in pool.map(lambda _: client.post(url, json=body), range(4))]

    assert statuses == [200] * 4
    assert server.most_in_flight > 1


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


def test_faults_have_the_error_body_of_the_kind(client):
    """This test ensures that a scripted fault looks as this server's own."""
    broken = ScriptedServer(kind="sglang", models_faults=[Fault.of_status(503)])
    with broken as server:
        reply = client.get(f"{server.base_url}/models")

    assert (reply.status_code, reply.json()["object"]) == (503, "error")


@pytest.mark.parametrize("arguments", [{"kind": "none"}, {"kind": "deepseek-ocr-rs", "owned_by": "me"}])
def test_what_no_kind_has_is_refused(arguments):
    """This test ensures that a misspelt kind, and an option that a kind does not have, are told."""
    with pytest.raises(ValueError, match=r"kind of server|owned_by"):
        ScriptedServer(**arguments)


def test_a_kind_can_be_launched_otherwise():
    """This test ensures that options of the kind and of the script go together."""
    kind = LlamaServerKind(prints_special_tokens=False)
    with ScriptedServer(kind=kind, models=["a"], max_model_len=4096) as server:
        pass

    assert server.kind == LlamaServerKind(models=("a",), context_tokens=4096, prints_special_tokens=False)
