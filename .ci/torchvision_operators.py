"""Lets a torchvision whose compiled part does not load be imported: declares the operators that its import looks up.

Loaded by a `.pth` file at the start of every process. It waits until torchvision is asked for, so that processes which
never do so are not slowed down by importing torch.
"""

from __future__ import annotations

import importlib.abc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

OPERATORS = ("nms", "qnms")
DECLARED: list[object] = []  # a library takes its operators with it when it goes


class Declaring(importlib.abc.MetaPathFinder):
    """Finds nothing; declares the operators just before torchvision is found by another finder."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None, as for a module that is not here."""
        del path, target
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            import torch  # noqa: PLC0415 - only where torchvision is asked for

            library = torch.library.Library("torchvision", "FRAGMENT")
            for name in OPERATORS:
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            DECLARED.append(library)
        return None


sys.meta_path.insert(0, Declaring())
