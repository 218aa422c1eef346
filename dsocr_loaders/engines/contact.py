"""The first contact with a server: what it is, which of its models reads, and what it tells of itself.

Nothing is asked elsewhere than behind the URL that was given. At most the list of models, `PROBES` and what the
profile asks are asked for, each once and each with a limit of its own, and a mode is tried out (`engines.mode_trial`).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.faults import answer_fault
from dsocr_loaders.engines.mode_trial import tried
from dsocr_loaders.engines.profiles import ServerFacts, check_resolution, profile_named
from dsocr_loaders.engines.recognition import PROBES, by_host, by_owner, by_replies, unknown_server
from dsocr_loaders.engines.replies import json_of
from dsocr_loaders.engines.served import ServedModel, choose_model, served_models
from dsocr_loaders.errors import EngineError, SettingsError, engine_error
from dsocr_loaders.families import family_of
from dsocr_loaders.models import MODELS, model_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from dsocr_loaders.engines.endpoint import Endpoint
    from dsocr_loaders.engines.profiles import HttpRequest, ServerProfile
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import RawAnswer

__all__ = ["Contact", "meet"]

_log = logging.getLogger("dsocr_loaders.engines")

LIST_TIMEOUT_S: Final = 30.0
PROBE_TIMEOUT_S: Final = 5.0

_SHARE_OF_TIMEOUT: Final = 0.8  # a silent server is to be told as such, before the first page's own limit ends it

_NO_LIST: Final = frozenset({"not_found", "wrong_server"})


@dataclass(frozen=True, slots=True)
class Contact:
    """What the first contact brought."""

    profile: ServerProfile
    model: ServedModel
    facts: ServerFacts

    @property
    def context_tokens(self) -> int | None:
        """Of one request, as the list of models or the server itself tells it."""
        return self.model.context_tokens or self.facts.context_tokens


async def meet(
    endpoint: Endpoint,
    settings: Settings,
    fetch: Callable[[str, float], Awaitable[bytes]],
    send: Callable[[ServerProfile, HttpRequest], Awaitable[RawAnswer]],
) -> Contact:
    """Return what the server behind `endpoint` is, and log it.

    Args:
        endpoint: where it is.
        settings: server, model, resolution and timeout_s are looked at.
        fetch: returns the body of a `GET` of a URL, within so many seconds.
        send: sends a request for a page to a server of this kind.

    Raises:
        EngineError: it cannot be reached, refuses, is of an unknown kind, or has no such model or mode.
    """
    base_url = endpoint.base_url
    root = base_url.removesuffix("/v1")
    asked = _Asked(endpoint, fetch, min(LIST_TIMEOUT_S, _SHARE_OF_TIMEOUT * settings.timeout_s))
    if settings.server == "auto":
        profile = by_host(base_url) or await _recognised(asked, base_url, root)
    else:
        profile = profile_named(settings.server, base_url)
    served = await _served(asked, profile, base_url)
    told = await asked.all_of(root, profile.told_by)
    facts = profile.facts(told)
    try:
        model = _chosen(served, settings.model, profile)
    except EngineError as error:
        raise asked.fault(error) from error
    family = model_for(settings.model)
    try:
        if profile.tries_resolutions and settings.resolution not in profile.resolutions(family, facts):
            facts = await tried(profile, facts, family, model.id, settings.resolution, partial(send, profile))
        check_resolution(profile, family, facts, settings.resolution)
    except SettingsError as error:
        raise engine_error("wrong_server", f"{base_url}: {error}") from error
    contact = Contact(profile, model, facts)
    _log.info(
        "%s: %s; reading with its model %s, context %s",
        base_url,
        _kind(profile, facts),
        model.id,
        contact.context_tokens or "not told",
    )
    other = _other_family(model, settings.model)
    if other:
        _log.warning("%s: the model seems to be %s; model=%r asks it in its own way", base_url, other, other)
    for note in (*facts.notes, *_doubts(settings.server, profile, by_owner(served, base_url))):
        _log.warning("%s: %s", base_url, note)
    return contact


class _Asked:
    """Asks a server, each URL once."""

    def __init__(self, endpoint: Endpoint, fetch: Callable[[str, float], Awaitable[bytes]], limit_s: float) -> None:
        self._endpoint = endpoint
        self._fetch = fetch
        self._limit_s = limit_s
        self._known: dict[str, bytes] = {}

    def fault(self, error: EngineError) -> EngineError:
        """Return the error that says about this server what `error` says about its answer."""
        return answer_fault(self._endpoint, error.cause, str(error))

    async def one(self, url: str) -> object:
        """Return the JSON at `url`; any fault is raised."""
        if url not in self._known:
            self._known[url] = await self._fetch(url, self._limit_s)
        return json_of(self._known[url], self._endpoint, "wrong_server")

    async def some(self, root: str, paths: Iterable[str]) -> dict[str, bytes]:
        """Return what the paths behind `root` answer, at the same time; a fault is no answer."""
        paths = tuple(paths)
        found = await asyncio.gather(*(self._maybe(root + path) for path in paths))
        return {path: content for path, content in zip(paths, found, strict=True) if content is not None}

    async def all_of(self, root: str, paths: Iterable[str]) -> dict[str, object]:
        """Return the JSON of `some`, leaving out what is none."""
        told: dict[str, object] = {}
        for path, content in (await self.some(root, paths)).items():
            try:
                told[path] = json_of(content, self._endpoint, "wrong_server")
            except EngineError as error:
                _log.debug("%s is of no use: %s", root + path, error)
        return told

    async def _maybe(self, url: str) -> bytes | None:
        if url in self._known:
            return self._known[url]
        try:
            self._known[url] = await self._fetch(url, min(PROBE_TIMEOUT_S, self._limit_s))
        except EngineError as error:
            _log.debug("%s does not answer: %s", url, error)
            return None
        return self._known[url]


async def _recognised(asked: _Asked, base_url: str, root: str) -> ServerProfile:
    """Return the profile of a server that nobody named."""
    served: tuple[ServedModel, ...] = ()
    problem: EngineError | None = None
    try:
        served = await _list_of(asked, base_url + "/models", ("data", "id"))
    except EngineError as error:
        if error.cause not in _NO_LIST:
            raise
        problem = error
    profile = by_owner(served, base_url)
    if profile is not None:
        return profile
    replies = await asked.some(root, PROBES)
    profile = by_replies(replies, base_url)
    if profile is not None and (problem is None or profile.models_path != "/models"):
        return profile
    if problem is not None:
        raise problem
    raise asked.fault(unknown_server(served, replies))


async def _served(asked: _Asked, profile: ServerProfile, base_url: str) -> tuple[ServedModel, ...]:
    try:
        return await _list_of(asked, base_url + profile.models_path, profile.models_keys)
    except EngineError as error:
        if profile.models_list == "complete" or error.cause not in _NO_LIST:
            raise
        _log.debug("%s has no list of models: %s", base_url, error)
        return ()


async def _list_of(asked: _Asked, url: str, keys: tuple[str, str]) -> tuple[ServedModel, ...]:
    payload = await asked.one(url)
    try:
        return served_models(payload, *keys)
    except EngineError as error:
        raise asked.fault(error) from error


def _chosen(served: tuple[ServedModel, ...], wanted: str, profile: ServerProfile) -> ServedModel:
    if profile.models_list == "optional" and not served:
        return ServedModel(wanted)
    try:
        return choose_model(served, wanted, has_catalogue=profile.has_catalogue)
    except EngineError:
        if profile.models_list == "partial":
            return ServedModel(wanted)
        raise


def _kind(profile: ServerProfile, facts: ServerFacts) -> str:
    named = f"{profile.title} {facts.version}".strip()
    return named if profile.title.endswith("server") else f"{named} server"


def _doubts(named: str, profile: ServerProfile, owner: ServerProfile | None) -> tuple[str, ...]:
    """Return what to say of a server that was named, and says itself that it is of another kind."""
    if named in {"auto", "openai"} or owner is None or owner.name == profile.name:
        return ()
    doubt = f"server={named!r} was chosen, and its list of models is that of {owner.title}, which wants to be asked in "
    return (doubt + f"another way: server={owner.name!r}, or 'auto', does that.",)


def _other_family(model: ServedModel, wanted: str) -> str:
    """Return the published name of what a model's names say that it is, if that is another than what was asked for."""
    said = family_of(f"{model.id} {model.root}")
    return "" if said in {"deepseek-ocr", family_of(wanted)} else MODELS[said].repository
