"""Ollama's server: its own interface and the one that OpenAI's clients use.

Sources: ollama's `openai/openai.go` (parts become messages of their own), `server/prompt.go` (`[img-0]` before a
message or where `[img]` stands), `template/template.go` (messages of one role are joined by an empty line),
`api/types.go`, `llm/llama_server.go` (limits). Inferred: that from version 0.30 on, which runs llama-server, special
tokens are not printed, since nothing there asks for them; and that the template of `deepseek-ocr`, which is in Ollama's
library and not in its source, is the prompt alone. What stands between image and prompt is therefore not held against a
client: none, one or two line breaks all pass.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Final

from dsocr_loaders.testing.rules import Refusal
from dsocr_loaders.testing.servers.bodies import (
    count_of,
    image_url_of,
    input_tokens,
    number_of,
    object_of,
    parts_of,
    picture_of,
)
from dsocr_loaders.testing.servers.kind import Asked, Reply, ServerKind, chat_completion, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.testing.servers.model import Answered
    from dsocr_loaders.values import RgbImage

__all__ = ["OllamaKind"]

_DATA_URLS: Final = tuple(f"data:{kind};base64," for kind in ("image/jpeg", "image/jpg", "image/png", "image/webp", ""))
_OPEN_ENDED_CONTEXTS: Final = 10
_SHIFTS_FROM: Final = (0, 30, 10)
_STRIPS_FROM: Final = (0, 30)
_WHOLE_OPTIONS: Final = ("num_ctx", "num_predict", "num_keep", "seed", "top_k", "repeat_last_n")
_WHEN: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class OllamaKind(ServerKind):
    """`ollama serve` with the library's `deepseek-ocr`.

    Its own routes `/api/chat` and `/api/generate` take `images` in bare base64, `options` (`num_ctx`, `num_predict`,
    `temperature`) and `shift`, stream unless told not to, and say `done_reason`. OpenAI's route takes data URLs alone,
    samples at temperature 1 unless told otherwise, and cannot set the context. Without `num_predict` an answer ends at
    ten times the context, or with the context where it does not shift. It reads one page at a time and knows no keys.

    Attributes:
        models: names it has, with their tags; a name without a tag means `:latest`.
        context_tokens: of a request that does not set `num_ctx`.
        version: of Ollama: below 0.30 tags come back, and from 0.30.10 on the context shifts unless told otherwise.
        owned_by: what its `/v1/models` says.
    """

    name: ClassVar[str] = "ollama"
    page_paths: ClassVar[frozenset[str]] = frozenset({"/v1/chat/completions", "/api/chat", "/api/generate"})
    slots: ClassVar[int | None] = 1
    line_breaks: ClassVar[frozenset[int] | None] = frozenset({0, 1, 2})

    models: tuple[str, ...] = ("deepseek-ocr:latest",)
    context_tokens: int | None = 8192
    version: str = "0.31.1"
    owned_by: str = "library"

    @property
    def _number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".") if part.isdecimal())

    def information(self, path: str) -> Reply | None:
        """Return models, in Ollama's form or OpenAI's, or the version."""
        if path == "/":
            return Reply(b"Ollama is running", content_type="text/plain; charset=utf-8")
        if path == "/api/version":
            return Reply({"version": self.version})
        if path == "/v1/models":
            return Reply(listing(self.models, self.owned_by))
        if path != "/api/tags":
            return None
        details = {"format": "gguf", "family": "deepseekocr", "parameter_size": "3.3B", "quantization_level": "F16"}
        entries = [
            {"name": model, "model": model, "modified_at": _WHEN, "size": 6_700_000_000, "details": details}
            for model in self.models
        ]
        return Reply({"models": entries})

    def further(self, path: str, body: object) -> Reply | None:
        """Return what `/api/show` tells of a model."""
        if path != "/api/show":
            return None
        self._named(object_of(body))
        info = {"general.architecture": "deepseekocr", "deepseekocr.context_length": 8192}
        return Reply({"model_info": info, "capabilities": ["completion", "vision"], "parameters": "temperature 0"})

    def _named(self, fields: dict[str, object]) -> str:
        """Return the model that is asked for, which has to be here."""
        model = fields.get("model")
        if not isinstance(model, str) or not model:
            raise Refusal(400, "invalid_request_error", "model is required")
        if model not in self.models and f"{model}:latest" not in self.models:
            raise Refusal(404, "not_found_error", f"model '{model}' not found")
        return model

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat or a generation."""
        fields = object_of(body)
        model = self._named(fields)
        if path == "/v1/chat/completions":
            messages = [message for each in _messages(fields) for message in _split(each)]
            options: dict[str, object] = {"temperature": number_of(fields, "temperature", 1.0)}
            if fields.get("max_tokens") is not None:
                options["num_predict"] = fields["max_tokens"]
            return self._page(model, messages, options, shift=None, is_streamed=fields.get("stream") is True)
        given = fields.get("options")
        options = {"temperature": 0.0, **(given if isinstance(given, dict) else {})}
        for name in _WHOLE_OPTIONS:
            if name in options and (isinstance(options[name], bool) or not isinstance(options[name], int)):
                raise Refusal(400, "invalid_request_error", f'option "{name}" must be of type integer')
        if path == "/api/generate":
            messages = [("user", str(fields.get("prompt", "")), _native_images(fields))]
        else:
            messages = [
                (str(each.get("role", "")), str(each.get("content", "")), _native_images(each))
                for each in _messages(fields)
            ]
        shift = fields.get("shift")
        return self._page(
            model,
            messages,
            options,
            shift=shift if isinstance(shift, bool) else None,
            is_streamed=fields.get("stream") is not False,
        )

    def _page(
        self,
        model: str,
        messages: Sequence[tuple[str, str, Sequence[RgbImage]]],
        options: dict[str, object],
        *,
        shift: bool | None,
        is_streamed: bool,
    ) -> Asked:
        """Return the page that messages (role, words, images) ask for."""
        images = [image for _, _, pictures in messages for image in pictures]
        turns: list[tuple[str, str]] = []
        for role, words, pictures in messages:
            text = words
            for _ in pictures:
                text = text.replace("[img]", "<image>", 1) if "[img]" in text else f"<image>{text}"
            if turns and turns[-1][0] == role:
                turns[-1] = (role, f"{turns[-1][1]}\n\n{text}")
            else:
                turns.append((role, text))
        prompt = "\n".join(words for _, words, _ in messages if words)
        used = input_tokens(model, images[0] if images else None, prompt)
        context = count_of(options, "num_ctx") or self.context_tokens
        limit = count_of(options, "num_predict")
        if context is not None:
            most = _OPEN_ENDED_CONTEXTS * context
            limit = most if limit is None or limit < 0 else min(limit, most)
            if shift is False or (shift is None and self._number < _SHIFTS_FROM and self._number >= _STRIPS_FROM):
                limit = min(limit, max(1, context - used))
        return Asked(
            model,
            prompt,
            "".join(text for _, text in turns),
            images[0] if images else None,
            input_tokens=used,
            most_tokens=limit,
            prints_special_tokens=self._number < _STRIPS_FROM,
            temperature=number_of(options, "temperature", 0.0),
            is_streamed=is_streamed,
        )

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion, or Ollama's own object; a streamed one in two lines of JSON."""
        if path == "/v1/chat/completions":
            return Reply(chat_completion(asked, answered, number, system_fingerprint="fp_ollama"))
        is_chat = path == "/api/chat"
        head: dict[str, object] = {"model": asked.model, "created_at": _WHEN}
        end = {
            "done": True,
            "done_reason": answered.finish_reason,
            "total_duration": 1_000_000,
            "prompt_eval_count": answered.prompt_tokens,
            "eval_count": answered.output_tokens,
        }
        if not asked.is_streamed:
            return Reply({**head, **_said(answered.text, is_chat=is_chat), **end})
        lines = (
            {**head, **_said(answered.text, is_chat=is_chat), "done": False},
            {**head, **_said("", is_chat=is_chat), **end},
        )
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        return Reply(content, content_type="application/x-ndjson")

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return the error as the route shapes it: OpenAI's, Ollama's own, or the framework's text."""
        if refusal.kind == "path":
            return Reply(b"404 page not found", refusal.status, "text/plain")
        if not path.startswith("/v1/"):
            return Reply({"error": str(refusal)}, refusal.status)
        kinds = {HTTPStatus.BAD_REQUEST: "invalid_request_error", HTTPStatus.NOT_FOUND: "not_found_error"}
        kind = kinds.get(HTTPStatus(refusal.status), "api_error")
        error = {"message": str(refusal), "type": kind, "param": None, "code": None}
        return Reply({"error": error}, refusal.status)


