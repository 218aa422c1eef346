from __future__ import annotations

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

import dsocr_loaders

PACKAGE = Path(dsocr_loaders.__file__).parent
PROJECT = PACKAGE.parent / "pyproject.toml"

ORDER = (
    "errors",
    "geometry",
    "values",
    "settings",
    "families",
    "tasks",
    "resolution",
    "models",
    "views",
    "vllm_plugin",
    "sources",
    "pages",
    "engines",
    "grounding",
    "health",
    "repair",
    "figures",
    "answer_store",
    "journal",
    "pipeline",
    "crops",
    "observers",
    "tables",
    "structure",
    "chunking",
    "quotes",
    "citations",
    "export",
    "granularity",
    "runs",
    "locating",
    "reader",
    "shortcuts",
    "cli",
    "testing",
)
DOOR = ("", "__main__")  # `dsocr_loaders` itself and `python -m dsocr_loaders` stand before and behind every layer

ONLY_IN_ANNOTATIONS = {
    ("errors", "values"): "PagesFailed names the results that it carries; they need no import at run time",
}

HOMES = {
    "httpx": ("engines", "sources.fetching", "testing"),
    "h11": ("sources.fetching",),
    "pymupdf": ("pages", "engines.text_layer"),
    "fitz": (),  # PyMuPDF's former name
    "docling_core": ("export",),
    "torch": ("engines", "vllm_plugin", "testing.closed_book"),
    "vllm": ("engines", "vllm_plugin", "testing.closed_book"),
    "transformers": ("engines", "vllm_plugin"),
    "llama_index": (),
    "langchain": (),
    "langchain_core": (),
    "langchain_community": (),
}
BROUGHT_BY_HOST = {"vllm_plugin": ("numpy", "torch", "vllm")}  # loaded by vLLM itself, which has these
IMPORT_NAMES = {"pillow": "PIL"}  # of distributions that are not imported by their own name


@dataclass(frozen=True, slots=True)
class Import:
    """One import of one module, wherever in the file it stands."""

    module: str
    line: int
    is_in_function: bool = False
    is_type_only: bool = False

    @property
    def runs_at_import(self):
        return not self.is_in_function and not self.is_type_only


class ImportReader(ast.NodeVisitor):
    """Collects every import of a module: in functions, in TYPE_CHECKING blocks, relative, and by a written name."""

    def __init__(self, package):
        self.package = package
        self.found = []
        self._functions = 0
        self._type_only = 0

    def _add(self, module, node):
        self.found.append(Import(module, node.lineno, bool(self._functions), bool(self._type_only)))

    def visit_Import(self, node):
        for alias in node.names:
            self._add(alias.name, node)

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if node.level:
            base = self.package.split(".")
            module = ".".join([*base[: len(base) - node.level + 1], *([module] if module else [])])
        if module == dsocr_loaders.__name__:  # the name may be a layer
            for alias in node.names:
                self._add(f"{module}.{alias.name}", node)
        else:
            self._add(module, node)

    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"import_module", "__import__", "importorskip"} and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                self._add(argument.value, node)
        self.generic_visit(node)

    def visit_If(self, node):
        is_type_only = ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        self._type_only += is_type_only
        for child in node.body:
            self.visit(child)
        self._type_only -= is_type_only
        for child in [node.test, *node.orelse]:
            self.visit(child)

    def visit_FunctionDef(self, node):
        self._functions += 1
        self.generic_visit(node)
        self._functions -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - the names that ast looks for
    visit_Lambda = visit_FunctionDef  # noqa: N815 - likewise


def imports_of(text, package=dsocr_loaders.__name__):
    reader = ImportReader(package)
    reader.visit(ast.parse(text))
    return reader.found


def inner_name(path):
    """Return a file's module inside the package: `"engines.loop"`, `""` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {inner_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_in(name):
    path = FILES[name]
    parent = name if path.name == "__init__.py" else name.rpartition(".")[0]
    package = f"{dsocr_loaders.__name__}.{parent}" if parent else dsocr_loaders.__name__
    return imports_of(path.read_text(encoding="utf-8"), package)


def layer_of(name):
    return name.partition(".")[0]


def is_within(name, homes):
    return any(name == home or name.startswith(f"{home}.") for home in homes)


def core_packages():
    """Return the import names of what a plain install brings along."""
    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in declared}
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}


every_module = pytest.mark.parametrize("name", [name for name in FILES if layer_of(name) in ORDER])


def test_the_reader_finds_every_import():
    """This test ensures that no form of import passes the tests below unseen."""
    text = """
