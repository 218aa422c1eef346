from __future__ import annotations

import pytest

from dsocr_loaders.engines.served import DEFAULT_MODEL, ServedModel, choose_model, served_models
from dsocr_loaders.errors import EngineRejected


def test_vllms_list_is_understood():
    """This test ensures that name, origin, owner and context of each model are found."""
    payload = {
        "object": "list",
        "data": [
            {
                "id": "ocr",
                "object": "model",
                "owned_by": "vllm",
                "root": "/models/x",
                "parent": None,
                "max_model_len": 1,
            },
            {"id": "bare"},
            {"name": "no id"},
            {"id": 5},
            "no object",
            {"id": "odd", "max_model_len": "8192", "root": 5, "owned_by": None},
        ],
    }

    actual = served_models(payload)

    assert actual == (
        ServedModel("ocr", "/models/x", "", "vllm", 1),
        ServedModel("bare"),
        ServedModel("odd"),
    )


@pytest.mark.parametrize("payload", [None, [], {}, {"data": None}, {"data": {}}, "text", {"models": []}])
def test_what_is_no_list_of_models_is_refused(payload):
    """This test ensures that another API behind the URL is not taken for one without models."""
    with pytest.raises(EngineRejected) as caught:
        served_models(payload)

    assert caught.value.cause == "wrong_server"


OCR = ServedModel("ocr", root="deepseek-ai/DeepSeek-OCR", owned_by="vllm", context_tokens=8192)
SECOND = ServedModel("ocr-2", root="/models/ocr-2", owned_by="vllm", context_tokens=4096)
ADAPTER = ServedModel("invoices", root="/adapters/invoices", parent="ocr-2", owned_by="vllm")


@pytest.mark.parametrize(
    ("served", "wanted", "expected"),
    [
        ((OCR, SECOND), "ocr-2", SECOND),
        ((SECOND, OCR), "deepseek-ai/DeepSeek-OCR", OCR),
        ((SECOND, OCR), "/models/ocr-2", SECOND),
        ((SECOND,), DEFAULT_MODEL, SECOND),
        ((ServedModel(DEFAULT_MODEL), OCR), DEFAULT_MODEL, ServedModel(DEFAULT_MODEL)),
    ],
)
def test_a_model_is_found_by_name_then_by_what_was_loaded(served, wanted, expected):
    """This test ensures that aliases are no obstacle, and that a server's only model serves the default."""
    assert expected == choose_model(served, wanted)


LATEST, SMALL, OTHER = ServedModel("deepseek-ocr:latest"), ServedModel("deepseek-ocr:3b"), ServedModel("qwen3-vl:8b")
RS = tuple(ServedModel(name) for name in ("deepseek-ocr", "deepseek-ocr-q4k", "deepseek-ocr-2", "dots-ocr"))
QUANTISED = ServedModel("/models/DeepSeek-OCR-2-Q8_0.gguf")


@pytest.mark.parametrize(
    ("served", "wanted", "expected"),
    [
        ((OTHER, SMALL), DEFAULT_MODEL, SMALL),
        ((SMALL, LATEST, OTHER), DEFAULT_MODEL, LATEST),
        ((SMALL, LATEST), "deepseek-ocr", LATEST),
        ((SMALL, LATEST), "deepseek-ocr:3b", SMALL),
        (RS, DEFAULT_MODEL, RS[0]),
        (RS, "deepseek-ai/DeepSeek-OCR-2", RS[2]),
        (RS, "deepseek-ocr-q4k", RS[1]),
        ((OTHER, ServedModel("deepseek/deepseek-ocr"), ServedModel("deepseek/deepseek-ocr-2")), DEFAULT_MODEL, "first"),
        ((OTHER, QUANTISED), "deepseek-ai/DeepSeek-OCR-2", QUANTISED),
        ((OTHER, ServedModel("Unlimited_OCR")), "baidu/Unlimited-OCR", "Unlimited_OCR"),
    ],
)
def test_a_published_model_is_found_under_its_other_names(served, wanted, expected):
    """This test ensures that tags, quantisation and other owners are no obstacle where one model alone is meant."""
    actual = choose_model(served, wanted, has_catalogue=True)

    if expected == "first":
        expected = served[1]
    assert actual in (expected, ServedModel(str(expected)))


@pytest.mark.parametrize(
    ("served", "wanted", "has_catalogue"),
    [
        ((OTHER,), DEFAULT_MODEL, True),
        ((SMALL, ServedModel("deepseek-ocr:7b")), DEFAULT_MODEL, True),
        ((SMALL,), "my/finetune", True),
        ((ServedModel("deepseek-ocr-2"), OTHER), DEFAULT_MODEL, False),
        ((ServedModel("Unlimited-OCR"),), DEFAULT_MODEL, False),
        ((ServedModel("ocr", root="baidu/Unlimited-OCR"),), DEFAULT_MODEL, False),
    ],
)
def test_no_model_is_guessed(served, wanted, has_catalogue):
    """This test ensures that a catalogue's only model, one of several, or one with other prompts has to be named."""
    with pytest.raises(EngineRejected, match="model=") as caught:
        choose_model(served, wanted, has_catalogue=has_catalogue)

    assert caught.value.cause == "not_found"


def test_a_long_list_begins_with_what_may_be_meant():
    """This test ensures that models for OCR are seen among the hundreds of a hosted interface."""
    served = (*(ServedModel(f"m{number}") for number in range(200)), ServedModel("their/OCR-model"))

    with pytest.raises(EngineRejected, match=r"serves 'their/OCR-model', 'm0'.* and 191 more"):
        choose_model(served, DEFAULT_MODEL, has_catalogue=True)


def test_ollamas_own_list_is_understood():
    """This test ensures that the list of its own interface gives the same as OpenAI's."""
    payload = {"models": [{"name": "deepseek-ocr:3b", "model": "deepseek-ocr:3b", "size": 6}, {"name": 5}, None]}

    assert served_models(payload, "models", "name") == (SMALL,)


def test_an_adapter_has_its_parents_context():
    """This test ensures that pages read with a LoRA adapter get as long an answer as the context leaves."""
    assert choose_model((OCR, SECOND, ADAPTER), "invoices").context_tokens == 4096


@pytest.mark.parametrize(
    ("served", "wanted", "words"),
    [
        ((OCR,), "my/model", ["'my/model'", "'ocr'", "model="]),
        ((SECOND, ADAPTER), DEFAULT_MODEL, ["'ocr-2', 'invoices'"]),
        ((), DEFAULT_MODEL, ["serves none"]),
        (tuple(ServedModel(f"m{n}") for n in range(30)), "x", ["'m9' and 20 more"]),
    ],
)
def test_a_model_that_is_not_there_is_an_error_with_the_list(served, wanted, words):
    """This test ensures that a user sees which names the server has."""
    with pytest.raises(EngineRejected) as caught:
        choose_model(served, wanted)

    assert caught.value.cause == "not_found"
    assert [word for word in words if word not in str(caught.value)] == []
