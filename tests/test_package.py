from __future__ import annotations

import ast
import importlib
import inspect
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import dsocr_loaders

ROOT = Path(dsocr_loaders.__file__).parents[1]

LOADED_ON_USE = (
    "pymupdf",
    "pypdfium2",
    "PIL",
    "numpy",
    "httpx",
    "pydantic",
    "click",
    "torch",
    "vllm",
    "transformers",
    "tiktoken",
    "fsspec",
    "llama_index",
    "langchain_core",
    "asyncio",
    "multiprocessing",
)
IMPORT_LIMIT_S = 0.150


def in_fresh_interpreter(code):
    """Run `code` in a new interpreter that starts in the project's folder and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def seconds_of(code):
    begin = time.perf_counter()
    in_fresh_interpreter(code)
    return time.perf_counter() - begin


def names_for_type_checkers():
    """Return name -> home of what the package's file imports in its TYPE_CHECKING block."""
    tree = ast.parse(inspect.getsource(dsocr_loaders))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {alias.asname or alias.name: node.module for node in block.body for alias in node.names}


def test_names_are_sorted_and_there_once():
    """This test ensures that a reader finds a name where the alphabet puts it."""
    assert dsocr_loaders.__all__ == sorted(set(dsocr_loaders.__all__))


def test_type_checkers_see_the_same_names():
    """This test ensures that what loads on use is what type checkers and editors are told, from the same homes."""
    homes = {name: f"{dsocr_loaders.__name__}.{home}" for name, home in dsocr_loaders._HOME_OF.items()}

    assert names_for_type_checkers() == homes
    assert sorted(homes) == dsocr_loaders.__all__


@pytest.mark.parametrize("name", dsocr_loaders.__all__)
def test_every_name_resolves(name):
    """This test ensures that each public name is there, is its home's public name, and is the same object each time."""
    home = importlib.import_module(f"{dsocr_loaders.__name__}.{dsocr_loaders._HOME_OF[name]}")

    value = getattr(dsocr_loaders, name)

    assert value is getattr(home, name)
    assert name in home.__all__


def test_every_error_is_public():
    """This test ensures that whatever this package raises can be caught by a name of the public door."""
    errors = importlib.import_module("dsocr_loaders.errors")
    classes = [getattr(errors, name) for name in errors.__all__ if isinstance(getattr(errors, name), type)]
    raised = {cls.__name__ for cls in classes if issubclass(cls, BaseException)}

    assert raised <= set(dsocr_loaders.__all__)


def test_dir_lists_the_public_names():
    """This test ensures that completion in an editor offers names that are not loaded yet."""
    assert dir(dsocr_loaders) == dsocr_loaders.__all__


def test_an_unknown_name_is_an_attribute_error():
    """This test ensures that a misspelt name fails as it does in any module."""
    with pytest.raises(AttributeError, match="module 'dsocr_loaders' has no attribute 'raed'"):
        _ = dsocr_loaders.raed


def test_the_version_is_the_distributions():
    """This test ensures that the version in the code and the one that pip shows do not part."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert dsocr_loaders.__version__ == project["version"]


def test_every_module_lists_its_public_names():
    """This test ensures that each module has an `__all__`, and that every name in it exists."""
    wrong = []
    for path in sorted((ROOT / "dsocr_loaders").rglob("*.py")):
        if path.name == "__main__.py":
            continue
        if path.parent.name == "vllm_plugin" and path.name != "__init__.py":
            continue  # needs vLLM; that its names exist shows where they are used, in tests/in_vllm
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        names = getattr(module, "__all__", None)
        is_empty_package = path.name == "__init__.py" and names is None
        if not is_empty_package and not (names and set(names) <= {*vars(module), *dir(module)}):
            wrong.append(str(path.relative_to(ROOT)))

    assert wrong == []


def test_importing_it_loads_nothing_heavy():
    """This test ensures that a program which only imports this package pays for no library that it may not need."""
    code = f"import sys, json, dsocr_loaders; print(json.dumps([n for n in {LOADED_ON_USE} if n in sys.modules]))"

    assert json.loads(in_fresh_interpreter(code)) == []


def test_importing_it_loads_none_of_its_modules():
    """This test ensures that the package's parts load on first use, one at a time."""
    code = """
import sys, dsocr_loaders
def loaded():
    return [name for name in sys.modules if name.startswith("dsocr_loaders.")]
before = loaded()
dsocr_loaders.Box
print(before, loaded())
"""
    assert in_fresh_interpreter(code).strip() == "[] ['dsocr_loaders.geometry']"


def test_importing_it_is_quick():
    """This test ensures that the import costs under 150 ms more than a bare interpreter, each at its best of seven."""
    rounds = [(seconds_of("pass"), seconds_of("import dsocr_loaders")) for _ in range(7)]
    bare, with_import = (min(times) for times in zip(*rounds, strict=True))

    assert with_import - bare < IMPORT_LIMIT_S


def test_a_star_import_brings_the_public_names():
    """This test ensures that `from dsocr_loaders import *` in a notebook brings every public name and no other."""
    code = """
names = {}
exec("from dsocr_loaders import *", names)
import dsocr_loaders
print(sorted(set(names) - {"__builtins__"}) == dsocr_loaders.__all__)
"""
    assert in_fresh_interpreter(code).strip() == "True"
