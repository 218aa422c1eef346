"""What a server says that it serves, and which of its models is meant. Pure, without any network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.settings import Settings

if TYPE_CHECKING:
    from dsocr_loaders.engines.profiles import ServerProfile

__all__ = ["DEFAULT_MODEL", "ServedModel", "choose_model", "recognise", "served_models"]

DEFAULT_MODEL: Final[str] = Settings.model_fields["model"].default

_MOST_SHOWN: Final = 10
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One entry of a server's `/models`.

    Attributes:
        id: the name to ask for; vLLM's `--served-model-name` may have changed it.
        root: what was loaded under that name, a hub name or folder; `""` if not told.
        parent: for a LoRA adapter, the model that it belongs to; else `""`.
        owned_by: the kind of server, `""` if not told.
        context_tokens: `max_model_len`; None if not told.
    """

    id: str
    root: str = ""
    parent: str = ""
    owned_by: str = ""
    context_tokens: int | None = None


def served_models(payload: object) -> tuple[ServedModel, ...]:
    """Return what the JSON of `GET /models` lists.

    Raises:
        EngineRejected: cause `wrong_server`, it is no list of models.
    """
    entries = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise engine_error("wrong_server", "it has no list of models")
    return tuple(
        ServedModel(
            id=entry["id"],
            root=_text(entry.get("root")),
            parent=_text(entry.get("parent")),
            owned_by=_text(entry.get("owned_by")),
            context_tokens=_positive(entry.get("max_model_len")),
        )
        for entry in entries
        if isinstance(entry, dict) and _text(entry.get("id"))
    )


def recognise(served: tuple[ServedModel, ...], profile: ServerProfile) -> None:
    """Return if the models are served by `profile`'s kind of server.

    Raises:
        EngineRejected: cause `wrong_server`; the message says what was found.
    """
    if any(model.owned_by in profile.owners for model in served):
        return
    owners = sorted({model.owned_by for model in served} - {""})
    found = f"its models are owned by {_listed(owners)}" if owners else "its list of models names no owner"
    raise engine_error(
        "wrong_server",
        f"{found}, where {profile.title} says {profile.owners[0]!r}. This release speaks {profile.title} only; "
        f'if it is {profile.title} behind a gateway, say so with server="{profile.name}"',
    )


def choose_model(served: tuple[ServedModel, ...], wanted: str) -> ServedModel:
    """Return the model that is meant by `wanted`: the one of that name, else the one that was loaded from it.

    If nobody chose `wanted`, a server's only model is meant, whatever it is called.

    Raises:
        EngineRejected: cause `not_found`; the message lists what the server has.
    """
    for model in served:
        if model.id == wanted:
            return _with_context(model, served)
    for model in served:
        if model.root == wanted:
            return _with_context(model, served)
    if wanted == DEFAULT_MODEL and len(served) == 1:
        return served[0]
    offer = f"it serves {_listed([model.id for model in served])}; name one with model=" if served else "it serves none"
    raise engine_error("not_found", f"there is no model {wanted!r}: {offer}")


def _with_context(model: ServedModel, served: tuple[ServedModel, ...]) -> ServedModel:
    """Return `model`; a LoRA adapter, which tells no context, with that of its parent."""
    if model.context_tokens is not None:
        return model
    told = next((other.context_tokens for other in served if other.id == model.parent), None)
    return ServedModel(model.id, model.root, model.parent, model.owned_by, told)


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:_LONGEST_NAME]) for name in names[:_MOST_SHOWN])
    return shown if len(names) <= _MOST_SHOWN else f"{shown} and {len(names) - _MOST_SHOWN} more"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
