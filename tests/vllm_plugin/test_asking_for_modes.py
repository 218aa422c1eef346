"""How a mode is asked for and how the plugin registers itself, without vLLM."""

from __future__ import annotations

import logging
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import dsocr_loaders
from dsocr_loaders.models import MODELS
from dsocr_loaders.vllm_plugin.asked_mode import asked_mode, family_served_by
from dsocr_loaders.vllm_plugin.registration import STOCK_MODULES, register

FAMILY = MODELS["deepseek-ocr"]


@pytest.fixture
def fake_vllm(monkeypatch):
    """A vLLM whose registry takes notes."""
    vllm = ModuleType("vllm")
    vllm.__version__ = "0.32.0"
    models = {name: SimpleNamespace(module_name=module, class_name=name) for name, module in STOCK_MODULES.items()}

    def register_model(name, place):
        models[name] = SimpleNamespace(module_name=place.split(":")[0], class_name=place.split(":")[1])

    vllm.ModelRegistry = SimpleNamespace(models=models, register_model=register_model)
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    return vllm


def modules_of(vllm):
    return {name: entry.module_name for name, entry in vllm.ModelRegistry.models.items()}


def test_the_entry_point_names_the_function():
    """This test ensures that what the package declares for vLLM to call is there."""
    declared = tomllib.loads((Path(dsocr_loaders.__file__).parents[1] / "pyproject.toml").read_text())
    (place,) = declared["project"]["entry-points"]["vllm.general_plugins"].values()
    module, name = place.split(":")

    assert getattr(import_module(module), name) is register


def test_every_model_is_registered_once(fake_vllm, caplog):
    """This test ensures that each model's class is ours afterwards, however often vLLM calls."""
    register()
    register()

    assert dict.fromkeys(STOCK_MODULES, "dsocr_loaders.vllm_plugin.mode_models") == modules_of(fake_vllm)
    assert [] == caplog.records


def test_a_model_that_this_vllm_does_not_have(fake_vllm):
    """This test ensures that a vLLM without a later model gets the others."""
    del fake_vllm.ModelRegistry.models["UnlimitedOCRForCausalLM"]

    register()

    assert {"DeepseekOCRForCausalLM", "DeepseekOCR2ForCausalLM"} == set(modules_of(fake_vllm))


@pytest.mark.parametrize("version", ["0.12.0", "0.19.3", "main", "0.1.dev1"])
def test_a_vllm_that_cannot_is_left_alone(fake_vllm, caplog, version):
    """This test ensures that an earlier vLLM starts as it is, with one warning that names its version."""
    fake_vllm.__version__ = version
    before = modules_of(fake_vllm)

    register()

    assert before == modules_of(fake_vllm)
    assert [logging.WARNING] == [record.levelno for record in caplog.records]
    assert version in caplog.text


@pytest.mark.parametrize("broken", ["ModelRegistry", "__version__"])
def test_nothing_ever_breaks_the_start(fake_vllm, caplog, broken):
    """This test ensures that a vLLM of another shape is no error."""
    delattr(fake_vllm, broken)

    register()

    assert 1 == len(caplog.records)


@pytest.mark.parametrize("name", FAMILY.modes)
def test_a_mode_by_its_name(name):
    """This test ensures that `mm_processor_kwargs` name a mode as `resolution=` does."""
    assert FAMILY.modes[name] == asked_mode(FAMILY, {"resolution": name, "other": 1})


@pytest.mark.parametrize("arguments", [{}, {"resolution": None}, {"base_size": 512}])
def test_no_mode(arguments):
    """This test ensures that a request that names none is vLLM's own business."""
    assert asked_mode(FAMILY, arguments) is None


@pytest.mark.parametrize("value", ["", "huge", 5, ["base"], {"a": "b"}, True])
def test_a_mode_that_there_is_not(value):
    """This test ensures that anything else is a `ValueError`, which vLLM answers with status 400."""
    with pytest.raises(ValueError, match="it has: tiny, small"):
        asked_mode(FAMILY, {"resolution": value})


@pytest.mark.parametrize("family", MODELS.values())
def test_models_by_their_class_in_vllm(family):
    """This test ensures that vLLM's name of a class leads to the model."""
    assert family_served_by(family.architecture) is family
    assert family.architecture in STOCK_MODULES
