"""vLLM on this machine: `VllmEngine` reads pages with it, without a server.

The model lives in a process of its own, the *core*, which this package starts: the process that uses a `Reader` never
imports torch or vLLM, shares no interpreter lock with them, and survives whatever happens to them. Pixels never pass
through it either. The way of a page:

```
page worker      prepare      page image -> views and tiles as bytes, into a memory-mapped file
this process     engine       names the file and the words; waits
core             rendering    bytes -> the tensors and tokens that vLLM itself would make, in threads
                 stepping     vLLM's engine, which takes them as an input that is rendered already
this process     engine       answer
```

`launch` turns settings into vLLM's arguments, `installed` and `model_folder` look before the core is started, `core`
is its program, `process` its owner's side, `sharing` lets readers share one, `interface` is all that depends on
vLLM's version, and `start_faults` says what is wrong when it does not start. Names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.engines.vllm.engine import VllmEngine

__all__ = ["VllmEngine"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.engine"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
