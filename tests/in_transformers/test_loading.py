"""From a name to a model: folders, revisions, mirrors, caches, and what is wrong with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("transformers.models.deepseek_ocr2", reason="transformers is older than 5.16")

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BitsAndBytesConfig

from dsocr_loaders.engines.transformers import TransformersEngine, loading
from dsocr_loaders.engines.transformers.devices import choose_device, choose_dtype
from dsocr_loaders.errors import EngineUnavailable
from dsocr_loaders.settings import Settings

pytestmark = [pytest.mark.transformers, pytest.mark.timeout(300)]

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "acme/DeepSeek-OCR-2-invoices-bnb"


def refused(engine, request, read_with):
    (error,) = read_with(engine, request)
    engine.close()
    assert isinstance(error, EngineUnavailable)
    return str(error)


@pytest.fixture
def request_of_a_page(make_page, make_request):
    return make_request(make_page(400, 400))


def test_weights_of_another_model(ocr_2, tmp_path, request_of_a_page, read_with):
    """This test ensures that a model whose weights are not all there is refused, instead of reading noise."""
    folder = tmp_path / "DeepSeek-OCR-2-half"
    shutil.copytree(ocr_2, folder)
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "model.layers.1." not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})

    message = refused(TransformersEngine(Settings(model=str(folder))), request_of_a_page, read_with)

    assert "lack" in message
    assert "language_model.layers.1." in message


def test_a_tokenizer_of_another_model(ocr_2, tmp_path, request_of_a_page, read_with):
    """This test ensures that a tokenizer without the page's token is told."""
    folder = tmp_path / "DeepSeek-OCR-2-other"
    shutil.copytree(ocr_2, folder)
    for path in (folder / "tokenizer.json", folder / "tokenizer_config.json", folder / "processor_config.json"):
        path.write_text(path.read_text(encoding="utf-8").replace('"<image>"', '"<img>"'), encoding="utf-8")

    assert "no token <image>" in refused(TransformersEngine(Settings(model=str(folder))), request_of_a_page, read_with)


def test_an_older_transformers(ocr_2, request_of_a_page, read_with, monkeypatch):
    """This test ensures that a version which does not know the model is named, with the one that does."""
    monkeypatch.setattr(loading, "installed_version", lambda: "5.9.0")

    message = refused(TransformersEngine(Settings(model=str(ocr_2))), request_of_a_page, read_with)

    assert "needs transformers 5.16 or newer, and 5.9.0 is installed" in message


def test_memory_runs_out_while_loading(ocr_2, request_of_a_page, read_with, monkeypatch):
    """This test ensures that a model which does not fit says what would make it smaller."""

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")

    monkeypatch.setattr(loading, "_looked_up", full)

    message = refused(TransformersEngine(Settings(model=str(ocr_2))), request_of_a_page, read_with)

    assert "Out of memory while loading" in message
    assert "quantization_config" in message


