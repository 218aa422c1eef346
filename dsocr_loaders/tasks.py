"""The prompts that the models were trained with, by model family and task.

The models are very sensitive to their prompt: a missing full stop changes the answer (deepseek-ai/DeepSeek-OCR#288,
ollama/ollama#13082), so these are exact. The image token is not part of them: each engine puts it where its server
wants it. Source: `config.py` and README of deepseek-ai/DeepSeek-OCR and deepseek-ai/DeepSeek-OCR-2, and vLLM's recipe
for baidu/Unlimited-OCR.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.families import family_of
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PROMPTS", "prompt_for"]

_MARKER = re.compile(r"<[|\uff5c][^<>|\uff5c\s]*[|\uff5c]>|<image>", re.IGNORECASE)
"""The special tokens of the three tokenizers that stand for something else than text."""

_DOCUMENT = "<|grounding|>Convert the document to markdown."
_FREE = "Free OCR."

PROMPTS: Mapping[str, Mapping[Task, str]] = MappingProxyType(
    {
        "deepseek-ocr": MappingProxyType(
            {
                Task.DOCUMENT: _DOCUMENT,
                Task.OCR: "<|grounding|>OCR this image.",
                Task.FREE: _FREE,
                Task.FIGURE: "Parse the figure.",
                Task.DESCRIBE: "Describe this image in detail.",
                Task.LOCATE: "Locate <|ref|>{words}<|/ref|> in the image.",
            }
        ),
        "deepseek-ocr-2": MappingProxyType({Task.DOCUMENT: _DOCUMENT, Task.FREE: _FREE}),
        "unlimited-ocr": MappingProxyType({Task.DOCUMENT: "document parsing."}),
    }
)
"""Family -> task -> prompt. `{words}` stands for the words to find."""


def prompt_for(model: str, task: Task, prompt: str | None = None) -> str:
    """Return the words to send for `task`, without the image token.

    `prompt` replaces them, except for the task `locate`, where it is the words to find, put on one line.

    Raises:
        SettingsError: the model was not trained for the task, or `locate` has no words, or words with a marker of the
            model's in them, which would end them for it.
    """
    if task is not Task.LOCATE and prompt is not None:
        return prompt
    family = family_of(model)
    known = PROMPTS[family].get(task)
    if known is None:
        offered = ", ".join(PROMPTS[family])
        raise SettingsError(f"task={task.value!r} is not one that {model} was trained for; it knows: {offered}.")
    if task is Task.LOCATE:
        if prompt is None:
            raise SettingsError("task='locate' needs prompt=..., the words to find on the page.")
        return known.format(words=_words_to_find(prompt))
    return known


def _words_to_find(prompt: str) -> str:
    marker = _MARKER.search(prompt)
    if marker is not None:
        raise SettingsError(f"The words to find hold {marker[0]!r}, a marker of the model's own; leave it out.")
    words = " ".join(prompt.split())
    if not words:
        raise SettingsError("The words to find are blank.")
    return words
