from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "pages.py"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])
@pytest.mark.parametrize("kind", ["born_digital", "scans"])
def test_flat(take, tmp_path, backend, kind):
    """This test ensures that a worker stays below 300 MiB above idle and does not grow over a document's length."""
    spec = importlib.util.spec_from_file_location("pages_benchmark", BENCHMARK)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    getattr(benchmark, kind)(tmp_path / "long.pdf", 400)
    _, most, growth, _ = benchmark.measured(take(tmp_path / "long.pdf"), 400, backend)

    assert most < 300
    assert growth < 25
