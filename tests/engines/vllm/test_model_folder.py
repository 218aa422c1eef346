from __future__ import annotations

import json

import pytest

from dsocr_loaders.engines.vllm.model_folder import check_folder, folder_of
from dsocr_loaders.errors import EngineUnavailable
from dsocr_loaders.models import model_for

OCR = "DeepseekOCRForCausalLM"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": [OCR]}))
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


def refusal(folder, architecture=OCR, **options):
    with pytest.raises(EngineUnavailable) as caught:
        check_folder(folder, architecture, **options)
    assert caught.value.cause == "no_engine"
    return str(caught.value)


def test_a_whole_folder(folder):
    """This test ensures that a folder with configuration, tokenizer and weights is taken."""
    check_folder(folder, OCR)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("config.json", r"lacks config\.json\."),
        ("tokenizer.json", r"lacks tokenizer\.json or tokenizer\.model\."),
        ("model.safetensors", r"lacks weights \(\*\.safetensors\)\."),
    ],
)
def test_what_is_missing_is_named(folder, gone, words):
    """This test ensures that a folder that was copied in part says which part, and how to get it whole."""
    (folder / gone).unlink()

    with pytest.raises(EngineUnavailable, match=words):
        check_folder(folder, OCR)
    assert "hf download" in refusal(folder)


def test_all_missing_files_are_named_at_once(tmp_path):
    """This test ensures that an empty folder takes one error, not three."""
    message = refusal(tmp_path)

    assert all(words in message for words in ("config.json", "tokenizer.json", "weights"))


def test_weights_in_parts(folder):
    """This test ensures that each part that the index lists has to be there."""
    parts = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    index = {"weight_map": {f"layer.{number}": part for number, part in enumerate(parts)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / parts[1]).write_bytes(b"")

    message = refusal(folder)

    assert [True, False, True] == [part in message for part in parts]


def test_random_weights_need_no_file(folder):
    """This test ensures that load_format='dummy' works with configuration and tokenizer alone."""
    (folder / "model.safetensors").unlink()

    check_folder(folder, OCR, load_format="dummy")


@pytest.mark.parametrize("content", ['{"architectures": ["LlamaForCausalLM"]}', "{}", "[]"])
def test_a_model_for_something_else(folder, content):
    """This test ensures that a model that this package has no prompts for is told from one that is not whole."""
    (folder / "config.json").write_text(content)

    assert "no model that this package can ask" in refusal(folder)


def test_a_configuration_that_is_no_json(folder):
    """This test ensures that a damaged file is named."""
    (folder / "config.json").write_text("{")

    assert "config.json cannot be read" in refusal(folder)


def test_a_folder_of_another_model_is_asked_as_that_one(folder):
    """This test ensures that the configuration decides which architecture is wanted, whatever the folder is called."""
    (folder / "config.json").write_text('{"architectures": ["DeepseekOCR2ForCausalLM"]}')

    assert "DeepseekOCR2ForCausalLM" == model_for(str(folder)).architecture
    check_folder(folder, model_for(str(folder)).architecture)


@pytest.mark.parametrize("model", ["/no/such/folder", "./checkpoint", "~/no-such-folder", "a/b/c"])
def test_a_folder_that_is_not_there(model):
    """This test ensures that a mistyped path is not looked for on the hub."""
    with pytest.raises(EngineUnavailable, match="there is no such folder"):
        folder_of(model)


def test_names_of_the_hub_are_no_folders(folder, monkeypatch):
    """This test ensures that a folder is one only if it is there."""
    monkeypatch.chdir(folder.parent)

    assert folder_of("deepseek-ai/DeepSeek-OCR") is None
    assert folder.resolve() == folder_of(folder.name)
