"""Faults of HTTP as the package's own errors: the one place that translates them.

Each function returns the error to raise. During the first contact with a server nothing has been read yet, so a fault
that could pass (`connect`, `timeout`, `cut`, `busy`, `server_fault`) becomes `first_contact`, which ends a run when it
lasts, and one that cannot becomes `wrong_server`.
"""

from __future__ import annotations

import json
import math
import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx

from dsocr_loaders.errors import ENGINE_FAULTS, EngineError, cause_of_status, engine_error

if TYPE_CHECKING:
    from dsocr_loaders.engines.endpoint import Endpoint

__all__ = ["answer_fault", "redirect_fault", "retry_after_s", "status_fault", "timeout_fault", "transport_fault"]

_LONGEST_QUOTE: Final = 300
_WHAT_IS_THERE: Final = "Is it an HTTP server, is the port right, and does it want https:// instead of http://?"
_SEE_LOG: Final = "If that goes on, look into the server's log."
_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)


def timeout_fault(endpoint: Endpoint, limit_s: float, *, is_first: bool) -> EngineError:
    """Return the error for an exchange that took longer than `limit_s` in all."""
    if is_first:
        return engine_error(
            "first_contact", f"{endpoint.base_url} did not say within {limit_s:g} s what it serves. Is it overloaded?"
        )
    return engine_error(
        "timeout",
        f"{endpoint.base_url} gave no complete answer within {limit_s:g} s; timeout_s= sets the limit.",
    )


