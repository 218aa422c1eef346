"""A hosted interface in OpenAI's shape, as several companies offer DeepSeek-OCR.

Sources: SiliconFlow's clients (literal `<image>` in the text), UCloud's page on DeepSeek-OCR (base64 alone, 8192 tokens
at most), OpenAI's error bodies. What happens behind such an interface is not public: that it puts `<image>` before the
words, or, at SiliconFlow, does not, is inferred from how its clients ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

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

__all__ = ["HostedKind"]

_KNOWN: Final = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "presence_penalty",
        "seed",
        "stop",
        "stream",
        "temperature",
        "top_p",
        "user",
    }
)


@dataclass(frozen=True, slots=True)
class HostedKind(ServerKind):
    """A company's endpoint.

    Attributes:
        models: names it serves.
        context_tokens: of image, prompt and answer; it tells nobody, and more is refused.
        most_tokens: the largest `max_tokens` it takes.
        unknown_fields: what it does with fields that OpenAI's interface does not have.
        image_placeholder: where `<image>` comes from: put before words that have none, as vLLM does it; or out of the
            words as they were sent, as SiliconFlow's clients send it.
        prints_special_tokens: whether tags come back.
        owned_by: what its `/v1/models` says.
    """

    name: ClassVar[str] = "openai"
    server_header: ClassVar[str] = "nginx"

    models: tuple[str, ...] = ("deepseek-ai/DeepSeek-OCR",)
    context_tokens: int | None = 8192
    most_tokens: int = 8192
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    image_placeholder: Literal["as sent", "added"] = "added"
    prints_special_tokens: bool = True
    owned_by: str = "deepseek-ai"

    def information(self, path: str) -> Reply | None:
        """Return models and nothing else."""
        return Reply(listing(self.models, self.owned_by)) if path == "/v1/models" else None

    def asked(self, path: str, body: object) -> Asked:
        """Return the page of a chat completion."""
        del path
        fields = object_of(body)
        model = fields.get("model")
        if model not in self.models:
            message = f"The model `{model}` does not exist or you do not have access to it."
            raise Refusal(404, "model_not_found", message)
        unknown = sorted(set(fields) - _KNOWN)
        if unknown and self.unknown_fields == "refuse":
            raise _bad(f"Unrecognized request argument supplied: {', '.join(unknown)}")
        words: list[str] = []
        images: list[RgbImage] = []
        messages = fields.get("messages")
        for message in messages if isinstance(messages, list) else []:
            for kind, value in parts_of(object_of(message, "messages").get("content")):
                if kind == "text":
                    words.append(str(value))
                else:
                    url = image_url_of(value)
                    if not url.startswith("data:"):
                        raise _bad("only base64 images are supported")
                    images.append(picture_of(url, "the image cannot be read: {problem}"))
        prompt = "".join(words)
        used = input_tokens(str(model), images[0] if images else None, prompt)
        limit = count_of(fields, "max_completion_tokens", "max_tokens")
        if limit is not None and not 1 <= limit <= self.most_tokens:
            raise _bad(f"max_tokens is too large: {limit}. This model supports at most {self.most_tokens}.")
        left = None if self.context_tokens is None else self.context_tokens - used
        if limit is not None and left is not None and limit > left:
            raise _bad(
                f"This model's maximum context length is {self.context_tokens} tokens. However, you requested "
                f"{limit + used} tokens ({used} in the messages, {limit} in the completion)."
            )
        needs_token = self.image_placeholder == "added" and images and "<image>" not in prompt
        return Asked(
            str(model),
            prompt,
            f"<image>\n{prompt}" if needs_token else prompt,
            images[0] if images else None,
            input_tokens=used,
            most_tokens=left if limit is None else limit,
            prints_special_tokens=self.prints_special_tokens,
            temperature=number_of(fields, "temperature", 1.0),
        )

    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the completion."""
        del path
        return Reply(chat_completion(asked, answered, number))

    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return OpenAI's error body."""
        del path
        kind, message, code = "invalid_request_error", str(refusal), refusal.kind
        if refusal.status == 401:  # noqa: PLR2004 - the status itself
            message, code = "Incorrect API key provided.", "invalid_api_key"
        error = {"message": message, "type": kind, "param": None, "code": code}
        return Reply({"error": error}, refusal.status)


def _bad(message: str) -> Refusal:
    return Refusal(400, "invalid_value", message)
