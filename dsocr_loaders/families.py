"""Which model a name or a folder belongs to: what decides its prompts, its modes and how it decodes.

A folder says so itself, in its `config.json`, whatever it is called. A name on the hub, or of a server's model, is
looked at for the words of the published names, which quantised copies and fine-tunes usually keep.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["family_of"]

_BY_ARCHITECTURE: Mapping[str, str] = MappingProxyType(
    {
        "DeepseekOCRForCausalLM": "deepseek-ocr",
        "DeepseekOCR2ForCausalLM": "deepseek-ocr-2",
        "DeepseekOcr2ForConditionalGeneration": "deepseek-ocr-2",  # as transformers has it
        "UnlimitedOCRForCausalLM": "unlimited-ocr",
    }
)
_LARGEST_CONFIG_BYTES: Final = 1_000_000


def family_of(model: str) -> str:
    """Return the family of a model: `deepseek-ocr`, `deepseek-ocr-2` or `unlimited-ocr`; the first if nothing says.

    Args:
        model: a name, or the path of a folder, whose `config.json` is read, again when it has changed.
    """
    told = _told_by_folder(model)
    if told:
        return told
    name = model.lower().replace("_", "-")
    if "unlimited-ocr" in name:
        return "unlimited-ocr"
    if re.search(r"ocr-?2(?!\d)", name):  # another digit makes it a date or a size: ocr-2025-10
        return "deepseek-ocr-2"
    return "deepseek-ocr"


def _told_by_folder(model: str) -> str:
    """Return the family that the folder's `config.json` names, `""` where there is no folder, or it names none."""
    try:
        config = Path(model).expanduser() / "config.json"
        state = config.stat()
    except (OSError, ValueError, RuntimeError):  # no such file, no path at all, no home
        return ""
    if state.st_size > _LARGEST_CONFIG_BYTES:
        return ""
    return _told_by_config(str(config), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)  # asked for with every page
def _told_by_config(path: str, _changed_ns: int, _size_bytes: int) -> str:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""  # for the engine that loads it to complain about
    architectures = content.get("architectures") if isinstance(content, dict) else None
    known = [_BY_ARCHITECTURE.get(str(name), "") for name in architectures] if isinstance(architectures, list) else []
    return next((family for family in known if family), "")
