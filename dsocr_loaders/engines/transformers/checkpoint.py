"""What a model is, before anything of it is loaded: its family, whether transformers knows it, what is missing.

A local folder says so in its `config.json`; of a model on the hub that file is read from the cache, if it is there.
Otherwise its name has to do, and loading looks again. Nothing here asks the network or runs code of a model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from dsocr_loaders.engines.transformers.folder import folder_digest, missing_parts
from dsocr_loaders.errors import SettingsError, engine_error
from dsocr_loaders.families import family_of
from dsocr_loaders.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.errors import EngineError

__all__ = ["LEAST_NATIVE", "NATIVE_OCR_2", "Checkpoint", "checkpoint_of"]

LEAST_NATIVE: Final = (5, 16)
"""The first transformers that has DeepSeek-OCR-2."""
NATIVE_OCR_2: Final = "deepseek-community/DeepSeek-OCR-2"
"""Where DeepSeek-OCR-2 is in the form that transformers knows."""

_NATIVE_TYPES: Final = {"deepseek_ocr2": "deepseek-ocr-2"}
_CODE_CLASSES: Final = ("AutoModel", "AutoModelForCausalLM")
_COMMIT: Final = re.compile("[0-9a-f]{40}")
_HUB_NAME: Final = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model as it was named, and what is known of it.

    Attributes:
        name: a folder's path, or a name on the hub.
        revision: of the hub's repository, or None.
        is_local: whether it is a folder.
        config: its `config.json`, None while that is not at hand.
    """

    name: str
    revision: str | None
    is_local: bool
    config: Mapping[str, object] | None = field(default=None, repr=False)

    @property
    def family(self) -> str:
        """Key of `MODELS`: by the config's architecture where that is known, else by the name."""
        config = self.config or {}
        native = _NATIVE_TYPES.get(str(config.get("model_type")))
        if native is not None:
            return native
        architectures = config.get("architectures")
        for name in architectures if isinstance(architectures, list) else ():
            for row in MODELS.values():
                if name == row.architecture:
                    return row.family
        return family_of(self.name)

    @property
    def kind(self) -> Literal["native", "remote_code", "unknown", ""]:
        """Whether transformers knows the architecture itself; `""` while there is no config to say so."""
        if self.config is None:
            is_published = any(self.name == row.repository for row in MODELS.values())
            return "remote_code" if is_published else "native" if self.name == NATIVE_OCR_2 else ""
        if self.config.get("model_type") in _NATIVE_TYPES:
            return "native"
        return "remote_code" if self.code_class else "unknown"

    @property
    def code_class(self) -> str:
        """The class of its own code, as `auto_map` names it: `"module.Class"`; `""` if it comes without."""
        auto_map = (self.config or {}).get("auto_map")
        if not isinstance(auto_map, dict):
            return ""
        return next((str(auto_map[name]) for name in _CODE_CLASSES if name in auto_map), "")

    @property
    def auto_class(self) -> str:
        """The transformers class whose `from_pretrained` loads it."""
        if self.kind == "native":
            return "AutoModelForImageTextToText"
        auto_map = (self.config or {}).get("auto_map")
        return next((name for name in _CODE_CLASSES if isinstance(auto_map, dict) and name in auto_map), "AutoModel")

    @property
    def wanted_version(self) -> str:
        """The transformers that its files were written with, `""` if they do not say."""
        return str((self.config or {}).get("transformers_version") or "")

    def with_config(self, config: Mapping[str, object]) -> Checkpoint:
        """Return the same, with its config at hand."""
        return replace(self, config=config)

    def fingerprint(self) -> str:
        """Name and, as far as they are known, contents."""
        if self.is_local:
            return f"{self.name} {folder_digest(Path(self.name))}"
        return f"{self.name}@{self.revision}" if self.revision else self.name

    def refusal(self, *, trusts_code: bool) -> str:
        """Return why it must not or cannot be loaded, as a sentence or two; `""` if nothing is known against it."""
        config = self.config or {}
        quantization = config.get("quantization_config")
        if "quantization" in config or (isinstance(quantization, dict) and "quant_method" not in quantization):
            return f"{self.name} is quantised for MLX, which transformers cannot read. Name the original model."
        if self.kind == "unknown":
            found = ", ".join(map(str, config.get("architectures") or [config.get("model_type")]))  # type: ignore[call-overload]  # JSON
            return (
                f"{self.name} is of an architecture that this engine does not know ({found}), and comes without code "
                f"of its own. It reads DeepSeek-OCR-2 as {NATIVE_OCR_2} has it, and DeepSeek-OCR and Unlimited-OCR "
                "with the code of their repositories; engine='vllm' reads them without it."
            )
        return self._code_refusal(trusts_code=trusts_code) if self.kind == "remote_code" else ""

    def _code_refusal(self, *, trusts_code: bool) -> str:
        if self.is_local:
            if trusts_code:
                return ""
            return (
                f"The model folder {self.name} brings code of its own ({self.code_class}), which runs inside this "
                "process. If you trust that code, pass trust_remote_code=True."
            )
        instead = f" DeepSeek-OCR-2 needs no such code as {NATIVE_OCR_2}." if self.family == "deepseek-ocr-2" else ""
        what = f"{self.name} brings code of its own, which runs inside this process."
        where = f"the 40 digits of a commit (https://huggingface.co/{self.name}/commits/main lists them)"
        if not trusts_code:
            return f"{what} If you trust it, pass trust_remote_code=True and revision=, {where}.{instead}"
        if self.revision is None:
            return f"{what} So that nobody can change it unseen, pass revision= as well, {where}.{instead}"
        if not _COMMIT.fullmatch(self.revision):
            return f"{what} revision={self.revision!r} can be moved to other code: pass {where}.{instead}"
        return ""


def checkpoint_of(name: str, revision: str | None, cache_dir: str | None = None) -> Checkpoint:
    """Return what `model=` names.

    Raises:
        SettingsError: a revision of a folder, or what is neither a path nor a name on the hub.
        EngineUnavailable: cause `no_engine`, there is no such folder or something in it is missing.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise SettingsError(f"revision={revision!r} belongs to a model on the hub; model={name!r} is a folder.")
        lacking = missing_parts(folder)
        if lacking:
            raise _unavailable(f"The model folder {name} cannot be loaded: {lacking}.")
        return _checked(Checkpoint(str(folder), None, is_local=True), folder / "config.json")
    if not _HUB_NAME.fullmatch(name):
        raise _unavailable(f"There is no model folder {name}.")
    found = Checkpoint(name, revision, is_local=False)
    cached = _cached_config(name, revision, cache_dir)
    return _checked(found, cached) if cached else found


def _checked(found: Checkpoint, path: Path) -> Checkpoint:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unavailable(f"{path} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise _unavailable(f"{path} holds no JSON object.")
    return found.with_config(config)


def _cached_config(name: str, revision: str | None, cache_dir: str | None) -> Path | None:
    try:
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - comes with transformers
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, "config.json", cache_dir=cache_dir, revision=revision)
    except ValueError:  # no name that the hub could have
        return None
    return Path(found) if isinstance(found, str) else None


def _unavailable(message: str) -> EngineError:
    return engine_error("no_engine", f"engine='transformers': {message}")
