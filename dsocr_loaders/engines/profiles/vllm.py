"""vLLM (`vllm serve`).

Sources: vllm-project/recipes `DeepSeek/DeepSeek-OCR.md`, and vLLM's `entrypoints/chat_utils.py` and
`model_executor/models/deepseek_ocr.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body
from dsocr_loaders.engines.profiles.modes import same_as_gundam
from dsocr_loaders.engines.profiles.profile import ServerProfile
from dsocr_loaders.engines.profiles.token_ids import whitelist_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.profiles.profile import Question, ServerFacts
    from dsocr_loaders.models import ModelFamily

__all__ = ["VLLM"]


def _ngram_fields(question: Question) -> Mapping[str, object]:
    decoding = question.request.decoding
    if not decoding.ngram_size:
        return {}  # the processor rejects 0 and rests when it is not asked
    return {
        "vllm_xargs": {
            "ngram_size": decoding.ngram_size,
            "window_size": decoding.ngram_window,
            "whitelist_token_ids": whitelist_ids(decoding),
        }
    }


def _resolution_fields(question: Question) -> Mapping[str, object]:
    facts, resolution = question.facts, question.request.resolution
    if facts.mode_is_fixed or (not facts.resolutions and resolution in same_as_gundam(question.family)):
        return {}  # a server without modes, or one that takes none from requests, is not asked for what it does anyway
    return {"mm_processor_kwargs": {"resolution": resolution}}


def _resolutions(family: ModelFamily, facts: ServerFacts) -> tuple[str, ...]:
    return (*same_as_gundam(family), *facts.resolutions)


def _prompt_prefix(family: ModelFamily) -> str:
    """Return the image token where vLLM, which puts it and a line break before the prompt, would put it wrongly."""
    return "" if family.image_prefix == "<image>\n" else family.image_prefix


VLLM = ServerProfile(
    name="vllm",
    title="vLLM",
    path=CHAT_PATH,
    body=chat_body,
    reply=answer_of,
    tags_advice=lambda facts: (  # noqa: ARG005 - the signature of `ServerProfile.tags_advice`
        "This package asks vLLM for them with skip_special_tokens=false, which something between here and the server "
        "drops: give the URL of the server itself."
    ),
    owners=("vllm",),
    # BASE_SIZE, IMAGE_SIZE and CROP_MODE are constants in vLLM's processor
    resolution_fields=_resolution_fields,
    resolutions=_resolutions,
    tells_resolutions=True,
    tries_resolutions=True,
    shows_mode=True,
    resolution_advice="By itself vLLM has gundam alone. Other modes come with dsocr-loaders installed beside vLLM 0.20 "
    "or newer, once the server is started with --trust-request-mm-kwargs (where vLLM has that option) or, for one mode "
    'for all requests, with --mm-processor-kwargs \'{"resolution": "base"}\'.',
    tells_load=True,
    prompt_prefix=_prompt_prefix,
    # the tags and the table cells of an answer are special tokens
    fixed_fields=MappingProxyType({"skip_special_tokens": False}),
    ngram_fields=_ngram_fields,
)
