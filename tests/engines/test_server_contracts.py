from __future__ import annotations

import logging
from contextlib import contextmanager

import pytest

from dsocr_loaders import Reader
from dsocr_loaders.engines.profiles import HOSTS, hosted
from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.errors import EngineError, SettingsError
from dsocr_loaders.models import decoding_for
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import (
    KINDS,
    DeepSeekOcrRsKind,
    HostedKind,
    LlamaServerKind,
    OllamaKind,
    ScriptedServer,
    SglangKind,
    VllmKind,
    sample_page,
    sample_request,
)
from dsocr_loaders.testing.servers import without_special_tokens
from dsocr_loaders.values import Decoding

LIMIT_S = 20
GROUNDED = (
    "<|ref|>title<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n# Report\n\n"
    "<|ref|>table<|/ref|><|det|>[[10, 50, 300, 90]]<|/det|>\n<table><tr><td>a</td><td>b</td></tr></table>"
)
END = "<\uff5cend\u2581of\u2581sentence\uff5c>"
ADDED = HostedKind(image_placeholder="added")
LAUNCHED = {
    **{name: kind for name, kind in KINDS.items() if name != "openai"},
    "lenient vllm": VllmKind(is_strict=False),
    "sglang with processors": SglangKind(has_custom_logit_processor=True),
    "llama-server without --special": LlamaServerKind(prints_special_tokens=False),
}
STRIPPING = {"deepseek-ocr-rs", "ollama", "llama-server without --special"}


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


def answer_of(engine, **changes):
    page = sample_page()
    request = sample_request(page, **changes)
    return engine.loop.submit(engine.read(engine.prepare(page, request), request)).result(LIMIT_S)


def failure(url, **settings):
    with reading(url, **settings) as engine, pytest.raises(EngineError) as caught:
        answer_of(engine)
    return caught.value


def logged(caplog, level=logging.WARNING):
    records = [record for record in caplog.records if record.name == "dsocr_loaders.engines"]
    return [record.getMessage() for record in records if record.levelno >= level]


@pytest.mark.parametrize("named", [False, True], ids=["auto", "named"])
@pytest.mark.parametrize("kind", LAUNCHED)
def test_every_server_is_recognised_and_asked_by_its_rules(kind, named):
    """This test ensures that the model behind each kind of server sees the page as it was trained to."""
    launched = LAUNCHED[kind]
    with (
        ScriptedServer(GROUNDED, kind=launched) as server,
        reading(server.base_url, server=launched.name if named else "auto") as engine,
    ):
        answer = answer_of(engine)

    expected = without_special_tokens(GROUNDED) if kind in STRIPPING else GROUNDED
    assert expected == answer.text.removesuffix(END)
    assert server.requests[0].garbled_because == ""
    assert answer.engine.split()[2] == launched.name


@pytest.mark.parametrize("named", [False, True], ids=["auto", "named"])
@pytest.mark.parametrize("kind", ["ollama", "ollama-0.29"])
def test_ollamas_own_interface_is_found_at_its_root(kind, named):
    """This test ensures that a URL without /v1 means the interface that can set the context."""
    with (
        ScriptedServer(GROUNDED, kind=kind) as server,
        reading(server.root_url, server="ollama" if named else "auto") as engine,
    ):
        answer = answer_of(engine)

    assert server.requests[0].path == "/api/chat"
    assert server.requests[0].garbled_because == ""
    assert answer.finish_reason == "stop"


def test_a_hosted_interface_has_to_be_named(caplog):
    """This test ensures that an unknown server is not asked before somebody says that it is OpenAI's kind."""
    with ScriptedServer(GROUNDED, kind=ADDED) as server:
        error = failure(server.base_url)
        assert (error.cause, server.requests) == ("wrong_server", [])
        assert "'deepseek-ai'" in str(error)

        with reading(server.base_url, server="openai") as engine:
            assert answer_of(engine).text == GROUNDED


