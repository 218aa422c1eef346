"""One batch: pages in, answers out. Runs on the model's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsocr_loaders.engines.transformers.processors import NoRepeats, OnlyNumbers, PagesDone
from dsocr_loaders.engines.transformers.prompts import prompt_tokens
from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.engines.transformers.loading import LoadedModel
    from dsocr_loaders.engines.transformers.tensors import PageTensors
    from dsocr_loaders.values import Decoding
    from dsocr_loaders.vllm_plugin.repeats import NGramLimits

__all__ = ["Answered", "PromptedPage", "answers_of", "prompted"]

_LONGEST_WINDOW = 1 << 16


@dataclass(frozen=True, slots=True)
class PromptedPage:
    """A page with its prompt.

    Attributes:
        ids: tokens of the prompt, the page's among them.
        page: its views.
        most_tokens: how long the answer may get.
        decoding: what else was asked for.
        is_dropped: whether nobody waits for the answer any more.
    """

    ids: list[int]
    page: PageTensors
    most_tokens: int
    decoding: Decoding
    is_dropped: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model said to a page: `output_tokens` without the one that ends an answer."""

    text: str
    finish_reason: str
    prompt_tokens: int
    output_tokens: int


def prompted(
    loaded: LoadedModel,
    prompt: str,
    image_tokens: int,
    page: PageTensors,
    decoding: Decoding,
    is_dropped: Callable[[], bool],
) -> PromptedPage:
    """Return a page that is ready to be read.

    Raises:
        EngineRejected: cause `bad_request`, the prompt leaves no room for an answer, or is none.
    """
    ids = prompt_tokens(loaded.tokenizer, prompt, loaded.family, image_tokens)
    left = loaded.context_tokens - len(ids)
    if left < 1:
        raise engine_error(
            "bad_request",
            f"The page and its prompt take {len(ids)} tokens, and the model's context is {loaded.context_tokens}. "
            "Choose a smaller resolution or a shorter prompt.",
        )
    return PromptedPage(ids, page, min(left, decoding.max_new_tokens or left), decoding, is_dropped)


def answers_of(loaded: LoadedModel, pages: Sequence[PromptedPage]) -> list[Answered]:
    """Read pages together, all of one temperature; a dropped one's answer ends where it was dropped.

    Raises:
        EngineRejected: cause `not_understood`, the model computes no numbers.
        Exception: whatever torch raises, as when memory runs out.
    """
    import torch  # noqa: PLC0415 - optional
    from transformers import LogitsProcessorList, StoppingCriteriaList  # noqa: PLC0415 - optional

    temperature = pages[0].decoding.temperature
    sampling = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
    with torch.no_grad(), loaded.inputs.context():
        inputs = loaded.inputs.inputs([page.ids for page in pages], [page.page for page in pages], loaded.pad_id)
        prompt_columns = inputs["input_ids"].shape[1] if "input_ids" in inputs else 0
        limits = [_ngram_limits(page.decoding, loaded.tokenizer) for page in pages]
        done = PagesDone([page.most_tokens for page in pages], [page.is_dropped for page in pages], prompt_columns)
        made = loaded.generate(
            **inputs,
            **sampling,
            max_new_tokens=max(page.most_tokens for page in pages),
            logits_processor=LogitsProcessorList([OnlyNumbers(loaded.dtype), NoRepeats(limits, prompt_columns)]),
            stopping_criteria=StoppingCriteriaList([done]),
            use_cache=True,
        )
    rows = made[:, prompt_columns:].tolist()
    return [_answered(loaded, page, row) for page, row in zip(pages, rows, strict=True)]


def _answered(loaded: LoadedModel, page: PromptedPage, row: list[int]) -> Answered:
    ids = row[: page.most_tokens]
    end = next((at for at, token in enumerate(ids) if token in loaded.end_ids), None)
    ids = ids[:end]
    text: Any = loaded.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    return Answered(text, "length" if end is None else "stop", len(page.ids), len(ids))


def _ngram_limits(decoding: Decoding, tokenizer: Any) -> NGramLimits | None:  # noqa: ANN401 - of transformers
    from dsocr_loaders.vllm_plugin.repeats import NGramLimits  # noqa: PLC0415 - imports numpy

    if decoding.ngram_size < 1 or decoding.ngram_window < 1:
        return None
    found = (tokenizer.convert_tokens_to_ids(token) for token in decoding.ngram_whitelist)
    known = frozenset(each for each in found if each is not None and each != tokenizer.unk_token_id)
    return NGramLimits(decoding.ngram_size, min(decoding.ngram_window, _LONGEST_WINDOW), known)
