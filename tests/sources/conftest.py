"""A folder of files, and a real HTTP server on this machine with habits good and bad."""

from __future__ import annotations

import base64
import gzip
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dsocr_loaders.sources import Spool

PDF = b"%PDF-1.7\nnothing more is looked at here"
PNG = b"\x89PNG\r\n\x1a\n and so on"
JPEG = b"\xff\xd8\xff\xe0 and so on"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        place = urlsplit(self.path).path.strip("/").replace("-", "_").partition(".")[0]
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"answer_{place}")(parse_qs(urlsplit(self.path).query))

    def answer(self, status=200, body=PDF, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def answer_report(self, _query):
        self.answer()

    def answer_status(self, query):
        self.answer(int(query["code"][0]), b"<html>no</html>")

    def answer_to(self, query):
        self.answer(302, b"", Location=query["url"][0])

    def answer_ring(self, _query):
        self.answer(302, b"", Location="/ring?token=secret")

    def answer_login(self, _query):
        self.answer(200, b"<!DOCTYPE html><title>Log in</title>")

    def answer_packed(self, query):
        body = gzip.compress(PDF)
        self.answer(200, body[: len(body) - int(query.get("less", ["0"])[0])], Content_Encoding="gzip")

    def answer_bomb(self, _query):
        self.answer(200, gzip.compress(PDF + bytes(200_000_000), 1), Content_Encoding="gzip")

    def answer_oddly_packed(self, _query):
        self.answer(200, b"x", Content_Encoding="br")

    def answer_large(self, _query):
        self.send_response(200)
        self.send_header("Content-Length", str(10**12))
        self.end_headers()
        self.wfile.write(PDF)

    def answer_cut(self, _query):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PDF) + 10))
        self.end_headers()
        self.wfile.write(PDF)
        self.close_connection = True

    def answer_endless(self, _query):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PDF)
        while True:
            self.wfile.write(bytes(100_000))

    def answer_trickle(self, _query):
        self.send_response(200)
        self.end_headers()
        for byte in PDF * 100:
            self.wfile.write(bytes([byte]))
            time.sleep(0.02)

    def answer_slow_head(self, _query):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(1000):
            self.wfile.write(b"x")
            time.sleep(0.02)

    def answer_no_http(self, _query):
        self.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
        self.close_connection = True

    def answer_locked(self, _query):
        wanted = "Basic " + base64.b64encode(b"me:k/y").decode()
        self.answer() if self.headers.get("Authorization") == wanted else self.answer(401, b"")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []

    def url(self, path, host="127.0.0.1", user=""):
        return f"http://{user}{host}:{self.server_port}/{path}"

    def handle_error(self, *_args):
        pass


@contextmanager
def serving(server):
    with server as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def server():
    with serving(Server()) as running:
        yield running


@pytest.fixture
def tls_server():
    """A server with a certificate for docs.example that only who takes `certificate` for an authority trusts."""
    made = Server()
    made.certificate = Path(__file__).with_name("docs.example.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    with serving(made) as running:
        yield running


@pytest.fixture
def spool():
    with Spool() as spool:
        yield spool


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with `docs` in it."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    (docs / "deep").mkdir(parents=True)
    (docs / "b.PDF").write_bytes(PDF)
    (docs / "a.png").write_bytes(PNG)
    (docs / "scan").write_bytes(JPEG)
    (docs / ".hidden.pdf").write_bytes(PDF)
    (docs / "notes.txt").write_bytes(b"not ours")
    (docs / "deep" / "c.pdf").write_bytes(PDF)
    (docs / "deep" / ".d.pdf").write_bytes(PDF)
    return tmp_path
