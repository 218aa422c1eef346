"""What this engine is worth on this machine. Loads no model and asks no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.transformers.checkpoint import LEAST_NATIVE, NATIVE_OCR_2, checkpoint_of
from dsocr_loaders.engines.transformers.devices import visible_gpu
from dsocr_loaders.engines.transformers.faults import INSTALL, installed_version, missing_packages
from dsocr_loaders.engines.transformers.options import options_of
from dsocr_loaders.engines.transformers.versions import version_of
from dsocr_loaders.errors import DsocrError

if TYPE_CHECKING:
    from dsocr_loaders.settings import Settings

__all__ = ["TransformersState", "found_gpu", "state_of"]


@dataclass(frozen=True, slots=True)
class TransformersState:
    """Whether `engine="transformers"` works here, why, the command that would make it work, and whether on a GPU."""

    works: bool
    detail: str
    command: str = ""
    has_gpu: bool = False


def found_gpu() -> str:
    """Return the kind of GPU that torch sees, `""` if none or if torch or transformers is not installed."""
    return "" if missing_packages() else visible_gpu()


def state_of(settings: Settings) -> TransformersState:
    """Return the state for the model that `settings` name. Imports torch where it is installed."""
    missing = missing_packages()
    if missing:
        return TransformersState(works=False, detail=f"{' and '.join(missing)} not installed.", command=INSTALL)
    gpu = visible_gpu()
    where = f"on a GPU ({gpu})" if gpu else "on the CPU, which takes minutes a page"
    try:
        checkpoint = checkpoint_of(settings.model, settings.revision)
        refusal = checkpoint.refusal(trusts_code=settings.trust_remote_code)
        options_of(settings.engine_options)
    except DsocrError as error:
        return TransformersState(works=False, detail=str(error), command=_other_model(), has_gpu=bool(gpu))
    if refusal:
        return TransformersState(works=False, detail=refusal, command=_other_model(), has_gpu=bool(gpu))
    if checkpoint.kind == "native" and version_of(installed_version()) < LEAST_NATIVE:
        detail = f"transformers {installed_version()} does not know DeepSeek-OCR-2."
        return TransformersState(works=False, detail=detail, command=INSTALL, has_gpu=bool(gpu))
    detail = f"Reads with {settings.model} inside this process, {where}; loads it for the first page."
    return TransformersState(works=True, detail=detail, has_gpu=bool(gpu))


def _other_model() -> str:
    if version_of(installed_version()) < LEAST_NATIVE:
        return INSTALL
    return f"dsocr convert SOURCE -o out --engine transformers --model {NATIVE_OCR_2}"
