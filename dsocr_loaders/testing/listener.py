"""The HTTP below a scripted server: a listening socket, and faults put into what goes back."""

from __future__ import annotations

import contextlib
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from dsocr_loaders.testing.faults import Fault
from dsocr_loaders.testing.servers.kind import Reply

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

__all__ = ["Listener", "Script"]


class Script(Protocol):
    """What answers behind a `Listener`."""

    @property
    def stopping(self) -> threading.Event:
        """Set when every connection has to end."""
        ...

    @property
    def largest_request_bytes(self) -> int:
        """A larger body is refused."""
        ...

    @property
    def server_header(self) -> str:
        """What stands in the header `Server`; `""` leaves it out."""
        ...

    def admits(self, path: str, authorization: str | None) -> bool:
        """Return whether `path` may be asked with this header."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Count a page as in flight, and wait for its turn."""
        ...

    def told(self, path: str) -> tuple[Fault, Reply]:
        """Return what a GET gets."""
        ...

    def answered(self, path: str, headers: Mapping[str, str], content: bytes) -> tuple[Fault, Reply]:
        """Return what a POST gets."""
        ...

    def unauthorized(self, path: str) -> Reply:
        """Return what a request without the right key gets."""
        ...


class Listener(ThreadingHTTPServer):
    """The listening socket, which knows its open connections so that it can end them."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def end(self) -> None:
        """Close the listening socket and every connection."""
        for connection in tuple(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent where a client has gone away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def setup(self) -> None:
        """Make the connection known to the listener."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        """Tell about the server."""
        script = self.server.script
        path = urlsplit(self.path).path
        if not script.admits(path, self.headers.get("Authorization")):
            self._reply(Fault(), script.unauthorized(path))
            return
        fault, reply = script.told(path)
        script.stopping.wait(fault.delay_s)
        self._reply(fault, reply)

    def do_POST(self) -> None:
        """Answer for a page."""
        script = self.server.script
        path = urlsplit(self.path).path
        length = int(self.headers.get("Content-Length", "0"))
        content = self.rfile.read(length)
        if length > script.largest_request_bytes:
            self._reply(Fault.html(status=413), Reply(b"", 413))
        elif not script.admits(path, self.headers.get("Authorization")):
            self._reply(Fault(), script.unauthorized(path))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with script.working():
                fault, reply = script.answered(path, MappingProxyType(headers), content)
                script.stopping.wait(fault.delay_s)
            self._reply(fault, reply)

    def _reply(self, fault: Fault, reply: Reply) -> None:
        stopping = self.server.script.stopping
        if stopping.is_set():
            self.close_connection = True
            return
        body = reply.content if fault.body is None else fault.body
        self.send_response(reply.status if fault.status == HTTPStatus.OK else fault.status)
        self.send_header("Content-Type", reply.content_type if fault.body is None else fault.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fault.headers:
            self.send_header(name, value)
        self.end_headers()
        if fault.cut_after_bytes is not None:
            body = body[: fault.cut_after_bytes]
            self.close_connection = True
        if not fault.trickle_s:
            self.wfile.write(body)
            self.wfile.flush()
            return
        for byte in body:
            if stopping.wait(fault.trickle_s):
                self.close_connection = True
                return
            self.wfile.write(bytes((byte,)))
            self.wfile.flush()

    def send_header(self, keyword: str, value: str) -> None:
        """Leave out the header `Server` where this kind of server sends none."""
        if keyword != "Server" or value:
            super().send_header(keyword, value)

    def version_string(self) -> str:
        """Return what the header `Server` says."""
        return self.server.script.server_header

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Write nothing to standard error."""
