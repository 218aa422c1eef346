"""A model folder as a hub repository has it: what is missing in it, and what names its contents."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder_digest", "missing_parts"]

_TOKENIZERS: Final = ("tokenizer.json", "tokenizer.model", "vocab.json")
_INDEXES: Final = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_WEIGHTS: Final = ("*.safetensors", "pytorch_model*.bin")
_POINTER: Final = b"version https://git-lfs"
_SMALL_BYTES: Final = 1_000_000


def missing_parts(folder: Path) -> str:
    """Return what a model folder lacks, in words; `""` if nothing."""
    if not (folder / "config.json").is_file():
        if any(folder.glob("*.gguf")):
            return "it holds GGUF files, which are for llama.cpp and Ollama; name the original model"
        return "it has no config.json"
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        return f"it has no tokenizer ({', '.join(_TOKENIZERS)})"
    absent = _absent_code(folder)
    if absent:
        return f"its config.json names code that it does not have: {', '.join(absent)}"
    return _missing_weights(folder)


def _missing_weights(folder: Path) -> str:
    weights = [path for pattern in _WEIGHTS for path in sorted(folder.glob(pattern))]
    absent = _absent_shards(folder)
    if absent:
        return f"weights are missing: {', '.join(absent)}; its download was not finished"
    if not weights:
        return f"it has no weights ({', '.join(_WEIGHTS)})"
    pointer = next((path for path in weights if _is_pointer(path)), None)
    return f"{pointer.name} is a pointer of Git LFS and no weights; run `git lfs pull` in it" if pointer else ""


def _absent_shards(folder: Path) -> list[str]:
    """Return the files that an index of weights names and that are not there."""
    named: set[str] = set()
    for name in _INDEXES:
        shards = _json_of(folder / name).get("weight_map")
        named |= set(map(str, shards.values())) if isinstance(shards, dict) else set()
    return sorted(name for name in named if not (folder / name).is_file())


def _absent_code(folder: Path) -> list[str]:
    """Return the modules of its own code that are not there; one in another repository is written with `--`."""
    auto_map = _json_of(folder / "config.json").get("auto_map")
    classes = [value for value in auto_map.values() if isinstance(value, str)] if isinstance(auto_map, dict) else []
    modules = {f"{name.rpartition('.')[0]}.py" for name in classes if "--" not in name}
    return sorted(name for name in modules if not (folder / name).is_file())


def _json_of(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_POINTER)) == _POINTER
    except OSError:
        return False


def folder_digest(folder: Path) -> str:
    """Return twelve hex digits that change when a file of the folder does.

    Small files count by what they hold, weights by size and time of change: to read gigabytes costs too much.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith("."):
            continue
        facts = path.stat()
        digest.update(f"{path.name} {facts.st_size} ".encode())
        if facts.st_size <= _SMALL_BYTES:
            digest.update(path.read_bytes())
        else:
            digest.update(str(facts.st_mtime_ns).encode())
    return digest.hexdigest()[:12]