import a.b, c
from d import e
from . import f
from .g import h
from .. import i
from dsocr_loaders import values, read
import_module("j")
if TYPE_CHECKING:
    import k
else:
    import l
try:
    import m
except ImportError:
    pass
class N:
    import n
    async def o(self):
        if True:
            import o
        return importlib.import_module("p")
q = lambda: __import__("q")
"""
    found = {
        (each.module, each.is_in_function, each.is_type_only) for each in imports_of(text, "dsocr_loaders.engines")
    }

    assert found == {
        *((name, False, False) for name in ("a.b", "c", "d", "j", "l", "m", "n")),
        ("dsocr_loaders.engines", False, False),
        ("dsocr_loaders.engines.g", False, False),
        ("dsocr_loaders.i", False, False),
        ("dsocr_loaders.values", False, False),
        ("dsocr_loaders.read", False, False),
        ("k", False, True),
        ("o", True, False),
        ("p", True, False),
        ("q", True, False),
    }


def test_every_module_has_a_layer():
    """This test ensures that a new module is given its place: add it to `ORDER`, where data passes it."""
    assert {layer_of(name) for name in FILES} - {*ORDER, *DOOR} == set()


@every_module
def test_a_module_imports_only_from_layers_before_its_own(name):
    """This test ensures that data moves one way, also where an import hides in a function or a TYPE_CHECKING block."""
    own = layer_of(name)
    backwards = []
    for each in imports_in(name):
        root, _, inner = each.module.partition(".")
        layer = layer_of(inner)
        if root != dsocr_loaders.__name__ or layer not in ORDER or ORDER.index(layer) <= ORDER.index(own):
            continue
        if not (each.is_type_only and (own, layer) in ONLY_IN_ANNOTATIONS):
            backwards.append(f"line {each.line}: {own} imports {each.module}")

    assert backwards == []


@every_module
def test_no_module_goes_through_the_public_door(name):
    """This test ensures that a name is imported from its home, so that the order of layers can be seen."""
    through_the_door = [
        each.module
        for each in imports_in(name)
        if each.module.partition(".")[0] == dsocr_loaders.__name__
        and layer_of(each.module.partition(".")[2]) not in {*ORDER, "__version__"}
    ]

    assert through_the_door == []


def test_exceptions_are_still_needed():
    """This test ensures that an exception from the order goes when its import goes."""
    used = {
        (layer_of(name), layer_of(each.module.partition(".")[2]))
        for name in FILES
        for each in imports_in(name)
        if each.is_type_only and each.module.startswith(f"{dsocr_loaders.__name__}.")
    }

    assert set(ONLY_IN_ANNOTATIONS) <= used


@pytest.mark.parametrize("name", FILES)
def test_foreign_packages_stay_at_home(name):
    """This test ensures that HTTP, models, PyMuPDF and frameworks are known where they belong and nowhere else."""
    astray = [
        f"line {each.line}: {each.module}"
        for each in imports_in(name)
        for root in [each.module.partition(".")[0]]
        if root in HOMES and not is_within(name, HOMES[root])
    ]

    assert astray == []


@pytest.mark.parametrize("name", FILES)
def test_importing_needs_only_what_a_plain_install_brings(name):
    """This test ensures that an optional package is imported inside the function that needs it."""
    by_host = BROUGHT_BY_HOST.get(layer_of(name), ())
    at_hand = {*sys.stdlib_module_names, dsocr_loaders.__name__, *core_packages(), *by_host}
    optional = [
        f"line {each.line}: {each.module}"
        for each in imports_in(name)
        if each.runs_at_import and each.module.partition(".")[0] not in at_hand
    ]

    assert optional == []


def test_the_door_opens_nothing_at_import():
    """This test ensures that the package's own file imports its parts for type checkers alone."""
    at_import = [
        each.module
        for each in imports_in("")
        if each.runs_at_import and each.module.partition(".")[0] not in sys.stdlib_module_names
    ]

    assert at_import == []
