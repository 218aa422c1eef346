from __future__ import annotations

import json
import socket
import ssl
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.engines.faults import (
    answer_fault,
    redirect_fault,
    retry_after_s,
    status_fault,
    timeout_fault,
    transport_fault,
)
from dsocr_loaders.errors import HTTP_CAUSES, EngineError

KEY = "sk-do-not-show-1234"
ENDPOINT = endpoint_for("http://host:8000/v1", SecretStr(KEY), environ={})
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NONE = httpx.Headers()


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause", "word"),
    [
        (caused(httpx.ConnectError("all"), ConnectionRefusedError(111, "refused")), "connect", "Is the server running"),
        (caused(httpx.ConnectError("all"), socket.gaierror(-2, "Name not known")), "connect", "host name is not known"),
        (httpx.ConnectTimeout(""), "connect", "nothing answers"),
        (
            caused(
                httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] expired")
            ),
            "connect",
            "TLS failed",
        ),
        (caused(httpx.ConnectError("x"), ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] x")), "connect", "http instead"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "connect", "407 Proxy"),
        (httpx.ReadError(""), "cut", "ReadError"),
        (httpx.RemoteProtocolError("peer closed connection"), "cut", "peer closed"),
        (httpx.WriteError("broken pipe"), "cut", "broken pipe"),
        (ConnectionResetError(104, "reset"), "cut", "reset"),
        (httpx.DecodingError("bad gzip"), "not_understood", "bad gzip"),
        (httpx.LocalProtocolError("bad header"), "not_understood", "bad header"),
    ],
)
def test_transport_errors_become_causes(error, cause, word):
    """This test ensures that each way in which a connection fails has its cause and tells what to do."""
    actual = transport_fault(error, ENDPOINT, is_first=False)

    assert cause == actual.cause
    assert word in str(actual)
    assert "http://host:8000/v1" in str(actual)


@pytest.mark.parametrize("status", [*HTTP_CAUSES, 418, 451, 507, 599])
def test_a_status_keeps_its_cause_once_the_server_is_known(status):
    """This test ensures that the table of `dsocr_loaders.errors` holds for every answer to a page."""
    actual = status_fault(ENDPOINT, status, NONE, b"", is_first=False)

    assert HTTP_CAUSES.get(status, "server_fault" if status >= 500 else "bad_request") == actual.cause
    assert str(status) in str(actual)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, "wrong_server"),
        (401, "unauthorized"),
        (403, "unauthorized"),
        (404, "not_found"),
        (405, "not_found"),
        (408, "first_contact"),
        (413, "wrong_server"),
        (429, "first_contact"),
        (500, "first_contact"),
        (503, "first_contact"),
    ],
)
def test_the_first_contact_has_causes_that_end_the_run(status, cause):
    """This test ensures that a server which never answered does not cost every page of a run its retries."""
    actual = status_fault(ENDPOINT, status, httpx.Headers({"retry-after": "7"}), b"", is_first=True)

    assert cause == actual.cause
    assert actual.stops_run
    assert actual.retry_after_s == 7


@pytest.mark.parametrize(("url", "is_hinted"), [("http://h/v1", False), ("http://h", True), ("http://h/openai", True)])
def test_a_404_asks_for_the_missing_v1(url, is_hinted):
    """This test ensures that the usual slip in a URL is named where it may be the reason."""
    actual = status_fault(endpoint_for(url, environ={}), 404, NONE, b"", is_first=True)

    assert is_hinted == ("Is /v1 missing" in str(actual))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"message": "too long", "type": "BadRequestError", "code": 400}}', "'too long'"),
        (b'{"object": "error", "message": "too long", "code": 400}', "'too long'"),
        (b'{"detail": "Not Found"}', "'Not Found'"),
        (b'{"error": "Unauthorized"}', "'Unauthorized'"),
        (b'{"detail": [{"loc": ["body"], "msg": "Field required"}]}', "Field required"),
        (b"plain\n words\t here", "'plain words here'"),
        (b"<html><head><title>502 Bad\nGateway</title></head><body>x</body></html>", "'502 Bad Gateway'"),
        (b"\xff\xfe\x00", "\ufffd"),
        (f"your key {KEY} is wrong".encode(), "your key (hidden) is wrong"),
        (json.dumps({"error": {"message": f"key {KEY}"}}).encode(), "key (hidden)"),
        (b"a\x1b[31mb", "'a[31mb'"),
    ],
)
def test_a_server_is_quoted_in_one_clean_line(body, expected):
    """This test ensures that the server's own words help, without line breaks, control characters or the key."""
    actual = str(status_fault(ENDPOINT, 400, NONE, body, is_first=False))

    assert expected in actual
    assert KEY not in actual
    assert "\n" not in actual


def test_a_long_quote_is_shortened():
    """This test ensures that a message stays a message."""
    actual = str(status_fault(ENDPOINT, 500, NONE, b"x" * 10_000, is_first=False))

    assert len(actual) < 500


def test_an_html_answer_is_called_a_web_page():
    """This test ensures that the page of a gateway is recognised, for the first contact and later."""
    body = b"\n<!DOCTYPE html><title>Sign in</title>"

    for cause in ("wrong_server", "not_understood"):
        actual = answer_fault(ENDPOINT, cause, "it is not JSON", body)

        assert cause == actual.cause
        assert "it is a web page. It says: 'Sign in'." in str(actual)


def test_a_redirect_is_shown_without_its_secrets():
    """This test ensures that a redirect names its target and neither user, password nor query of it."""
    actual = redirect_fault(ENDPOINT, 307, f"https://user:{KEY}@login.example.com/v1/{KEY}?token={KEY}")

    assert actual.cause == "wrong_server"
    assert "login.example.com/v1" in str(actual)
    assert KEY not in str(actual)


def test_a_timeout_names_the_setting():
    """This test ensures that a user with slow pages knows what to change; the first contact ends the run."""
    assert "timeout_s" in str(timeout_fault(ENDPOINT, 600, is_first=False))
    assert timeout_fault(ENDPOINT, 600, is_first=False).cause == "timeout"
    assert timeout_fault(ENDPOINT, 30, is_first=True).cause == "first_contact"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("2", 2.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        (" 4 ", 4.0),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 03:04:05 GMT", 0.0),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, expected):
    """This test ensures that both forms of the header are understood and nonsense is nothing."""
    actual = retry_after_s(value, NOW)

    assert expected == actual


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,6} [A-Z][a-z]{2} \d{1,9} \d+:\d+:\d+ [+-]?\w+"))
def test_no_retry_after_is_an_exception(value):
    """This test ensures that a header never breaks the error it belongs to."""
    actual = retry_after_s(value, NOW)

    assert actual is None or actual >= 0


@given(st.binary(max_size=200), st.sampled_from([400, 404, 413, 500, 503]), st.booleans())
def test_any_body_gives_an_error_in_one_line(body, status, is_first):
    """This test ensures that no content of an error body breaks the message that quotes it."""
    actual = status_fault(ENDPOINT, status, NONE, body, is_first=is_first)

    assert isinstance(actual, EngineError)
    assert len(str(actual).splitlines()) == 1


def test_deep_json_is_quoted_as_text():
    """This test ensures that a body which exhausts the JSON parser is still an ordinary error."""
    actual = status_fault(ENDPOINT, 400, NONE, b"[" * 60_000, is_first=False)

    assert actual.cause == "bad_request"
