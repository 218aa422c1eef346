"""What the simulated model says: how many tokens for which page, and a grounded text of about that many."""

from __future__ import annotations

import functools
import math
import random
from dataclasses import dataclass
from typing import Final

__all__ = ["TokenCounts", "answer_text", "looping_text"]

_REGION_TOKENS: Final = 64  # one line of tags and the words below it
_TAG_TOKENS: Final = 18  # four special tokens, the label, four numbers and what is between them
_TOKENS_PER_WORD: Final = 1.15  # common English words are one token, full stops another
_WORDS: Final = tuple(
    (  # noqa: SIM905 - a literal list of a hundred words takes a hundred lines
        "the of and to in for that with as on by from this which one two part page table value method result model "
        "number line text image box region order time rate work case form group system level study data point area "
        "state power water light house field paper change effect report section measure sample average between under "
        "over after before through small large high low first second third given shown found used made known each "
        "other same different several many more less than then when where while because however therefore"
    ).split()
)
_POOL_REGIONS: Final = 2048


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """How many tokens the answer to a page has: seeded, so that the same page always has the same.

    A share of the pages runs on to `longest`; the others follow a log-normal distribution whose mean is chosen so
    that all of them together have the mean `mean`.

    Attributes:
        mean: of all pages. 1,080 tokens a page are 200,000 pages a day at 2,500 tokens a second.
        longest: no answer is longer.
        longest_share: share of the pages that have exactly `longest`.
        spread: standard deviation of the logarithm; 0.75 puts one page in fourteen above 2,400 tokens.
        shortest: no answer is shorter.
        seed: another one gives other counts.
    """

    mean: float = 1080.0
    longest: int = 8192
    longest_share: float = 0.02
    spread: float = 0.75
    shortest: int = 16
    seed: int = 0

    def of(self, name: str) -> int:
        """Return the count for the page, or the request, that `name` stands for."""
        draw = random.Random(f"{self.seed} {name}")  # noqa: S311 - a reproducible trace, not a secret
        if draw.random() < self.longest_share:
            return self.longest
        mean = (self.mean - self.longest * self.longest_share) / (1 - self.longest_share)
        tokens = draw.lognormvariate(math.log(max(mean, 1.0)) - self.spread**2 / 2, self.spread)
        return max(self.shortest, min(self.longest, round(tokens)))


def answer_text(name: str, tokens: int) -> str:
    """Return a grounded answer of about that many tokens: a title that shows `name`, then headings and paragraphs.

    Regions stand one below the other. The words come from a fixed text, from a place that follows from `name`: two
    pages differ, and no line repeats within 130,000 tokens. Without the model's tokenizer the number of tokens is
    an estimate: a line of tags is taken for 18 tokens, a word for 1.15.
    """
    count = max(1, math.ceil(tokens / _REGION_TOKENS))
    pool = _pool()
    first = random.Random(name).randrange(_POOL_REGIONS)  # noqa: S311 - likewise
    height = 940 / count
    lines = []
    left = tokens
    for place in range(count):
        words = pool[(first + place) % _POOL_REGIONS]
        share = min(left, _REGION_TOKENS)
        left -= share
        label = "text"
        if place == 0:
            label, words = "title", ("Page", name[:12], *words[:6])
        elif place % 8 == 4:  # noqa: PLR2004 - a heading for every seven paragraphs
            label, words = "sub_title", words[:5]
        words = words[: max(1, int((share - _TAG_TOKENS) / _TOKENS_PER_WORD))]
        top, bottom = round(30 + height * place), round(30 + height * (place + 0.9))
        lines.append(f"<|ref|>{label}<|/ref|><|det|>[[90, {top}, 910, {bottom}]]<|/det|>\n{_MARKS[label]}")
        lines.append(" ".join(words))
        lines.append("\n\n")
    return "".join(lines[:-1])


_MARKS: Final = {"title": "# ", "sub_title": "## ", "text": ""}


def looping_text(name: str, tokens: int) -> str:
    """Return an answer that begins like the right one and then says one line again and again."""
    begun = answer_text(name, min(tokens, 4 * _REGION_TOKENS))
    line = "the same line again and again and again\n"
    repeats = max(0, tokens - 4 * _REGION_TOKENS) // 9
    return begun + "\n" + line * repeats


@functools.cache
def _pool() -> tuple[tuple[str, ...], ...]:
    draw = random.Random(0)  # noqa: S311 - a fixed text, not a secret
    words = int(_REGION_TOKENS / _TOKENS_PER_WORD)
    regions = []
    for _ in range(_POOL_REGIONS):
        picked = draw.choices(_WORDS, k=words)
        for place in range(0, words, 11):
            picked[place] = picked[place].capitalize()
            picked[place - 1] += "."
        regions.append(tuple(picked))
    return tuple(regions)
