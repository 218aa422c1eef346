"""What a server says that it serves, and which of its models is meant. Pure, without any network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.families import family_of
from dsocr_loaders.models import MODELS
from dsocr_loaders.settings import Settings

__all__ = ["DEFAULT_MODEL", "ServedModel", "choose_model", "served_models"]

DEFAULT_MODEL: Final[str] = Settings.model_fields["model"].default

_PUBLISHED: Final = frozenset(row.repository for row in MODELS.values())
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


def served_models(payload: object, entries_key: str = "data", name_key: str = "id") -> tuple[ServedModel, ...]:
    """Return what the JSON of a list of models holds, by default OpenAI's `GET /models`.

    Raises:
        EngineRejected: cause `wrong_server`, it is no list of models.
    """
    entries = payload.get(entries_key) if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise engine_error("wrong_server", "it has no list of models")
    return tuple(
        ServedModel(
            id=entry[name_key],
            root=_text(entry.get("root")),
            parent=_text(entry.get("parent")),
            owned_by=_text(entry.get("owned_by")),
            context_tokens=_positive(entry.get("max_model_len")),
        )
        for entry in entries
        if isinstance(entry, dict) and _text(entry.get(name_key))
    )


def choose_model(served: tuple[ServedModel, ...], wanted: str, *, has_catalogue: bool = False) -> ServedModel:
    """Return the model that is meant by `wanted`.

    That is the one of that name; else the one that was loaded from it; else the one whose name differs in its owner,
    its `:latest` or its spelling alone; else, for the name of a published model, the only one of its family
    (`deepseek-ocr:3b`, `DeepSeek-OCR-Q8_0.gguf`). If nobody chose `wanted`, a server's only model is meant, whatever
    it is called, unless the server lists all that it could load (`has_catalogue`).

    Raises:
        EngineRejected: cause `not_found`; the message lists what the server has.
    """
    named = [model for model in served if model.id == wanted] or [model for model in served if model.root == wanted]
    if named:
        return _with_context(named[0], served)
    plain = _plain(wanted)
    same = [model for model in served if plain and plain in {_plain(model.id), _plain(model.root)}]
    if len(same) == 1:
        return _with_context(same[0], served)
    if wanted in _PUBLISHED:
        family = [model for model in served if _says_family(model, family_of(wanted))]
        if len(family) == 1:
            return _with_context(family[0], served)
    if wanted == DEFAULT_MODEL and len(served) == 1 and not has_catalogue and not _needs_own_prompt(served[0]):
        return served[0]
    likely_first = sorted((model.id for model in served), key=lambda name: "ocr" not in name.lower())
    offer = f"it serves {_listed(likely_first)}; name one with model=" if served else "it serves none"
    raise engine_error("not_found", f"there is no model {wanted!r}: {offer}")


def _plain(name: str) -> str:
    """Return a model's name without what does not tell it from another: owner, folder, `:latest`, case and dashes."""
    last = name.rstrip("/").replace("\\", "/").rpartition("/")[2]
    return last.lower().removesuffix(":latest").replace("_", "-")


def _says_family(model: ServedModel, family: str) -> bool:
    """Return whether the names of a model say that it is of the family, of which `deepseek-ocr` is also the default."""
    names = [_plain(name) for name in (model.id, model.root) if name]
    return any(family_of(name) == family and family.removesuffix("-2") in name for name in names)


def _needs_own_prompt(model: ServedModel) -> bool:
    """Return whether a model is of a family that does not know the prompts of the default one."""
    return family_of(f"{model.id} {model.root}") == "unlimited-ocr"


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
