"""What a user meets when the server is down, wrong, hostile or broken: one clear error, and nothing else is lost.

Each row is a real server that misbehaves. The certificate in `tls/` is for 127.0.0.1, signed by nobody, and its key is
no secret: it serves these tests alone.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import socket
import ssl
import threading
import time
import traceback
from pathlib import Path

import pymupdf
import pytest
from llama_index.readers.deepseek_ocr import DeepSeekOCRReader

from dsocr_loaders.cli import main
from dsocr_loaders.errors import EngineError, PagesFailed
from dsocr_loaders.reader import Reader
from dsocr_loaders.testing import Fault, ScriptedServer

pytestmark = pytest.mark.usefixtures("warm_page_workers")

KEY = "sk-do-not-show-1234"
ANSWER = "<|ref|>text<|/ref|><|det|>[[1, 2, 300, 400]]<|/det|>\nIt rains."
WIDTHS = (200, 240, 280)
TLS = Path(__file__).parent / "tls"
PAGE = b"<!DOCTYPE html><html><head><title>Grafana</title></head><body>Please log in</body></html>"
LIMIT_S = 60  # of any row, on a machine that is very busy; a hang would take ten minutes


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("dsocr_loaders.pipeline.attempts.retry_delay_s", lambda *_: 0.01)
    monkeypatch.setattr("dsocr_loaders.pipeline.retries.MOST_ATTEMPTS", 2)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A file of three pages, each of its own width, by which a server knows them."""
    path = tmp_path_factory.mktemp("bad") / "report.pdf"
    with pymupdf.open() as document:
        for width in WIDTHS:
            document.new_page(width=width, height=120).insert_text((20, 40), f"page {width}")
        document.save(path)
    return path


@contextlib.contextmanager
def port(talk, tls=None):
    """Give the port of a server that hands each connection to `talk(connection, stopping)`."""
    stopping = threading.Event()

    def accept():
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection):
        with contextlib.suppress(OSError), connection:
            connection.settimeout(LIMIT_S)
            if tls is None:
                talk(connection, stopping)
            else:
                with tls.wrap_socket(connection, server_side=True) as wrapped:
                    talk(wrapped, stopping)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.01)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopping.set()
            thread.join()


def certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost_key.pem")
    return context


def web_page(connection, stopping):
    connection.recv(65536)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(PAGE) + PAGE)


def to_login(connection, stopping):
    connection.recv(65536)
    connection.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: https://login.example.com/?next=secret\r\nContent-Length: 0\r\n\r\n"
    )


def ssh(connection, stopping):
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    connection.recv(65536)
    stopping.wait(0.05)


def redis(connection, stopping):
    connection.recv(65536)
    connection.sendall(b"-ERR unknown command 'GET'\r\n")


def hangs_up(connection, stopping):
    connection.recv(65536)


def mute(connection, stopping):
    stopping.wait(LIMIT_S)


def trickle(connection, stopping):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
    while not stopping.wait(0.1):
        connection.sendall(b" ")


@contextlib.contextmanager
def nobody():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}/v1"


@contextlib.contextmanager
def talking(talk, scheme="http", tls=None):
    with port(talk, tls) as number:
        yield f"{scheme}://127.0.0.1:{number}/v1"


@contextlib.contextmanager
def scripted(change=lambda url: url, **arguments):
    with ScriptedServer(ANSWER, **arguments) as server:
        yield change(server.base_url)


