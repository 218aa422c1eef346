"""How much a chunk may hold, and how much is in it: each text counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import BETWEEN_PARTS, Part, joined_text
from dsocr_loaders.chunking.headings import joined_path
from dsocr_loaders.chunking.passages import pieces_of
from dsocr_loaders.chunking.tokens import token_count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.chunking.headings import Heading
    from dsocr_loaders.chunking.passages import Passage
    from dsocr_loaders.settings import Settings

__all__ = ["Budget"]

_SMALL = 8  # the default of `min_tokens` is this fraction of `chunk_tokens`


class Budget:
    """Counts parts and headings, and says what fits.

    Tokens of parts are added up. Counters that do not add up exactly are asked about the joined text before a chunk is
    made of it (`is_kept`), so that the budget holds whatever they count.

    Attributes:
        count: counts a text.
        tokens: most tokens of a chunk with its context.
        small: chunks with fewer are merged if they can be.
        overlap: most tokens that a piece of a text repeats of the one before.
        joint: tokens between two parts.
    """

    def __init__(self, settings: Settings) -> None:
        self.count = token_count_of(settings.token_counter)
        self.tokens = settings.chunk_tokens
        self.small = settings.chunk_tokens // _SMALL if settings.min_tokens is None else settings.min_tokens
        self.overlap = settings.overlap_tokens
        self.joint = self.count.count(BETWEEN_PARTS)
        self._contexts: dict[tuple[Heading, ...], int] = {}

    def part_of(self, passage: Passage, start: int = 0, end: int | None = None) -> Part:
        """Return a range of a passage, or all of it, as a part."""
        end = len(passage.text) if end is None else end
        text = passage.text[start:end]
        return Part(text, self.count.count(text), pieces_of(passage, start, end), passage=passage, start=start, end=end)

    def sum(self, parts: Iterable[Part]) -> int:
        """Return the tokens of parts and what stands between and behind them."""
        return sum(part.tokens + self.joint for part in parts)

    def context(self, section: Sequence[Heading], parts: Sequence[Part]) -> tuple[str, int]:
        """Return the headings above that are not among `parts`, and the tokens of these and the joint behind them.

        So many of the outer ones are left out that they and the headings among the parts take half of the budget.
        """
        among = [part.heading for part in parts if part.heading is not None]
        titles = tuple(heading for heading in section if not any(heading is own for own in among))
        room = self.tokens // 2 - self.sum(part for part in parts if part.heading is not None)
        while titles and self._context_tokens(titles) > room:
            titles = titles[1:]
        if not titles:
            return "", 0
        return joined_path([heading.title for heading in titles]), self._context_tokens(titles)

    def _context_tokens(self, titles: tuple[Heading, ...]) -> int:
        tokens = self._contexts.get(titles)
        if tokens is None:
            if len(self._contexts) > self.tokens:
                self._contexts.clear()
            tokens = self.count.count(joined_path([heading.title for heading in titles])) + self.joint
            self._contexts[titles] = tokens
        return tokens

    def fits(self, parts: Sequence[Part], context_tokens: int) -> bool:
        """Tell whether parts below a context are within the budget, as far as sums tell."""
        return self.sum(parts) - self.joint + context_tokens <= self.tokens

    def is_kept(self, parts: Sequence[Part], context: str) -> bool:
        """Tell whether the text of the parts below a context is within the budget."""
        if self.count.is_additive:
            return True
        text = joined_text(parts)
        return self.count.count(f"{context}{BETWEEN_PARTS}{text}" if context else text) <= self.tokens
