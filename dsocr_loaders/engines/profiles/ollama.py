"""Ollama: its own `/api/chat`, and its OpenAI route.

The own route is asked where the URL does not end in `/v1`; it alone can set the context and forbid that the context
is shifted. Sources: ollama/ollama `api/types.go` (`shift`, `stream`), `server/prompt.go` (an image's tag goes before
the content of its message), `openai/openai.go` (each part becomes a message, data URLs alone), `llm/llama_server.go`
(up to ten times the context unless `num_predict` says less; special tokens are not printed). There is no rule against
repetitions to ask for: its penalty on single tokens, which helps little (issue 13345), would punish every digit of a
table that came before.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.profiles.chat import CHAT_PATH, answer_of, chat_body, count_of, object_of, sound_text
from dsocr_loaders.engines.profiles.profile import KnownFault, ServerFacts, ServerProfile
from dsocr_loaders.errors import engine_error
from dsocr_loaders.values import RawAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.profiles.profile import Question

__all__ = ["OLLAMA", "OLLAMA_OPENAI"]

_VERSION: Final = "/api/version"
_FIRST_WITH_LLAMA_SERVER: Final = (0, 30)
_FIRST_WITH_MODEL: Final = (0, 13)


def _body(profile: ServerProfile, question: Question, image: str) -> dict[str, object]:
    """Return the body of `POST /api/chat`. The image's tag is put directly before the content."""
    request = question.request
    return {
        "model": question.model,
        "messages": [
            {
                "role": "user",
                "content": profile.prompt_prefix(question.family) + request.prompt,
                "images": [image],
            }
        ],
        "stream": False,
        "shift": False,
        "options": {
            "temperature": request.decoding.temperature,
            "num_ctx": question.family.context_tokens,
            "num_predict": question.max_tokens,
        },
    }


def _reply(payload: object, *, model: str, max_tokens: int, engine: str) -> RawAnswer:  # noqa: ARG001 - max_tokens: the signature of `ReadsReply`; Ollama says when an answer was cut off
    """Return the answer that the JSON of `/api/chat` holds."""
    body = object_of(payload)
    if "error" in body:
        raise engine_error("not_understood", "it reports an error")
    text = object_of(body.get("message")).get("content")
    if not isinstance(text, str):
        raise engine_error("not_understood", "there is no message.content")
    said = body.get("done_reason")
    finish_reason = next((word for word in ("stop", "length") if word == said), None)
    if body.get("done") is False or (finish_reason is None and said is not None):
        raise engine_error("cut", f"the server gave up in the middle (done_reason {str(said)[:40]!r})")
    named = body.get("model")
    return RawAnswer(
        text=sound_text(text),
        finish_reason=finish_reason,
        prompt_tokens=count_of(body.get("prompt_eval_count")),
        output_tokens=count_of(body.get("eval_count")),
        model=named if isinstance(named, str) and named else model,
        engine=engine,
    )


def _facts(told: Mapping[str, object]) -> ServerFacts:
    said = object_of(told.get(_VERSION)).get("version")
    version = said if isinstance(said, str) else ""
    numbers = _numbers(version)
    notes = ("DeepSeek-OCR needs Ollama 0.13 or newer.",) if numbers and numbers < _FIRST_WITH_MODEL else ()
    return ServerFacts(version=version, notes=notes)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version; none for one that is not told, or a build of somebody's own, 0.0.0."""
    found = re.match(r"(\d+)\.(\d+)", version)
    numbers = tuple(int(number) for number in found.groups()) if found else ()
    return numbers if any(numbers) else ()


def _tags_advice(facts: ServerFacts) -> str:
    others = "vLLM, SGLang, and llama-server with --special keep them"
    if not _numbers(facts.version) or _numbers(facts.version) >= _FIRST_WITH_LLAMA_SERVER:
        which = f"Ollama {facts.version}" if facts.version else "Ollama"
        return f"{which} has no option to keep them (none has since 0.30); {others}, and so does Ollama 0.13 to 0.29."
    return f"{others}."


OLLAMA = ServerProfile(
    name="ollama",
    title="Ollama",
    path="/api/chat",
    body=_body,
    reply=_reply,
    tags_advice=_tags_advice,
    models_path="/api/tags",
    models_keys=("models", "name"),
    has_catalogue=True,
    image_form="base64",
    resolution_advice="Ollama has no choice of modes.",
    usual_in_flight=4,
    told_by=(_VERSION,),
    facts=_facts,
    known_faults=(
        KnownFault("does not support image", "wrong_server", "The model is none that sees; name another with model=."),
    ),
)

OLLAMA_OPENAI = replace(
    OLLAMA,
    title="Ollama (OpenAI route)",
    path=CHAT_PATH,
    body=chat_body,
    reply=answer_of,
    models_path="/models",
    models_keys=("data", "id"),
    owners=("library",),
    image_form="data_url",
)
