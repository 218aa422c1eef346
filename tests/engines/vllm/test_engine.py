"""The engine with a core that is a script: everything but vLLM is real, the process included."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from PIL import Image

from dsocr_loaders.engines.protocol import Engine, LoadsModel, Prepared
from dsocr_loaders.engines.vllm import VllmEngine, engine, process, sharing
from dsocr_loaders.engines.vllm.installed import InstalledVllm
from dsocr_loaders.errors import EngineDead, EngineRejected, EngineUnavailable, SettingsError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import report_source
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, RgbImage, Task

SCRIPT = """
import os, pickle, signal, sys, time
from dsocr_loaders.engines.vllm.messages import Ask, Broken, NotStarted, PageAnswer, Refused, Started, Withdraw
from dsocr_loaders.pages.beginning import take_over_pipes
from dsocr_loaders.pages.wire import read_frame, write_frame

requests, replies = take_over_pipes()
begin = pickle.loads(read_frame(requests))
print("loading", begin.launch.arguments["model"])
wanted = begin.launch.arguments.get("seed")
if wanted == 1:
    write_frame(replies, NotStarted("no_engine", "vLLM finds no GPU.", "traceback"))
    sys.exit(1)
if wanted == 2:
    print("Segmentation fault", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)
write_frame(replies, Started("0.32.0", "cuda", 8192))
withdrawn = []
while (frame := read_frame(requests)) is not None:
    message = pickle.loads(frame)
    if isinstance(message, Withdraw):
        withdrawn.append(message.number)
        continue
    word = message.prompt.removeprefix("<image>\\n")
    if word == "wait":
        continue
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "break":
        write_frame(replies, Broken("vLLM broke: CUDA error.", "traceback"))
        sys.exit(1)
    if word == "refuse":
        write_frame(replies, Refused(message.number, "too_large", "no room"))
        continue
    pixels = len(message.views.pixels.take())
    text = f"{word} {pixels} {os.getpid()} {withdrawn}"
    write_frame(replies, PageAnswer(message.number, text, "stop", 300, 2))
"""


@pytest.fixture(autouse=True)
def scripted_core(tmp_path, monkeypatch):
    (tmp_path / "scripted_core.py").write_text(textwrap.dedent(SCRIPT))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(process, "CORE_MODULE", "scripted_core")
    monkeypatch.setattr(engine, "installed_vllm", lambda: InstalledVllm(Path("/nowhere"), "0.32.0", is_cpu_build=False))
    yield
    assert {} == sharing._cores


def made(**options) -> VllmEngine:
    return VllmEngine(Settings(engine="vllm", engine_options=options))


def request(prompt: str = "read") -> ReadRequest:
    image = Image.new("RGB", (40, 30), "white")
    page = PageImage(report_source(), 1, "1", 40, 30, "px", image=RgbImage(40, 30, image.tobytes()))
    return ReadRequest(page, Task.DOCUMENT, prompt, "tiny", Decoding())


def start(each: VllmEngine, prompt: str = "read"):
    asked = request(prompt)
    prepared = each.prepare(asked.page, asked)
    return each.loop.submit(each.read(prepared, asked))


def read(each: VllmEngine, prompt: str = "read") -> str:
    return start(each, prompt).result(20).text


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_page_and_its_answer():
    """This test ensures that pixels reach the core by a file that is gone then, and its answer comes back whole."""
    each = made()
    folder = Path(each.prepare.keywords["folder"])
    asked = request()
    answer = each.loop.submit(each.read(each.prepare(asked.page, asked), asked)).result(20)
    left = [path.name for path in folder.iterdir() if path.name != "owner.lock"]
    each.close()

    assert answer.text.startswith(f"read {3 * 512 * 512} {each.process_id} ")
    assert ("stop", 300, 2) == (answer.finish_reason, answer.prompt_tokens, answer.output_tokens)
    assert ("deepseek-ai/DeepSeek-OCR", each.fingerprint) == (answer.model, answer.engine)
    assert [] == left
    assert not folder.exists()


def test_nothing_is_started_before_the_first_page():
    """This test ensures that making an engine costs nothing, and that closing it twice is safe."""
    each = made()

    assert isinstance(each, Engine)
    assert isinstance(each, LoadsModel)
    assert (32, None) == (each.capacity, each.process_id)
    asked = request()
    prepared = each.prepare(asked.page, asked)
    each.close()
    each.close()
    with pytest.raises(EngineDead, match="closed"):
        each.loop.submit(each.read(prepared, asked))


def test_equal_engines_share_a_core():
    """This test ensures that a model is loaded once, serves as long as anybody uses it, and ends with the last one."""
    first, second, other = made(), made(), made(max_model_len=4096)

    ids = [read(each).split()[2] for each in (first, second, other)]
    waits = start(first, "wait")
    first.close()

    assert ids[0] == ids[1] != ids[2]
    with pytest.raises(EngineDead, match="closed"):
        waits.result(10)
    assert read(second).split()[2] == ids[0]
    second.close()
    assert wait_until(lambda: not is_running(int(ids[0])))
    assert is_running(int(ids[2]))
    other.close()


def test_engines_that_are_forgotten_free_the_gpu():
    """This test ensures that a core ends when the last engine that uses it is gone, without any `close`."""
    each = made()
    core = int(read(each).split()[2])
    del each
    gc.collect()

    assert wait_until(lambda: not is_running(core))


@pytest.mark.parametrize(("word", "reason"), [("kill", "was killed (SIGKILL)"), ("break", "vLLM broke: CUDA error.")])
def test_a_core_that_dies(word, reason):
    """This test ensures that every page learns of the core's death, and a new engine gets a new core."""
    each = made()
    read(each)
    waiting = [start(each, "wait") for _ in range(3)]
    dying = start(each, word)

    for future in [*waiting, dying, start(each)]:
        with pytest.raises(EngineDead) as caught:
            future.result(10)
        assert reason in str(caught.value)
        assert "make a new one" in str(caught.value)
        assert caught.value.stops_run
    again = made()
    assert read(again)
    again.close()
    each.close()


