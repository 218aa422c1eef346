"""What keeps real vLLM from starting is one error that says what to do."""

from __future__ import annotations

import json

import pytest

from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.engines.vllm import VllmEngine
from dsocr_loaders.errors import EngineError, EngineUnavailable
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.closed_book.configuration import write_configuration
from dsocr_loaders.testing.closed_book.tokenizer import make_tokenizer, write_tokenizer

OPTIONS = {"load_format": "dummy", "enforce_eager": True, "max_num_seqs": 2}


@pytest.fixture(scope="module", autouse=True)
def alone(servers):
    servers.close()  # vLLM takes 4 GB


@pytest.fixture
def model_folder(tmp_path):
    write_configuration(tmp_path)
    write_tokenizer(tmp_path, make_tokenizer(["a few words"]))
    return tmp_path


def refusal(model: str, **options) -> EngineError:
    engine = VllmEngine(Settings(engine="vllm", model=model, engine_options={**OPTIONS, **options}))
    try:
        with pytest.raises(EngineError) as caught:
            engine.loop.submit(engine.make_ready(Prepared("", None))).result(600)
    finally:
        engine.close()
    assert caught.value.stops_run
    return caught.value


def test_a_name_of_the_hub_without_a_network():
    """This test ensures that a model that is not in the cache, where nothing may be fetched, says how to fetch it."""
    error = refusal("deepseek-ai/DeepSeek-OCR-no-such")

    assert "no_engine" == error.cause
    assert "HF_HUB_OFFLINE" in str(error)
    assert "hf download deepseek-ai/DeepSeek-OCR-no-such" in str(error)


def test_an_architecture_that_vllm_does_not_know(model_folder):
    """This test ensures that a model of another kind is told as such."""
    error = refusal(str(model_folder), hf_overrides={"architectures": ["NoSuchForCausalLM"]})

    assert isinstance(error, EngineUnavailable)
    assert "does not know the model's architecture" in str(error)
    assert "NoSuchForCausalLM" in str(error)


def test_remote_code_that_nobody_opted_in_to(model_folder):
    """This test ensures that a model with code of its own names the setting, and runs none of it."""
    config = json.loads((model_folder / "config.json").read_text())
    config |= {"model_type": "of_its_own", "auto_map": {"AutoConfig": "configuration_own.OwnConfig"}}
    (model_folder / "config.json").write_text(json.dumps(config))
    (model_folder / "configuration_own.py").write_text(f"open({str(model_folder / 'was-run')!r}, 'w')\n")

    error = refusal(str(model_folder))

    assert "trust_remote_code=True and revision=" in str(error)
    assert not (model_folder / "was-run").exists()


def test_a_context_that_memory_does_not_hold(model_folder, monkeypatch):
    """This test ensures that a lack of memory names the options that help."""
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    config = json.loads((model_folder / "config.json").read_text())
    config["language_config"] |= {"max_position_embeddings": 4_000_000}
    (model_folder / "config.json").write_text(json.dumps(config))

    error = refusal(str(model_folder))

    assert "the memory does not suffice" in str(error)
    assert "max_model_len" in str(error)
