from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from dsocr_loaders import engines
from dsocr_loaders.engines import select, vllm
from dsocr_loaders.engines.advice import HOW_TO_GET_OCR, SERVE_COMMAND
from dsocr_loaders.engines.select import EngineState, engine_report, make_engine
from dsocr_loaders.errors import EngineUnavailable, SettingsError
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import ScriptedEngine, ScriptedServer

NO_VLLM = EngineState("vllm", works=False, detail="vLLM is not installed.", command="pip install vllm")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.setattr(select, "vllm_state", lambda settings: NO_VLLM)
    monkeypatch.setattr(select, "has_visible_gpu", lambda: False)
    for name in ("DSOCR_ENDPOINT", "DSOCR_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def without_pymupdf(monkeypatch):
    monkeypatch.setattr(select, "find_spec", lambda name: None)


def made(**settings):
    engine = make_engine(Settings(**settings))
    engine.close()
    return engine


def test_an_engine_object_is_used_as_it_is():
    """This test ensures that a user's own engine is neither copied nor wrapped."""
    own = ScriptedEngine()

    assert make_engine(Settings(engine=own)) is own

    own.close()


def test_a_url_means_a_server(caplog):
    """This test ensures that a URL gives the remote engine, with the settings, and logs why."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")

    engine = made(engine="http://host:8000/v1", model="my/model")

    assert isinstance(engine, engines.RemoteEngine)
    assert engine.fingerprint == "remote http://host:8000/v1 auto my/model jpeg"
    assert [record.getMessage() for record in caplog.records] == [
        "engine: remote http://host:8000/v1 auto my/model jpeg (engine= names its URL)"
    ]


def test_a_folder_means_recorded_answers(tmp_path):
    """This test ensures that everything behind `replay:` is the folder."""
    folder = tmp_path / "with:colon"
    folder.mkdir()
    (folder / "answers.json").write_text("[]")

    assert isinstance(made(engine=f"replay:{folder}"), engines.ReplayEngine)


def test_text_layer_by_name():
    """This test ensures that the text layer can be asked for, with the password of encrypted files."""
    assert isinstance(made(engine="text_layer", password="open"), engines.TextLayerEngine)  # noqa: S106 - opens nothing


def test_auto_takes_the_environments_server(monkeypatch, caplog):
    """This test ensures that DSOCR_ENDPOINT comes first, and that the log says so."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    monkeypatch.setenv("DSOCR_ENDPOINT", "http://gpu:8000/v1")

    engine = made()

    assert engine.fingerprint.startswith("remote http://gpu:8000/v1 ")
    assert "DSOCR_ENDPOINT is set" in caplog.text


def test_auto_names_the_variable_that_is_wrong(monkeypatch):
    """This test ensures that a user who set no engine= learns which variable to mend."""
    monkeypatch.setenv("DSOCR_ENDPOINT", "gpu:8000")

    with pytest.raises(SettingsError, match="DSOCR_ENDPOINT"):
        make_engine(Settings())


@pytest.mark.parametrize("value", [None, "", "  "])
def test_auto_takes_the_text_layer_without_a_server(value, monkeypatch, caplog):
    """This test ensures that born-digital documents are read on a machine that has nothing else."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    if value is not None:
        monkeypatch.setenv("DSOCR_ENDPOINT", value)

    assert isinstance(made(), engines.TextLayerEngine)
    assert "DSOCR_ENDPOINT is not set" in caplog.text


@pytest.mark.usefixtures("without_pymupdf")
def test_auto_without_anything_tells_all_ways():
    """This test ensures that the error is enough to get an engine."""
    with pytest.raises(EngineUnavailable) as caught:
        make_engine(Settings())

    assert caught.value.cause == "no_engine"
    assert 'pip install "pymupdf' in str(caught.value)
    assert HOW_TO_GET_OCR in str(caught.value)


@pytest.fixture
def with_vllm(monkeypatch):
    """Pretend that vLLM is installed; what it becomes is a scripted engine."""
    monkeypatch.setattr(select, "vllm_state", lambda settings: EngineState("vllm", works=True, detail="It is here."))
    monkeypatch.setattr(vllm, "VllmEngine", lambda settings: ScriptedEngine(), raising=False)
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)


@pytest.mark.usefixtures("with_vllm")
def test_auto_takes_vllm_on_a_machine_with_a_gpu(monkeypatch, caplog):
    """This test ensures that vLLM in this process comes after a server and before the text layer, with the reason."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    monkeypatch.setattr(select, "has_visible_gpu", lambda: True)

    assert isinstance(made(), ScriptedEngine)
    assert "vLLM is installed and a GPU is visible" in caplog.text
    assert "this machine's GPU" in states()["auto"].detail
    monkeypatch.setenv("DSOCR_ENDPOINT", "http://gpu:8000/v1")
    assert isinstance(made(), engines.RemoteEngine)


@pytest.mark.usefixtures("with_vllm")
def test_auto_leaves_vllm_alone_without_a_gpu():
    """This test ensures that a build for CPUs, which takes minutes for a page, is taken by name alone."""
    assert isinstance(made(), engines.TextLayerEngine)
    assert isinstance(made(engine="vllm"), ScriptedEngine)


def test_auto_says_why_it_did_not_take_vllm(caplog):
    """This test ensures that a user who expected vLLM learns from the log what is missing."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")
    made()

    assert "vLLM here: vLLM is not installed" in caplog.text


def states(**arguments):
    return {state.engine: state for state in engine_report(**arguments)}


def test_the_report_has_a_command_for_whatever_does_not_work():
    """This test ensures that a user of `dsocr engines` can act on each line, and that the text layer works here."""
    report = states()

    assert list(report) == ["auto", "URL", "vllm", "transformers", "text_layer", "replay:FOLDER"]
    assert {state.engine for state in report.values() if state.works} == {"auto", "text_layer", "replay:FOLDER"}
    assert [state for state in report.values() if bool(state.command) == bool(state.works)] == []
    assert report["URL"].command == SERVE_COMMAND


@pytest.mark.usefixtures("without_pymupdf")
def test_the_report_without_pymupdf():
    """This test ensures that the missing package is named for the text layer and for auto."""
    report = states()

    assert report["text_layer"] == EngineState(
        "text_layer", works=False, detail="PyMuPDF is not installed.", command='pip install "pymupdf>=1.26,<2"'
    )
    assert report["auto"].works is False


def test_the_report_asks_the_servers_that_are_named():
    """This test ensures that a URL on the command line is looked at without setting a variable first."""
    with ScriptedServer() as server, ScriptedServer(api_key="k") as locked:
        report = states(endpoints=[server.base_url, locked.base_url, "http://127.0.0.1:1/v1"])

    assert [True, False, False] == [state.works for state in list(report.values())[-3:]]
    assert (
        f"DSOCR_ENDPOINT={locked.base_url} DSOCR_API_KEY=... dsocr engines --probe" == report[locked.base_url].command
    )
    assert SERVE_COMMAND == report["http://127.0.0.1:1/v1"].command


def test_the_report_asks_no_server_unless_told_to(monkeypatch):
    """This test ensures that looking is free: the network is asked with probe=True alone."""
    with ScriptedServer() as server:
        monkeypatch.setenv("DSOCR_ENDPOINT", server.base_url)
        unasked = states()
        asked_before = server.models_requests
        asked = states(probe=True)

    assert asked_before == 0
    assert (unasked[server.base_url].works, unasked["auto"].works) == (None, None)
    assert (asked[server.base_url].works, asked["auto"].works) == (True, True)
    assert "deepseek-ai/DeepSeek-OCR" in asked[server.base_url].detail


def test_the_report_says_why_a_server_does_not_work(monkeypatch):
    """This test ensures that the server's own fault is the line's reason."""
    with ScriptedServer(kind="openai", owned_by="gateway") as server:
        monkeypatch.setenv("DSOCR_ENDPOINT", server.base_url)
        state = states(probe=True)[server.base_url]

    assert state.works is False
    assert "'gateway'" in state.detail
    assert state.command == "export DSOCR_ENDPOINT=http://localhost:8000/v1"


def test_the_report_names_the_remedy_for_a_refused_key(monkeypatch):
    """This test ensures that a server that wants a key is not answered with the command that starts another."""
    with ScriptedServer(api_key="right") as server:
        monkeypatch.setenv("DSOCR_ENDPOINT", server.base_url)
        state = states(probe=True)[server.base_url]

    assert state.works is False
    assert state.command == "export DSOCR_API_KEY=..."


def test_the_report_survives_a_wrong_variable(monkeypatch):
    """This test ensures that a variable that is no URL is a line of the report, not an error."""
    monkeypatch.setenv("DSOCR_ENDPOINT", "gpu:8000")

    state = states(probe=True)["DSOCR_ENDPOINT"]

    assert state.works is False
    assert state.command.startswith("export DSOCR_ENDPOINT=")


def test_names_are_loaded_on_first_use():
    """This test ensures that a page worker, which needs `prepare` alone, loads no HTTP client."""
    code = (
        "import sys\n"
        "from dsocr_loaders.engines import Engine, EngineLoop, Prepared, make_engine\n"
        "from dsocr_loaders.engines.encode import encode_page\n"
        "assert 'httpx' not in sys.modules\n"
        "import dsocr_loaders.engines as engines\n"
        "assert all(getattr(engines, name) for name in engines.__all__)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_name_is_an_attribute_error():
    """This test ensures that the lazy door fails like any module's."""
    with pytest.raises(AttributeError, match="NoSuchEngine"):
        _ = engines.NoSuchEngine

    assert sorted(engines.__all__) == dir(engines)