FIRST_CONTACTS = {
    "server down": (nobody, {}, "first_contact", ["refused", "Is the server running"]),
    "no such host": (
        lambda: contextlib.nullcontext("http://no.such.host.invalid/v1"),
        {},
        "first_contact",
        ["host name is not known", "Check the URL"],
    ),
    "a web page": (lambda: talking(web_page), {}, "wrong_server", ["web page", "Grafana", "Check host, port and path"]),
    "a login": (lambda: talking(to_login), {}, "wrong_server", ["redirects", "login.example.com", "give the URL"]),
    "speaks SSH": (lambda: talking(ssh), {}, None, ["HTTP"]),
    "speaks Redis": (lambda: talking(redis), {}, None, ["HTTP"]),
    "hangs up": (lambda: talking(hangs_up), {}, "first_contact", ["without an answer", "Is it an HTTP server"]),
    "says nothing": (lambda: talking(mute), {"timeout_s": 0.5}, "first_contact", ["what it serves", "overloaded"]),
    "trickles": (lambda: talking(trickle), {"timeout_s": 0.5}, "first_contact", ["what it serves", "overloaded"]),
    "/v1 is missing": (
        lambda: scripted(lambda url: url.removesuffix("/v1")),
        {},
        "not_found",
        ["404", "Is /v1 missing"],
    ),
    "another path": (lambda: scripted(lambda url: f"{url}/api/v1"), {}, "not_found", ["404"]),
    "self-signed certificate": (
        lambda: talking(web_page, "https", certificate()),
        {},
        "first_contact",
        ["TLS failed", "self-signed", "SSL_CERT_FILE"],
    ),
    "http on an https port": (
        lambda: talking(web_page, "http", certificate()),
        {},
        "first_contact",
        ["closed the connection", "https:// instead of http://"],
    ),
    "https on an http port": (
        lambda: scripted(lambda url: url.replace("http://", "https://")),
        {},
        "first_contact",
        ["TLS failed", "http instead of https"],
    ),
    "wrong key": (lambda: scripted(api_key="right"), {}, "unauthorized", ["refuses the key", "api_key="]),
    "wrong model": (
        lambda: scripted(models=["ocr-a", "ocr-b"]),
        {"model": "my/finetune"},
        "not_found",
        ["'my/finetune'", "'ocr-a', 'ocr-b'", "model="],
    ),
    "no model": (lambda: scripted(models=[]), {}, "not_found", ["serves none"]),
    "an error for the list": (
        lambda: scripted(models_faults=lambda _: Fault.html(status=502)),
        {},
        "first_contact",
        ["502 Bad Gateway"],
    ),
    "ten megabytes of list": (
        lambda: scripted(models_faults=lambda _: Fault.oversized(10_000_001)),
        {},
        "wrong_server",
        ["longer than 10000000 bytes"],
    ),
}


MEANT_FOR_THE_SLOW_RUN = {"a login", "speaks Redis", "another path", "no model", "an error for the list", "nothing"}


def rows(table):
    """Return the names of the rows, those that differ little from another for the slow run alone."""
    return [pytest.param(name, marks=pytest.mark.slow if name in MEANT_FOR_THE_SLOW_RUN else ()) for name in table]


@pytest.mark.parametrize("name", rows(FIRST_CONTACTS))
def test_a_server_that_cannot_be_read_with(name, report, caplog):
    """This test ensures that a run ends with one error that names the endpoint and what to do, and shows no key."""
    caplog.set_level(logging.DEBUG)
    server, settings, cause, words = FIRST_CONTACTS[name]
    with server() as url:
        began = time.monotonic()
        with Reader(url, api_key=KEY, **settings) as reader, pytest.raises(EngineError) as caught:
            reader.load(report)
        took_s = time.monotonic() - began

    message = str(caught.value)
    assert cause in (None, caught.value.cause)
    assert caught.value.stops_run
    assert [word for word in [*words, url] if word not in message] == []
    assert len(message.splitlines()) == 1
    assert took_s < LIMIT_S
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert (KEY in shown, "secret" in message) == (False, False)


def completion(text):
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()


BROKEN_PAGES = {
    "413": (Fault.html(status=413), "too_large", ["413", "dpi="]),
    "slow trickle": (Fault(trickle_s=0.2), "timeout", ["within 1 s", "timeout_s"]),
    "cut inside the answer": (Fault.cut(40), "cut", ["in the middle of an answer", "server's log"]),
    "invalid UTF-8": (Fault.invalid_utf8(), "not_understood", ["not UTF-8"]),
    "HTML with 200": (Fault.html(), "not_understood", ["web page", "'Welcome'"]),
    "HTML with 502": (Fault.html(status=502), "server_fault", ["502 Bad Gateway", "'Welcome'"]),
    "10 MB": (Fault(body=completion("a" * 10_000_000)), "not_understood", ["longer than 10000000 bytes"]),
    "error text with 200": (Fault(body=b"CUDA out of memory"), "not_understood", ["'CUDA out of memory'", "log"]),
    "error object with 200": (
        Fault(body=b'{"error": {"message": "CUDA out of memory"}}'),
        "not_understood",
        ["'CUDA out of memory'"],
    ),
    "error as an answer": (
        Fault(body=completion("Error: the model is overloaded, try again later")),
        "server_fault",
        ["an error in place of the page's text", "overloaded"],
    ),
    "an answer without content": (Fault(body=completion("")), "no_answer", ["empty"]),
    "nothing": (Fault(body=b""), "not_understood", ["not JSON"]),
    "refused with the key in it": (
        Fault(status=400, body=json.dumps({"error": {"message": f"no page for {KEY}"}}).encode()),
        "bad_request",
        ["refuses this page", "(hidden)"],
    ),
}


