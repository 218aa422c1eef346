from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import dsocr_loaders

ROOT = Path(dsocr_loaders.__file__).parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One of the distributions of this repository: its name, its folder, the package in it, and what to import."""

    name: str
    folder: str
    package: str
    offers: str

    @property
    def file_stem(self):
        return self.name.replace("-", "_")


DISTRIBUTIONS = (
    Distribution("dsocr-loaders", ".", "dsocr_loaders", "Reader"),
    Distribution(
        "llama-index-readers-deepseek-ocr",
        "integrations/llama-index-readers-deepseek-ocr",
        "llama_index/readers/deepseek_ocr",
        "DeepSeekOCRReader",
    ),
    Distribution(
        "langchain-deepseek-ocr",
        "integrations/langchain-deepseek-ocr",
        "langchain_deepseek_ocr",
        "DeepSeekOCRLoader",
    ),
)
every_distribution = pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=lambda each: each.name)


def run(*command, cwd):
    """Run a command outside of this repository's packages and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a source distribution and, from that, a wheel of each; return the folder that holds all of them."""
    out = tmp_path_factory.mktemp("dist")
    for distribution in DISTRIBUTIONS:
        run(sys.executable, "-m", "build", "--outdir", out, ROOT / distribution.folder, cwd=out)
    return out


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Install the three wheels together into a new environment and return the folder of its commands."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=True)
    commands = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(commands / "python", "-m", "pip", "install", "--quiet", *sorted(built.glob("*.whl")), cwd=home)
    return commands


def names_in_wheel(built, distribution):
    (path,) = built.glob(f"{distribution.file_stem}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        return wheel.namelist()


def names_in_sdist(built, distribution):
    """Return the names in the source distribution, below its one folder."""
    (path,) = built.glob(f"{distribution.file_stem}-*.tar.gz")
    with tarfile.open(path) as archive:
        return [member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()]


@every_distribution
def test_a_wheel_holds_its_package_and_nothing_else(built, distribution):
    """This test ensures that no tests, examples or stray folders are installed into other people's environments."""
    roots = {name.partition("/")[0] for name in names_in_wheel(built, distribution)}
    package_root = distribution.package.partition("/")[0]

    assert {root for root in roots if not root.endswith(".dist-info")} == {package_root}


@every_distribution
def test_a_source_distribution_leaves_out_what_is_for_developers(built, distribution):
    """This test ensures that tests, examples, benchmarks and other distributions stay in the repository."""
    names = names_in_sdist(built, distribution)
    folders = {part for name in names for part in Path(name).parts[:-1]}

    assert folders & {"tests", "examples", "benchmarks", "integrations", ".ci", "out"} == set()
    assert "pyproject.toml" in names


@every_distribution
def test_type_checkers_are_told_that_types_are_there(built, distribution):
    """This test ensures that `py.typed` is in the wheel and in the source distribution."""
    expected = f"{distribution.package}/py.typed"

    assert expected in names_in_wheel(built, distribution)
    assert expected in names_in_sdist(built, distribution)


@every_distribution
def test_every_module_is_in_the_wheel(built, distribution):
    """This test ensures that no module of the package is forgotten by the build."""
    folder = ROOT / distribution.folder
    modules = {path.relative_to(folder).as_posix() for path in (folder / distribution.package).rglob("*.py")}

    assert modules
    assert modules == {name for name in names_in_wheel(built, distribution) if name.endswith(".py")}


@every_distribution
def test_a_wheel_names_and_carries_its_licence(built, distribution):
    """This test ensures that the licence is in the metadata and its text is in the wheel."""
    (path,) = built.glob(f"{distribution.file_stem}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        (metadata_name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_string(wheel.read(metadata_name).decode())
        (licence_name,) = (name for name in names if name.endswith("/licenses/LICENSE"))
        licence = wheel.read(licence_name)

    assert metadata["License-Expression"] == "Apache-2.0"
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_namespace_packages_of_llama_index_stay_open(built):
    """This test ensures that our reader brings no file of LlamaIndex's own namespace, which would hide others."""
    names = names_in_wheel(built, DISTRIBUTIONS[1])

    assert not {"llama_index/__init__.py", "llama_index/readers/__init__.py"} & set(names)


@every_distribution
def test_installed_together_they_import(installed, distribution, tmp_path):
    """This test ensures that the classes users name are there after one pip command, in an environment of its own."""
    module = distribution.package.replace("/", ".")
    code = f"import {module} as m; m.{distribution.offers}; print(m.__file__)"

    shown = Path(run(installed / "python", "-c", code, cwd=tmp_path).strip())

    assert shown.is_relative_to(installed.parent)


def test_the_command_is_installed(installed, tmp_path):
    """This test ensures that `dsocr --help` runs and names its commands."""
    shown = run(installed / "dsocr", "--help", cwd=tmp_path)

    assert "Usage: dsocr" in shown
    assert all(command in shown for command in ("convert", "parse", "chunks", "engines"))


def test_what_is_installed_fits_together(installed, tmp_path):
    """This test ensures that no requirement of the three is missing or contradicts another one."""
    assert "No broken requirements" in run(installed / "python", "-m", "pip", "check", cwd=tmp_path)
