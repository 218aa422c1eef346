"""The set with known layout (benchmarks/layout_set), in short: the text layer keeps what it has reached."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "text_layer.py"


@pytest.mark.slow
def test_layout_is_read_as_it_was_built():
    """This test ensures that order, text and boxes of the whole set stay above the benchmark's floors."""
    done = subprocess.run([sys.executable, BENCHMARK, "--floors"], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "Documents kept apart (24 pages)" in done.stdout
