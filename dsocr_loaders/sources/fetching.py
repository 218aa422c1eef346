"""What lies at a URL, as blocks of bytes.

One GET by HTTP/1.1, which h11 writes and reads. A client library is not used: it would connect to addresses that
nobody checked, keep cookies, and log whole URLs, and what is behind their `?` is often a key.
"""

from __future__ import annotations

import ssl
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import h11
import httpx

from dsocr_loaders import __version__
from dsocr_loaders.errors import LimitExceeded, SourceError, SourceNotFound, SourceUnsupported
from dsocr_loaders.sources.connecting import connected
from dsocr_loaders.sources.content import BLOCK_BYTES
from dsocr_loaders.sources.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dsocr_loaders.settings import Limits
    from dsocr_loaders.sources.connecting import Connection

__all__ = ["fetched", "shown_url"]

_SCHEMES = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MISSING = frozenset({404, 410})
_LOCKED = frozenset({401, 403})
_OK = 200
_LAST_PORT = 65_535


def shown_url(url: str) -> str:
    """Return `url` without what may be secret: user, password, query and fragment."""
    address, _, _ = url.partition("#")[0].partition("?")
    scheme, separator, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    if not host.endswith("]") and not host.rpartition(":")[2].isdigit() and ":" in host:
        return f"{scheme}{separator}(hidden)"  # no port: perhaps a password with a slash in it, unencoded
    return f"{scheme}{separator}{host}{slash}{path}"


def fetched(
    url: str, limits: Limits, require_wanted: Callable[[], None], *, allows_private: bool = False
) -> Iterator[bytes]:
    """Yield what lies at `url`, block by block.

    Redirects are followed, each as carefully as the URL itself; user and password go to the URL's own origin alone.

    Args:
        url: of http or https.
        limits: `source_bytes`, `url_s` and `url_redirects` hold for it.
        require_wanted: called every quarter of a second; raises once the bytes are of no use any more.
        allows_private: whether addresses outside the public internet are allowed.

    Raises:
        SourceError: it cannot be fetched; no message repeats anything of the URL but its host.
        LimitExceeded: it is too large, takes too long or leads on too often.
    """
    deadline = Deadline(limits.url_s, "url_s", require_wanted)
    here = _parsed(url)
    credentials = _credentials(here)
    origin = (here.scheme, here.host, here.port)
    for _ in range(limits.url_redirects + 1):
        is_home = (here.scheme, here.host, here.port) == origin
        context = httpx.create_ssl_context() if here.scheme == "https" else None
        port = here.port or _SCHEMES[here.scheme]
        try:
            connection = connected(here.raw_host.decode(), port, context, deadline, allows_private=allows_private)
            with closing(connection):
                answer = _Answer(connection, here, credentials if is_home else None)
                if answer.status not in _REDIRECTS or not answer.header(b"location"):
                    yield from _body(answer, limits)
                    return
                here = _led_to(here, answer.header(b"location"))
        except ssl.SSLCertVerificationError as error:
            raise SourceError(f"The certificate of {here.host} is not trusted: {error.verify_message}.") from error
        except h11.RemoteProtocolError as error:
            raise SourceError(f"{here.host} broke off or speaks no proper HTTP ({error}). Try again later.") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(f"The connection to {here.host} broke: {reason}. Try again later.") from error
    raise LimitExceeded(
        f"It was redirected more often than limits.url_redirects={limits.url_redirects} allows, last to {here.host}. "
        "Pass the URL that it leads to, or raise the limit."
    )


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        parsed = httpx.URL()
    if parsed.scheme not in _SCHEMES or not parsed.host or not 0 < (parsed.port or 1) <= _LAST_PORT:
        raise SourceUnsupported("This is no usable URL. Check it: http(s)://host/path.") from None
    return parsed


def _led_to(here: httpx.URL, location: bytes) -> httpx.URL:
    try:
        there = here.join(location.decode("utf-8", "replace"))
    except (httpx.InvalidURL, UnicodeError, ValueError):
        there = httpx.URL()
    if there.scheme not in _SCHEMES or not there.host or not 0 < (there.port or 1) <= _LAST_PORT:
        raise SourceError(f"{here.host} redirects to something that is no http(s) URL, which is not followed.")
    return there


def _credentials(url: httpx.URL) -> bytes | None:
    if not url.userinfo:
        return None
    request = httpx.Request("GET", "http://host")
    flow = httpx.BasicAuth(url.username, url.password).auth_flow(request)
    return next(flow).headers["Authorization"].encode()


class _Answer:
    """The head of a server's answer, and its body as it comes."""

    def __init__(self, connection: Connection, url: httpx.URL, credentials: bytes | None) -> None:
        self.host = url.host
        self._connection = connection
        self._protocol = h11.Connection(h11.CLIENT)
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", f"dsocr-loaders/{__version__}".encode()),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
            (b"Connection", b"close"),
        ]
        if credentials is not None:
            headers.append((b"Authorization", credentials))
        request = h11.Request(method=b"GET", target=url.raw_path, headers=headers)
        connection.send(self._protocol.send(request) + self._protocol.send(h11.EndOfMessage()))
        head = self._next()
        while isinstance(head, h11.InformationalResponse):
            head = self._next()
        if not isinstance(head, h11.Response):
            raise h11.RemoteProtocolError("no answer")
        self.status = head.status_code
        self._headers = dict(head.headers)

    def header(self, name: bytes) -> bytes:
        """Return a header by its name in small letters, `b""` if there is none."""
        return self._headers.get(name, b"")

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes."""
        while not isinstance(event := self._next(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                yield bytes(event.data)

    def _next(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(self._connection.receive())
        return event


def _body(answer: _Answer, limits: Limits) -> Iterator[bytes]:
    if answer.status in _MISSING:
        raise SourceNotFound(f"{answer.host} has nothing there (HTTP status {answer.status}).")
    if answer.status in _LOCKED:
        raise SourceError(f"{answer.host} does not hand it out (HTTP status {answer.status}). Download it first.")
    if answer.status != _OK:
        raise SourceError(f"{answer.host} answered with HTTP status {answer.status}. Try again later.")
    told = answer.header(b"content-length")
    if told.isdigit() and int(told) > limits.source_bytes:
        raise LimitExceeded(
            f"It is said to have {int(told)} bytes, more than limits.source_bytes={limits.source_bytes} allows."
        )
    coding = answer.header(b"content-encoding").strip().lower()
    if coding in {b"", b"identity"}:
        yield from answer.blocks()
    elif coding in {b"gzip", b"x-gzip", b"deflate"}:
        yield from _unpacked(answer.blocks())
    else:
        raise SourceUnsupported(f"{answer.host} sends it packed as {coding.decode('ascii', 'replace')[:20]!r}.")


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is packed in `blocks`, never more than one block of it in memory."""
    unpacker = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)  # told by the header: gzip or zlib
    try:
        for block in blocks:
            yield unpacker.decompress(block, BLOCK_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, BLOCK_BYTES)
        yield unpacker.flush()
    except zlib.error as error:
        raise SourceError(f"What came is packed in a damaged way ({error}). Try again later.") from error
    if not unpacker.eof:
        raise SourceError("What came is packed and its end is missing. Try again later.")