def test_a_host_that_wants_the_image_token_gets_it(monkeypatch):
    """This test ensures that SiliconFlow's row puts `<image>` and a line break before the prompt."""
    monkeypatch.setattr(hosted, "HOSTS", {"127.0.0.1": HOSTS["api.siliconflow.cn"]})
    with (
        ScriptedServer(GROUNDED, kind=HostedKind(image_placeholder="as sent")) as server,
        reading(server.base_url) as engine,
    ):
        assert answer_of(engine).text == GROUNDED


@pytest.mark.parametrize("kind", ["vllm", "sglang", "llama-server"])
def test_a_gateway_that_renames_the_owner_is_seen_through(kind):
    """This test ensures that a server is known by its other pages where its list of models was changed."""
    with ScriptedServer(GROUNDED, kind=kind, owned_by="gateway") as server, reading(server.base_url) as engine:
        assert answer_of(engine).engine.split()[2] == kind


@pytest.mark.parametrize("kind", [*LAUNCHED, "openai"])
def test_cut_off_answers_show_on_every_server(kind):
    """This test ensures that truncation is seen by the finish reason, or by the count where that is always `stop`."""
    with (
        ScriptedServer("one two three four five six", kind=LAUNCHED.get(kind, ADDED)) as server,
        reading(server.base_url, server=LAUNCHED.get(kind, ADDED).name) as engine,
    ):
        answer = answer_of(engine, decoding=Decoding(max_new_tokens=3))

    assert answer.finish_reason == "length"


@pytest.mark.parametrize("kind", sorted(STRIPPING))
def test_a_server_that_strips_tags_is_reported_once(kind, caplog, tmp_path):
    """This test ensures that many pages give one warning for an engine, which says what mends it."""
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        picture(number).save(paths[-1])
    with ScriptedServer(GROUNDED, kind=LAUNCHED[kind]) as server, Reader(engine=server.base_url) as reader:
        for path in paths:
            reader.read(str(path))

    warnings = [line for line in logged(caplog) if "special tokens" in line]
    assert len(warnings) == 1
    assert server.base_url in warnings[0]
    assert "--special" in warnings[0]


def picture(number):
    from PIL import Image, ImageDraw  # noqa: PLC0415 - for one test alone

    page = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(page).text((20, 20 + number), f"Page {number} " * 3, fill="black")
    return page


@pytest.mark.parametrize("kind", ["vllm", "ollama-0.29", "llama-server"])
def test_a_server_that_keeps_tags_is_not_reported(kind, caplog, tmp_path):
    """This test ensures that nobody is warned without a reason."""
    picture(1).save(tmp_path / "page.png")
    with ScriptedServer(GROUNDED, kind=kind) as server, Reader(engine=server.base_url) as reader:
        document = reader.read(str(tmp_path / "page.png"))

    assert logged(caplog) == []
    assert [region.type.value for page in document.pages for region in page.regions] == ["title", "table"]


@pytest.mark.parametrize(
    ("kind", "most"),
    [(DeepSeekOcrRsKind(), 1), (OllamaKind(), 4), (LlamaServerKind(), 4), (VllmKind(), 8), (SglangKind(), 8)],
)
def test_as_many_pages_are_asked_for_as_make_sense(kind, most):
    """This test ensures that pages wait here, where no time limit runs, instead of inside a server with few slots."""
    with ScriptedServer(GROUNDED, kind=kind) as server, reading(server.base_url) as engine:
        answer_of(engine)

        assert most == engine.capacity


def test_a_number_that_the_user_names_counts_where_the_server_tells_none():
    """This test ensures that an Ollama with more slots can be filled, and that a mutex stays one."""
    for kind, expected in (("ollama", 8), ("deepseek-ocr-rs", 1)):
        with ScriptedServer(GROUNDED, kind=kind) as server, reading(server.base_url, max_concurrency=16) as engine:
            answer_of(engine)

            assert expected == engine.capacity


