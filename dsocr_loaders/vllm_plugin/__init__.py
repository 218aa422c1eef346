"""What runs inside a vLLM process.

`NoRepeatNGram` is a logits processor that keeps DeepSeek-OCR from repeating itself, for both of vLLM's model runners:

    vllm serve deepseek-ai/DeepSeek-OCR --logits-processors dsocr_loaders.vllm_plugin:NoRepeatNGram

Requests ask for it as they ask for vLLM's own (`vllm_xargs`: `ngram_size`, `window_size`, `whitelist_token_ids`).

`registration` is a plugin (`vllm.general_plugins`), which vLLM finds by itself where this package is installed: pages
are read in the resolution mode that `mm_processor_kwargs={"resolution": ...}` names, in a request or at launch.
Importing this package imports nothing of vLLM; taking a class from it does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.vllm_plugin.processor import NoRepeatNGram

__all__ = ["NoRepeatNGram"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.processor"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
