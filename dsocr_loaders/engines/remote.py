"""An engine behind a URL: a server that speaks OpenAI's chat completions, in the dialect of its profile."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.connections import LARGEST_ERROR_BYTES, Connections
from dsocr_loaders.engines.encode import EncodedImage, encode_page
from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.engines.faults import answer_fault
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.pacing import Pacing
from dsocr_loaders.engines.profiles import answer_limit, answer_of, profile_for, request_content
from dsocr_loaders.engines.served import choose_model, recognise, served_models
from dsocr_loaders.errors import EngineError, engine_error
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import TextSource

if TYPE_CHECKING:
    from dsocr_loaders.engines.endpoint import Endpoint
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.engines.served import ServedModel
    from dsocr_loaders.values import RawAnswer, ReadRequest

__all__ = ["RemoteEngine"]

_log = logging.getLogger("dsocr_loaders.engines")

FIRST_CONTACT_TIMEOUT_S: Final = 30.0
METRICS_TIMEOUT_S: Final = 2.0
LARGEST_ANSWER_BYTES: Final = 10_000_000  # the longest context there is holds some 100 kB of text


class RemoteEngine:
    """Reads pages through a server.

    Constructing it asks nothing of the network. The first read asks the server once what it serves; what is wrong
    with the URL, the key or the model is that read's error. Proxies and certificates come from the environment, as
    httpx finds them there (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE): a proxy is asked for a server on this machine as
    well, unless NO_PROXY names it. Redirects are not followed.

    How many pages are asked for at once is found while reading, see `dsocr_loaders.engines.concurrency`; it is never
    more than `settings.max_concurrency`.

    Args:
        base_url: root of the API, such as `http://localhost:8000/v1`.
        settings: model, server, api_key, resolution, image_format, max_concurrency and timeout_s are looked at.
        setting: what the URL was given as, for messages.

    Attributes:
        fingerprint: `"remote <base URL> <model> <image format>"`, the model as it was asked for.

    Raises:
        SettingsError: the URL is none, or this release cannot ask for these settings.
    """

    text_source = TextSource.OCR
    needs_image = True

    def __init__(self, base_url: str, settings: Settings | None = None, *, setting: str = "engine") -> None:
        settings = settings or Settings()
        self._endpoint = endpoint_for(base_url, settings.api_key, setting=setting)
        self._profile = profile_for(settings.server, settings.resolution)
        self._must_recognise = settings.server == "auto"
        self._wanted_model = settings.model
        self._timeout_s = settings.timeout_s
        self.fingerprint = f"remote {self._endpoint.base_url} {settings.model} {settings.image_format}"
        self.loop = EngineLoop("remote")
        self.prepare = partial(encode_page, image_format=settings.image_format)
        self._connections = Connections(self._endpoint)
        self._pacing = Pacing(settings.max_concurrency, partial(_metrics, self._connections, self._endpoint))
        self._slots = asyncio.Semaphore(settings.max_concurrency)
        self._meeting = asyncio.Lock()
        self._meetings = 0
        self._served: ServedModel | None = None
        self._refusal: EngineError | None = None
        self._is_closed = False

    @property
    def capacity(self) -> int:
        """Pages to ask for at the same time; it moves while pages are read."""
        return self._pacing.limit

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
            async with self._slots, self._pacing.request():
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
        payload, _ = await self._exchanged("GET", "/models", None, limit_s, is_first=True)
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
        await self._pacing.begin()
        return model

    async def _ask(self, served: ServedModel, image: EncodedImage, request: ReadRequest) -> RawAnswer:
        names = {self._wanted_model, served.id, served.root} - {""}
        max_tokens = answer_limit(request, image, names, served.context_tokens)
        body = request_content(self._profile, request, image, served.id, max_tokens)
        payload, content = await self._exchanged("POST", "/chat/completions", body, self._timeout_s, is_first=False)
        try:
            return answer_of(payload, served.id, self.fingerprint)
        except EngineError as error:
            raise answer_fault(self._endpoint, error.cause, str(error), content[:LARGEST_ERROR_BYTES]) from error

    async def _exchanged(
        self, method: str, path: str, body: bytes | None, limit_s: float, *, is_first: bool
    ) -> tuple[object, bytes]:
        """Return the JSON that the server answers with, parsed and as it came, within `limit_s` in all."""
        endpoint = self._endpoint
        content = await self._connections.exchange(
            method,
            endpoint.base_url + path,
            body,
            limit_s=limit_s,
            most_bytes=LARGEST_ANSWER_BYTES,
            is_first=is_first,
        )
        cause = "wrong_server" if is_first else "not_understood"
        if len(content) > LARGEST_ANSWER_BYTES:
            raise answer_fault(endpoint, cause, f"it is longer than {LARGEST_ANSWER_BYTES} bytes")
        try:
            return json.loads(content.decode("utf-8")), content
        except UnicodeDecodeError as error:
            raise answer_fault(endpoint, cause, "it is not UTF-8") from error
        except (ValueError, RecursionError) as error:
            raise answer_fault(endpoint, cause, "it is not JSON", content[:LARGEST_ERROR_BYTES]) from error

    def close(self) -> None:
        """Close all connections. Safe to call twice; reads that still run end with `EngineDead`."""
        self._is_closed = True
        self.loop.close()


def _copy(error: EngineError) -> EngineError:
    """Return the same error without a history, so that several reads can raise it."""
    return engine_error(error.cause, str(error), retry_after_s=error.retry_after_s)


async def _metrics(connections: Connections, endpoint: Endpoint) -> bytes:
    """Return the server's metrics page, which stands beside the API."""
    return await connections.exchange(
        "GET",
        endpoint.base_url.removesuffix("/v1") + "/metrics",
        None,
        limit_s=METRICS_TIMEOUT_S,
        most_bytes=LARGEST_ANSWER_BYTES,
        is_first=False,
    )
