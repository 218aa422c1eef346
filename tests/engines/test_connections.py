"""Connections to a server: spread over clients, reused, and free tries where reuse went wrong."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from dsocr_loaders.engines.connections import Connections
from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.errors import EngineError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Server:
    """Answers each request by the next word of a script: ok, hang up (without a word), or cut (in the middle)."""

    def __init__(self, *script):
        self.script = list(script)
        self.connections = 0
        self.requests = 0
        self.ended = 0
        self.release = asyncio.Event()

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split()[0]) if b"ontent-" in head else 0
                await reader.readexactly(length)
                self.requests += 1
                word = self.script.pop(0) if self.script else "ok"
                if word == "wait":
                    await self.release.wait()
                if word in {"hang up", "cut"}:
                    writer.write(OK[:-1] if word == "cut" else b"")
                    break
                writer.write(OK)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.ended += 1


@contextlib.asynccontextmanager
async def connected(*script):
    server = Server(*script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    connections = Connections(endpoint_for(f"{url}/v1"))

    async def ask():
        return await connections.exchange("POST", f"{url}/v1/x", b"{}", limit_s=10, most_bytes=100, is_first=False)

    try:
        yield server, connections, ask
    finally:
        server.release.set()
        for shard in connections.shards:
            await shard.client.aclose()
        while server.ended < server.connections:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.005)
        listener.close()
        if connections._keeper is not None:
            connections._keeper.cancel()


def test_a_connection_that_was_closed_before_it_was_used_again_costs_nothing():
    """This test ensures that a request which met a closing server is sent again at once, over a new connection."""

    async def run():
        async with connected("ok", "hang up", "ok") as (server, _, ask):
            answers = [await ask(), await ask()]
            return answers, server.requests, server.connections

    assert ([b"ok", b"ok"], 3, 2) == asyncio.run(run())


@pytest.mark.parametrize("script", [["hang up"], ["ok", "cut"]])
def test_other_faults_are_paid_for(script):
    """This test ensures that a new connection that is closed, and an answer that was begun, are not asked for again."""

    async def run():
        async with connected(*script) as (server, _, ask):
            for _ in script[1:]:
                await ask()
            with pytest.raises(EngineError) as caught:
                await ask()
            return caught.value.cause, server.requests

    assert ("cut", len(script)) == asyncio.run(run())


def test_free_tries_come_to_an_end():
    """This test ensures that a server which always hangs up is not asked for ever."""

    async def run():
        async with connected("wait", "wait", "wait", "wait", *["hang up"] * 9) as (server, _, ask):
            waiting = [asyncio.create_task(ask()) for _ in range(4)]  # four connections to be reused
            while server.requests < 4:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
            server.release.set()
            await asyncio.gather(*waiting)
            with pytest.raises(EngineError):
                await ask()
            return server.requests

    assert 4 + 3 == asyncio.run(run())


def test_many_requests_are_spread_over_clients():
    """This test ensures that no client has more than 32 connections, and that few requests use one client."""

    async def run():
        async with connected(*["wait"] * 70) as (server, connections, ask):
            waiting = [asyncio.create_task(ask()) for _ in range(70)]
            while server.requests < 70:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
            spread = [shard.in_flight for shard in connections.shards]
            server.release.set()
            await asyncio.gather(*waiting)
            for _ in range(5):
                await ask()
            return spread, server.connections, [shard.in_flight for shard in connections.shards]

    assert ([32, 32, 6], 70, [0, 0, 0]) == asyncio.run(run())
