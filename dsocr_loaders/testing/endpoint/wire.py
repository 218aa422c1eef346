"""HTTP/1.1 as far as one server needs it: one request at a time on a connection, bodies of a known length."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http.client import responses
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Connection", "Exchange", "Handler"]

_LARGEST_HEAD_BYTES: Final = 65_536
_HEAD_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request: method, path without its query, headers with names in lower case, and body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Handler(Protocol):
    """Who answers requests."""

    largest_request_bytes: int

    def connected(self, connection: Connection) -> None:
        """A client has connected."""

    def asked(self, connection: Connection, exchange: Exchange) -> None:
        """A request is there; `connection.respond` answers it, now or later."""

    def left(self, connection: Connection) -> None:
        """The connection is closed, whoever closed it."""


class Connection(asyncio.Protocol):
    """One client's connection.

    Attributes:
        idle_since_s: when the last answer was sent, in the loop's time.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._head: Exchange | None = None
        self._head_bytes = 0
        self._body_bytes = 0
        self._is_answering = False
        self._keeps_open = True
        self.idle_since_s = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether a request is being received or answered."""
        return self._is_answering or bool(self._received)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self.idle_since_s = asyncio.get_running_loop().time()
        self._handler.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the handler."""
        del exc
        self._transport = None
        self._handler.left(self)

    def data_received(self, data: bytes) -> None:
        """Collect a request, and hand it over when it is whole."""
        self._received += data
        if not self._is_answering:
            self._read_on()

    def _read_on(self) -> None:
        if self._head is None and not self._read_head():
            return
        if self._head is None or len(self._received) < self._head_bytes + self._body_bytes:
            return
        head, end = self._head, self._head_bytes + self._body_bytes
        body = bytes(memoryview(self._received)[self._head_bytes : end])
        del self._received[:end]
        self._head = None
        self._is_answering = True
        self._handler.asked(self, Exchange(head.method, head.path, head.headers, body))

    def _read_head(self) -> bool:
        """Read request line and headers if they are there; refuse what this server does not speak."""
        end = self._received.find(_HEAD_END)
        if end < 0:
            if len(self._received) > _LARGEST_HEAD_BYTES:
                self._refuse(431)
            return False
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        words = first.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - method, target, version; name, value
            self._refuse(400)
            return False
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            self._refuse(411)
            return False
        self._head = Exchange(words[0], words[1].partition("?")[0], headers, b"")
        self._head_bytes, self._body_bytes = end + len(_HEAD_END), int(length)
        if self._body_bytes > self._handler.largest_request_bytes:
            self._refuse(413)
            return False
        self._keeps_open = headers.get("connection", "").lower() != "close" and words[2] != "HTTP/1.0"
        if headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _refuse(self, status: int) -> None:
        self._keeps_open = False
        self.respond(status, b"{}")

    def respond(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Iterable[tuple[str, str]] = (),
        cut_after_bytes: int | None = None,
    ) -> None:
        """Send the answer; nothing happens if the client has left.

        Args:
            status: of HTTP.
            body: whole.
            content_type: of the body.
            headers: further ones.
            cut_after_bytes: send only that much of the body, which is announced in full, and close.
        """
        transport = self._transport
        if transport is None:
            return
        lines = [f"HTTP/1.1 {status} {responses.get(status, 'Unknown')}", f"content-type: {content_type}"]
        lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
        is_last = not self._keeps_open or cut_after_bytes is not None
        if is_last:
            lines.append("connection: close")
        transport.write("\r\n".join(lines).encode("latin-1") + _HEAD_END + body[:cut_after_bytes])
        self._is_answering = False
        self.idle_since_s = asyncio.get_running_loop().time()
        if is_last:
            self._received.clear()
            transport.close()
        elif self._received:
            self._read_on()

    def finish(self) -> None:
        """Close the connection in good order."""
        if self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Break the connection without another word."""
        if self._transport is not None:
            self._transport.abort()
