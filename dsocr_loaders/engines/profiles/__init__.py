"""Server profiles: how each kind of server wants to be asked, and how its answer reads. Pure, without any network.

`profile` says what a profile is; each server has a module; `asking` and `limits` serve them all.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.engines.profiles.asking import question_for, request_body, request_content, request_for
from dsocr_loaders.engines.profiles.chat import answer_of
from dsocr_loaders.engines.profiles.deepseek_ocr_rs import DEEPSEEK_OCR_RS
from dsocr_loaders.engines.profiles.hosted import HOSTED, HOSTS, hosted_profile
from dsocr_loaders.engines.profiles.limits import answer_limit
from dsocr_loaders.engines.profiles.llama_server import LLAMA_SERVER
from dsocr_loaders.engines.profiles.ollama import OLLAMA, OLLAMA_OPENAI
from dsocr_loaders.engines.profiles.profile import HttpRequest, KnownFault, Question, ServerFacts, ServerProfile
from dsocr_loaders.engines.profiles.sglang import SGLANG
from dsocr_loaders.engines.profiles.symptoms import check_no_error_text, explained, is_stripped
from dsocr_loaders.engines.profiles.vllm import VLLM
from dsocr_loaders.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.models import ModelFamily

__all__ = [
    "HOSTS",
    "OLLAMA_OPENAI",
    "PROFILES",
    "HttpRequest",
    "KnownFault",
    "Question",
    "ServerFacts",
    "ServerProfile",
    "answer_limit",
    "answer_of",
    "check_no_error_text",
    "check_resolution",
    "explained",
    "hosted_profile",
    "is_stripped",
    "profile_named",
    "question_for",
    "request_body",
    "request_content",
    "request_for",
]

PROFILES: Mapping[str, ServerProfile] = MappingProxyType(
    {profile.name: profile for profile in (VLLM, SGLANG, DEEPSEEK_OCR_RS, OLLAMA, LLAMA_SERVER, HOSTED)}
)
"""The word for `server=` -> profile."""


def profile_named(server: str, base_url: str) -> ServerProfile:
    """Return the profile that `server=` names, as it is for this URL.

    `ollama` is Ollama's OpenAI route where the URL ends in `/v1`, and its own interface elsewhere; `openai` is the
    host's own row where the host is known.
    """
    if server == "ollama" and base_url.endswith("/v1"):
        return OLLAMA_OPENAI
    if server == "openai":
        return hosted_profile(base_url) or HOSTED
    return PROFILES[server]


def check_resolution(profile: ServerProfile, family: ModelFamily, facts: ServerFacts, resolution: str) -> None:
    """Return if the server offers the mode for the model.

    Raises:
        SettingsError: it does not; the message says what it offers.
    """
    offered = profile.resolutions(family, facts)
    if resolution not in offered:
        raise SettingsError(
            f"resolution={resolution!r} cannot be chosen on this {profile.title} server; "
            f"allowed: {', '.join(offered)}. {profile.resolution_advice}"
        )
