"""The server of TimmyOVO/deepseek-ocr.rs.

Sources: `crates/server/src/routes.rs`, `generation.rs`, `models.rs`, `state.rs`, `app.rs`, and `crates/core/src/
inference.rs` (defaults). Error pages of the framework, Rocket, are HTML.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import responses
from typing import TYPE_CHECKING, ClassVar, Final

from dsocr_loaders.testing.rules import Refusal
from dsocr_loaders.testing.servers.bodies import count_of, image_url_of, number_of, object_of, parts_of, picture_of
from dsocr_loaders.testing.servers.kind import CREATED, Asked, Reply, ServerKind, chat_completion

if TYPE_CHECKING:
    from dsocr_loaders.testing.servers.model import Answered
    from dsocr_loaders.values import RgbImage

__all__ = ["DeepSeekOcrRsKind"]

_DEFAULT_TOKENS: Final = 512
_DEFAULT_NGRAM: Final = 20
_IMAGE_REQUIRED: Final = (
    "\u26a0\ufe0f **Image Required**\n\n"
    "- This OCR backend expects at least one `<image>` placeholder or attached image.\n"
)


@dataclass(frozen=True, slots=True)
class DeepSeekOcrRsKind(ServerKind):
    """`deepseek-ocr-server`.

    It lists every model that it could load, DeepSeek's or not, and loads the one that is asked for. It looks at the
    last user message and the system messages before it, walks the parts of a message backwards, reads one page at a
    time, answers at most 512 tokens unless told otherwise, prints no special token, and always says `stop`. No sequence
    of 20 tokens comes twice in its answers, unless told otherwise; where one would, this scripted server garbles the
    answer. It knows no keys.

    Attributes:
        models: names in its list.
    """

    name: ClassVar[str] = "deepseek-ocr-rs"
    server_header: ClassVar[str] = "Rocket"
    slots: ClassVar[int | None] = 1

    models: tuple[str, ...] = (
        "deepseek-ocr",
        "deepseek-ocr-q4k",
        "deepseek-ocr-q6k",
        "deepseek-ocr-q8k",
        "deepseek-ocr-2",
        "paddleocr-vl",
        "dots-ocr",
        "glm-ocr",
    )

    def information(self, path: str) -> Reply | None:
        """Return models or health."""
        if path == "/v1/health":
            return Reply(b"ok", content_type="text/plain; charset=utf-8")
        if path != "/v1/models":
            return None
        entries = [
            {"id": model, "object": "model", "created": CREATED, "owned_by": _owner(model)} for model in self.models
        ]
        return Reply({"object": "list", "data": entries})

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat completion."""
        del path
        fields = object_of(body)
        model = fields.get("model")
        if not isinstance(model, str):
            raise Refusal(422, "json", "missing field `model`")
        if model not in self.models:
            raise _bad(f"requested model `{model}` is not available")
        prompt, seen, images = _flattened(fields)
        if "<image>" not in seen:
            return Asked(model, prompt, seen, None, says=_IMAGE_REQUIRED)
        if seen.count("<image>") != len(images):
            raise _bad(
                f"prompt/image embedding mismatch: {seen.count('<image>')} placeholders, {len(images)} embeddings"
            )
        ngram = count_of(fields, "no_repeat_ngram_size")
        limit = count_of(fields, "max_new_tokens", "max_tokens")
        if limit is not None and limit < 0:
            raise Refusal(422, "json", "invalid value: expected usize")
        return Asked(
            model,
            prompt,
            seen,
            images[0],
            most_tokens=_DEFAULT_TOKENS if limit is None else limit,
            prints_special_tokens=False,
            temperature=number_of(fields, "temperature", 0.0) if fields.get("do_sample") is True else 0.0,
            whole_history_ngram=_DEFAULT_NGRAM if ngram is None else ngram,
            garbled_because="" if _owner(model) == "deepseek-ocr" else f"{model} is a model of another family",
        )

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion, or a 500 for an empty one."""
        del path
        if asked.says is not None:
            empty = replace(answered, finish_reason="stop", prompt_tokens=0, output_tokens=0)
            return Reply(chat_completion(asked, empty, number))
        text = answered.text.replace("\r\n", "\n").strip()
        if not text and not answered.output_tokens:
            raise Refusal(
                500,
                "internal_error",
                "generation failed: model returned empty output (response_tokens=0 and text is empty)",
            )
        reason = "stop" if answered.finish_reason == "length" else answered.finish_reason
        return Reply(chat_completion(asked, replace(answered, text=text, finish_reason=reason), number))

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return the server's error body, or Rocket's page for what never reached it."""
        del path
        kinds = {400: "invalid_request_error", 500: "internal_error"}
        if refusal.status not in kinds:
            phrase = f"{refusal.status}: {responses.get(refusal.status, 'Unknown')}"
            page = f"<!DOCTYPE html><html><head><title>{phrase}</title></head><body><h1>{phrase}</h1></body></html>"
            return Reply(page.encode(), refusal.status, "text/html; charset=utf-8")
        return Reply({"error": {"message": str(refusal), "type": kinds[refusal.status]}}, refusal.status)


def _owner(model: str) -> str:
    """Return the family that a model's entry names as its owner."""
    families = ("deepseek-ocr", "paddleocr-vl", "dots-ocr", "glm-ocr")
    return next((family for family in families if model.startswith(family)), "deepseek-ocr")


def _bad(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "invalid_request_error", message)


def _flattened(body: dict[str, object]) -> tuple[str, str, list[RgbImage]]:
    """Return the words, what the model gets, and the images."""
    messages = body.get("messages")
    messages = [object_of(message, "messages") for message in messages] if isinstance(messages, list) else []
    last = max((index for index, message in enumerate(messages) if message.get("role") == "user"), default=None)
    if last is None:
        raise _bad("request must include at least one user message")
    sections: list[str] = []
    words: list[str] = []
    images: list[RgbImage] = []
    for message in [each for each in messages[:last] if each.get("role") == "system"] + [messages[last]]:
        section = ""
        for kind, value in reversed(list(parts_of(message.get("content", "")))):
            if kind == "text":
                words.append(str(value))
                section += ("\n" if section else "") + str(value)
            else:
                url = image_url_of(value)
                if not url.startswith("data:"):
                    raise _bad("only data: URIs or http(s) image URLs are supported")
                images.append(picture_of(url, "failed to decode inline image: {problem}"))
                section += "<image>"
        if section.strip():
            sections.append(section.strip())
    if not sections and not images:
        raise _bad("user content must include text or images")
    return "\n".join(words), "\n\n".join(sections).strip(), images
