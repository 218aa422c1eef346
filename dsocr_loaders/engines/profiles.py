"""Server profiles: how each kind of server wants to be asked, and how its answer reads. Pure, without any network.

This release has one, vLLM's. Sources: vllm-project/recipes `DeepSeek/DeepSeek-OCR.md`, and vLLM's
`entrypoints/chat_utils.py` and `model_executor/models/deepseek_ocr.py`.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from dsocr_loaders.errors import SettingsError, engine_error
from dsocr_loaders.models import TOKEN_IDS
from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.values import RawAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dsocr_loaders.engines.encode import EncodedImage
    from dsocr_loaders.values import Decoding, ReadRequest

__all__ = [
    "PROFILES",
    "ServerProfile",
    "answer_limit",
    "answer_of",
    "profile_for",
    "request_body",
    "request_content",
]

OFFICIAL_CONTEXT_TOKENS: Final = 8192  # `max_model_len` of the official scripts, which is also the model's own


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """How one kind of server wants to be asked.

    Attributes:
        name: the word for `server=`.
        title: how messages call it.
        owned_by: what the entries of its `/models` say in `owned_by`.
        resolutions: the modes it offers.
        part_order: order of the message's parts.
        prompt_prefix: what stands before the prompt; empty where the server puts the image token there itself.
        fixed_fields: further fields of the body.
        ngram_fields: the fields that stop repetitions, made from the decoding.
    """

    name: str
    title: str
    owned_by: str
    resolutions: tuple[str, ...]
    part_order: tuple[Literal["image", "text"], ...]
    prompt_prefix: str
    fixed_fields: Mapping[str, object]
    ngram_fields: Callable[[Decoding], Mapping[str, object]]


def _vllm_ngram_fields(decoding: Decoding) -> Mapping[str, object]:
    if not decoding.ngram_size:
        return {}  # the processor rejects 0 and rests when it is not asked
    unknown = [word for word in decoding.ngram_whitelist if word not in TOKEN_IDS]
    if unknown:
        raise engine_error(
            "bad_request", f"The n-gram whitelist holds {unknown}; token ids are known for {', '.join(TOKEN_IDS)} only."
        )
    return {
        "vllm_xargs": {
            "ngram_size": decoding.ngram_size,
            "window_size": decoding.ngram_window,
            "whitelist_token_ids": [TOKEN_IDS[word] for word in decoding.ngram_whitelist],
        }
    }


PROFILES: Mapping[str, ServerProfile] = MappingProxyType(
    {
        "vllm": ServerProfile(
            name="vllm",
            title="vLLM",
            owned_by="vllm",
            # BASE_SIZE, IMAGE_SIZE and CROP_MODE are constants in vLLM's processor
            resolutions=("gundam",),
            part_order=("image", "text"),
            prompt_prefix="",
            # the tags and the table cells of an answer are special tokens
            fixed_fields=MappingProxyType({"skip_special_tokens": False}),
            ngram_fields=_vllm_ngram_fields,
        )
    }
)


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


def request_body(
    profile: ServerProfile, request: ReadRequest, image: EncodedImage, model: str, max_tokens: int
) -> dict[str, object]:
    """Return the JSON body of `POST /chat/completions` for one page.

    Raises:
        EngineError: the request's decoding cannot be said to this server.
    """
    data = base64.b64encode(image.data).decode("ascii")
    return _body(profile, request, f"data:{image.media_type};base64,{data}", model, max_tokens)


def request_content(
    profile: ServerProfile, request: ReadRequest, image: EncodedImage, model: str, max_tokens: int
) -> bytes:
    """Return `request_body` as JSON. The image is put in behind the encoder, which would look at each character of it.

    That takes 0.6 ms for half a megabyte instead of 2.5 ms, in which nothing else happens on the loop.
    """
    mark = "\x01"
    while mark in (profile.prompt_prefix + request.prompt, model):
        mark += "\x01"
    body = _body(profile, request, mark, model, max_tokens)
    before, after = json.dumps(body).encode("ascii").split(json.dumps(mark).encode("ascii"))
    url = (f"data:{image.media_type};base64,".encode(), base64.b64encode(image.data))
    return b"".join((before, b'"', *url, b'"', after))


def _body(profile: ServerProfile, request: ReadRequest, url: str, model: str, max_tokens: int) -> dict[str, object]:
    parts: dict[str, object] = {
        "image": {"type": "image_url", "image_url": {"url": url}},
        "text": {"type": "text", "text": profile.prompt_prefix + request.prompt},
    }
    return {
        "model": model,
        "messages": [{"role": "user", "content": [parts[name] for name in profile.part_order]}],
        "max_tokens": max_tokens,
        "temperature": request.decoding.temperature,
        **profile.fixed_fields,
        **profile.ngram_fields(request.decoding),
    }


_FRAME_TOKENS: Final = 2  # the beginning-of-sentence token, and the line break between image and prompt


def answer_limit(request: ReadRequest, image: EncodedImage, models: Iterable[str], context_tokens: int | None) -> int:
    """Return the largest `max_tokens` that a server takes for this page, at least 1.

    It is what the context leaves beside the image and the prompt. The prompt is counted as its UTF-8 bytes, which it
    can never exceed, since a token stands for at least one byte.

    Args:
        request: its decoding may ask for less, never for more.
        image: as it is sent.
        models: names of the model; the one with the most image tokens counts.
        context_tokens: the server's context, or None for the official one, 8192.
    """
    image_tokens = max(
        vision_tokens(mode_for(model, request.resolution), image.width_px, image.height_px) for model in models
    )
    prompt_tokens = len(request.prompt.encode()) + _FRAME_TOKENS
    left = max(1, (context_tokens or OFFICIAL_CONTEXT_TOKENS) - image_tokens - prompt_tokens)
    return min(left, request.decoding.max_new_tokens or left)


_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def answer_of(payload: object, model: str, engine: str) -> RawAnswer:
    """Return the answer that the JSON of a chat completion holds.

    An answer without any content is `""`, which is for the caller to judge. Where a server runs a reasoning parser,
    which takes an answer without thoughts for one thought, the content is there. A lone surrogate, which no text
    can hold, becomes U+FFFD.

    Args:
        payload: the parsed body.
        model: used where the body does not name its model.
        engine: the engine's fingerprint.

    Raises:
        EngineRejected: cause `not_understood`, it is no chat completion.
        EngineUnavailable: cause `cut`, the server gave up in the middle.
    """
    body = _object(payload)
    choices = body.get("choices")
    choice = _object(choices[0]) if isinstance(choices, list) and choices else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise engine_error("not_understood", "there is no choices[0].message")
    texts = [message.get(name) for name in ("content", "reasoning", "reasoning_content")]
    if any(not isinstance(text, str | None) for text in texts):
        raise engine_error("not_understood", "choices[0].message.content is no text")
    said = choice.get("finish_reason")
    finish_reason = next((word for word in ("stop", "length") if word == said), None)
    if finish_reason is None and said is not None:
        raise engine_error("cut", f"the server gave up in the middle (finish_reason {str(said)[:40]!r})")
    usage = _object(body.get("usage"))
    named = body.get("model")
    return RawAnswer(
        text=_LONE_SURROGATE.sub("\ufffd", next((text for text in texts if isinstance(text, str) and text), "")),
        finish_reason=finish_reason,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        model=named if isinstance(named, str) and named else model,
        engine=engine,
    )


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
