"""`engine="transformers"`: the model in this process, with torch, on a GPU, Apple's MPS or the CPU.

A page on its way: `preparing` (in a page worker: views as bytes) → `engine` (hands it to the thread of the model) →
`batches` (collects what is waiting) → `generation` (one batch, step by step), with what the two kinds of model want:
`native` (DeepSeek-OCR-2, which transformers knows) or `remote_code` (DeepSeek-OCR and Unlimited-OCR, whose code comes
with their weights). `checkpoint` says what a model is before it is loaded, `options` and `devices` how, `loading` loads
it, `faults` puts what goes wrong into words.

Nothing here prints, captures what others print, or writes files, besides the temporary ones of `engines.handover` and
what transformers keeps in its own cache. Nothing imports torch or transformers before a page is read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.engines.transformers.engine import TransformersEngine

__all__ = ["TransformersEngine"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.engine"), name)


def __dir__() -> list[str]:
    return list(__all__)
