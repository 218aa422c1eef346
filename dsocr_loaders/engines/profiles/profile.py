"""What a server profile is: data, and a pure pair of functions, page to request and reply to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.encode import EncodedImage
    from dsocr_loaders.models import ModelFamily
    from dsocr_loaders.values import RawAnswer, ReadRequest

__all__ = ["HttpRequest", "Question", "ServerFacts", "ServerProfile"]

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What one server told about itself at the first contact.

    Attributes:
        version: of the server, `""` if not told.
    """

    version: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One page, for one server.

    Attributes:
        request: what is asked.
        image: the page, encoded.
        model: the model's name on the server.
        family: what that model is.
        max_tokens: the longest answer.
        facts: what the server told about itself.
    """

    request: ReadRequest
    image: EncodedImage
    model: str
    family: ModelFamily
    max_tokens: int
    facts: ServerFacts


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request without its server: `path` goes behind the base URL, `content` is JSON."""

    method: Literal["POST"]
    path: str
    content: bytes


class WritesBody(Protocol):
    """Returns the JSON body for a question; `image` stands where the page's base64 belongs."""

    def __call__(self, profile: ServerProfile, question: Question, image: str) -> dict[str, object]:
        """Return the body.

        Raises:
            EngineError: the question cannot be said to this server.
        """
        ...


class ReadsReply(Protocol):
    """Returns the answer that the JSON of a success holds."""

    def __call__(self, payload: object, *, model: str, max_tokens: int, engine: str) -> RawAnswer:
        """Return the answer.

        Args:
            payload: the parsed body.
            model: used where the body does not name its model.
            max_tokens: what was asked for; as many tokens are a truncated answer where the server does not say so.
            engine: who answered, for `RawAnswer.engine`.

        Raises:
            EngineRejected: cause `not_understood`, it is no answer.
            EngineUnavailable: cause `cut`, the server gave up in the middle.
        """
        ...


class MakesFields(Protocol):
    """Returns further fields of the body for a question."""

    def __call__(self, question: Question) -> Mapping[str, object]:
        """Return the fields.

        Raises:
            EngineError: the question cannot be said to this server.
        """
        ...


def _no_prefix(family: ModelFamily) -> str:  # noqa: ARG001 - the signature of `ServerProfile.prompt_prefix`
    return ""


def _no_fields(question: Question) -> Mapping[str, object]:  # noqa: ARG001 - the signature of `MakesFields`
    return _NOTHING


class PrefixesPrompt(Protocol):
    """Returns what stands before the prompt of a model."""

    def __call__(self, family: ModelFamily) -> str:
        """Return the words, `""` where the server puts the image token there itself."""
        ...


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """How one kind of server wants to be asked, and how its replies read.

    Attributes:
        name: the word for `server=`.
        title: how messages call it.
        path: what is asked, behind the base URL.
        body, reply: the pair of functions.
        image_form: how an image travels: as a data URL, or as its bare base64.
        resolutions: the modes it offers.
        owners: what the entries of its `/models` say in `owned_by`.
        part_order: order of the message's parts, for a body that has them.
        prompt_prefix: what stands before the prompt.
        fixed_fields: further fields of the body.
        ngram_fields: the fields that stop repetitions.
        resolution_fields: the fields that choose the resolution mode.
    """

    name: str
    title: str
    path: str
    body: WritesBody
    reply: ReadsReply
    resolutions: tuple[str, ...]
    owners: tuple[str, ...] = ()
    image_form: Literal["data_url", "base64"] = "data_url"
    part_order: tuple[Literal["image", "text"], ...] = ("image", "text")
    prompt_prefix: PrefixesPrompt = _no_prefix
    fixed_fields: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    ngram_fields: MakesFields = _no_fields
    resolution_fields: MakesFields = _no_fields
