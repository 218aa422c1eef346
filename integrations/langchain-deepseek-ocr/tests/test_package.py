from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import dsocr_loaders
import pytest
from dsocr_loaders import ChunkMetadata
from dsocr_loaders.testing import ScriptedServer

import langchain_deepseek_ocr

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
ENDPOINT = "http://localhost:8000/v1"

HEAVY = ("langchain_community", "langchain_classic", "pymupdf", "pypdfium2", "numpy", "torch")


def test_the_public_names_are_there():
    """This test ensures that the names users import exist and stand where the alphabet puts them."""
    names = langchain_deepseek_ocr.__all__

    assert names == sorted(names) == ["DeepSeekOCRBlobParser", "DeepSeekOCRLoader"]
    assert all(isinstance(getattr(langchain_deepseek_ocr, name), type) for name in names)


def test_importing_loads_no_optional_package():
    """This test ensures that neither numpy nor a PDF library nor a retired LangChain package is needed to import."""
    code = f"import sys, langchain_deepseek_ocr; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"


def test_the_versions_are_one():
    """This test ensures that this distribution asks for the core of its own version, and that its code agrees."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = {project["version"], langchain_deepseek_ocr.__version__, dsocr_loaders.__version__}

    assert len(versions) == 1
    assert f"dsocr-loaders=={project['version']}" in project["dependencies"]


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize("example", EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_the_examples_run(example, report, answer, monkeypatch, capsys):
    """This test ensures that what the README shows works as shown, against a server that speaks vLLM's protocol."""
    monkeypatch.chdir(report.parent)
    with ScriptedServer(lambda _: answer("Results", "Revenue rose by 17 percent.")) as server:
        exec(compile(example.replace(ENDPOINT, server.base_url), "README.md", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own README
        asked = len(server.requests)

    assert ENDPOINT in example
    assert asked == 3
    assert capsys.readouterr().out


def test_every_key_of_the_metadata_is_documented():
    """This test ensures that the README's table names the whole contract."""
    keys = {"page", *(field.name for field in fields(ChunkMetadata))}

    assert {key for key in keys if f"`{key}`" not in README} == set()
