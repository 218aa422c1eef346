"""What is banned and when rows are done, beside plain readings of the rules."""

from __future__ import annotations

import random

import pytest
import torch

from dsocr_loaders.engines.transformers.generation import _ngram_limits
from dsocr_loaders.engines.transformers.processors import NoRepeats, PagesDone
from dsocr_loaders.values import Decoding
from dsocr_loaders.vllm_plugin.repeats import NGramLimits

pytestmark = pytest.mark.transformers

VOCABULARY = 6


def plainly_banned(answer, limits):
    """Return the tokens that would complete a run of the answer's last tokens, read off the window."""
    if limits is None or len(answer) < limits.size:
        return set()
    window = answer[-limits.window :]
    begun = tuple(answer[len(answer) - limits.size + 1 :])
    runs = (tuple(window[at : at + limits.size]) for at in range(len(window) - limits.size + 1))
    return {run[-1] for run in runs if run[:-1] == begun} - limits.whitelist


@pytest.mark.parametrize("prompt_columns", [0, 3])
@pytest.mark.parametrize("seed", range(6))
def test_rows_are_banned_each_by_its_own_rule(seed, prompt_columns):
    """This test ensures that over an answer's life each row gets the bans of the plain rule, and others no ban."""
    dice = random.Random(seed)  # noqa: S311 - the same answers each time
    limits = [NGramLimits(2, 3), NGramLimits(2, 5, frozenset({1})), NGramLimits(3, 20), None]
    processor = NoRepeats(limits, prompt_columns)
    prompt = [[dice.randrange(3) for _ in range(prompt_columns)] for _ in limits]
    answers = [[] for _ in limits]
    bans = 0

    for _ in range(60):
        rows = [[*before, *answer] for before, answer in zip(prompt, answers, strict=True)]
        ids = torch.tensor(rows, dtype=torch.long).reshape(len(limits), -1)
        scores = torch.zeros(len(limits), VOCABULARY)

        found = processor(ids, scores)

        expected = [plainly_banned(answer, each) for answer, each in zip(answers, limits, strict=True)]
        assert expected == [set(torch.isinf(row).nonzero().flatten().tolist()) for row in found]
        assert not scores.isinf().any()  # what generate handed over is its own
        bans += sum(map(len, expected))
        for answer in answers:
            answer.append(dice.randrange(3))

    assert bans > 20


def test_rows_are_done_each_for_its_own_reason():
    """This test ensures that a row ends at its own limit, or when nobody waits for it, and no other does."""
    dropped = {1: False}
    done = PagesDone([2, 9, 9], [lambda: False, lambda: dropped[1], lambda: False], prompt_columns=4)

    before = done(torch.zeros(3, 5, dtype=torch.long), None).tolist()
    dropped[1] = True
    after = done(torch.zeros(3, 6, dtype=torch.long), None).tolist()

    assert ([False, False, False], [True, True, False]) == (before, after)


def test_tokens_that_may_repeat_are_looked_up(tokenizer):
    """This test ensures that a tokenizer's own ids are taken for the cells of a table, and unknown words left out."""
    decoding = Decoding(ngram_size=5, ngram_window=50, ngram_whitelist=("<td>", "</td>", "<nothing>"))

    limits = _ngram_limits(decoding, tokenizer)

    assert {tokenizer.convert_tokens_to_ids("<td>"), tokenizer.convert_tokens_to_ids("</td>")} == limits.whitelist
    assert (5, 50) == (limits.size, limits.window)
    assert _ngram_limits(Decoding(ngram_size=0), tokenizer) is None
