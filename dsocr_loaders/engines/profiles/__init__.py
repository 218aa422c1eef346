"""Server profiles: how each kind of server wants to be asked, and how its answer reads. Pure, without any network.

`profile` says what a profile is; each server has a module; `asking` and `limits` serve them all.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.engines.profiles.asking import question_for, request_body, request_content, request_for
from dsocr_loaders.engines.profiles.chat import answer_of
from dsocr_loaders.engines.profiles.limits import answer_limit
from dsocr_loaders.engines.profiles.profile import HttpRequest, Question, ServerFacts, ServerProfile
from dsocr_loaders.engines.profiles.vllm import VLLM
from dsocr_loaders.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "PROFILES",
    "HttpRequest",
    "Question",
    "ServerFacts",
    "ServerProfile",
    "answer_limit",
    "answer_of",
    "profile_for",
    "question_for",
    "request_body",
    "request_content",
    "request_for",
]

PROFILES: Mapping[str, ServerProfile] = MappingProxyType({profile.name: profile for profile in (VLLM,)})
"""The word for `server=` -> profile."""


def profile_for(server: str, resolution: str) -> ServerProfile:
    """Return the profile that `server=` names, `"auto"` being the only one there is.

    Raises:
        SettingsError: there is no such profile, or it does not offer `resolution`.
    """
    profile = PROFILES.get("vllm" if server == "auto" else server)
    if profile is None:
        raise SettingsError(
            f"server={server!r} is not spoken by this release; allowed: auto or {', '.join(PROFILES)}. "
            "For another server pass an Engine of your own as engine=."
        )
    if resolution not in profile.resolutions:
        raise SettingsError(
            f"resolution={resolution!r} cannot be chosen on a {profile.title} server, which fixes it when it is built; "
            f"allowed: {', '.join(profile.resolutions)}."
        )
    return profile
