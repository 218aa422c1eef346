"""An engine behind a URL: a server that speaks OpenAI's chat completions, in the dialect of its profile."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.connections import LARGEST_ERROR_BYTES, Connections
from dsocr_loaders.engines.contact import meet
from dsocr_loaders.engines.encode import EncodedImage, encode_page
from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.engines.faults import answer_fault
from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.pacing import Pacing
from dsocr_loaders.engines.profiles import (
    ServerFacts,
    answer_limit,
    check_no_error_text,
    check_resolution,
    explained,
    is_stripped,
    profile_named,
    question_for,
    request_for,
)
from dsocr_loaders.engines.profiles.modes import mode_read
from dsocr_loaders.engines.replies import LARGEST_ANSWER_BYTES, json_of
from dsocr_loaders.errors import EngineError, engine_error
from dsocr_loaders.models import model_for
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import TextSource

if TYPE_CHECKING:
    from dsocr_loaders.engines.contact import Contact
    from dsocr_loaders.engines.endpoint import Endpoint
    from dsocr_loaders.engines.profiles import HttpRequest, ServerProfile
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.engines.served import ServedModel
    from dsocr_loaders.values import ParsedAnswer, RawAnswer, ReadRequest

__all__ = ["RemoteEngine"]

_log = logging.getLogger("dsocr_loaders.engines")

METRICS_TIMEOUT_S: Final = 2.0


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
        fingerprint: `"remote <base URL> <server> <model> <image format>"`, server and model as they were asked for,
            so that it is known before the server is: with `server="auto"` the URL stands for its server, whatever
            that turns out to be. `RawAnswer.engine` has the same form and names the kind that was found.

    Raises:
        SettingsError: the URL is none, or this release cannot ask for these settings.
    """

    text_source = TextSource.OCR
    needs_image = True

    def __init__(self, base_url: str, settings: Settings | None = None, *, setting: str = "engine") -> None:
        settings = settings or Settings()
        self._endpoint = endpoint_for(base_url, settings.api_key, setting=setting)
        _check_early(settings, self._endpoint.base_url)
        self._settings = settings
        self._timeout_s = settings.timeout_s
        self.fingerprint = _engine_name(self._endpoint, settings.server, settings)
        self.loop = EngineLoop("remote")
        self.prepare = partial(encode_page, image_format=settings.image_format)
        self._connections = Connections(self._endpoint)
        self._pacing = Pacing(settings.max_concurrency, partial(_metrics, self._connections, self._endpoint))
        self._slots = asyncio.Semaphore(settings.max_concurrency)
        self._meeting = asyncio.Lock()
        self._meetings = 0
        self._contact: Contact | None = None
        self._has_told = False
        self._refusal: EngineError | None = None
        self._is_closed = False

    @property
    def capacity(self) -> int:
        """Pages to ask for at the same time; it moves while pages are read."""
        return self._pacing.limit

    @property
    def resolutions(self) -> tuple[str, ...]:
        """The modes that one request may choose from, for repairs; none before the server has said what it is."""
        contact = self._contact
        if contact is None or contact.facts.mode_is_fixed:
            return ()
        return contact.profile.resolutions(model_for(self._settings.model), contact.facts)

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
            contact = await self._met()
            async with self._slots, self._pacing.request():
                return await self._ask(contact, prepared.payload, request)
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
        return (await self._met()).model

    async def _met(self) -> Contact:
        meetings = self._meetings
        async with self._meeting:
            if self._contact is not None:
                return self._contact
            if self._meetings != meetings and self._refusal is not None:
                raise _copy(self._refusal)
            self._refusal = None
            try:
                contact = await meet(self._endpoint, self._settings, self._fetched, self._sent)
            except EngineError as error:
                self._refusal = _copy(error)
                raise
            finally:
                self._meetings += 1
            tells_load = contact.profile.tells_load
            await self._pacing.begin(tells_load=tells_load, most=self._most_in_flight(contact))
            self._slots = asyncio.Semaphore(self._pacing.ceiling)
            self._contact = contact
            return contact

    def _most_in_flight(self, contact: Contact) -> int:
        profile, settings = contact.profile, self._settings
        limits = [settings.max_concurrency, profile.most_in_flight, contact.facts.slots]
        if "max_concurrency" not in settings.model_fields_set:
            limits.append(profile.usual_in_flight)
        return min(limit for limit in limits if limit is not None)

    async def _ask(self, contact: Contact, image: EncodedImage, request: ReadRequest) -> RawAnswer:
        profile, model = contact.profile, contact.model
        names = {self._settings.model, model.id, model.root} - {""}
        names = {name for name in names if request.resolution in model_for(name).modes} or {self._settings.model}
        limit = answer_limit(request, image, names, contact.context_tokens)
        max_tokens = min(limit, profile.most_tokens or limit)
        family = model_for(self._settings.model)  # whose prompt the request holds
        question = question_for(request, image, model.id, max_tokens, family=family, facts=contact.facts)
        answer = await self._sent(
            profile, request_for(profile, question), model=model.id, max_tokens=max_tokens, prompt=request.prompt
        )
        if profile.shows_mode:
            families = [model_for(name) for name in names]
            read_in = mode_read(families, request.resolution, image, request.prompt, answer.prompt_tokens)
            if read_in:
                is_the_runs = request.resolution == self._settings.resolution
                raise engine_error(
                    "wrong_server" if is_the_runs else "bad_request",  # a second try in another mode ends no run
                    f"{self._endpoint.base_url} read a page in another mode than resolution={request.resolution!r}: "
                    f"{answer.prompt_tokens} prompt tokens are those of {read_in}. {profile.resolution_advice}",
                )
        return answer

    async def _sent(
        self, profile: ServerProfile, asked: HttpRequest, *, model: str = "", max_tokens: int = 1, prompt: str = ""
    ) -> RawAnswer:
        """Return the answer to a request for a page; `prompt` is what it was asked with."""
        url = self._endpoint.base_url + asked.path
        try:
            content = await self._connections.exchange(
                asked.method,
                url,
                asked.content,
                limit_s=self._timeout_s,
                most_bytes=LARGEST_ANSWER_BYTES,
                is_first=False,
            )
        except EngineError as error:
            raise explained(error, profile) from error
        payload = json_of(content, self._endpoint, "not_understood")
        engine = _engine_name(self._endpoint, profile.name, self._settings)
        try:
            answer = profile.reply(payload, model=model, max_tokens=max_tokens, engine=engine)
            check_no_error_text(answer, prompt)
        except EngineError as error:
            raise answer_fault(self._endpoint, error.cause, str(error), content[:LARGEST_ERROR_BYTES]) from error
        return answer

    async def _fetched(self, url: str, limit_s: float) -> bytes:
        """Return the body of a `GET`, for the first contact."""
        return await self._connections.exchange(
            "GET", url, None, limit_s=limit_s, most_bytes=LARGEST_ANSWER_BYTES, is_first=True
        )

    def hear(self, parsed: ParsedAnswer) -> None:
        """Say once, in the log, that the server removes the special tokens from its answers, and what mends it."""
        if self._contact is None or self._has_told or not is_stripped(parsed):
            return
        self._has_told = True
        _log.warning(
            "%s sends answers without their special tokens, so that boxes come as loose text and tables without their "
            "cells. %s",
            self._endpoint.base_url,
            self._contact.profile.tags_advice(self._contact.facts),
        )

    def close(self) -> None:
        """Close all connections. Safe to call twice; reads that still run end with `EngineDead`."""
        self._is_closed = True
        self.loop.close()


def _engine_name(endpoint: Endpoint, server: str, settings: Settings) -> str:
    return f"remote {endpoint.base_url} {server} {settings.model} {settings.image_format}"


def _check_early(settings: Settings, base_url: str) -> None:
    """Return if a server that was named can offer the mode, as far as that is known without asking it."""
    if settings.server == "auto":
        return
    profile = profile_named(settings.server, base_url)
    if not profile.tells_resolutions:
        check_resolution(profile, model_for(settings.model), ServerFacts(), settings.resolution)


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
