"""What tests with real vLLM share: the closed-book checkpoint, its pages, and a server that runs it.

Every test below this folder is marked `vllm` and may take twenty minutes, since the first one may build the checkpoint.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pymupdf
import pytest
from PIL import Image

from dsocr_loaders.testing import closed_book

HERE = Path(__file__).parent
START_TIMEOUT_S = 600
OURS = "dsocr_loaders.vllm_plugin:NoRepeatNGram"
# Two cores and no GPU. What is not said here is as a user gets it.
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.vllm)
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session", autouse=True)
def vllm_environment():
    """Set what vLLM reads from the environment, here and for the processes that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    """Return the folder of the closed-book checkpoint, built first where it is not in the cache."""
    return closed_book.checkpoint()


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """Return the PDF whose pages are `closed_book.PAGES`."""
    return closed_book.write_book(tmp_path_factory.mktemp("book") / closed_book.BOOK)


@pytest.fixture(scope="session")
def looping_page(tmp_path_factory) -> Path:
    """Return the PDF of the one page that the model loops on."""
    return closed_book.write_looping_page(tmp_path_factory.mktemp("looping") / "tide-table.pdf")


@pytest.fixture(scope="session")
def page_images(book, looping_page) -> list[Image.Image]:
    """Return the book's pages as the page workers render them, and the looping page behind them."""
    images = []
    for path in (book, looping_page):
        with pymupdf.open(path) as document:
            for page in document:
                pixels = page.get_pixmap(dpi=144)
                images.append(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples))
    return images


@dataclass(frozen=True, slots=True)
class RunningServer:
    """vLLM's own server with the checkpoint.

    Attributes:
        url: of the API, with `/v1`.
        model: the name that it serves the checkpoint under.
        log: what it has written so far.
    """

    url: str
    model: str
    log: Path


class Servers:
    """Starts vLLM's server on request; one at a time, since each takes some 4 GB."""

    def __init__(self, checkpoint: Path, folder: Path) -> None:
        self._checkpoint = checkpoint
        self._folder = folder
        self._options = None
        self._running = None
        self._stop = contextlib.ExitStack()

    def with_options(self, *options: str) -> RunningServer:
        """Return a server that was started with these launch options: the one that runs, or a new one in its place."""
        if self._options != options:
            self.close()
            self._running = self._start(options)
            self._options = options
        return self._running

    def _start(self, options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = self._folder / f"server-{port}.log"
        output = self._stop.enter_context(log.open("wb"))
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(self._checkpoint)]
        command += ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", closed_book.MODEL]
        command += ["--enforce-eager", "--max-model-len", "4096", "--max-num-seqs", "4"]
        command += ["--no-enable-prefix-caching", "--mm-processor-cache-gb", "0", *options]
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **ENVIRONMENT})
        self._stop.callback(_end, process)
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).is_success:
                    return RunningServer(f"http://127.0.0.1:{port}/v1", closed_book.MODEL, log)
            time.sleep(1)
        pytest.fail(f"vLLM's server did not start:\n{log.read_text(errors='replace')[-4000:]}")

    def close(self) -> None:
        self._options = None
        self._stop.close()


def _end(process):
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def servers(checkpoint, tmp_path_factory):
    """Return what starts real servers with the launch options of a test, one at a time."""
    servers = Servers(checkpoint, tmp_path_factory.mktemp("servers"))
    yield servers
    servers.close()


@pytest.fixture
def server(servers) -> RunningServer:
    """Return a server that is started as README says: with our processor against repetitions."""
    return servers.with_options("--logits-processors", OURS)
