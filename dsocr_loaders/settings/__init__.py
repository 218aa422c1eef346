"""What a user may choose, checked once.

`Settings` is one frozen object with every choice; `Reader`, the command line and the framework classes take the same
words. A value that is not allowed raises `SettingsError`, which names the setting, the value and what is allowed.
Names are loaded on first use, so that a page worker, which gets `Limits` with its jobs, does not load pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.settings.arguments import ReaderArguments, SettingsArguments
    from dsocr_loaders.settings.fields import ENGINE_NAMES, Settings
    from dsocr_loaders.settings.limits import Limits
    from dsocr_loaders.settings.page_ranges import selected_pages

_HOME_OF = {
    "ENGINE_NAMES": "fields",
    "Limits": "limits",
    "ReaderArguments": "arguments",
    "Settings": "fields",
    "SettingsArguments": "arguments",
    "selected_pages": "page_ranges",
}

__all__ = ["ENGINE_NAMES", "Limits", "ReaderArguments", "Settings", "SettingsArguments", "selected_pages"]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
