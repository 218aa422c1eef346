"""What goes wrong with a model in this process, in words and as this package's errors."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.transformers.checkpoint import LEAST_NATIVE
from dsocr_loaders.errors import EngineError, engine_error

if TYPE_CHECKING:
    from dsocr_loaders.engines.transformers.checkpoint import Checkpoint

__all__ = ["INSTALL", "installed_version", "is_out_of_memory", "load_fault", "missing_packages", "read_fault"]

INSTALL: Final = f'pip install torch "transformers>={LEAST_NATIVE[0]}.{LEAST_NATIVE[1]}"'
"""Installs what DeepSeek-OCR-2 needs."""
_OFFICIAL: Final = ("4.46.3", "0.20.3")  # transformers and tokenizers that DeepSeek-OCR's model card names
_OUT_OF_MEMORY: Final = ("out of memory", "can't allocate memory", "not enough memory")
_BROKEN_DEVICE: Final = ("cuda error", "hip error", "device-side assert", "illegal memory access", "cublas_status")


def installed_version() -> str:
    """Return the version of transformers that is installed, without importing it; `""` if none is."""
    try:
        return version("transformers")
    except PackageNotFoundError:
        return ""


def missing_packages() -> tuple[str, ...]:
    """Return what has to be installed for this engine, without importing anything."""
    return tuple(name for name in ("torch", "transformers") if find_spec(name) is None)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device or the machine ran out of memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _OUT_OF_MEMORY)


def load_fault(error: Exception, checkpoint: Checkpoint, device: str) -> EngineError:
    """Return what to raise instead of `error`, which loading the model raised; cause `no_engine`."""
    if isinstance(error, EngineError):
        return error
    name = checkpoint.name
    if is_out_of_memory(error):
        return _unavailable(
            f"Out of memory while loading {name} to {device}: DeepSeek-OCR takes 6.7 GB in bfloat16 and twice that in "
            "float32. Pass engine_options={'dtype': 'bfloat16'}, {'quantization_config': ...} or {'device_map': "
            f"'auto'}} (which needs accelerate), or free memory. {_first_line(error)}"
        )
    if checkpoint.kind == "remote_code" and isinstance(error, ImportError | AttributeError | TypeError | NameError):
        wanted = checkpoint.wanted_version or _OFFICIAL[0]
        return _unavailable(
            f"The code that comes with {name} does not work here: {_first_line(error)}. It was written for "
            f"transformers {wanted}, and {installed_version()} is installed. Run `pip install transformers=={wanted}"
            f"{f' tokenizers=={_OFFICIAL[1]}' if wanted == _OFFICIAL[0] else ''}` in an environment of its own, with "
            "what else its model card names, or use a server."
        )
    if isinstance(error, ImportError):
        return _unavailable(f"{name} needs another package: {_first_line(error)}")
    if isinstance(error, OSError):
        return _unavailable(_not_to_be_had(error, checkpoint))
    return _unavailable(f"{name} cannot be loaded: {type(error).__name__}: {_first_line(error)}")


def _not_to_be_had(error: OSError, checkpoint: Checkpoint) -> str:
    from huggingface_hub import constants  # noqa: PLC0415 - comes with transformers

    name, reason = checkpoint.name, _first_line(error)
    if checkpoint.is_local:
        return f"The model folder {name} cannot be read: {reason}"
    revision = f" at revision {checkpoint.revision}" if checkpoint.revision else ""
    if constants.HF_HUB_OFFLINE:
        return (
            f"{name}{revision} is not in the cache ({constants.HF_HUB_CACHE}), and HF_HUB_OFFLINE keeps this process "
            f"from the network. Run `hf download {name}` where there is one, or name a folder."
        )
    return (
        f"{name}{revision} is neither a folder here nor to be had from {constants.ENDPOINT}: {reason} Look at the "
        "name, at HF_ENDPOINT (a mirror's address), and at HF_TOKEN for a model that is not public."
    )


def read_fault(error: Exception, device: str) -> EngineError:
    """Return what one page's reading ends with, for an error of the model; out of memory with that page alone."""
    if isinstance(error, EngineError):
        return error
    if is_out_of_memory(error):
        return engine_error(
            "too_large",
            f"Out of memory on {device} with this page alone. Choose resolution='base', a smaller max_new_tokens, "
            f"engine_options={{'dtype': 'bfloat16'}} or a device with more memory. {_first_line(error)}",
        )
    words = str(error).lower()
    if any(sign in words for sign in _BROKEN_DEVICE):
        return engine_error(
            "died", f"{device} failed and serves this process no more: {_first_line(error)}. Start the process again."
        )
    return engine_error("bad_request", f"The model failed: {type(error).__name__}: {_first_line(error)}")


def _unavailable(message: str) -> EngineError:
    return engine_error("no_engine", f"engine='transformers': {message}")


_LONGEST_SHOWN: Final = 300


def _first_line(error: BaseException) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 3] + "..."
