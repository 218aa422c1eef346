"""The listening socket and the open connections of a simulated endpoint: up, down, and up again on the same port."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Final

from dsocr_loaders.testing.endpoint.wire import Connection

if TYPE_CHECKING:
    from dsocr_loaders.testing.endpoint.wire import Handler

__all__ = ["Listening"]

_BACKLOG: Final = 1024
_SWEEP_S: Final = 0.5


class Listening:
    """One port on 127.0.0.1. While it is reserved and not listened to, connecting is refused.

    Args:
        handler: who answers.
        port: 0 for any free one.
        idle_connection_s: connections without a request for that long are closed.

    Attributes:
        port: the port, once it is reserved.
    """

    def __init__(self, handler: Handler, port: int, idle_connection_s: float) -> None:
        self._handler = handler
        self.port = port
        self._idle_connection_s = idle_connection_s
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._connections: set[Connection] = set()

    def reserve(self) -> socket.socket:
        """Take the port without listening.

        Raises:
            OSError: somebody else has it.
        """
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", self.port))
        self.port = taken.getsockname()[1]
        self._socket = taken
        return taken

    def listen(self) -> None:
        """Begin to listen."""
        self._starting = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        taken = self._socket or self.reserve()
        factory = partial(Connection, self._handler)
        self._server = await self._loop.create_server(factory, sock=taken, backlog=_BACKLOG)
        self._sweep()

    def die(self, lasts_s: float) -> None:
        """Break every connection, refuse new ones for that long, then listen again."""
        self.close()
        self._loop.call_later(lasts_s, self.listen)

    def close(self) -> None:
        """Stop listening and break every connection."""
        if self._starting is not None:
            self._starting.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        self._server = self._socket = None
        for connection in tuple(self._connections):
            connection.drop()

    def joined(self, connection: Connection) -> int:
        """Remember a connection, and return how many there are."""
        self._connections.add(connection)
        return len(self._connections)

    def parted(self, connection: Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def _sweep(self) -> None:
        oldest_s = self._loop.time() - self._idle_connection_s
        for connection in tuple(self._connections):
            if not connection.is_asked and connection.idle_since_s < oldest_s:
                connection.finish()
        self._sweeper = self._loop.call_later(_SWEEP_S, self._sweep)
