from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import dsocr_loaders

PACKAGE = Path(dsocr_loaders.__file__).parent

OPTIONAL = ("pymupdf", "torch", "vllm", "transformers", "llama_index", "langchain_core", "tiktoken")

IMPORT_EVERYTHING = """
import importlib, json, sys

blocked, modules = json.loads(sys.argv[1])

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)
        return None

sys.meta_path.insert(0, Blocker())

refused = []
for name in blocked:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        refused.append(name)
for name in modules:
    importlib.import_module(name)
print(json.dumps({"refused": refused, "loaded": [name for name in modules if name in sys.modules]}))
"""


def every_module():
    """Return the names of all modules of the package that are made to be imported."""
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = (PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)
        if parts[1:2] == ("vllm_plugin",) and parts[-1] != "__init__":
            continue  # imported by vLLM itself
        if parts[-1] != "__main__":
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def import_everything_without(*blocked):
    return subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, json.dumps([blocked, every_module()])],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("blocked", [*[(name,) for name in OPTIONAL], OPTIONAL], ids=[*OPTIONAL, "all of them"])
def test_every_module_imports_without_it(blocked):
    """This test ensures that a machine without an optional package can import every module of ours."""
    done = import_everything_without(*blocked)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"refused": list(blocked), "loaded": every_module()}


def test_a_blocked_package_is_missed_where_it_is_needed():
    """This test ensures that blocking works: without a package of the plain install, our modules do not import."""
    done = import_everything_without("pydantic")

    assert done.returncode != 0
    assert "No module named 'pydantic' (blocked)" in done.stderr
