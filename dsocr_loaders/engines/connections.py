"""Connections to one server: spread over several HTTP clients, reused, and faults of reuse made good.

httpx looks through all connections of a client for each request: 15 to 24 ms of CPU a page with 256 requests in flight,
1.5 ms with eight clients of 32 (measured). So there is a client for each 32 connections, made when it is needed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from dsocr_loaders.engines.faults import redirect_fault, status_fault, timeout_fault, transport_fault
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from dsocr_loaders.engines.endpoint import Endpoint

__all__ = ["Connections", "Shard"]

CONNECT_TIMEOUT_S: Final = 10.0
IDLE_CONNECTION_S: Final = 4.0  # vLLM's server closes an idle connection after 5 s
LARGEST_ERROR_BYTES: Final = 64_000  # of an error body only the beginning is quoted

_CONNECTIONS_PER_CLIENT: Final = 32
_FOR_EVER_S: Final = 1e9
_MOST_FREE_TRIES: Final = 2
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Shard:
    """One HTTP client, and how many exchanges it has under way."""

    client: httpx.AsyncClient
    in_flight: int = 0


class Connections:
    """Exchanges requests and answers with a server. For one event loop, which closes them when it ends.

    Proxies and certificates come from the environment, as httpx finds them there. Redirects are not followed.

    Args:
        endpoint: the server and its key.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.shards: list[Shard] = []
        self._opening = asyncio.Lock()
        self._tls: ssl.SSLContext | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        *,
        limit_s: float,
        most_bytes: int,
        is_first: bool,
    ) -> bytes:
        """Return the body of a success, or its first `most_bytes + 1` bytes if it is longer.

        A connection that the server closed just before it was used again costs nothing: if the head of an answer did
        not come over it, the request is sent once more at once, twice at most.

        Args:
            method: of HTTP.
            url: what to ask.
            body: JSON, or None.
            limit_s: for the whole exchange.
            most_bytes: of a success.
            is_first: whether this is the first contact, where no fault is a page's.

        Raises:
            EngineError: see `dsocr_loaders.engines.faults`.
        """
        endpoint = self._endpoint
        async with self._shard() as shard:
            try:
                async with asyncio.timeout(limit_s):
                    response, content = await _exchanged(shard.client, method, url, body, most_bytes)
            except TimeoutError as error:
                raise timeout_fault(endpoint, limit_s, is_first=is_first) from error
            except (httpx.HTTPError, OSError) as error:
                raise transport_fault(error, endpoint, is_first=is_first) from error
        if response.is_redirect:
            raise redirect_fault(endpoint, response.status_code, response.headers.get("location", ""))
        if not response.is_success:
            raise status_fault(endpoint, response.status_code, response.headers, content, is_first=is_first)
        return content

    @asynccontextmanager
    async def _shard(self) -> AsyncIterator[Shard]:
        """Give out a client with a connection to spare, the first ones first, so that few are kept open."""
        shard = next((each for each in self.shards if each.in_flight < _CONNECTIONS_PER_CLIENT), None)
        if shard is None:
            async with self._opening:
                shard = next((each for each in self.shards if each.in_flight < _CONNECTIONS_PER_CLIENT), None)
                if shard is None:
                    shard = Shard(await self._client())
                    self.shards.append(shard)
        shard.in_flight += 1
        try:
            yield shard
        finally:
            shard.in_flight -= 1

    async def _client(self) -> httpx.AsyncClient:
        try:
            if self._tls is None:
                self._tls = await asyncio.to_thread(httpx.create_ssl_context)  # reads hundreds of certificates
            client = httpx.AsyncClient(
                headers={**self._endpoint.headers, "Accept-Encoding": "identity"},
                verify=self._tls,
                timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
                limits=httpx.Limits(
                    max_connections=_CONNECTIONS_PER_CLIENT,
                    max_keepalive_connections=_CONNECTIONS_PER_CLIENT,
                    keepalive_expiry=IDLE_CONNECTION_S,
                ),
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # proxy or certificate settings
            raise engine_error(
                "no_engine", f"The proxy or certificate settings of the environment cannot be used: {error}"
            ) from error
        if self._keeper is None:
            self._keeper = asyncio.create_task(_kept(self.shards))
        return client


async def _kept(shards: list[Shard]) -> None:
    """Wait for the loop's end, which cancels this, and close the clients then: on their own loop, from any thread.

    The loop itself keeps a task that sleeps alive. One that waits for an event nobody else knows is collected together
    with an engine that was forgotten, before the loop can cancel it.
    """
    try:
        await asyncio.sleep(_FOR_EVER_S)
    finally:
        for shard in shards:
            await shard.client.aclose()


class _Trace:
    """Learns from httpcore whether a request went over a connection that was there before."""

    __slots__ = ("is_reused",)

    def __init__(self) -> None:
        self.is_reused = True

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        del info
        if event.endswith("connect_tcp.started"):
            self.is_reused = False


async def _exchanged(
    client: httpx.AsyncClient, method: str, url: str, body: bytes | None, most_bytes: int
) -> tuple[httpx.Response, bytes]:
    free_tries = _MOST_FREE_TRIES
    while True:
        trace = _Trace()
        request = client.build_request(
            method, url, content=body, headers=None if body is None else _JSON, extensions={"trace": trace}
        )
        try:
            response = await client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not trace.is_reused or not free_tries:
                raise
            free_tries -= 1
            continue
        try:
            return response, await _beginning(
                response, (most_bytes if response.is_success else LARGEST_ERROR_BYTES) + 1
            )
        finally:
            await response.aclose()


async def _beginning(response: httpx.Response, most_bytes: int) -> bytes:
    """Return the content, or its first `most_bytes` bytes if it is longer."""
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) >= most_bytes:
            break
    del content[most_bytes:]
    return bytes(content)
