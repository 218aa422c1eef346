"""OpenAI's chat completions: the body and the reply that nearly all servers share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.values import RawAnswer

if TYPE_CHECKING:
    from dsocr_loaders.engines.profiles.profile import Question, ServerProfile

__all__ = ["CHAT_PATH", "answer_of", "chat_body", "count_of", "object_of", "sound_text"]

CHAT_PATH: Final = "/chat/completions"

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def chat_body(profile: ServerProfile, question: Question, image: str) -> dict[str, object]:
    """Return the body of `POST /chat/completions` for one page."""
    words = profile.prompt_prefix(question.family) + question.request.prompt
    parts: dict[str, object] = {
        "image": {"type": "image_url", "image_url": {"url": image}},
        "text": {"type": "text", "text": words},
    }
    return {
        "model": question.model,
        "messages": [{"role": "user", "content": [parts[name] for name in profile.part_order]}],
        "max_tokens": question.max_tokens,
        "temperature": question.request.decoding.temperature,
        **profile.fixed_fields,
        **profile.resolution_fields(question),
        **profile.ngram_fields(question),
    }


def answer_of(payload: object, *, model: str, max_tokens: int | None = None, engine: str) -> RawAnswer:  # noqa: ARG001 - max_tokens: the signature of `ReadsReply`; these servers say when an answer was cut off
    """Return the answer that the JSON of a chat completion holds.

    An answer without any content is `""`, which is for the caller to judge. Where a server runs a reasoning parser,
    which takes an answer without thoughts for one thought, the content is there. A lone surrogate, which no text
    can hold, becomes U+FFFD.

    Args:
        payload: the parsed body.
        model: used where the body does not name its model.
        max_tokens: not looked at.
        engine: who answered.

    Raises:
        EngineRejected: cause `not_understood`, it is no chat completion.
        EngineUnavailable: cause `cut`, the server gave up in the middle.
    """
    body = object_of(payload)
    choices = body.get("choices")
    choice = object_of(choices[0]) if isinstance(choices, list) and choices else {}
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
    usage = object_of(body.get("usage"))
    named = body.get("model")
    return RawAnswer(
        text=sound_text(next((text for text in texts if isinstance(text, str) and text), "")),
        finish_reason=finish_reason,
        prompt_tokens=count_of(usage.get("prompt_tokens")),
        output_tokens=count_of(usage.get("completion_tokens")),
        model=named if isinstance(named, str) and named else model,
        engine=engine,
    )


def sound_text(text: str) -> str:
    """Return `text` with each lone surrogate, which no encoding can hold, as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def object_of(value: object) -> dict[str, object]:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def count_of(value: object) -> int | None:
    """Return `value` if it is a count, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
