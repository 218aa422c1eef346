"""A small tokenizer with the special tokens of the real one, under the real ids.

Words come from byte-level BPE learnt on the checkpoint's own answers, so that anything can be encoded and the answers
are short. Between the words and the special tokens stand ids that no text leads to: the vocabulary is as large as the
real one, and code that knows the ids of `<td>` and `</td>` can be tested with it.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

__all__ = ["BEGIN", "END", "IMAGE", "PAD", "SPECIAL_TOKENS", "VOCABULARY", "make_tokenizer", "write_tokenizer"]

BEGIN, END, PAD = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"
IMAGE: Final = "<image>"

SPECIAL_TOKENS: Mapping[str, int] = MappingProxyType(
    {
        BEGIN: 0,
        END: 1,
        PAD: 2,
        IMAGE: 128815,
        "<|ref|>": 128816,
        "<|/ref|>": 128817,
        "<|det|>": 128818,
        "<|/det|>": 128819,
        "<|grounding|>": 128820,
        "<td>": 128821,
        "</td>": 128822,
        "<tr>": 128823,
        "</tr>": 128824,
        "<|User|>": 128825,
        "<|Assistant|>": 128826,
    }
)
"""Token -> id, as in deepseek-ai/DeepSeek-OCR's `tokenizer.json`. `skip_special_tokens` strips every one of them."""

VOCABULARY: Final = 129280
_WORDS: Final = 900


def make_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Return a tokenizer whose words are those of `texts`; a text gets `BEGIN` in front, as the real one gives it."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    splitting = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), behavior="isolated"),  # as DeepSeek's: up to three digits
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    learning = Tokenizer(models.BPE())
    learning.pre_tokenizer = splitting
    learning.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=_WORDS,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            special_tokens=[BEGIN, END, PAD],
            show_progress=False,
        ),
    )
    learnt = json.loads(learning.to_str())["model"]
    words = dict(learnt["vocab"])
    taken = {*words.values(), *SPECIAL_TOKENS.values()}
    words.update((token, number) for token, number in SPECIAL_TOKENS.items())
    words.update((f"<|unused {number}|>", number) for number in range(VOCABULARY) if number not in taken)
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[tuple(pair) for pair in learnt["merges"]]))
    tokenizer.pre_tokenizer = splitting
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A {BEGIN} $B", special_tokens=[(BEGIN, SPECIAL_TOKENS[BEGIN])]
    )
    return tokenizer


def write_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    """Write the tokenizer's files as a model folder has them."""
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": BEGIN, "eos_token": END, "pad_token": PAD}
    config = {
        "tokenizer_class": "LlamaTokenizerFast",
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "legacy": True,
        "model_max_length": 8192,
        **names,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(names, indent=2, ensure_ascii=False), encoding="utf-8")
