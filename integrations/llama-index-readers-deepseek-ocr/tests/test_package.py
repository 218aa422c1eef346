"""The distribution: one version with the core, and one licence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import dsocr_loaders

FOLDER = Path(__file__).parents[1]


def test_the_version_is_the_cores() -> None:
    """This test ensures that this distribution asks for the core of its own version."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert dsocr_loaders.__version__ == project["version"]
    assert f"dsocr-loaders=={dsocr_loaders.__version__}" in project["dependencies"]


def test_the_licence_is_the_repositorys() -> None:
    """This test ensures that each distribution carries the same licence."""
    assert (FOLDER.parents[1] / "LICENSE").read_text() == (FOLDER / "LICENSE").read_text()
