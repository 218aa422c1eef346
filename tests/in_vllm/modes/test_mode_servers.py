"""Resolution modes on vLLM's own server, with random weights: what is read is noise, how it is read is not."""

from __future__ import annotations

import base64
import io
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from PIL import Image

from dsocr_loaders.engines.remote import RemoteEngine
from dsocr_loaders.errors import EngineError
from dsocr_loaders.models import MODELS
from dsocr_loaders.resolution import vision_tokens
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import sample_page, sample_request

pytestmark = pytest.mark.vllm

NAME = "deepseek-ai/DeepSeek-OCR"
MODES = MODELS["deepseek-ocr"].modes
START_S = 300
SIZE = (700, 400)  # two tiles, so that a page takes seconds on a processor


@contextmanager
def serving(folder, log, installed, *options):
    """Run vLLM's server, with dsocr-loaders installed beside it or its plugin left out, and give its base URL."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    paths = [*([str(installed)] if installed else []), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "OMP_NUM_THREADS": "2",
        "HF_HUB_OFFLINE": "1",
    }
    if not installed:  # where the tests run, the package may well be installed
        environment["VLLM_PLUGINS"] = "none"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)]
    command += ["--load-format", "dummy", "--served-model-name", NAME, "--dtype", "bfloat16", "--enforce-eager"]
    command += [
        "--max-model-len",
        "4096",
        "--max-num-seqs",
        "4",
        "--max-num-batched-tokens",
        "2048",
        "--port",
        str(port),
        "--no-enable-prefix-caching",
    ]
    command += ["--mm-processor-cache-gb", "0", *options]
    with log.open("w") as written:
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(1)
        else:
            pytest.fail(f"the server did not start:\n{log.read_text()[-3000:]}")
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait(60)


def asked(url, resolution, size=SIZE):
    """Return status, prompt tokens and the error's words of a request as anybody would send it."""
    data = io.BytesIO()
    Image.new("RGB", size, "white").save(data, "PNG")
    image = "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
    parts = [{"type": "image_url", "image_url": {"url": image}}, {"type": "text", "text": "Free OCR."}]
    body = {"model": NAME, "messages": [{"role": "user", "content": parts}], "max_tokens": 2, "temperature": 0}
    if resolution is not None:
        body["mm_processor_kwargs"] = {"resolution": resolution}
    answer = httpx.post(f"{url}/chat/completions", json=body, timeout=300, trust_env=False)
    said = answer.json()
    return answer.status_code, said.get("usage", {}).get("prompt_tokens"), said.get("error", {}).get("message", "")


def read(url, resolution):
    """Return the answer of a page through this package's own engine."""
    engine = RemoteEngine(url, Settings(resolution=resolution, max_new_tokens=4))
    try:
        page = sample_page(width_px=SIZE[0], height_px=SIZE[1])
        request = replace(sample_request(page), resolution=resolution)
        request = replace(request, decoding=replace(request.decoding, max_new_tokens=4))
        return engine.loop.submit(engine.read(engine.prepare(page, request), request)).result(300)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def folder(folder_of):
    return folder_of("DeepseekOCRForCausalLM", "deepseek-ocr")


@pytest.fixture(scope="module")
def server_of_all_modes(folder, installed, tmp_path_factory):
    log = tmp_path_factory.mktemp("logs") / "server"
    with serving(folder, log, installed, "--trust-request-mm-kwargs") as url:
        yield url


class TestModesOfRequests:
    def test_each_request_in_its_own_mode(self, server_of_all_modes):
        """This test ensures that requests in several modes at once, and in none, each cost what their mode does."""
        names = [None, "tiny", "base", "gundam-2", "gundam-m", "small", None]
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda name: asked(server_of_all_modes, name), names))

        words = answers[0][1] - vision_tokens(MODES["gundam"], *SIZE)
        assert 0 < words < 20
        expected = [(200, vision_tokens(MODES[name or "gundam"], *SIZE) + words, "") for name in names]
        assert expected == answers

    def test_a_mode_that_there_is_not(self, server_of_all_modes):
        """This test ensures that an unknown mode is refused with those that there are, and the server goes on."""
        status, _, words = asked(server_of_all_modes, "huge")

        assert status == 400
        assert "resolution='huge' is not a mode of deepseek-ai/DeepSeek-OCR; it has: tiny, small" in words
        assert asked(server_of_all_modes, "tiny")[0] == 200

    @pytest.mark.parametrize("resolution", ["tiny", "base", "gundam"])
    def test_this_packages_engine(self, server_of_all_modes, resolution):
        """This test ensures that `resolution=` reaches the server, whose count says so."""
        answer = read(server_of_all_modes, resolution)

        words = answer.prompt_tokens - vision_tokens(MODES[resolution], *SIZE)
        assert 0 < words < 60

    def test_a_page_that_there_is_no_room_for(self, server_of_all_modes):
        """This test ensures that a page which takes more than was set aside is refused, and the server goes on."""
        status, _, words = asked(server_of_all_modes, "gundam-m", (1024, 6144))

        assert (400, True) == (status, "exceeds the pre-allocated encoder cache size" in words)
        assert asked(server_of_all_modes, "tiny")[0] == 200


class TestModesOfServers:
    def test_a_server_started_in_a_mode(self, folder, installed, tmp_path):
        """This test ensures that `--mm-processor-kwargs` sets the mode, and that another one is found out."""
        launched = ("--mm-processor-kwargs", '{"resolution": "small"}')
        with serving(folder, tmp_path / "log", installed, *launched) as url:
            plain, refused = asked(url, None), asked(url, "tiny")
            answer = read(url, "small")
            with pytest.raises(EngineError, match="it reads in small") as trial:
                read(url, "base")
            with pytest.raises(EngineError, match="are those of small"):
                read(url, "gundam")

        assert 0 < plain[1] - vision_tokens(MODES["small"], *SIZE) < 20
        assert (400, "trust-request-mm-kwargs" in refused[2]) == (refused[0], True)
        assert 0 < answer.prompt_tokens - vision_tokens(MODES["small"], *SIZE) < 60
        assert trial.value.stops_run

    def test_a_server_without_the_plugin(self, folder, tmp_path):
        """This test ensures that vLLM alone, which ignores the mode, is noticed before a page is sent."""
        with serving(folder, tmp_path / "log", None, "--trust-request-mm-kwargs") as url:
            ignored = asked(url, "tiny")
            with pytest.raises(EngineError, match=r"resolution='tiny' cannot be chosen.*it reads in gundam"):
                read(url, "tiny")
            answer = read(url, "gundam-6")

        assert (200, asked_in_gundam(ignored)) == (ignored[0], True)
        assert 0 < answer.prompt_tokens - vision_tokens(MODES["gundam"], *SIZE) < 60


def asked_in_gundam(answer):
    return 0 < answer[1] - vision_tokens(MODES["gundam"], *SIZE) < 20