def test_a_core_that_does_not_start():
    """This test ensures that why vLLM does not start is the error of all pages that wait for it."""
    each = made(seed=1)
    waiting = [start(each) for _ in range(3)]

    for future in [*waiting, start(each)]:
        with pytest.raises(EngineUnavailable, match=r"^vLLM finds no GPU\.$") as caught:
            future.result(20)
        assert "no_engine" == caught.value.cause
    each.close()


def test_a_core_that_crashes_while_it_loads(capfd):
    """This test ensures that a crash in native code is told with the last words, which are shown as well."""
    each = made(seed=2)

    with pytest.raises(EngineUnavailable, match=r"did not start: .*killed \(SIGSEGV\).*Segmentation fault"):
        start(each).result(20)
    each.close()
    assert "loading deepseek-ai/DeepSeek-OCR" in capfd.readouterr().err


def test_a_page_that_is_refused_and_one_that_is_taken_back():
    """This test ensures that a refusal is one page's error, and that a cancelled page is withdrawn from vLLM."""
    each = made()
    with pytest.raises(EngineRejected, match="no room") as caught:
        read(each, "refuse")
    waits = start(each, "wait")
    read(each)  # the core has it by now
    waits.cancel()

    assert "too_large" == caught.value.cause
    assert read(each).endswith("[3]") or read(each).endswith("[2]")
    each.close()


def test_a_page_of_another_engine():
    """This test ensures that what another engine prepared is an error, not a crash of the core."""
    each = made()

    with pytest.raises(EngineRejected, match="own `prepare`"):
        each.loop.submit(each.read(Prepared("digest", b""), request())).result(10)
    each.close()


def test_a_mode_that_the_model_lacks_is_told_at_once():
    """This test ensures that a wrong resolution needs no page to be seen."""
    with pytest.raises(SettingsError, match="gundam"):
        VllmEngine(Settings(engine="vllm", model="deepseek-ai/DeepSeek-OCR-2", resolution="tiny"))


@pytest.mark.slow
def test_the_core_ends_with_its_interpreter():
    """This test ensures that nobody has to look for a process that holds the GPU, however its owner ends."""
    program = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from dsocr_loaders.engines.vllm import engine, process
        from dsocr_loaders.engines.vllm.installed import InstalledVllm
        process.CORE_MODULE = "scripted_core"
        engine.installed_vllm = lambda: InstalledVllm(Path("/nowhere"), "0.32.0", is_cpu_build=False)
        import test_engine
        each = test_engine.made()
        print(test_engine.read(each).split()[2], flush=True)
        input()
        """
    )
    killed = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    core = int(killed.stdout.readline())
    was_running = is_running(core)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    ended = subprocess.run([sys.executable, "-c", program], input=b"\n", capture_output=True, check=True)

    assert was_running
    assert wait_until(lambda: not is_running(core))
    assert wait_until(lambda: not is_running(int(ended.stdout)))


def test_loading_takes_none_of_the_time_for_an_answer(monkeypatch):
    """This test ensures that `make_ready` waits for the model, so that the pipeline's limit is for answers alone."""
    each = made()
    asked = request()

    each.loop.submit(each.make_ready(each.prepare(asked.page, asked))).result(20)

    assert is_running(each.process_id)
    assert 256 == each.capacity
    each.close()


def test_settings_that_are_no_json_can_be_shared():
    """This test ensures that an option may be any value that can be sent to the core."""
    first, second = made(hf_overrides={"a": {1, 2}}), made(hf_overrides={"a": {1, 2}})

    assert first._core is second._core
    assert json.dumps(first.fingerprint)
    first.close()
    second.close()


def test_a_vllm_that_has_one_mode_alone(monkeypatch):
    """This test ensures that an older vLLM, whose models check for one size, is never given another."""
    old = InstalledVllm(Path("/nowhere"), "0.16.0", is_cpu_build=False)
    monkeypatch.setattr(engine, "installed_vllm", lambda: old)
    with pytest.raises(EngineRejected, match=r"'tiny' needs vLLM 0\.20"):
        VllmEngine(Settings(engine="vllm", resolution="tiny"))

    each = made()
    with pytest.raises(EngineRejected, match=r"needs vLLM 0\.20"):
        read(each)
    each.close()