def test_options_reach_from_pretrained(ocr_2, request_of_a_page, read_with):
    """This test ensures that a quantisation which this machine cannot do is asked for, and its absence told."""
    options = {"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}
    engine = TransformersEngine(Settings(model=str(ocr_2), engine_options=options))

    assert "bitsandbytes" in refused(engine, request_of_a_page, read_with)


@pytest.mark.parametrize(
    ("capability", "dtype"), [((9, 0), torch.bfloat16), ((8, 0), torch.bfloat16), ((7, 5), torch.float16)]
)
def test_numbers_of_a_gpu(monkeypatch, capability, dtype):
    """This test ensures that bfloat16 is taken where the hardware has it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)

    assert (choose_device(""), choose_dtype("cuda", "")) == ("cuda", dtype)


def test_numbers_of_a_cpu(monkeypatch):
    """This test ensures that a machine without a GPU computes in float32, unless it is told otherwise."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert (choose_device(""), choose_dtype("cpu", "")) == ("cpu", torch.float32)
    assert (choose_device("cuda:1"), choose_dtype("cpu", "bfloat16")) == ("cuda:1", torch.bfloat16)


def mirror(folder):
    """Return a server that has one model at one commit, and the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            head, _, name = self.path.partition(f"/resolve/{COMMIT}/")
            path = folder / name
            if head != f"/{NAME}" or not name or not path.is_file():
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound" if NAME in self.path else "RepoNotFound")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, asked


READ = """
import json, sys
from dsocr_loaders import Reader
from dsocr_loaders.errors import DsocrError

def told(settings):
    try:
        with Reader("transformers", **settings) as reader:
            results = list(reader.iter_pages(sys.argv[2]))
    except DsocrError as error:
        return {"error": str(error)}
    return {"answers": [result.answer.text for result in results], "fingerprint": results[0].answer.engine}

if __name__ == "__main__":
    with open(sys.argv[3], "w") as file:
        json.dump([told(settings) for settings in json.loads(sys.argv[1])], file)
"""


@pytest.fixture
def read_elsewhere(tmp_path, make_page):
    """Return a function that reads two pages in a new process, with one reader after the other.

    It returns what each reader told, the process's output, and what it left in its folder and the temporary one.
    """
    size = (300, 400)
    pictures = [Image.frombytes("RGB", size, make_page(*size, seed).image.data) for seed in range(2)]
    pictures[0].save(tmp_path / "pages.tiff", save_all=True, append_images=pictures[1:])
    (tmp_path / "read.py").write_text(READ)

    def read(*settings: dict, **environment: str):
        work, temporary, home = (tmp_path / name for name in ("work", "temporary", "home"))
        for folder in (work, temporary, home):
            folder.mkdir(exist_ok=True)
        told = tmp_path / "told.json"
        done = subprocess.run(
            [sys.executable, tmp_path / "read.py", json.dumps(settings), tmp_path / "pages.tiff", told],
            cwd=work,
            env={**os.environ, "TMPDIR": str(temporary), "HF_HOME": str(home), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        left = sorted(path.name for folder in (work, temporary) for path in folder.iterdir())
        return json.loads(told.read_text()), done.stdout, left

    return read


def test_nothing_is_printed_and_no_file_is_left(ocr_2, own_code, read_elsewhere):
    """This test ensures that a script's output, folder and temporary folder are as they were, whatever the model."""
    native = {"model": str(ocr_2), "max_new_tokens": 4}
    own = {"model": str(own_code), "max_new_tokens": 4, "trust_remote_code": True}

    told, output, left = read_elsewhere(native, own)

    assert [2, 2] == [len(each["answers"]) for each in told]
    assert ("", []) == (output, left)


def test_a_mirror_a_revision_and_a_cache(ocr_2, read_elsewhere):
    """This test ensures that HF_ENDPOINT and revision= say what is downloaded, and HF_HUB_OFFLINE reads it again."""
    server, asked = mirror(ocr_2)
    named = {"model": NAME, "revision": COMMIT, "max_new_tokens": 4}
    unknown = {**named, "model": "acme/DeepSeek-OCR-2-none"}
    address = f"http://127.0.0.1:{server.server_port}"

    (fetched, wrong), *_ = read_elsewhere(named, unknown, HF_ENDPOINT=address, HF_HUB_DISABLE_XET="1")
    server.shutdown()
    (again, missing), *_ = read_elsewhere(named, unknown, HF_ENDPOINT=address, HF_HUB_OFFLINE="1")

    assert "error" not in fetched, asked
    assert len(fetched["answers"]) == 2
    assert f"{NAME}@{COMMIT}" in fetched["fingerprint"]
    assert [] == [path for path in asked if f"{NAME}/resolve/" in path and COMMIT not in path]
    assert f"neither a folder here nor to be had from {address}" in wrong["error"]
    assert fetched == again
    assert "is not in the cache" in missing["error"]
    assert "HF_HUB_OFFLINE" in missing["error"]