def transport_fault(error: Exception, endpoint: Endpoint, *, is_first: bool) -> EngineError:
    """Return the error for an exchange that httpx, or the operating system below it, could not finish."""
    where = endpoint.base_url
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        cause, message = "connect", f"Cannot connect to {where}: {_reason(error, endpoint)}"
    elif isinstance(error, httpx.DecodingError | httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        cause, message = "not_understood", f"{where} answered something that is no HTTP answer: {error}."
    elif is_first:
        cause, message = "cut", f"{where} closed the connection without an answer ({_words(error)}). {_WHAT_IS_THERE}"
    else:
        cause, message = (
            "cut",
            f"{where} closed the connection in the middle of an answer ({_words(error)}). {_SEE_LOG}",
        )
    return engine_error(_cause(cause, is_first=is_first), endpoint.without_key(message))


def redirect_fault(endpoint: Endpoint, status: int, location: str) -> EngineError:
    """Return the error for an answer that sends the client elsewhere, where no page and no key is taken."""
    target = location.partition("?")[0].rpartition("@")[2][:_LONGEST_QUOTE]
    elsewhere = f" to {target}" if target else ""
    return engine_error(
        "wrong_server",
        f"{endpoint.base_url} redirects{elsewhere} ({status}), which is not followed. If that is right, give the URL "
        "it leads to.",
    )


def status_fault(
    endpoint: Endpoint, status: int, headers: httpx.Headers, body: bytes, *, is_first: bool
) -> EngineError:
    """Return the error for an HTTP status that is no success; `body` may be cut short."""
    cause = _cause(cause_of_status(status), is_first=is_first)
    where = endpoint.base_url
    said = _quoted(endpoint, body)
    shown = f"{status} {_phrase(status)}".strip()
    if cause == "unauthorized":
        message = f"{where} refuses the key ({shown}). {endpoint.key_advice}"
    elif cause == "not_found":
        hint = "" if where.endswith("/v1") else " Is /v1 missing at the end of the URL?"
        message = f"{where} does not have what was asked for ({shown}).{said}{hint}"
    elif cause == "too_large":
        message = f"{where} takes no request of this size ({shown}).{said} A lower dpi=, or image_format='jpeg', helps."
    elif cause == "wrong_server":
        message = f"{where} does not say what it serves ({shown}).{said} Is it a server that reads pages?"
    elif ENGINE_FAULTS[cause].retryable:
        message = f"{where} cannot answer now ({shown}).{said}"
    else:
        message = f"{where} refuses this page ({shown}).{said}"
    return engine_error(cause, message, retry_after_s=retry_after_s(headers.get("retry-after"), datetime.now(UTC)))


def answer_fault(endpoint: Endpoint, cause: str, problem: str, body: bytes = b"") -> EngineError:
    """Return the error for a success whose content is not what was asked for.

    Args:
        endpoint: who answered.
        cause: `wrong_server`, `not_found`, `not_understood`, `cut` or `server_fault`.
        problem: what is wrong, as the end of a sentence.
        body: what to quote of the answer.
    """
    where = endpoint.base_url
    if body.lstrip()[:1] == b"<":
        problem = "it is a web page"
    said = _quoted(endpoint, body)
    message = {
        "wrong_server": f"{where} is no server that this release can read with: {problem}.{said} "
        "Check host, port and path of the URL.",
        "not_found": f"{where} cannot be asked: {problem}.",
        "not_understood": f"{where} answered, and it is no answer: {problem}.{said} The server's log, or that of a "
        "gateway before it, may say why.",
        "cut": f"{where} answered in part only: {problem}.",
        "server_fault": f"{where} cannot answer now: {problem}.",
    }[cause]
    return engine_error(cause, endpoint.without_key(message))


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as seconds or as a date; None if it is neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _cause(cause: str, *, is_first: bool) -> str:
    if not is_first or ENGINE_FAULTS[cause].stops_run:
        return cause
    return "first_contact" if ENGINE_FAULTS[cause].retryable else "wrong_server"


def _reason(error: BaseException, endpoint: Endpoint) -> str:
    """Return why a connection failed and what to do, in a sentence and a half."""
    is_running = "Is the server running, and is host and port right?"
    for inner in _chain(error):
        if isinstance(inner, ssl.SSLError):
            return f"TLS failed ({_words(inner)}). {_tls_advice(inner)}"
        if isinstance(inner, socket.gaierror):
            return f"the host name is not known ({_words(inner)}). Check the URL."
        if isinstance(inner, ConnectionRefusedError):
            return f"the connection was refused. {is_running}"
    if isinstance(error, httpx.ConnectTimeout):
        return f"nothing answers. {is_running}"
    return f"{endpoint.without_key(_words(error))}. {is_running}"


def _tls_advice(error: ssl.SSLError) -> str:
    if "WRONG_VERSION" in str(error) or "RECORD_LAYER" in str(error):
        return "Does it speak http instead of https?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            "If you trust the server, name the file of its certificate, or of the authority that signed it, in the "
            "environment variable SSL_CERT_FILE."
        )
    return "Is it a server for https, and is the port right?"


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return the errors that led to `error`, itself first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        if isinstance(error, BaseExceptionGroup):  # one error for each address that a name has
            chain.extend(error.exceptions)
        error = error.__cause__ or error.__context__
    return chain


def _words(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else ""


def _quoted(endpoint: Endpoint, body: bytes) -> str:
    """Return what a server said, ready to stand after a sentence: without the key, in one short line."""
    text = body.decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        title = _TITLE.search(text)
        text = title[1] if title else ""
    else:
        with suppress(ValueError, RecursionError):
            text = _message_of(json.loads(text))
    line = " ".join(endpoint.without_key(text).split())
    line = "".join(character for character in line if character.isprintable())
    if len(line) > _LONGEST_QUOTE:
        line = line[: _LONGEST_QUOTE - 3] + "..."
    return f" It says: {line!r}." if line else ""


def _message_of(payload: object) -> str:
    """Return the message in an error body: vLLM's of today or before 0.10, FastAPI's, or a plain text."""
    for name in ("error", "message", "detail"):
        if isinstance(payload, dict) and name in payload:
            payload = payload[name]
    return payload if isinstance(payload, str) else json.dumps(payload)
