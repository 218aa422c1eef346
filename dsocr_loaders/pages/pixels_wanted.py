"""What an engine's `prepare` may answer instead of a prepared page: that it has to see this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.values import PageImage, ReadRequest

__all__ = ["PixelsWanted"]


@dataclass(frozen=True, slots=True)
class PixelsWanted:
    """A page that was prepared without its pixels and needs them after all: it is rendered, and `prepare` gets it."""

    prepare: Callable[[PageImage, ReadRequest], object]
