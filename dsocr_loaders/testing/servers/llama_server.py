"""llama.cpp's server.

Sources: llama.cpp's `common/chat.cpp` (how parts are joined), `server-common.cpp`, `server-context.cpp` and
`server-task.cpp` of its `tools/server` (fields, errors, limits, `/props`), issue 21022 (`--chat-template`), pull
request 23467 (the image comes first). Inferred: that the model wants the line break that it was trained with, which
this server does not put there, and that the text of the model's last token comes at the end of an answer with
`--special`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from dsocr_loaders.testing.servers.kind import CREATED, Asked, Reply, ServerKind, chat_completion
from dsocr_loaders.testing.servers.model import END_OF_ANSWER

if TYPE_CHECKING:
    from dsocr_loaders.testing.servers.model import Answered
    from dsocr_loaders.values import RgbImage

__all__ = ["LlamaServerKind"]

_DEFAULT_TEMPERATURE: Final = 0.8
_MARKER: Final = "<__media__>"
_TRAINED_TOKENS: Final = 8192


@dataclass(frozen=True, slots=True)
class LlamaServerKind(ServerKind):
    """`llama-server -hf ggml-org/DeepSeek-OCR-GGUF`.

    It takes any model's name, keeps the order of the parts and puts no line break beside an image, samples at
    temperature 0.8 unless told otherwise, and stops at the end of its context. Unknown fields are ignored; those of its
    DRY sampler are checked.

    Attributes:
        models: names it serves, the first by default, the others as aliases of it.
        context_tokens: of one slot; None tells and limits none.
        prints_special_tokens: whether it was launched with `--special`.
        has_projector: whether it has its `mmproj` file.
        names_template: whether it was launched with `--chat-template deepseek-ocr`, which loses the image.
        owned_by: what its `/v1/models` says.
    """

    name: ClassVar[str] = "llama-server"
    server_header: ClassVar[str] = "llama.cpp"
    page_paths: ClassVar[frozenset[str]] = frozenset({"/v1/chat/completions", "/chat/completions"})
    public_paths: ClassVar[frozenset[str]] = frozenset({"/health", "/v1/health", "/models", "/v1/models"})
    slots: ClassVar[int | None] = 4

    models: tuple[str, ...] = ("ggml-org/DeepSeek-OCR-GGUF",)
    context_tokens: int | None = 8192
    prints_special_tokens: bool = True
    has_projector: bool = True
    names_template: bool = False
    owned_by: str = "llamacpp"

    def information(self, path: str) -> Reply | None:
        """Return models, health or properties; metrics are not switched on."""
        if path in {"/health", "/v1/health"}:
            return Reply({"status": "ok"})
        if path == "/metrics":
            message = "This server does not support metrics endpoint. Start it with `--metrics`"
            return self.refused(path, Refusal(501, "not_supported_error", message))
        name = self.models[0] if self.models else ""
        if path == "/props":
            return Reply(
                {
                    "default_generation_settings": {"params": {}, "n_ctx": self.context_tokens},
                    "total_slots": self.slots,
                    "model_alias": name,
                    "model_path": f"/models/{name.rpartition('/')[2]}.gguf",
                    "modalities": {"vision": self.has_projector, "audio": False},
                    "build_info": "b9771-0000000",
                }
            )
        if path not in {"/models", "/v1/models"}:
            return None
        capabilities = ["completion", "multimodal"] if self.has_projector else ["completion"]
        entry = {"name": name, "model": name, "type": "model", "capabilities": capabilities}
        meta = {"n_ctx": self.context_tokens, "n_ctx_train": _TRAINED_TOKENS}
        about = {
            "id": name,
            "aliases": list(self.models),
            "object": "model",
            "created": CREATED,
            "owned_by": self.owned_by,
            "meta": meta,
        }
        return Reply({"models": [entry], "object": "list", "data": [about]})

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat completion."""
        del path
        fields = object_of(body)
        if "messages" not in fields:
            raise _bad("'messages' is required")
        prompt, seen, images = self._conversation(fields["messages"])
        _check_dry(fields)
        model = str(fields.get("model") or (self.models[0] if self.models else ""))
        used = input_tokens(model, images[0] if images else None, prompt)
        limit = count_of(fields, "n_predict", "max_completion_tokens", "max_tokens")
        left = None if self.context_tokens is None else self.context_tokens - used
        if left is not None and left < 1:
            raise Refusal(
                400,
                "exceed_context_size_error",
                f"request ({used} tokens) exceeds the available context size ({self.context_tokens} tokens), "
                "try increasing it",
            )
        limits = [most for most in (limit, left) if most is not None and most >= 0]
        return Asked(
            model,
            prompt,
            seen,
            images[0] if images else None,
            input_tokens=used,
            most_tokens=min(limits, default=None),
            prints_special_tokens=self.prints_special_tokens,
            temperature=number_of(fields, "temperature", _DEFAULT_TEMPERATURE),
        )

    def _conversation(self, messages: object) -> tuple[str, str, list[RgbImage]]:
        """Return the words, what the model gets, and the images."""
        if not isinstance(messages, list):
            raise _bad("Expected 'messages' to be an array")
        prompt = seen = ""
        images: list[RgbImage] = []
        for message in messages:
            joined = ""
            was_image = False
            for kind, value in parts_of(object_of(message, "messages").get("content")):
                if kind == "text":
                    prompt += str(value)
                    joined += ("\n" if joined and not was_image else "") + str(value)
                elif not self.has_projector:
                    hint = (
                        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
                    )
                    raise Refusal(500, "server_error", hint)
                else:
                    images.append(picture_of(image_url_of(value), "Failed to load image or audio file"))
                    joined += _MARKER
                was_image = kind != "text"
            seen += joined
        if self.names_template or seen.count(_MARKER) != len(images):
            raise _bad("Failed to tokenize prompt")
        return prompt, seen.replace(_MARKER, "<image>"), images

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion, the last token's text at its end where special tokens are printed."""
        del path
        if self.prints_special_tokens and answered.finish_reason == "stop":
            answered = replace(answered, text=answered.text + END_OF_ANSWER)
        timings = {"prompt_n": answered.prompt_tokens, "predicted_n": answered.output_tokens}
        return Reply(chat_completion(asked, answered, number, system_fingerprint="b9771-0000000", timings=timings))

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return llama-server's error body."""
        del path
        kind, message = refusal.kind, str(refusal)
        if refusal.status == 401:  # noqa: PLR2004 - the status itself
            kind, message = "authentication_error", "Invalid API Key"
        if kind == "path":
            kind, message = "not_found_error", "File Not Found"
        error = {"code": refusal.status, "message": message, "type": kind}
        return Reply({"error": error}, refusal.status)


def _bad(message: str) -> Refusal:
    return Refusal(400, "invalid_request_error", message)


def _check_dry(body: dict[str, object]) -> None:
    for name in ("dry_multiplier", "dry_base"):
        number_of(body, name, 0.0)
    for name in ("dry_allowed_length", "dry_penalty_last_n"):
        count_of(body, name)
    reach = count_of(body, "dry_penalty_last_n")
    if reach is not None and reach < -1:
        raise _bad("Error: dry_penalty_last_n must be >= -1")
    breakers = body.get("dry_sequence_breakers")
    if "dry_sequence_breakers" in body and not (
        isinstance(breakers, list) and breakers and all(isinstance(word, str) for word in breakers)
    ):
        raise _bad("Error: dry_sequence_breakers must be a non-empty array of strings")