def width_of(server, number):
    return next(each.image.width_px // 2 for each in server.requests if each.number == number)


@pytest.mark.parametrize("name", rows(BROKEN_PAGES))
def test_a_page_that_fails_costs_itself_alone(name, report, caplog):
    """This test ensures that the error names file and page and says what is wrong, and that the others are kept."""
    caplog.set_level(logging.DEBUG)
    fault, cause, words = BROKEN_PAGES[name]
    with ScriptedServer(
        ANSWER, api_key=KEY, faults=lambda number: fault if width_of(server, number) == WIDTHS[1] else None
    ) as server:
        began = time.monotonic()
        settings = {"timeout_s": 1 if cause == "timeout" else 600, "repair": False}
        with Reader(server.base_url, api_key=KEY, **settings) as reader, pytest.raises(PagesFailed) as caught:
            reader.load(report)
        took_s = time.monotonic() - began

    pages = caught.value.results
    assert [(1, "ok"), (2, "failed"), (3, "ok")] == [(page.page_number, str(page.status)) for page in pages]
    assert ["It rains."] * 2 == [region.text for page in pages for region in page.regions]
    error = pages[1].error
    assert cause == error.cause
    assert error.message.startswith(f"{report}, page 2: ")
    assert [word for word in words if word not in error.message] == []
    assert len(error.message.splitlines()) == 1
    assert str(caught.value).count("page 2: ") == 1
    assert took_s < LIMIT_S
    assert KEY not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_a_key_that_is_refused_in_the_middle_keeps_what_was_read(report):
    """This test ensures that pages which are in flight when a server refuses one are still handed over."""
    refused = Fault(status=401, delay_s=0.02)
    late = Fault(delay_s=0.2)
    faults = {WIDTHS[1]: refused, WIDTHS[2]: late}
    refusing = ScriptedServer(ANSWER, faults=lambda number: faults.get(width_of(refusing, number)))
    with refusing as server, Reader(server.base_url) as reader, pytest.raises(EngineError) as caught:
        reader.load(report)

    assert "refuses the key" in str(caught.value)
    assert [(1, "ok"), (3, "ok")] == [
        (page.page_number, str(page.status)) for page in caught.value.results if page.status != "failed"
    ]


def test_an_authority_of_ones_own_is_named_in_the_environment(report, monkeypatch):
    """This test ensures that what the message about TLS advises works."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    with ScriptedServer(ANSWER) as server:
        server._http.socket = certificate().wrap_socket(server._http.socket, server_side=True)
        with Reader(server.base_url.replace("http://", "https://"), granularity="region") as reader:
            texts = [chunk.text for chunk in reader.load(report)]

    assert ["It rains."] * 3 == texts


def test_a_page_about_an_error_is_a_page(report):
    """This test ensures that words which errors begin with are read where a page shows them."""
    shown = "<|ref|>text<|/ref|><|det|>[[1, 2, 300, 400]]<|/det|>\nError: the printer is on fire"
    with ScriptedServer([shown, "Error: the printer is on fire"]) as server:
        with Reader(server.base_url, pages="1") as reader:
            grounded = list(reader.iter_pages(report))
        with Reader(server.base_url, pages="1", task="free") as reader:
            free = list(reader.iter_pages(report))

    assert ["ok", "ok"] == [str(page.status) for page in [*grounded, *free]]


@pytest.mark.parametrize(
    ("models_faults", "words"),
    [(lambda _: Fault(status=401), "refuses the key"), (lambda _: Fault.html(), "web page")],
)
def test_a_framework_shows_the_same_error(models_faults, words, report):
    """This test ensures that a user of LlamaIndex sees the same one line."""
    wrong = ScriptedServer(ANSWER, models_faults=models_faults)
    with wrong as server, pytest.raises(EngineError, match=words):
        DeepSeekOCRReader(server.base_url, api_key=KEY).load_data(report)


def test_a_reader_that_failed_and_is_forgotten_closes_its_connections(report):
    """This test ensures that an engine in a cycle, as an exception makes one, leaves nothing open."""

    def fail(url):
        try:
            Reader(url, api_key=KEY).load(report)
        except EngineError as error:
            error.circle = error.__traceback__.tb_frame, error

    with ScriptedServer(ANSWER, models_faults=lambda _: Fault.html()) as server:
        fail(server.base_url)
        gc.collect()
        end = time.monotonic() + LIMIT_S
        while server._http.connections and time.monotonic() < end:
            time.sleep(0.005)
        left = len(server._http.connections)

    assert 0 == left


def test_the_command_line_says_it_in_one_line(report, tmp_path, capsys, monkeypatch):
    """This test ensures that nobody sees a traceback."""
    monkeypatch.setenv("COLUMNS", "400")
    with nobody() as url, pytest.raises(SystemExit) as ended:
        main(["convert", str(report), "-o", str(tmp_path), "--engine", url])

    err = capsys.readouterr().err
    assert ended.value.code == 4
    assert [f"Error: Cannot connect to {url}: the connection was refused."] == [
        line.partition(" Is the server")[0] for line in err.splitlines()
    ]
