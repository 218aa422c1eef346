"""Where a model runs, and in which numbers.

bfloat16 is what the weights are published in, so it is taken wherever the hardware computes with it. A CUDA device
without it (before Ampere) gets float16, which halves the memory as well; its range is smaller, and an overflow is told
(`processors.OnlyNumbers`). Apple's MPS gets bfloat16 where torch and macOS have it, else float32: float16 gains nothing
there that is worth the range. The CPU gets float32: bfloat16 is emulated on most, slower and not the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["choose_device", "choose_dtype", "visible_gpu"]


def visible_gpu() -> str:
    """Return the kind of GPU that torch sees on this machine, `""` if none, or no torch. Imports torch."""
    try:
        found = choose_device("")
    except Exception:  # noqa: BLE001 - a torch that cannot be imported fails in ways of its own
        return ""
    return "" if found == "cpu" else found


def choose_device(wanted: str) -> str:
    """Return the device to load to: `wanted`, else the best there is."""
    import torch  # noqa: PLC0415 - optional

    if wanted:
        return wanted
    if torch.cuda.is_available():  # AMD's ROCm too
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return "xpu"
    return "cpu"


def choose_dtype(device: str, wanted: str) -> torch.dtype | str:
    """Return the type of the weights: `wanted`, else what suits the device, see the module."""
    import torch  # noqa: PLC0415 - optional

    if wanted == "auto":
        return wanted
    if wanted:
        chosen: torch.dtype = getattr(torch, wanted)
        return chosen
    kind = torch.device(device).type
    if kind == "cuda":
        # Not torch.cuda.is_bf16_supported(): older versions count what is emulated.
        is_real = torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
        return torch.bfloat16 if is_real else torch.float16
    if kind == "xpu" or (kind == "mps" and _computes_bfloat16(device)):
        return torch.bfloat16
    return torch.float32


def _computes_bfloat16(device: str) -> bool:
    import torch  # noqa: PLC0415 - optional

    try:
        one = torch.ones(2, 2, dtype=torch.bfloat16, device=device)
        return float((one @ one).sum()) == 8.0  # noqa: PLR2004 - two times two times two
    except (TypeError, RuntimeError):
        return False
