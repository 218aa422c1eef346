"""What reads pages: the `Engine` protocol and its implementations.

An engine of your own needs nothing from here but `Engine`, `Prepared` and `EngineLoop`; `protocol` shows a whole one.
Names are loaded on first use, so that a page worker, which imports an engine's `prepare`, loads no HTTP client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.engines.loop import EngineLoop
    from dsocr_loaders.engines.protocol import Engine, LoadsModel, Prepared
    from dsocr_loaders.engines.remote import RemoteEngine
    from dsocr_loaders.engines.replay import ReplayEngine
    from dsocr_loaders.engines.routing import TextLayerFirst
    from dsocr_loaders.engines.select import EngineState, engine_report, make_engine
    from dsocr_loaders.engines.text_layer import TextLayerEngine
    from dsocr_loaders.engines.transformers import TransformersEngine
    from dsocr_loaders.engines.vllm import VllmEngine

_HOME_OF = {
    "Engine": "protocol",
    "EngineLoop": "loop",
    "EngineState": "select",
    "LoadsModel": "protocol",
    "Prepared": "protocol",
    "RemoteEngine": "remote",
    "ReplayEngine": "replay",
    "TextLayerEngine": "text_layer",
    "TextLayerFirst": "routing",
    "TransformersEngine": "transformers",
    "VllmEngine": "vllm",
    "engine_report": "select",
    "make_engine": "select",
}

__all__ = [
    "Engine",
    "EngineLoop",
    "EngineState",
    "LoadsModel",
    "Prepared",
    "RemoteEngine",
    "ReplayEngine",
    "TextLayerEngine",
    "TextLayerFirst",
    "TransformersEngine",
    "VllmEngine",
    "engine_report",
    "make_engine",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
