from __future__ import annotations

import pytest

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.resolution import MODES
from dsocr_loaders.tasks import PROMPTS, prompt_for
from dsocr_loaders.values import Task

MODEL, MODEL_2, UNLIMITED = "deepseek-ai/DeepSeek-OCR", "deepseek-ai/DeepSeek-OCR-2", "baidu/Unlimited-OCR"


@pytest.mark.parametrize(
    ("model", "task", "expected"),
    [
        (MODEL, Task.DOCUMENT, "<|grounding|>Convert the document to markdown."),
        (MODEL, Task.OCR, "<|grounding|>OCR this image."),
        (MODEL, Task.FREE, "Free OCR."),
        (MODEL, Task.FIGURE, "Parse the figure."),
        (MODEL, Task.DESCRIBE, "Describe this image in detail."),
        (MODEL_2, Task.DOCUMENT, "<|grounding|>Convert the document to markdown."),
        (MODEL_2, Task.FREE, "Free OCR."),
        (UNLIMITED, Task.DOCUMENT, "document parsing."),
    ],
)
def test_prompts_are_the_official_ones_to_the_letter(model, task, expected):
    """This test ensures that no full stop of a prompt gets lost, since the answer changes with it."""
    assert prompt_for(model, task) == expected


def test_locate_puts_the_words_between_the_tags():
    """This test ensures that the words to find stand in the prompt as they are, braces included."""
    assert prompt_for(MODEL, Task.LOCATE, "Total {sum}") == "Locate <|ref|>Total {sum}<|/ref|> in the image."


def test_locate_without_words_is_refused():
    """This test ensures that the model is never asked to find nothing."""
    with pytest.raises(SettingsError, match="prompt="):
        prompt_for(MODEL, Task.LOCATE)


@pytest.mark.parametrize("task", [task for task in Task if task is not Task.LOCATE])
def test_a_prompt_of_the_users_own_replaces_the_tasks(task):
    """This test ensures that own words are sent unchanged, also for a task that the model has no prompt for."""
    assert prompt_for(UNLIMITED, task, "Own {words}") == "Own {words}"


@pytest.mark.parametrize(
    ("model", "task"),
    [(MODEL_2, Task.OCR), (MODEL_2, Task.FIGURE), (MODEL_2, Task.DESCRIBE), (UNLIMITED, Task.FREE)],
)
def test_a_task_that_the_model_does_not_know_is_refused(model, task):
    """This test ensures that the message names the task, the model and what the model does know."""
    with pytest.raises(SettingsError) as caught:
        prompt_for(model, task)

    assert f"task='{task}'" in str(caught.value)
    assert model in str(caught.value)
    assert "document" in str(caught.value)


def test_locate_is_refused_by_a_model_that_does_not_know_it():
    """This test ensures that words to find are not sent to a model that was never taught to find them."""
    with pytest.raises(SettingsError, match="locate"):
        prompt_for(MODEL_2, Task.LOCATE, "Total")


def test_no_prompt_holds_the_image_token():
    """This test ensures that the place of the image is left to each engine."""
    assert not [prompt for prompts in PROMPTS.values() for prompt in prompts.values() if "<image>" in prompt]


def test_families_have_prompts_and_modes():
    """This test ensures that each family that has prompts has resolution modes, and the other way round."""
    assert list(PROMPTS) == list(MODES)
