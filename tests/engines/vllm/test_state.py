from __future__ import annotations

from pathlib import Path

import pytest

from dsocr_loaders.engines.vllm import state
from dsocr_loaders.engines.vllm.installed import InstalledVllm
from dsocr_loaders.settings import Settings


@pytest.mark.parametrize(
    ("version", "is_cpu", "has_gpu", "works", "detail", "command"),
    [
        (None, False, True, False, "not installed", 'pip install "vllm>=0.12"'),
        ("0.11.0", False, True, False, "needs 0.12.0", "pip install --upgrade vllm"),
        ("0.25.1", False, False, False, "no GPU is visible", "nvidia-smi"),
        ("0.25.1", False, True, True, "vLLM 0.25.1 is installed and a GPU is visible", ""),
        ("0.32.0", True, False, True, "the build for CPUs", ""),
    ],
)
def test_the_line_of_the_report(monkeypatch, version, is_cpu, has_gpu, works, detail, command):
    """This test ensures that each way in which vLLM may not work has its reason and its one command."""
    found = None if version is None else InstalledVllm(Path("/nowhere"), version, is_cpu)
    monkeypatch.setattr(state, "find_vllm", lambda: found)
    monkeypatch.setattr(state, "has_visible_gpu", lambda: has_gpu)

    line = state.vllm_state(Settings())

    assert ("vllm", works, command) == (line.engine, line.works, line.command)
    assert detail in line.detail
