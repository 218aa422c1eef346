from __future__ import annotations

import json
import os

import pytest

from dsocr_loaders.families import family_of
from dsocr_loaders.models import MODELS
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import Task


@pytest.fixture
def folder(tmp_path):
    """Return what makes a model's folder, called without any model's name, from the architectures of its config."""

    def make(*architectures):
        (tmp_path / "config.json").write_text(json.dumps({"architectures": list(architectures)}))
        return str(tmp_path)

    return make


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("deepseek-ai/DeepSeek-OCR", "deepseek-ocr"),
        ("deepseek-ocr:3b", "deepseek-ocr"),
        ("/models/deepseek_ocr", "deepseek-ocr"),
        ("/mnt/ocr-2025/DeepSeek-OCR", "deepseek-ocr"),
        ("deepseek-ocr-2025-10-20", "deepseek-ocr"),
        ("/home/unlimited/DeepSeek-OCR", "deepseek-ocr"),
        ("something else", "deepseek-ocr"),
        ("deepseek-ai/DeepSeek-OCR-2", "deepseek-ocr-2"),
        ("mlx-community/DeepSeek-OCR-2-8bit", "deepseek-ocr-2"),
        ("deepseek_ocr_2", "deepseek-ocr-2"),
        ("deepseek-ocr2:latest", "deepseek-ocr-2"),
        ("/cache/models--deepseek-ai--DeepSeek-OCR-2/snapshots/0a1b", "deepseek-ocr-2"),
        ("baidu/Unlimited-OCR", "unlimited-ocr"),
        ("unlimited_ocr", "unlimited-ocr"),
    ],
)
def test_family_is_found_in_names_and_folders(model, expected):
    """This test ensures that a model is known by its name, its quantised copies and its folder, not by a date."""
    assert family_of(model) == expected


@pytest.mark.parametrize("row", MODELS.values(), ids=lambda row: row.family)
def test_a_folder_says_itself_what_it_holds(row, folder):
    """This test ensures that a fine-tune in a folder of any name is asked as its model wants to be asked."""
    path = folder("Something", row.architecture)

    assert row.family == family_of(path)
    assert row.prompts[Task.DOCUMENT] == prompt_for(path, Task.DOCUMENT)


def test_a_folder_weighs_more_than_its_name(tmp_path):
    """This test ensures that the content of a folder decides, since a name is given by hand."""
    path = tmp_path / "deepseek-ocr-2"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"architectures": ["DeepseekOCRForCausalLM"]}))

    assert "deepseek-ocr" == family_of(str(path))


def test_a_folder_that_has_changed_is_read_again(folder, tmp_path):
    """This test ensures that another model put into the same folder is known."""
    before = family_of(folder("DeepseekOCRForCausalLM"))
    path = folder("UnlimitedOCRForCausalLM")
    os.utime(tmp_path / "config.json", ns=(1, 1))

    assert ("deepseek-ocr", "unlimited-ocr") == (before, family_of(path))


@pytest.mark.parametrize("config", ["{", "[]", "{}", '{"architectures": 5}', '{"architectures": ["Llama"]}', "\xff"])
def test_a_config_that_says_nothing_leaves_the_name(config, tmp_path):
    """This test ensures that a damaged or unknown config is no error here: the engine that loads it has the words."""
    path = tmp_path / "DeepSeek-OCR-2-mine"
    path.mkdir()
    (path / "config.json").write_bytes(config.encode("latin-1"))

    assert "deepseek-ocr-2" == family_of(str(path))


@pytest.mark.parametrize("name", ["", "\0", "~nobody-of-that-name/x", "x" * 5000])
def test_a_name_that_is_no_path_is_a_name(name):
    """This test ensures that whatever a server calls its model is taken."""
    assert "deepseek-ocr" == family_of(name)
