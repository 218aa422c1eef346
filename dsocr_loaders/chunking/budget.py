"""How much a chunk may hold, and how much is in it: each text counted once."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import BETWEEN_PARTS, Part, joined_text
from dsocr_loaders.chunking.graphemes import is_good_cut, is_grapheme_end
from dsocr_loaders.chunking.headings import Heading, context_of, joined_path, path_of, title_of
from dsocr_loaders.chunking.passages import pieces_of
from dsocr_loaders.chunking.tokens import token_count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.chunking.passages import Passage
    from dsocr_loaders.settings import Settings

__all__ = ["Budget"]

_SMALL = 8  # the default of `min_tokens` is this fraction of `chunk_tokens`
_TITLE = 8  # so is the most that the document's title takes up above a text that does not hold it
_LEAST_OF_TITLE = 8  # tokens; what is left of a title that is cut to fewer says nothing


_OPEN = " ,;:-\u2013\u2014([…"  # what a title that is cut should not end with


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
        self._cut_titles: dict[Heading, Heading | None] = {}

    def part_of(self, passage: Passage, start: int = 0, end: int | None = None) -> Part:
        """Return a range of a passage, or all of it, as a part."""
        end = len(passage.text) if end is None else end
        text = passage.text[start:end]
        return Part(text, self.count.count(text), pieces_of(passage, start, end), passage=passage, start=start, end=end)

    def sum(self, parts: Iterable[Part]) -> int:
        """Return the tokens of parts and what stands between and behind them."""
        return sum(part.tokens + self.joint for part in parts)

    def context(self, section: Sequence[Heading], parts: Sequence[Part]) -> tuple[str, int]:
        """Return the title and headings above that are not among `parts`, and the tokens of these and the joint behind.

        So many of the outer ones are left out that they and the headings among the parts take half of the budget.
        """
        own = [part.heading for part in parts if part.heading is not None]
        above = context_of(section, own)
        title = title_of(above)
        if title is not None:
            shown = self._cut_title(title)
            above = path_of(above) if shown is None else (shown, *path_of(above))
        room = self.tokens // 2 - self.sum(part for part in parts if part.heading is not None)
        while above and self._context_tokens(above) > room:
            above = above[1:]
        return (joined_path(above), self._context_tokens(above)) if above else ("", 0)

    def _context_tokens(self, above: tuple[Heading, ...]) -> int:
        tokens = self._contexts.get(above)
        if tokens is None:
            if len(self._contexts) > self.tokens:
                self._contexts.clear()
            tokens = self.count.count(joined_path(above)) + self.joint
            self._contexts[above] = tokens
        return tokens

    def _cut_title(self, title: Heading) -> Heading | None:
        """Return the title as it stands above texts: whole or its beginning; None if there is no room for that."""
        if title not in self._cut_titles:
            room = self.tokens // _TITLE
            names = [name for name in (title.name, title.title) if name and self.count.count(name) <= room]
            shown = names[0] if names else self._beginning(title.title, room) if room >= _LEAST_OF_TITLE else ""
            self._cut_titles[title] = Heading(title.level, shown) if shown else None
        return self._cut_titles[title]

    def _beginning(self, title: str, room: int) -> str:
        """Return the words of a title that fit, or the characters where it has no words, and an ellipsis; else `""`."""

        def shown(end: int) -> str:
            return f"{title[:end].rstrip(_OPEN)}…"

        ends = [at for at in range(1, len(title)) if is_grapheme_end(title, at) and is_good_cut(title, at)]
        last = bisect_right(ends, room, key=lambda end: self.count.count(shown(end)))
        if not last:
            return ""
        between_words = [end for end in ends[:last] if title[end].isspace() and end * 2 > ends[last - 1]]
        return shown(between_words[-1] if between_words else ends[last - 1])

    def fits(self, parts: Sequence[Part], context_tokens: int) -> bool:
        """Tell whether parts below a context are within the budget, as far as sums tell."""
        return self.sum(parts) - self.joint + context_tokens <= self.tokens

    def is_kept(self, parts: Sequence[Part], context: str) -> bool:
        """Tell whether the text of the parts below a context is within the budget."""
        if self.count.is_additive:
            return True
        text = joined_text(parts)
        return self.count.count(f"{context}{BETWEEN_PARTS}{text}" if context else text) <= self.tokens
