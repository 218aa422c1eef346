"""What a server profile is: data, and a pure pair of functions, page to request and reply to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dsocr_loaders.engines.encode import EncodedImage
    from dsocr_loaders.models import ModelFamily
    from dsocr_loaders.values import RawAnswer, ReadRequest

__all__ = ["HttpRequest", "KnownFault", "Question", "ReadsReply", "ServerFacts", "ServerProfile", "WritesBody"]

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What one server told about itself at the first contact.

    Attributes:
        version: of the server, `""` if not told.
        context_tokens: that image, prompt and answer share in one request; None if not told.
        slots: how many requests it works on at the same time; None if not told.
        resolutions: modes that it says it has, beyond those that every server of its kind has.
        mode_is_fixed: whether it reads in the mode that was asked for because it was started so, and is not asked.
        takes_processors: whether it runs a logits processor that a request brings (SGLang); None if not told.
        notes: what is worth a line in the log, as whole sentences.
    """

    version: str = ""
    context_tokens: int | None = None
    slots: int | None = None
    resolutions: tuple[str, ...] = ()
    mode_is_fixed: bool = False
    takes_processors: bool | None = None
    notes: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class KnownFault:
    """An error that a server is known for.

    Attributes:
        says: words of its message that no other error has.
        cause: what it counts as, see the table of `dsocr_loaders.errors`.
        advice: what to do, a whole sentence.
    """

    says: str
    cause: str
    advice: str


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


def _no_prefix(family: ModelFamily) -> str:  # noqa: ARG001 - the signature of `ServerProfile.prompt_prefix`
    return ""


def _no_fields(question: Question) -> Mapping[str, object]:  # noqa: ARG001 - the signature of `ngram_fields`
    return _NOTHING


def _gundam_and_what_it_says(family: ModelFamily, facts: ServerFacts) -> tuple[str, ...]:  # noqa: ARG001 - the signature of `ServerProfile.resolutions`
    return ("gundam", *facts.resolutions)


def _no_facts(told: Mapping[str, object]) -> ServerFacts:  # noqa: ARG001 - the signature of `ServerProfile.facts`
    return ServerFacts()


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """How one kind of server wants to be asked, and how its replies read.

    Attributes:
        name: the word for `server=`.
        title: how messages call it.
        path: what is asked, behind the base URL.
        body, reply: the pair of functions.
        owners: what the entries of its `/models` say in `owned_by`, where that is its own name.
        models_path: its list of models, behind the base URL.
        models_keys: where the entries stand in it, and the names in them.
        models_list: whether there has to be such a list; `optional` where hosts may have none, `partial` where they
            moreover may leave out what they serve.
        has_catalogue: whether the list is what could be loaded, of all kinds, instead of what was loaded for pages.
        image_form: how an image travels: as a data URL, or as its bare base64.
        part_order: order of the message's parts, for a body that has them.
        prompt_prefix: what stands before the prompt of a model; `""` where the server puts the image token there.
        fixed_fields: further fields of the body.
        ngram_fields: the fields that stop repetitions.
        resolution_fields: the fields that choose the resolution mode.
        resolutions: the modes that it offers for a model.
        tells_resolutions: whether `facts` may add to them.
        tries_resolutions: whether a mode that it may or may not have is tried out, see `engines.mode_trial`.
        shows_mode: whether its count of prompt tokens holds those of the image, and so tells a mode from another.
        resolution_advice: how to get the others, a whole sentence.
        most_tokens: the longest answer it may be asked for, whatever the context; None without such a limit.
        most_in_flight: how many requests at a time ever make sense; None if that is found while reading.
        usual_in_flight: how many make sense unless the user names a number; None if that is found while reading.
        tells_load: whether its `/metrics` say how many requests run and wait.
        told_by: what to ask at the first contact, behind the server's root (the base URL without `/v1`).
        facts: what follows from these replies: path -> parsed JSON, those that failed left out.
        tags_advice: for a server whose answers come without special tokens: what mends it, a whole sentence.
        known_faults: errors it is known for.
    """

    name: str
    title: str
    path: str
    body: WritesBody
    reply: ReadsReply
    tags_advice: Callable[[ServerFacts], str]
    owners: tuple[str, ...] = ()
    models_path: str = "/models"
    models_keys: tuple[str, str] = ("data", "id")
    models_list: Literal["complete", "optional", "partial"] = "complete"
    has_catalogue: bool = False
    image_form: Literal["data_url", "base64"] = "data_url"
    part_order: tuple[Literal["image", "text"], ...] = ("image", "text")
    prompt_prefix: Callable[[ModelFamily], str] = _no_prefix
    fixed_fields: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    ngram_fields: Callable[[Question], Mapping[str, object]] = _no_fields
    resolution_fields: Callable[[Question], Mapping[str, object]] = _no_fields
    resolutions: Callable[[ModelFamily, ServerFacts], tuple[str, ...]] = _gundam_and_what_it_says
    tells_resolutions: bool = False
    tries_resolutions: bool = False
    shows_mode: bool = False
    resolution_advice: str = "Its mode is fixed when it is built or started."
    most_tokens: int | None = None
    most_in_flight: int | None = None
    usual_in_flight: int | None = None
    tells_load: bool = False
    told_by: tuple[str, ...] = ()
    facts: Callable[[Mapping[str, object]], ServerFacts] = _no_facts
    known_faults: tuple[KnownFault, ...] = ()
