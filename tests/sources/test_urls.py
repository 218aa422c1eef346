from __future__ import annotations

import hashlib
import logging
import socket
import time
from pathlib import Path

import pytest

from dsocr_loaders.errors import DsocrError
from dsocr_loaders.settings import Limits
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.sources.fetching import shown_url
from dsocr_loaders.values import Source

PDF = b"%PDF-1.7\nnothing more is looked at here"
PUBLIC = "93.184.216.34"


def fetch(url, spool, **options):
    (item,) = resolve_sources(url, spool=spool, allow_private_urls=True, **options)
    return item


def copies(spool):
    return [] if spool._folder is None else list(Path(spool._folder).glob("[!.]*"))


def straight_to(server, timeout):
    found = socket.socket()
    found.settimeout(timeout)
    found.connect(("127.0.0.1", server.server_port))
    return found


@pytest.fixture
def internet(monkeypatch, server):
    """Names and their addresses; each address leads to the server on this machine, and who connects is written down."""
    names = {}
    connected = []

    def look_up(host, port, **_options):
        answers = names.get(host, [host])
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        if not address[0].isdigit():
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect_to(place, timeout):
        connected.append(place[0])
        return straight_to(names.get("server", server), timeout)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect_to)
    names["connected"] = connected
    return names


def test_url(server, spool):
    """This test ensures that a URL is a source like any other, whose name and copy hold nothing of its query."""
    url = server.url("report.png?token=secret#page=2", user="me:key@")
    source = fetch(url, spool)

    digest = hashlib.sha256(PDF).hexdigest()
    name = server.url("report.png")
    assert Source(name, source.path, digest, "application/pdf", len(PDF), f"{name}#{digest[:12]}") == source
    assert PDF == Path(source.path).read_bytes()
    assert "report.png" == source.file_name


def test_url_without_query(server, spool):
    """This test ensures that a URL without a query keeps its ids when the file behind it changes."""
    source = fetch(server.url("report.pdf"), spool)

    assert server.url("report.pdf") == source.canonical


def test_named_url(server, spool):
    """This test ensures that a URL takes the name that it is given, also for its ids."""
    source = fetch(server.url("report.pdf?id=7"), spool, name="Report 7")

    assert ("Report 7", "Report 7") == (source.name, source.canonical)


def test_redirects_and_credentials(server, spool, internet):
    """This test ensures that redirects are followed, and that a password goes to its own host alone."""
    internet["docs.example"] = [PUBLIC]
    internet["files.example"] = ["1.1.1.1"]
    there = server.url("report.pdf?key=1", host="files.example")
    (source,) = resolve_sources(server.url(f"to?url={there}", "docs.example", "me:k%2Fy@"), spool=spool)

    assert server.url("to", "docs.example") == source.name
    assert [PUBLIC, "1.1.1.1"] == internet["connected"]
    assert [True, False] == ["Authorization" in headers for _, headers in server.seen]
    assert f"docs.example:{server.server_port}" == server.seen[0][1]["Host"]


def test_locked(server, spool):
    """This test ensures that user and password of the URL open what they open, and are asked for nowhere else."""
    assert PDF == Path(fetch(server.url("locked", user="me:k%2Fy@"), spool).path).read_bytes()
    assert "status 401" in fetch(server.url("locked"), spool).message


def test_loopback_is_refused(server, spool):
    """This test ensures that this machine is not asked unless the user allows it, whatever way its name is written."""
    port = server.server_port
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
    failures = list(resolve_sources([f"http://{host}:{port}/report.pdf" for host in hosts], spool=spool))

    assert {"SourceError"} == {failure.kind for failure in failures}
    assert all("loopback" in failure.message and "allow_private_urls" in failure.message for failure in failures)
    assert [] == server.seen


def test_redirect_to_loopback(server, spool, internet):
    """This test ensures that a host of the internet cannot send us to this machine, and that no query is repeated."""
    internet["docs.example"] = [PUBLIC]
    there = "http://127.0.0.1:1/admin?token=secret"
    (failure,) = resolve_sources(server.url(f"to?url={there}", "docs.example"), spool=spool)

    assert "127.0.0.1 has the address 127.0.0.1, which is loopback" in failure.message
    assert [PUBLIC] == internet["connected"]
    assert "secret" not in repr(failure)
    assert [] == copies(spool)


def test_rebinding(server, spool, internet):
    """This test ensures that the address that was checked is connected to, though DNS would say another by now."""
    internet["docs.example"] = [PUBLIC, "127.0.0.1"]
    (source,) = resolve_sources(server.url("report.pdf", "docs.example"), spool=spool)

    assert [PUBLIC] == internet["connected"]
    assert len(PDF) == source.size_bytes


def test_rebinding_on_a_redirect(server, spool, internet):
    """This test ensures that a redirect to the same name is checked again."""
    internet["docs.example"] = [PUBLIC, "10.0.0.1"]
    (failure,) = resolve_sources(server.url("to?url=/report.pdf", "docs.example"), spool=spool)

    assert "10.0.0.1, which is private" in failure.message
    assert [PUBLIC] == internet["connected"]


def test_one_private_address_of_several(server, spool, monkeypatch):
    """This test ensures that a name with one private address among public ones is refused."""
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in (PUBLIC, "192.168.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers)
    (failure,) = resolve_sources("http://docs.example/report.pdf", spool=spool)

    assert "192.168.0.1, which is private" in failure.message


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://host/a", "http://host:99999", "http://[::1", "javascript:x"]
)
def test_redirect_to_something_else(server, spool, to):
    """This test ensures that a redirect leads to http(s) URLs and nowhere else."""
    failure = fetch(server.url(f"to?url={to}"), spool)

    assert ("SourceError", []) == (failure.kind, copies(spool))
    assert "is no http(s) URL" in failure.message


