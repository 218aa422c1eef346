"""What holds for every kind of server: a user names it, or does not, and gets the pages of a file as they are."""

from __future__ import annotations

import hashlib
import logging

import pymupdf
import pytest

from dsocr_loaders.errors import EngineError, PagesFailed
from dsocr_loaders.reader import Reader
from dsocr_loaders.testing import Fault, HostedKind, LlamaServerKind, ScriptedServer, SglangKind, VllmKind

pytestmark = pytest.mark.usefixtures("warm_page_workers")

WIDTHS = (200, 240, 280)
BOXES = {width: f"{width // 10}, 100, {width}, 140" for width in WIDTHS}
LETTERS = str.maketrans("0123456789", "ghijklmnop")
LONG = " ".join(
    hashlib.sha256(f"{n}".encode()).hexdigest()[: 3 + n % 6].translate(LETTERS) for n in range(3000)
)  # words that neither repeat nor count up, which would be taken for a loop
TABLE = "<table><tr><td>kept</td><td>17</td></tr></table>"

KINDS = {
    "vllm": ("vllm", "vllm"),
    "vllm as it is": (VllmKind(is_strict=False), "vllm"),
    "sglang": ("sglang", "sglang"),
    "sglang with a processor": (SglangKind(has_custom_logit_processor=True), "sglang"),
    "deepseek-ocr-rs": ("deepseek-ocr-rs", "deepseek-ocr-rs"),
    "ollama": ("ollama", "ollama"),
    "ollama before 0.30": ("ollama-0.29", "ollama"),
    "ollama's own route": ("ollama", "ollama"),
    "ollama's own route before 0.30": ("ollama-0.29", "ollama"),
    "llama-server --special": ("llama-server", "llama-server"),
    "llama-server": (LlamaServerKind(prints_special_tokens=False), "llama-server"),
    "hosted": ("openai", "openai"),
    "hosted, easy-going": (HostedKind(unknown_fields="ignore"), "openai"),
}
STRIPS = {"deepseek-ocr-rs", "ollama", "ollama's own route", "llama-server"}
CALLED = {"deepseek-ocr-rs": "deepseek-ocr"}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("dsocr_loaders.pipeline.attempts.retry_delay_s", lambda *_: 0.01)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A file of three pages, each of its own width, by which the servers know them."""
    path = tmp_path_factory.mktemp("contracts") / "report.pdf"
    with pymupdf.open() as document:
        for width in WIDTHS:
            document.new_page(width=width, height=120).insert_text((20, 40), f"page {width}")
        document.save(path)
    return path


def answer(request):
    width = request.image.width_px // 2  # rendered at 144 dots per inch
    return (
        f"<|ref|>title<|/ref|><|det|>[[{BOXES[width]}]]<|/det|>\n# Page {width}\n\n"
        f"<|ref|>table<|/ref|><|det|>[[10, 300, 900, 700]]<|/det|>\n{TABLE if width < WIDTHS[2] else LONG}"
    )


def some(*names):
    """Return all kinds, those that are not named here for the slow run alone."""
    return [pytest.param(name, marks=() if name in names else pytest.mark.slow) for name in KINDS]


def serving(name, answers=answer, **arguments):
    return ScriptedServer(answers, kind=KINDS[name][0], **arguments)


def reading(name, server, *, is_named=True, **settings):
    url = server.root_url if "own route" in name else server.base_url
    named = {"server": KINDS[name][1]} if is_named or KINDS[name][1] == "openai" else {}
    return Reader(url, **named, **settings)


@pytest.mark.parametrize("is_named", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["auto", "named"])
@pytest.mark.parametrize("name", KINDS)
def test_a_file_comes_back_page_for_page(name, is_named, report, caplog):
    """This test ensures that the model behind each server is asked as it was trained, and its regions come in order.

    Where a server takes the tags away, boxes and texts are still there, the table has lost its cells, and that is said
    once with what mends it. An answer that was cut off is marked, also where the server says `stop`.
    """
    caplog.set_level(logging.WARNING, "dsocr_loaders.engines")
    settings = {"is_named": is_named, "max_new_tokens": 40, "repair": False}
    with serving(name) as server, reading(name, server, **settings) as reader:
        pages = list(reader.iter_pages(report))

    assert (server.garbled_because, [each.refusal for each in server.requests if each.refusal]) == ((), [])
    assert [(1, "ok"), (2, "ok"), (3, "truncated")] == [(page.page_number, str(page.status)) for page in pages]
    headings = [page.regions[0] for page in pages]
    assert [f"Page {width}" for width in WIDTHS] == [heading.text.lstrip("# ").strip() for heading in headings]
    assert [(width // 10 / 999, width / 999) for width in WIDTHS] == [
        (heading.boxes[0].x0, heading.boxes[0].x1) for heading in headings
    ]
    tables = [page.regions[1] for page in pages[:2]]
    assert ["table"] * 2 == [str(table.type) for table in tables]
    assert [name not in STRIPS] * 2 == [TABLE in table.text for table in tables]
    assert all("kept" in table.text for table in tables)
    told = [record.getMessage() for record in caplog.records if "special tokens" in record.getMessage()]
    assert (1 if name in STRIPS else 0) == len(told)
    assert all(server.root_url in text for text in told)


@pytest.mark.parametrize("name", some("deepseek-ocr-rs", "ollama's own route"))
def test_an_answer_as_long_as_a_page_comes_whole(name, report):
    """This test ensures that no server's own small default cuts a page off."""
    with serving(name) as server, reading(name, server, pages="3") as reader:
        (page,) = reader.iter_pages(report)

    assert "ok" == str(page.status)
    assert page.regions[1].text.strip().endswith(LONG[-40:])


@pytest.mark.parametrize("name", some("ollama's own route", "hosted"))
def test_a_wrong_model_is_answered_with_the_servers_own(name, report):
    """This test ensures that a misspelt model is told before a page is sent, with what the server has."""
    wrong = serving(name)
    with wrong as server, reading(name, server, model="my/finetune-7b") as reader:
        with pytest.raises(EngineError) as caught:
            reader.load(report)
        url = server.root_url

    assert ("not_found", True) == (caught.value.cause, caught.value.stops_run)
    message = str(caught.value)
    assert [word for word in ("my/finetune-7b", server.kind.models[0], url) if word not in message] == []
    assert server.requests == []


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("name", some("sglang", "deepseek-ocr-rs", "ollama's own route", "llama-server"))
def test_its_errors_are_told_in_words(name, status, report):
    """This test ensures that the error body of each server is read, not shown, and costs the page alone."""
    bad = Fault.of_status(status)
    with serving(name, faults=lambda number: bad if width_of(server, number) == WIDTHS[1] else None) as server:
        with reading(name, server) as reader, pytest.raises(PagesFailed) as caught:
            reader.load(report)
        url = server.root_url

    pages = caught.value.results
    assert ["ok", "failed", "ok"] == [str(page.status) for page in pages]
    message = pages[1].error.message
    assert message.startswith(f"{report}, page 2: {url}")
    assert "It says: 'scripted: " in message
    assert "{" not in message


def width_of(server, number):
    return next(each.image.width_px // 2 for each in server.requests if each.number == number)
