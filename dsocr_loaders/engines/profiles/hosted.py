"""Hosted interfaces in OpenAI's shape, and every other server that speaks it.

What a host is known to want beyond the plain form is a row of a table, by its host name. Sources: the hosts' own pages
for DeepSeek-OCR (docs.siliconflow.cn, novita.ai/docs, docs.deepinfra.com, astraflow.ucloud.cn, clarifai.com). None
documents a switch for special tokens or for n-grams, so none is sent: a host may refuse a field it does not know.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body
from dsocr_loaders.engines.profiles.profile import ServerProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.models import ModelFamily

__all__ = ["HOSTED", "HOSTS", "hosted_profile"]


def _image_token(family: ModelFamily) -> str:
    return family.image_prefix


HOSTED: Final = ServerProfile(
    name="openai",
    title="OpenAI-compatible",
    path=CHAT_PATH,
    body=chat_body,
    reply=answer_of,
    tags_advice=lambda facts: (  # noqa: ARG005 - the signature of `ServerProfile.tags_advice`
        "It is asked in OpenAI's plain form, which has no option to keep them; if it is a vLLM, SGLang or llama-server "
        "behind a gateway, say so with server=."
    ),
    has_catalogue=True,
    models_list="optional",
)

HOSTS: Final[Mapping[str, ServerProfile]] = MappingProxyType(
    {
        "api.siliconflow.cn": replace(HOSTED, title="SiliconFlow", prompt_prefix=_image_token),
        "api.siliconflow.com": replace(HOSTED, title="SiliconFlow", prompt_prefix=_image_token),
        "api.novita.ai": replace(HOSTED, title="Novita", most_tokens=8000),
        "api.deepinfra.com": replace(HOSTED, title="DeepInfra"),
        "api.modelverse.cn": replace(HOSTED, title="UCloud ModelVerse", part_order=("text", "image"), most_tokens=8192),
        "api.clarifai.com": replace(HOSTED, title="Clarifai", models_list="partial"),
    }
)
"""Host name -> profile."""


def hosted_profile(base_url: str) -> ServerProfile | None:
    """Return the profile of the host that `base_url` names, None if it is none of the known ones."""
    return HOSTS.get((urlsplit(base_url).hostname or "").lower())
