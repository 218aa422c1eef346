"""The kinds of server that `ScriptedServer` can be, each with its documented rules.

`kind` says what a kind has to tell, `model` is the model behind all of them, `bodies` reads requests; each server has a
module, whose docstring names its sources and what is inferred.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.testing.servers.deepseek_ocr_rs import DeepSeekOcrRsKind
from dsocr_loaders.testing.servers.hosted import HostedKind
from dsocr_loaders.testing.servers.kind import Asked, Reply, ServerKind
from dsocr_loaders.testing.servers.llama_server import LlamaServerKind
from dsocr_loaders.testing.servers.model import GARBLED, Answered, without_special_tokens
from dsocr_loaders.testing.servers.ollama import OllamaKind
from dsocr_loaders.testing.servers.sglang import SglangKind
from dsocr_loaders.testing.servers.vllm import VllmKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GARBLED",
    "KINDS",
    "Answered",
    "Asked",
    "DeepSeekOcrRsKind",
    "HostedKind",
    "LlamaServerKind",
    "OllamaKind",
    "Reply",
    "ServerKind",
    "SglangKind",
    "VllmKind",
    "without_special_tokens",
]

KINDS: Mapping[str, ServerKind] = MappingProxyType(
    {
        "vllm": VllmKind(),
        "sglang": SglangKind(),
        "deepseek-ocr-rs": DeepSeekOcrRsKind(),
        "ollama": OllamaKind(),
        "ollama-0.29": OllamaKind(version="0.29.0"),
        "llama-server": LlamaServerKind(),
        "openai": HostedKind(),
    }
)
"""The word for `kind=` -> a server of that kind, launched as one would."""
