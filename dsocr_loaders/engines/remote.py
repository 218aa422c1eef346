"""An engine behind a URL: a server that speaks OpenAI's chat completions, in the dialect of its profile."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx

from dsocr_loaders.engines.encode import EncodedImage, encode_page
from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.engines.faults import answer_fault, redirect_fault, status_fault, timeout_fault, transport_fault
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.profiles import answer_limit, answer_of, profile_for, request_body
from dsocr_loaders.engines.served import choose_model, recognise, served_models
from dsocr_loaders.errors import EngineError, SettingsError, engine_error
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import TextSource

if TYPE_CHECKING:
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.engines.served import ServedModel
    from dsocr_loaders.values import RawAnswer, ReadRequest

__all__ = ["RemoteEngine"]

_log = logging.getLogger("dsocr_loaders.engines")

CAPACITY: Final = 64  # httpx takes 2 ms of CPU for a page up to 64 in flight, and 15 to 18 ms at 256
CONNECT_TIMEOUT_S: Final = 10.0
FIRST_CONTACT_TIMEOUT_S: Final = 30.0
IDLE_CONNECTION_S: Final = 4.0  # vLLM's server closes an idle connection after 5 s
LARGEST_ANSWER_BYTES: Final = 10_000_000  # the longest context there is holds some 100 kB of text
LARGEST_ERROR_BYTES: Final = 64_000  # of an error body only the beginning is quoted


class RemoteEngine:
    """Reads pages through a server.

    Constructing it asks nothing of the network. The first read asks the server once what it serves; what is wrong
    with the URL, the key or the model is that read's error. Proxies and certificates come from the environment, as
    httpx finds them there (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE): a proxy is asked for a server on this machine as
    well, unless NO_PROXY names it. Redirects are not followed.

    Args:
        base_url: root of the API, such as `http://localhost:8000/v1`.
        settings: model, server, api_key, resolution, image_format and timeout_s are looked at.
        capacity: pages asked for at the same time; 64 is where httpx is still cheap.
        setting: what the URL was given as, for messages.

    Attributes:
        fingerprint: `"remote <base URL> <model> <image format>"`, the model as it was asked for.

    Raises:
        SettingsError: the URL is none, or this release cannot ask for these settings.
    """

    text_source = TextSource.OCR
    needs_image = True

    def __init__(
        self, base_url: str, settings: Settings | None = None, *, capacity: int = CAPACITY, setting: str = "engine"
    ) -> None:
        settings = settings or Settings()
        if capacity < 1:
            raise SettingsError(f"capacity={capacity} is not allowed; allowed: a whole number from 1.")
        self._endpoint = endpoint_for(base_url, settings.api_key, setting=setting)
        self._profile = profile_for(settings.server, settings.resolution)
        self._must_recognise = settings.server == "auto"
        self._wanted_model = settings.model
        self._timeout_s = settings.timeout_s
        self.capacity = capacity
        self.fingerprint = f"remote {self._endpoint.base_url} {settings.model} {settings.image_format}"
        self.loop = EngineLoop("remote")
        self.prepare = partial(encode_page, image_format=settings.image_format)
        self._client: httpx.AsyncClient | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(capacity)
        self._meeting = asyncio.Lock()
        self._meetings = 0
        self._served: ServedModel | None = None
        self._refusal: EngineError | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<RemoteEngine {self.fingerprint}>"

    async def read(self, prepared: Prepared, request: ReadRequest) -> RawAnswer:
        """Return the server's answer for one page, whose image `encode_page` has made.

        Raises:
            EngineError: see the table of `dsocr_loaders.errors`; `first_contact` until the server has said what it
                serves, and `died` once this engine is closed.
        """
        if not isinstance(prepared.payload, EncodedImage):
            raise engine_error("bad_request", "The page was not prepared by this engine's own `prepare`.")
        try:
            served = await self.first_contact()
            async with self._slots:
                return await self._ask(served, prepared.payload, request)
        except asyncio.CancelledError:
            if self._is_closed:
                raise engine_error("died", "The engine was closed while it read a page.") from None
            raise

    async def first_contact(self) -> ServedModel:
        """Return the model that pages will be read with, asking the server if it was not asked yet.

        Reads that wait for the same attempt share its outcome; a later one tries again. To be awaited on the
        engine's loop.

        Raises:
            EngineError: the server cannot be reached, refuses, is of another kind or has no such model.
        """
        meetings = self._meetings
        async with self._meeting:
            if self._served is not None:
                return self._served
            if self._meetings != meetings and self._refusal is not None:
                raise _copy(self._refusal)
            self._refusal = None
            try:
                self._served = await self._meet()
            except EngineError as error:
                self._refusal = _copy(error)
                raise
            finally:
                self._meetings += 1
            return self._served

    async def _meet(self) -> ServedModel:
        limit_s = min(FIRST_CONTACT_TIMEOUT_S, self._timeout_s)
        payload, _ = await self._exchange("GET", "/models", None, limit_s, is_first=True)
        try:
            served = served_models(payload)
            if self._must_recognise:
                recognise(served, self._profile)
            model = choose_model(served, self._wanted_model)
        except EngineError as error:
            raise answer_fault(self._endpoint, error.cause, str(error)) from error
        _log.info(
            "%s is a %s server; reading with its model %s, context %s",
            self._endpoint.base_url,
            self._profile.title,
            model.id,
            model.context_tokens or "not told",
        )
        return model

    async def _ask(self, served: ServedModel, image: EncodedImage, request: ReadRequest) -> RawAnswer:
        names = {self._wanted_model, served.id, served.root} - {""}
        max_tokens = answer_limit(request, image, names, served.context_tokens)
        body = request_body(self._profile, request, image, served.id, max_tokens)
        payload, content = await self._exchange("POST", "/chat/completions", body, self._timeout_s, is_first=False)
        try:
            return answer_of(payload, served.id, self.fingerprint)
        except EngineError as error:
            raise answer_fault(self._endpoint, error.cause, str(error), content[:LARGEST_ERROR_BYTES]) from error

    async def _exchange(
        self, method: str, path: str, body: dict[str, object] | None, limit_s: float, *, is_first: bool
    ) -> tuple[object, bytes]:
        """Return the JSON that the server answers with, parsed and as it came, within `limit_s` in all."""
        endpoint = self._endpoint
        client = self._opened()
        try:
            async with (
                asyncio.timeout(limit_s),
                client.stream(method, endpoint.base_url + path, json=body) as response,
            ):
                limit_bytes = LARGEST_ANSWER_BYTES if response.is_success else LARGEST_ERROR_BYTES
                content = await _beginning(response, limit_bytes + 1)
        except TimeoutError as error:
            raise timeout_fault(endpoint, limit_s, is_first=is_first) from error
        except (httpx.HTTPError, OSError) as error:
            raise transport_fault(error, endpoint, is_first=is_first) from error
        if response.is_redirect:
            raise redirect_fault(endpoint, response.status_code, response.headers.get("location", ""))
        if not response.is_success:
            raise status_fault(endpoint, response.status_code, response.headers, content, is_first=is_first)
        cause = "wrong_server" if is_first else "not_understood"
        if len(content) > limit_bytes:
            raise answer_fault(endpoint, cause, f"it is longer than {limit_bytes} bytes")
        try:
            return json.loads(content.decode("utf-8")), content
        except UnicodeDecodeError as error:
            raise answer_fault(endpoint, cause, "it is not UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise answer_fault(endpoint, cause, "it is not JSON", content[:LARGEST_ERROR_BYTES]) from error

    def _opened(self) -> httpx.AsyncClient:
        """Return the client, made on first use. Only ever called on the engine's loop."""
        if self._client is None:
            try:
                self._client = httpx.AsyncClient(
                    headers={**self._endpoint.headers, "Accept-Encoding": "identity"},
                    timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
                    limits=httpx.Limits(
                        max_connections=self.capacity,
                        max_keepalive_connections=self.capacity,
                        keepalive_expiry=IDLE_CONNECTION_S,
                    ),
                )
            except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # proxy or certificate settings
                raise engine_error(
                    "no_engine", f"The proxy or certificate settings of the environment cannot be used: {error}"
                ) from error
            self._keeper = asyncio.create_task(_kept(self._client))
        return self._client

    def close(self) -> None:
        """Close all connections. Safe to call twice; reads that still run end with `EngineDead`."""
        self._is_closed = True
        self.loop.close()


def _copy(error: EngineError) -> EngineError:
    """Return the same error without a history, so that several reads can raise it."""
    return engine_error(error.cause, str(error), retry_after_s=error.retry_after_s)


async def _kept(client: httpx.AsyncClient) -> None:
    """Wait for the loop's end, which cancels this, and close the client then: on its own loop, from any thread."""
    try:
        await asyncio.Event().wait()
    finally:
        await client.aclose()


async def _beginning(response: httpx.Response, most_bytes: int) -> bytes:
    """Return the content, or its first `most_bytes` bytes if it is longer."""
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) >= most_bytes:
            break
    del content[most_bytes:]
    return bytes(content)