def _messages(body: dict[str, object]) -> list[dict[str, object]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal(400, "invalid_request_error", "[] is too short - 'messages'")
    return [object_of(message, "messages") for message in messages]


def _split(message: dict[str, object]) -> list[tuple[str, str, list[RgbImage]]]:
    """Return a message of OpenAI's form as Ollama takes it apart: each part is a message of its own."""
    parts: list[tuple[str, str, list[RgbImage]]] = []
    role = str(message.get("role", ""))
    for kind, value in parts_of(message.get("content")):
        if kind == "text":
            parts.append((role, str(value), []))
            continue
        url = image_url_of(value)
        if url.startswith(("http://", "https://")):
            raise Refusal(
                400,
                "invalid_request_error",
                "image URLs are not currently supported, please use base64 encoded data instead",
            )
        if not url.startswith(_DATA_URLS):
            raise Refusal(400, "invalid_request_error", "invalid image input")
        parts.append((role, "", [picture_of(url, "Failed to load image or audio file")]))
    return parts


def _native_images(body: dict[str, object]) -> list[RgbImage]:
    images = body.get("images")
    pictures: list[RgbImage] = []
    for data in images if isinstance(images, list) else []:
        if not isinstance(data, str) or data.startswith("data:"):
            raise Refusal(400, "invalid_request_error", "illegal base64 data at input byte 4")
        pictures.append(picture_of(data, "Failed to load image or audio file"))
    return pictures


def _said(text: str, *, is_chat: bool) -> dict[str, object]:
    return {"message": {"role": "assistant", "content": text}} if is_chat else {"response": text}
