"""A model's local folder, looked at before vLLM spends half a minute on it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import MODELS

if TYPE_CHECKING:
    from dsocr_loaders.errors import EngineError

__all__ = ["check_folder", "folder_of", "folder_stamp"]

_CONFIG: Final = "config.json"
_TOKENIZERS: Final = ("tokenizer.json", "tokenizer.model")
_WEIGHTS: Final = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.gguf")
_INDEX: Final = "*.safetensors.index.json"
_SEEN_AS_MODEL: Final = ("*.json", *_WEIGHTS)


def folder_of(model: str) -> Path | None:
    """Return the local folder that `model` names, or None for a name on the Hugging Face hub.

    Raises:
        EngineUnavailable: cause `no_engine`, it looks like a folder and there is none.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return path.resolve()
    if path.is_absolute() or model.startswith((".", "~")) or len(path.parts) > 2:  # noqa: PLR2004 - hub names are owner/name
        raise engine_error("no_engine", f"model={model!r}: there is no such folder.")
    return None


def check_folder(folder: Path, architecture: str, *, load_format: str = "auto") -> None:
    """Return if the folder holds what vLLM needs of a model of this architecture.

    Args:
        folder: as `folder_of` gives it.
        architecture: that `config.json` has to name; any if empty.
        load_format: vLLM's; with `dummy` it needs no weights.

    Raises:
        EngineUnavailable: cause `no_engine`, files are missing, which the message names; or the architecture is none
            that this package can ask.
    """
    missing = [] if (folder / _CONFIG).is_file() else [_CONFIG]
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        missing.append(" or ".join(_TOKENIZERS))
    if load_format != "dummy":
        missing += _missing_weights(folder)
    if missing:
        raise engine_error(
            "no_engine",
            f"model={str(folder)!r} is no whole model: it lacks {', '.join(missing)}. A folder is whole as "
            "`hf download NAME --local-dir FOLDER` leaves it.",
        )
    found = _architectures(folder)
    if not architecture or architecture in found:
        return
    raise _unknown(folder, found)


def _missing_weights(folder: Path) -> list[str]:
    listed: set[str] = set()
    for index in folder.glob(_INDEX):
        content = _json(index)
        names = content.get("weight_map")
        listed |= set(names.values()) if isinstance(names, dict) else set()
    if listed:
        return sorted(name for name in listed if not (folder / name).is_file())
    return [] if any(any(folder.glob(pattern)) for pattern in _WEIGHTS) else ["weights (*.safetensors)"]


def _architectures(folder: Path) -> tuple[str, ...]:
    found = _json(folder / _CONFIG).get("architectures")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise engine_error("no_engine", f"model={str(path.parent)!r}: {path.name} cannot be read: {error}.") from error
    return content if isinstance(content, dict) else {}


def _unknown(folder: Path, found: tuple[str, ...]) -> EngineError:
    says = f"says {', '.join(found)}" if found else "names no architecture"
    ours = ", ".join(row.architecture for row in MODELS.values())
    return engine_error(
        "no_engine", f"model={str(folder)!r} is no model that this package can ask: its {_CONFIG} {says}, not {ours}."
    )


def folder_stamp(folder: Path) -> str:
    """Return a word that changes when the model in the folder does: from names, sizes and times of its files."""
    seen = hashlib.sha256()
    for path in sorted({path for pattern in _SEEN_AS_MODEL for path in folder.glob(pattern)}):
        state = path.stat()
        seen.update(f"{path.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return f"#{seen.hexdigest()[:12]}"
