"""Which kind of server answers behind a URL, from what it says of itself. Pure, without any network.

First the host's name, for the hosted interfaces that are known. Then `owned_by` in the list of models, where vLLM,
SGLang, llama-server, Ollama and deepseek-ocr.rs write their own names. Then what only one of them answers:

| asked behind the root | only | says |
| --- | --- | --- |
| `/props` | llama-server | its `default_generation_settings` |
| `/get_server_info`, `/server_info` | SGLang | its `internal_states` or `model_path` |
| `/api/version` | Ollama | a `version` |
| `/v1/health` | deepseek-ocr.rs | the word `ok`, without JSON |
| `/version` | vLLM | a `version` |
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.profiles import PROFILES, hosted_profile, profile_named
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsocr_loaders.engines.profiles import ServerProfile
    from dsocr_loaders.engines.served import ServedModel
    from dsocr_loaders.errors import EngineError

__all__ = ["PROBES", "by_host", "by_owner", "by_replies", "unknown_server"]

_MOST_OWNERS: Final = 5
_LONGEST_OWNER: Final = 60


def _is_llama_server(reply: object) -> bool:
    return isinstance(reply, dict) and "default_generation_settings" in reply


def _is_sglang(reply: object) -> bool:
    return isinstance(reply, dict) and ("internal_states" in reply or "model_path" in reply)


def _has_version(reply: object) -> bool:
    return isinstance(reply, dict) and isinstance(reply.get("version"), str)


def _is_ok(reply: object) -> bool:
    return isinstance(reply, str) and reply.strip() == "ok"


_SIGNS: Final[tuple[tuple[str, str, Callable[[object], bool]], ...]] = (
    ("/props", "llama-server", _is_llama_server),
    ("/get_server_info", "sglang", _is_sglang),
    ("/server_info", "sglang", _is_sglang),
    ("/api/version", "ollama", _has_version),
    ("/v1/health", "deepseek-ocr-rs", _is_ok),
    ("/version", "vllm", _has_version),
)

PROBES: Final = tuple(path for path, _, _ in _SIGNS)
"""What is asked behind a server's root if its list of models does not say what it is."""


def by_host(base_url: str) -> ServerProfile | None:
    """Return the profile of a hosted interface that is known by its name."""
    return hosted_profile(base_url)


def by_owner(served: tuple[ServedModel, ...], base_url: str) -> ServerProfile | None:
    """Return the profile of the kind of server that owns one of the models, None if no owner is known."""
    owners = {model.owned_by for model in served}
    for name in PROFILES:
        profile = profile_named(name, base_url)
        if owners & set(profile.owners):
            return profile
    return None


def by_replies(replies: Mapping[str, bytes], base_url: str) -> ServerProfile | None:
    """Return the profile of the kind of server that alone answers so.

    Args:
        replies: path of `PROBES` -> what came, those that failed left out.
        base_url: the root of the API, which says which of Ollama's two routes is meant.
    """
    for path, name, is_sign in _SIGNS:
        if path in replies and is_sign(_parsed(replies[path])):
            return profile_named(name, base_url)
    return None


def unknown_server(served: tuple[ServedModel, ...], replies: Mapping[str, bytes]) -> EngineError:
    """Return the error for a server that could not be identified, which says what was seen and how to name it."""
    owners = sorted({model.owned_by for model in served} - {""})
    shown = ", ".join(repr(owner[:_LONGEST_OWNER]) for owner in owners[:_MOST_OWNERS])
    found = f"its models are owned by {shown}" if owners else "its list of models names no owner"
    asked = ", ".join(replies) if replies else "nothing"
    names = ", ".join(f'"{name}"' for name in PROFILES)
    return engine_error(
        "wrong_server",
        f"{found}, and of {', '.join(PROBES)} it answers {asked}, as none of the kinds that are known does. Name its "
        f'kind with server= ({names}): server="openai" for any other one that speaks OpenAI\'s chat completions',
    )


def _parsed(content: bytes) -> object:
    text = content.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return text