def test_too_many_redirects(server, spool):
    """This test ensures that a ring of redirects ends at the limit, which is named."""
    failure = fetch(server.url("ring"), spool, limits=Limits(url_redirects=3))

    assert ("LimitExceeded", 4) == (failure.kind, len(server.seen))
    assert "limits.url_redirects=3" in failure.message
    assert "secret" not in failure.message


@pytest.mark.parametrize("path", ["endless", "bomb", "large"])
def test_too_large(server, spool, path):
    """This test ensures that what never ends, or unpacks to ever more, ends at the limit and leaves no copy."""
    failure = fetch(server.url(path), spool, limits=Limits(source_bytes=3_000_000))

    assert ("LimitExceeded", []) == (failure.kind, copies(spool))
    assert "limits.source_bytes=3000000" in failure.message


@pytest.mark.parametrize("path", ["trickle", "slow-head"])
def test_too_slow(server, spool, path):
    """This test ensures that a server that sends a byte now and then cannot hold us beyond the limit."""
    started = time.monotonic()
    failure = fetch(server.url(path), spool, limits=Limits(url_s=0.4))

    assert ("LimitExceeded", []) == (failure.kind, copies(spool))
    assert "limits.url_s" in failure.message
    assert time.monotonic() - started < 3.0


def test_look_up_that_hangs(spool, monkeypatch):
    """This test ensures that DNS that does not answer counts as time too."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: time.sleep(1.5) or [])
    started = time.monotonic()
    failure = fetch("http://docs.example/a.pdf", spool, limits=Limits(url_s=0.2))

    assert "LimitExceeded" == failure.kind
    assert time.monotonic() - started < 1.2


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("status?code=404&token=secret", "SourceNotFound", "status 404"),
        ("status?code=403&token=secret", "SourceError", "status 403"),
        ("status?code=500&token=secret", "SourceError", "status 500"),
        ("login?token=secret", "SourceUnsupported", "login"),
        ("cut?token=secret", "SourceError", "broke off"),
        ("no-http?token=secret", "SourceError", "no proper HTTP"),
        ("packed?less=9&token=secret", "SourceError", "end is missing"),
        ("oddly-packed?token=secret", "SourceUnsupported", "'br'"),
    ],
)
def test_bad_answers(server, spool, path, kind, words, caplog):
    """This test ensures that what a server says instead of a file is a failure in words, nothing of the query in it."""
    with caplog.at_level(logging.DEBUG):
        failure = fetch(server.url(path), spool)

    assert (kind, []) == (failure.kind, copies(spool))
    assert words in failure.message
    assert "secret" not in repr(failure) + caplog.text


def test_packed(server, spool):
    """This test ensures that a file that a server packs on its way is unpacked."""
    assert PDF == Path(fetch(server.url("packed"), spool).path).read_bytes()


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://no-such-host.invalid/a.pdf", "SourceNotFound", "no host no-such-host.invalid"),
        ("http://127.0.0.1:1/a.pdf", "SourceError", "refused"),
        ("http://127.0.0.1:99999/a.pdf", "SourceUnsupported", "no usable URL"),
        ("http:///a.pdf", "SourceUnsupported", "no usable URL"),
        ("https://[::1/a.pdf", "SourceUnsupported", "no usable URL"),
    ],
)
def test_no_answer(spool, url, kind, words):
    """This test ensures that a host that is not there is a failure in words."""
    failure = fetch(url, spool)

    assert kind == failure.kind
    assert words in failure.message


def test_an_untrusted_certificate(spool, tls_server):
    """This test ensures that a certificate that nobody vouches for is refused."""
    failure = fetch(f"https://127.0.0.1:{tls_server.server_port}/report.pdf", spool)

    assert "certificate of 127.0.0.1 is not trusted" in failure.message


def test_certificates_are_checked_against_the_name(spool, monkeypatch, internet, tls_server):
    """This test ensures that TLS asks for the URL's own host, though the connection goes to an address in digits."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.certificate))
    internet["server"] = tls_server
    internet["docs.example"] = internet["other.example"] = [PUBLIC]
    found, refused = resolve_sources(
        ["https://docs.example/report.pdf", "https://other.example/report.pdf"], spool=spool
    )

    assert len(PDF) == found.size_bytes
    assert "certificate of other.example is not trusted" in refused.message
    assert ["docs.example"] == [headers["Host"] for _, headers in tls_server.seen]


def test_closing_the_spool_ends_the_fetch(server):
    """This test ensures that a download that nobody wants any more ends soon and leaves nothing behind."""
    with Spool() as spool:
        sources = resolve_sources(server.url("trickle"), spool=spool, allow_private_urls=True)
        spool.close()
        started = time.monotonic()
        with pytest.raises(DsocrError, match="closed"):
            next(sources)

    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:key@host:8443/a/b.pdf?x=1#y", "https://host:8443/a/b.pdf"),
        ("http://[::1]:80/a", "http://[::1]:80/a"),
        ("http://[::1]/a", "http://[::1]/a"),
        ("https://me:k/y@host/a.pdf", "https://(hidden)"),
        ("https://host?x=1", "https://host"),
        ("https://host/@me/a", "https://host/@me/a"),
    ],
)
def test_shown_url(url, shown):
    """This test ensures that a shown URL has no part that may be secret."""
    assert shown == shown_url(url)
