from __future__ import annotations

import pytest

from dsocr_loaders.models import MODELS, decoding_for, model_for
from dsocr_loaders.resolution import MODES
from dsocr_loaders.tasks import PROMPTS, family_of


@pytest.mark.parametrize("family", MODELS)
def test_a_row_is_filed_under_its_own_name(family):
    """This test ensures that a row has the prompts and modes of its family, and that its repository leads to it."""
    row = MODELS[family]

    assert family == row.family == family_of(row.repository)
    assert PROMPTS[family] == row.prompts
    assert MODES[family] == row.modes


def test_every_family_has_a_row():
    """This test ensures that no prompt is known of a model that nothing else is known of."""
    assert list(PROMPTS) == list(MODELS)


@pytest.mark.parametrize(
    ("model", "size", "window"),
    [("deepseek-ai/DeepSeek-OCR", 30, 90), ("deepseek-ai/DeepSeek-OCR-2", 20, 90), ("baidu/Unlimited-OCR", 35, 128)],
)
def test_a_model_decodes_with_its_own_values(model, size, window):
    """This test ensures that repetitions are stopped with the values that the model's own scripts use."""
    decoding = decoding_for(model, 100)

    assert (100, 0.0, size, window) == (
        decoding.max_new_tokens,
        decoding.temperature,
        decoding.ngram_size,
        decoding.ngram_window,
    )


def test_a_fine_tune_belongs_to_the_model_that_it_was_made_from():
    """This test ensures that a folder of one's own is read as DeepSeek-OCR unless its name says otherwise."""
    assert model_for("/models/invoices-v3") is MODELS["deepseek-ocr"]
