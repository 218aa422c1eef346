from __future__ import annotations

import json
import os

import pytest

from dsocr_loaders.engines.transformers import checkpoint as home
from dsocr_loaders.engines.transformers.checkpoint import checkpoint_of
from dsocr_loaders.errors import EngineUnavailable, SettingsError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OWN_CODE = {
    "architectures": ["DeepseekOCRForCausalLM"],
    "auto_map": {"AutoConfig": "modeling.Config", "AutoModel": "modeling.Model"},
}


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "_cached_config", lambda *_: None)


@pytest.fixture
def make_folder(tmp_path):
    """Return a function that makes a model folder, without what is to be missing."""

    def make(config=None, *without, name="invoices", **files):
        folder = tmp_path / name
        folder.mkdir()
        parts = {
            "config.json": json.dumps(config or {"model_type": "deepseek_ocr2"}),
            "tokenizer.json": "{}",
            "model.safetensors": "weights",
            **files,
        }
        for each, content in parts.items():
            if each not in without:
                (folder / each).write_text(content)
        return folder

    return make


def test_a_folder_says_what_it_is(make_folder):
    """This test ensures that a fine-tune is known by its config, whatever it is called."""
    found = checkpoint_of(str(make_folder()), None)

    assert ("native", "deepseek-ocr-2") == (found.kind, found.family)
    assert found.refusal(trusts_code=False) == ""
    assert found.auto_class == "AutoModelForImageTextToText"


def test_a_fingerprint_changes_with_the_folder(make_folder):
    """This test ensures that answers of a model that was trained on are not taken for those of the one before."""
    folder = make_folder()
    before = checkpoint_of(str(folder), None).fingerprint()
    same = checkpoint_of(str(folder), None).fingerprint()
    (folder / "model.safetensors").write_text("weightS")

    after = checkpoint_of(str(folder), None).fingerprint()
    large = folder / "more.safetensors"
    large.write_bytes(bytes(1_000_001))
    os.utime(large, ns=(1, 1))
    first = checkpoint_of(str(folder), None).fingerprint()
    os.utime(large, ns=(2, 2))

    assert before == same
    assert len({before, after, first, checkpoint_of(str(folder), None).fingerprint()}) == 4


@pytest.mark.parametrize(
    ("missing", "files", "words"),
    [
        (["config.json"], {}, "it has no config.json"),
        (["config.json"], {"model-q4.gguf": ""}, "GGUF files"),
        (["tokenizer.json"], {}, "it has no tokenizer"),
        (["model.safetensors"], {}, "it has no weights"),
        ([], {"model.safetensors": "version https://git-lfs.github.com/spec/v1\n"}, "git lfs pull"),
        (
            [],
            {"model.safetensors.index.json": json.dumps({"weight_map": {"a": "model-1.safetensors"}})},
            "weights are missing: model-1.safetensors",
        ),
        ([], {"config.json": json.dumps(OWN_CODE)}, "names code that it does not have: modeling.py"),
        ([], {"config.json": "{"}, "cannot be read"),
        ([], {"config.json": "[]"}, "holds no JSON object"),
    ],
)
def test_what_a_folder_lacks_is_told(make_folder, missing, files, words):
    """This test ensures that a half download, or a folder of another kind, is an error that says what is wrong."""
    folder = make_folder(None, *missing, **files)

    with pytest.raises(EngineUnavailable) as caught:
        checkpoint_of(str(folder), None)

    assert caught.value.cause == "no_engine"
    assert words in str(caught.value)
    assert str(folder) in str(caught.value)


def test_no_such_folder():
    """This test ensures that a path that leads nowhere is not looked up on the hub."""
    with pytest.raises(EngineUnavailable, match="There is no model folder /models/none"):
        checkpoint_of("/models/none", None)


def test_a_folder_has_no_revisions(make_folder):
    """This test ensures that a revision which would have no effect is refused."""
    with pytest.raises(SettingsError, match="belongs to a model on the hub"):
        checkpoint_of(str(make_folder()), COMMIT)


def test_code_in_a_folder_is_opted_in_to(make_folder):
    """This test ensures that a folder's code needs trust alone, since nobody else changes it."""
    found = checkpoint_of(str(make_folder(OWN_CODE, **{"modeling.py": ""})), None)

    assert "pass trust_remote_code=True" in found.refusal(trusts_code=False)
    assert found.refusal(trusts_code=True) == ""
    assert ("remote_code", "deepseek-ocr") == (found.kind, found.family)


@pytest.mark.parametrize(
    ("revision", "trusts", "words"),
    [
        (None, False, "pass trust_remote_code=True and revision="),
        (COMMIT, False, "pass trust_remote_code=True and revision="),
        (None, True, "pass revision= as well, the 40 digits of a commit"),
        ("main", True, "revision='main' can be moved to other code"),
        (COMMIT, True, ""),
    ],
)
def test_code_from_the_hub_needs_a_pinned_revision(revision, trusts, words):
    """This test ensures that code which somebody else may change is run at one commit alone."""
    refusal = checkpoint_of("deepseek-ai/DeepSeek-OCR", revision).refusal(trusts_code=trusts)

    assert words in refusal
    assert bool(words) == bool(refusal)


def test_the_form_that_needs_no_code_is_named():
    """This test ensures that who asks for DeepSeek-OCR-2 by its first name learns of the other one."""
    refusal = checkpoint_of("deepseek-ai/DeepSeek-OCR-2", None).refusal(trusts_code=False)

    assert "deepseek-community/DeepSeek-OCR-2" in refusal


def test_a_name_without_a_config_at_hand():
    """This test ensures that a quantised copy belongs to its model, and is looked at again when it is loaded."""
    found = checkpoint_of("acme/DeepSeek-OCR-2-bnb-4bit", None)

    assert ("", "deepseek-ocr-2", "") == (found.kind, found.family, found.refusal(trusts_code=False))
    assert found.fingerprint() == "acme/DeepSeek-OCR-2-bnb-4bit"


def test_an_unknown_architecture(make_folder):
    """This test ensures that a model of another kind is refused with what this engine reads."""
    refusal = checkpoint_of(str(make_folder({"architectures": ["QwenForCausalLM"]})), None).refusal(trusts_code=True)

    assert "QwenForCausalLM" in refusal
    assert "deepseek-community/DeepSeek-OCR-2" in refusal


@pytest.mark.parametrize("extra", [{"quantization": {"bits": 4}}, {"quantization_config": {"bits": 4}}])
def test_a_copy_for_mlx(make_folder, extra):
    """This test ensures that weights which transformers would read as noise are refused."""
    folder = make_folder({"model_type": "deepseek_ocr2", **extra})

    assert "quantised for MLX" in checkpoint_of(str(folder), None).refusal(trusts_code=True)
