"""SGLang's server.

Sources: SGLang's `srt/parser/conversation.py` (template `deepseek-ocr`, pull request 12358), `srt/managers/
tokenizer_manager.py` (lengths, logit processor), `srt/entrypoints/http_server.py` and `openai/protocol.py`. That two
image tokens for one image garble the answer is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

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
    from dsocr_loaders.testing.servers.model import Answered
    from dsocr_loaders.values import RgbImage

__all__ = ["SglangKind"]


@dataclass(frozen=True, slots=True)
class SglangKind(ServerKind):
    """`python -m sglang.launch_server`.

    It takes any model's name, puts `<image>` and a line break before the words whatever they are, skips special tokens
    unless told otherwise, samples at temperature 1 unless told otherwise, and refuses a total of image, prompt and
    `max_tokens` that reaches the context.

    Attributes:
        models: names it serves; the first is also its path.
        context_tokens: of the model; None tells and limits none.
        has_custom_logit_processor: whether it was launched with `--enable-custom-logit-processor`; if not, a
            `custom_logit_processor` is refused, and `custom_params` alone are taken and do nothing.
        version: of SGLang.
        owned_by: what its `/v1/models` says.
    """

    name: ClassVar[str] = "sglang"
    server_header: ClassVar[str] = "uvicorn"
    public_paths: ClassVar[frozenset[str]] = frozenset({"/health", "/health_generate", "/metrics"})

    models: tuple[str, ...] = ("deepseek-ai/DeepSeek-OCR",)
    context_tokens: int | None = 8192
    has_custom_logit_processor: bool = False
    version: str = "0.5.20"
    owned_by: str = "sglang"

    def information(self, path: str) -> Reply | None:
        """Return models, health, or what tells SGLang apart. There is no `/metrics` without `--enable-metrics`."""
        if path == "/v1/models":
            first = self.models[0] if self.models else ""
            return Reply(
                listing(self.models, self.owned_by, root=first, parent=None, max_model_len=self.context_tokens)
            )
        if path in {"/get_model_info", "/model_info"}:
            first = self.models[0] if self.models else ""
            return Reply({"model_path": first, "tokenizer_path": first, "is_generation": True})
        if path in {"/get_server_info", "/server_info"}:
            first = self.models[0] if self.models else ""
            return Reply(
                {
                    "model_path": first,
                    "context_length": self.context_tokens,
                    "enable_custom_logit_processor": self.has_custom_logit_processor,
                    "max_running_requests": None,
                    "internal_states": [],
                    "version": self.version,
                }
            )
        return Reply(b"", content_type="text/plain") if path in {"/health", "/health_generate"} else None

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat completion."""
        del path
        fields = object_of(body)
        if fields.get("custom_logit_processor") is not None and not self.has_custom_logit_processor:
            raise Refusal(
                400,
                "BadRequestError",
                "The server is not configured to enable custom logit processor. Please set "
                "`--enable-custom-logit-processor` to enable this feature.",
            )
        prompt, seen, images = self._conversation(fields)
        model = str(fields.get("model", self.models[0] if self.models else ""))
        used = input_tokens(model, images[0] if images else None, prompt)
        limit = count_of(fields, "max_completion_tokens", "max_tokens")
        if limit is not None and limit < 1:
            raise Refusal(400, "BadRequestError", f"max_new_tokens must be at least 0, got {limit}.")
        context = self.context_tokens
        if limit is not None and context is not None and limit + used >= context:
            raise Refusal(
                400,
                "BadRequestError",
                f"Requested token count exceeds the model's maximum context length of {context} tokens. You requested "
                f"a total of {limit + used} tokens: {used} tokens from the input messages and {limit} tokens for the "
                "completion.",
            )
        return Asked(
            model,
            prompt,
            seen,
            images[0] if images else None,
            input_tokens=used,
            most_tokens=limit if limit is not None or context is None else context - used - 1,
            prints_special_tokens=fields.get("skip_special_tokens") is False,
            temperature=number_of(fields, "temperature", 1.0),
        )

    def _conversation(self, body: dict[str, object]) -> tuple[str, str, list[RgbImage]]:
        """Return the words, what the model gets, and the images."""
        messages = body.get("messages")
        if not isinstance(messages, list):
            raise Refusal(400, "BadRequestError", "The messages should be a list of dict.")
        prompt = seen = ""
        images: list[RgbImage] = []
        for message in messages:
            if object_of(message, "messages").get("role") == "system":
                continue  # the template has no place for it
            for kind, value in parts_of(message.get("content")):
                if kind == "text":
                    prompt += str(value)
                    seen += str(value)
                else:
                    images.append(picture_of(image_url_of(value), "Error while loading data ImageData: {problem}"))
                    seen = "<image>\n" + seen
        return prompt, seen, images

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion."""
        del path
        return Reply(chat_completion(asked, answered, number, metadata={"weight_version": "default"}))

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return SGLang's error body, which has no object around it."""
        del path
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            return Reply({"error": "Unauthorized"}, refusal.status)
        if refusal.kind == "path":
            return Reply({"detail": "Not Found"}, refusal.status)
        error = {"object": "error", "message": str(refusal), "type": "BadRequestError", "param": None}
        return Reply({**error, "code": refusal.status}, refusal.status)
