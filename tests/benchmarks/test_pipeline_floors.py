"""The short forms of the pipeline's benchmarks keep their floors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("table", ["share", "faults", "memory", "first-chunk", "kills"])
def test_pipeline_keeps_its_floors(table):
    """This test ensures that the pipeline keeps an endpoint busy, loses nothing, and stays flat; floors are its own."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "pipeline"), "--short", table], capture_output=True, text=True, check=False
    )

    assert (0, True) == (done.returncode, "MISSED" not in done.stdout), done.stdout + done.stderr


def test_concurrency_keeps_its_floors():
    """This test ensures that the number of pages asked for at once is found, on both kinds of server."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "concurrency.py"), "--short"], capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout + done.stderr
