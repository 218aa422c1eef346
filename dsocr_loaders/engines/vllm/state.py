"""Whether vLLM in this process would work on this machine, as far as can be seen without loading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.gpus import has_visible_gpu
from dsocr_loaders.engines.state import EngineState
from dsocr_loaders.engines.vllm.installed import INSTALL_VLLM, find_vllm
from dsocr_loaders.engines.vllm.launch import check_version
from dsocr_loaders.errors import DsocrError

if TYPE_CHECKING:
    from dsocr_loaders.settings import Settings

__all__ = ["vllm_state"]

_SEE_GPU: Final = "nvidia-smi"


def vllm_state(settings: Settings) -> EngineState:
    """Return the line of `dsocr engines` for vLLM in this process; torch and vLLM are not imported for it."""
    installed = find_vllm()
    if installed is None:
        need = "" if has_visible_gpu() else ", and the GPU that it needs is not visible here"
        return EngineState("vllm", works=False, detail=f"vLLM is not installed{need}.", command=INSTALL_VLLM)
    try:
        check_version(settings, installed)
    except DsocrError as error:
        return EngineState("vllm", works=False, detail=str(error), command="pip install --upgrade vllm")
    which = f"vLLM {installed.version}".rstrip()
    if has_visible_gpu():
        return EngineState("vllm", works=True, detail=f"{which} is installed and a GPU is visible.")
    if installed.is_cpu_build:
        return EngineState("vllm", works=True, detail=f"{which} is the build for CPUs: slow, and not taken by auto.")
    return EngineState("vllm", works=False, detail=f"{which} is installed, but no GPU is visible.", command=_SEE_GPU)
