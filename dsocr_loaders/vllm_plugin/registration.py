"""What vLLM calls at its start, in each of its processes, where dsocr-loaders is installed.

The entry point is of the group `vllm.general_plugins`. It tells vLLM where to find the classes of `mode_models` and
imports none of them: a server of another model pays nothing.
"""

from __future__ import annotations

import logging
import multiprocessing
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["STOCK_MODULES", "register", "warn_of_unknown_vllm"]

_log = logging.getLogger("vllm.dsocr_loaders")  # below vLLM's own logger, so that it is seen where its are

LEAST_VERSION: Final = (0, 20)  # the model takes images of every size, and images that differ are not encoded together

STOCK_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "DeepseekOCRForCausalLM": "vllm.model_executor.models.deepseek_ocr",
        "DeepseekOCR2ForCausalLM": "vllm.model_executor.models.deepseek_ocr2",
        "UnlimitedOCRForCausalLM": "vllm.model_executor.models.unlimited_ocr",
    }
)
"""vLLM's model classes and the modules that they are in."""

_OURS: Final = "dsocr_loaders.vllm_plugin.mode_models"


def register() -> None:
    """Let this vLLM read in every resolution mode; without one being asked for it does what it always does.

    Safe to call twice. Never raises: with a vLLM that is not known a warning is logged, and vLLM is left as it is.
    """
    try:
        _register()
    except Exception as error:  # noqa: BLE001 - a server has to start whatever is installed beside it
        warn_of_unknown_vllm(error)


def warn_of_unknown_vllm(error: Exception) -> None:
    """Say in the log that this vLLM is left as it is, unless the process is a worker, whose parent has said it."""
    if multiprocessing.parent_process() is None:
        _log.warning(
            "dsocr-loaders does not know this vLLM (%s): resolution modes other than vLLM's own are not offered. "
            "Everything else works as without dsocr-loaders.",
            error,
        )


def _register() -> None:
    import vllm  # noqa: PLC0415 - inside vLLM only

    numbers = re.match(r"(\d+)\.(\d+)", vllm.__version__)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < LEAST_VERSION:
        raise RuntimeError(f"version {vllm.__version__}; {LEAST_VERSION[0]}.{LEAST_VERSION[1]} is the first that can")
    models = vllm.ModelRegistry.models
    for architecture, module in STOCK_MODULES.items():
        known = models.get(architecture)
        if known is None or getattr(known, "module_name", None) == _OURS:
            continue  # a version without that model, or a second call
        if getattr(known, "module_name", None) != module or getattr(known, "class_name", None) != architecture:
            raise RuntimeError(f"version {vllm.__version__} has {architecture} elsewhere than in {module}")
        vllm.ModelRegistry.register_model(architecture, f"{_OURS}:{architecture}")
