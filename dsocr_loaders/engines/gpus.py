"""Whether a GPU is visible, found out without importing torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["has_visible_gpu"]

_HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")


def has_visible_gpu(environ: Mapping[str, str] | None = None, devices: Path = Path("/dev")) -> bool:
    """Return whether this machine has a GPU of NVIDIA or AMD that the environment does not hide.

    It looks for the drivers' device files (`nvidia0`, under WSL `dxg`, for AMD `kfd`), which takes microseconds; only
    using the GPU shows whether driver and libraries fit together.

    Args:
        environ: `os.environ` if None.
        devices: the folder of device files.
    """
    environ = os.environ if environ is None else environ
    if any(environ.get(name, "0").strip() in {"", "-1"} for name in _HIDING):
        return False
    return any(devices.glob("nvidia[0-9]*")) or any((devices / name).exists() for name in ("dxg", "kfd"))