def test_sglang_is_told_the_rule_it_can_run_and_said_what_it_lacks(caplog):
    """This test ensures that the n-gram rule goes along where it may, and that the log says so once where not."""
    for has_option, notes in ((True, 0), (False, 1)):
        caplog.clear()
        kind = SglangKind(has_custom_logit_processor=has_option)
        with ScriptedServer(GROUNDED, kind=kind) as server, reading(server.base_url) as engine:
            answer_of(engine)
            answer_of(engine)

        assert has_option is ("custom_logit_processor" in server.requests[1].body)
        assert notes == len([line for line in logged(caplog) if "--enable-custom-logit-processor" in line])


def test_an_answer_that_is_empty_is_not_asked_for_again_and_again():
    """This test ensures that deepseek-ocr.rs's error for an empty answer is no fault that passes."""
    with ScriptedServer("", kind="deepseek-ocr-rs") as server:
        error = failure(server.base_url)

    assert (error.cause, error.retryable) == ("no_answer", False)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(LlamaServerKind(names_template=True), "--chat-template"), (LlamaServerKind(has_projector=False), "--mmproj")],
)
def test_a_server_that_was_launched_wrongly_ends_the_run(kind, words):
    """This test ensures that the option to change is named, once, instead of a failure for each page."""
    with ScriptedServer(GROUNDED, kind=kind) as server:
        error = failure(server.base_url)

    assert (error.cause, error.stops_run) == ("wrong_server", True)
    assert words in str(error)


@pytest.mark.parametrize("kind", [*LAUNCHED, "openai"])
def test_a_model_that_is_not_there_lists_those_that_are(kind):
    """This test ensures that every kind of server shows its names for a wrong one."""
    launched = LAUNCHED.get(kind, ADDED)
    with ScriptedServer(GROUNDED, kind=launched) as server:
        error = failure(server.base_url, server=launched.name, model="no/such-model")

    assert (error.cause, error.stops_run) == ("not_found", True)
    assert repr(launched.models[0]) in str(error)


@pytest.mark.parametrize("kind", [name for name, kind in LAUNCHED.items() if kind.name != "vllm"])
def test_a_mode_that_a_server_does_not_have_is_an_error(kind):
    """This test ensures that no page is read in another mode than was asked for, named or found."""
    with pytest.raises(SettingsError, match="allowed: gundam"):
        RemoteEngine("http://host/v1", Settings(server=LAUNCHED[kind].name, resolution="tiny"))
    with ScriptedServer(GROUNDED, kind=LAUNCHED[kind]) as server:
        error = failure(server.base_url, resolution="tiny")

    assert (error.cause, server.requests) == ("wrong_server", [])
    assert "resolution='tiny'" in str(error)


def test_the_model_that_a_server_seems_to_have_is_named(caplog):
    """This test ensures that a user of DeepSeek-OCR-2 learns how to get that model's own values."""
    kind = LlamaServerKind(models=("ggml-org/DeepSeek-OCR-2-GGUF",))
    with ScriptedServer(GROUNDED, kind=kind) as server, reading(server.base_url) as engine:
        assert answer_of(engine).text.startswith("<|ref|>")

    assert [line for line in logged(caplog) if "model='deepseek-ai/DeepSeek-OCR-2'" in line] != []


def test_unlimited_ocr_is_asked_in_its_own_way():
    """This test ensures that model, prompt, image token and n-gram values are those of that model on vLLM."""
    answer = "<|det|>title [10, 20, 300, 40]<|/det|>Report\n"
    kind = VllmKind(models=("baidu/Unlimited-OCR",), context_tokens=32768)
    with ScriptedServer(answer, kind=kind) as server:
        assert "'baidu/Unlimited-OCR'" in str(failure(server.base_url))
        with reading(server.base_url, model="baidu/Unlimited-OCR") as engine:
            read = answer_of(engine, prompt="document parsing.", decoding=decoding_for("baidu/Unlimited-OCR"))

    assert read.text == answer
    assert server.requests[0].seen == "<image>document parsing."
    assert server.requests[0].body["max_tokens"] > 30_000
    assert server.requests[0].body["vllm_xargs"]["ngram_size"] == 35
