"""The models that this package knows, one row each.

Sources: README and `config.py` of deepseek-ai/DeepSeek-OCR and DeepSeek-OCR-2 (`run_dpsk_ocr_image.py` for the n-gram
values of single images), and vLLM's recipes for both and for baidu/Unlimited-OCR.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.families import family_of
from dsocr_loaders.resolution import MODES
from dsocr_loaders.tasks import PROMPTS
from dsocr_loaders.values import Decoding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.resolution import Mode
    from dsocr_loaders.values import Task

__all__ = ["MODELS", "TOKEN_IDS", "ModelFamily", "decoding_for", "model_for"]

TOKEN_IDS: Mapping[str, int] = MappingProxyType({"<td>": 128821, "</td>": 128822})
"""Ids of the tokens that a table repeats, in the tokenizer that all three share (`config.py`: whitelist_token_ids)."""


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """One model, under all its names: quantised copies, fine-tunes and folders belong to it.

    Attributes:
        family: its name here, a key of `PROMPTS` and `MODES`.
        repository: the name under which it was published.
        architecture: its class in vLLM, as `config.json` names it.
        image_prefix: what stands before the prompt where the caller places the image himself.
        prompts: what it can be asked.
        modes: the resolution modes that it has.
        ngram_size, ngram_window: of the official script for single images.
        context_tokens: of the official scripts, image and prompt counted in.
        least_vllm: the first vLLM that serves it.
    """

    family: str
    repository: str
    architecture: str
    image_prefix: str
    prompts: Mapping[Task, str]
    modes: Mapping[str, Mode]
    ngram_size: int
    ngram_window: int
    context_tokens: int
    least_vllm: str


MODELS: Mapping[str, ModelFamily] = MappingProxyType(
    {
        "deepseek-ocr": ModelFamily(
            family="deepseek-ocr",
            repository="deepseek-ai/DeepSeek-OCR",
            architecture="DeepseekOCRForCausalLM",
            image_prefix="<image>\n",
            prompts=PROMPTS["deepseek-ocr"],
            modes=MODES["deepseek-ocr"],
            ngram_size=30,
            ngram_window=90,
            context_tokens=8192,
            least_vllm="0.12.0",
        ),
        "deepseek-ocr-2": ModelFamily(
            family="deepseek-ocr-2",
            repository="deepseek-ai/DeepSeek-OCR-2",
            architecture="DeepseekOCR2ForCausalLM",
            image_prefix="<image>\n",
            prompts=PROMPTS["deepseek-ocr-2"],
            modes=MODES["deepseek-ocr-2"],
            ngram_size=20,
            ngram_window=90,
            context_tokens=8192,
            least_vllm="0.16.0",
        ),
        "unlimited-ocr": ModelFamily(
            family="unlimited-ocr",
            repository="baidu/Unlimited-OCR",
            architecture="UnlimitedOCRForCausalLM",
            image_prefix="<image>",
            prompts=PROMPTS["unlimited-ocr"],
            modes=MODES["unlimited-ocr"],
            ngram_size=35,
            ngram_window=128,
            context_tokens=32768,
            least_vllm="0.25.0",
        ),
    }
)
"""Family -> model."""


def model_for(model: str) -> ModelFamily:
    """Return the row that a model's name or folder belongs to; DeepSeek-OCR's if nothing in it says otherwise."""
    return MODELS[family_of(model)]


def decoding_for(model: str, max_new_tokens: int | None = None) -> Decoding:
    """Return how `model` decodes by default."""
    row = model_for(model)
    return Decoding(max_new_tokens=max_new_tokens, ngram_size=row.ngram_size, ngram_window=row.ngram_window)
