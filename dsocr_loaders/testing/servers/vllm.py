"""vLLM's server.

Sources: vLLM's `entrypoints/chat_utils.py`, `entrypoints/openai/protocol.py` and `entrypoints/openai/api_server.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.testing.rules import Refusal, VllmRules, check_xargs
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

__all__ = ["VllmKind"]


@dataclass(frozen=True, slots=True)
class VllmKind(ServerKind):
    """`vllm serve`.

    Attributes:
        models: names it serves.
        context_tokens: `max_model_len`; None tells and limits none.
        is_strict: whether it refuses what the real server takes and the model cannot use, as `VllmRules` does: tags
            skipped, another temperature, several messages. If not, it answers as the real one does: without tags, or
            garbled.
        version: of vLLM.
        owned_by: what its `/v1/models` says.
        resolution: the mode that it was started in, and its count of prompt tokens then holds those of the image; `""`
            is gundam, and counts words alone, as the other kinds do.
        mm_processor_kwargs: what becomes of a mode that a request names: refused, as by vLLM started without
            `--trust-request-mm-kwargs`; ignored, as by an earlier one; or read, as with this package's plugin.
    """

    name: ClassVar[str] = "vllm"
    server_header: ClassVar[str] = "uvicorn"
    public_paths: ClassVar[frozenset[str]] = frozenset({"/version", "/health", "/ping", "/metrics"})

    models: tuple[str, ...] = ("deepseek-ai/DeepSeek-OCR",)
    context_tokens: int | None = 8192
    is_strict: bool = True
    version: str = "0.32.0"
    owned_by: str = "vllm"
    resolution: str = ""
    mm_processor_kwargs: Literal["refused", "ignored", "read"] = "refused"

    def information(self, path: str) -> Reply | None:
        """Return models, version or health. There is no `/metrics`, as if its route were closed."""
        if path == "/v1/models":
            entries = listing(self.models, self.owned_by, parent=None, max_model_len=self.context_tokens, permission=[])
            data = entries["data"]
            for entry in data if isinstance(data, list) else []:
                entry["root"] = entry["id"]
            return Reply(entries)
        if path == "/version":
            return Reply({"version": self.version})
        return Reply(b"", content_type="text/plain") if path in {"/health", "/ping"} else None

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat completion."""
        del path
        if not self.is_strict:
            return self._taken(object_of(body))
        fields = object_of(body)
        resolution = self._resolution_of(fields)
        prompt, image = VllmRules(self.models, self.context_tokens, resolution).check(body)
        model = str(fields["model"])
        used = vision_tokens(mode_for(model, resolution), image.width_px, image.height_px) + len(prompt.split())
        return Asked(
            model, prompt, _seen(prompt, 1), image, input_tokens=used, most_tokens=count_of(fields, "max_tokens")
        )

    def _resolution_of(self, body: dict[str, object]) -> str:
        """Return the mode in which a request is read."""
        arguments = body.get("mm_processor_kwargs")
        launched = self.resolution or "gundam"
        if not arguments:
            return launched
        if self.mm_processor_kwargs == "refused":
            raise Refusal(400, "BadRequestError", "Per-request mm_processor_kwargs are disabled by default.")
        named = str(object_of(arguments, "mm_processor_kwargs").get("resolution", launched))
        if self.mm_processor_kwargs == "ignored":
            return launched
        try:
            mode_for(str(body.get("model")), named)
        except SettingsError as error:
            raise Refusal(400, "BadRequestError", str(error)) from error
        return named

    def _taken(self, body: dict[str, object]) -> Asked:
        """Return what the real server would make of `body`."""
        model = body.get("model")
        if model not in self.models:
            raise Refusal(404, "NotFoundError", f"The model `{model}` does not exist.")
        texts: list[str] = []
        images: list[RgbImage] = []
        messages = body.get("messages")
        for message in messages if isinstance(messages, list) else []:
            for kind, value in parts_of(object_of(message, "messages").get("content")):
                if kind == "text":
                    texts.append(str(value))
                else:
                    images.append(picture_of(image_url_of(value), "cannot identify image file: {problem}"))
        prompt = "\n".join(texts)  # joined as `chat_utils` joins the texts of one message
        check_xargs(body.get("vllm_xargs"))
        used = input_tokens(str(model), images[0] if images else None, prompt)
        limit = count_of(body, "max_completion_tokens", "max_tokens")
        left = None if self.context_tokens is None else self.context_tokens - used
        if limit is not None and left is not None and limit > left:
            raise Refusal(
                400,
                "BadRequestError",
                f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum context length "
                f"is {self.context_tokens} tokens and your request has {used} input tokens.",
            )
        return Asked(
            str(model),
            prompt,
            _seen(prompt, len(images)),
            images[0] if images else None,
            input_tokens=used,
            most_tokens=left if limit is None else limit,
            prints_special_tokens=body.get("skip_special_tokens") is False,
            temperature=number_of(body, "temperature", 1.0),
        )

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion."""
        del path
        if self.resolution and asked.input_tokens is not None:
            answered = replace(answered, prompt_tokens=asked.input_tokens)
        return Reply(chat_completion(asked, answered, number))

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return vLLM's error body."""
        del path
        if refusal.status == 401:  # noqa: PLR2004 - the status itself
            return Reply({"error": "Unauthorized"}, 401)
        if refusal.status == 404 and refusal.kind == "path":  # noqa: PLR2004 - the status itself
            return Reply({"detail": "Not Found"}, 404)
        return Reply(refusal.body, refusal.status)


def _seen(prompt: str, images: int) -> str:
    """Return what the model gets: for each image that has no `<image>` in the prompt, one before it."""
    missing = images - prompt.count("<image>")
    if missing < 0:
        raise Refusal(
            400,
            "BadRequestError",
            "Found more '<image>' placeholders in input prompt than actual multimodal data items.",
        )
    return "\n".join(["<image>"] * missing + [prompt])
