"""What a kind of server has to say: what it takes, what its model gets to see, and how it answers."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from dsocr_loaders.testing.rules import Refusal
    from dsocr_loaders.testing.servers.model import Answered
    from dsocr_loaders.values import RgbImage

__all__ = ["CREATED", "Asked", "Reply", "ServerKind", "chat_completion", "listing"]

CREATED: Final = 1_750_000_000  # the same on every run, so that answers can be compared


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: JSON, or bytes as they are."""

    payload: object
    status: int = 200
    content_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The body."""
        return self.payload if isinstance(self.payload, bytes) else json.dumps(self.payload).encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One page that a server was asked to read, once its rules have let it in.

    Attributes:
        model: the name that was asked for.
        prompt: the words, as they were sent.
        seen: what the model gets: the words with `<image>` where the image is.
        image: the decoded picture; None if there is none.
        input_tokens: of image and words; None where this kind does not count.
        most_tokens: the longest answer; None if nothing limits it.
        prints_special_tokens: whether tags and table cells come back.
        temperature: at which the answer is sampled.
        whole_history_ngram: length of the token sequences that may not come twice in an answer; 0 allows all.
        is_streamed: whether the answer goes out piece by piece.
        says: what the server answers without asking its model; None if it asks.
        garbled_because: what is known here already to garble the answer, or `""`.
    """

    model: str
    prompt: str
    seen: str
    image: RgbImage | None
    input_tokens: int | None = None
    most_tokens: int | None = None
    prints_special_tokens: bool = True
    temperature: float = 0.0
    whole_history_ngram: int = 0
    is_streamed: bool = False
    says: str | None = None
    garbled_because: str = ""


@dataclass(frozen=True, slots=True)
class ServerKind(ABC):
    """One kind of server, as it was launched.

    Attributes:
        models: names it serves.
        name: the word for `ScriptedServer(kind=...)`.
        server_header: what it says in the header `Server`; `""` sends none.
        page_paths: where it is asked for a page, with POST.
        public_paths: what it tells without a key.
        slots: pages that it reads at once, while others wait; None for any number.
        line_breaks: how many may stand between image and prompt; None: as many as the model was trained with.
    """

    name: ClassVar[str]
    server_header: ClassVar[str] = ""
    page_paths: ClassVar[frozenset[str]] = frozenset({"/v1/chat/completions"})
    public_paths: ClassVar[frozenset[str]] = frozenset()
    slots: ClassVar[int | None] = None
    line_breaks: ClassVar[frozenset[int] | None] = None

    models: tuple[str, ...]

    @abstractmethod
    def information(self, path: str) -> Reply | None:
        """Return what `GET path` tells about the server; None if there is no such path."""

    def further(self, path: str, body: object) -> Reply | None:  # noqa: ARG002 - for kinds that have such a path
        """Return what `POST path` gives that is no page; None if there is no such path.

        Raises:
            Refusal: a rule of this kind is broken.
        """
        return None

    @abstractmethod
    def asked(self, path: str, body: object) -> Asked:
        """Return the page that `POST path` asks for.

        Raises:
            Refusal: a rule of this kind is broken.
        """

    @abstractmethod
    def reply(self, path: str, asked: Asked, answered: Answered, number: int) -> Reply:
        """Return the answer, in the form of `path`.

        Raises:
            Refusal: this kind refuses to give such an answer.
        """

    @abstractmethod
    def refused(self, path: str, refusal: Refusal) -> Reply:
        """Return the error body that this kind has for `refusal`."""


def listing(models: tuple[str, ...], owned_by: str, **further: object) -> dict[str, object]:
    """Return a `/v1/models` as OpenAI shapes it, with `further` fields for each model."""
    entries = [
        {"id": model, "object": "model", "created": CREATED, "owned_by": owned_by, **further} for model in models
    ]
    return {"object": "list", "data": entries}


def chat_completion(asked: Asked, answered: Answered, number: int, **further: object) -> dict[str, object]:
    """Return a chat completion as OpenAI shapes it, with `further` fields."""
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": CREATED,
        "model": asked.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answered.text},
                "finish_reason": answered.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": answered.prompt_tokens,
            "completion_tokens": answered.output_tokens,
            "total_tokens": answered.prompt_tokens + answered.output_tokens,
        },
        **further,
    }
