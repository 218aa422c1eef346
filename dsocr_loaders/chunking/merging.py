"""Small chunks: merged with a neighbour that belongs to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.headings import common_section, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.chunking.budget import Budget
    from dsocr_loaders.chunking.drafts import Draft

__all__ = ["SmallMerger"]


class SmallMerger:
    """Takes drafts in order and returns them with the small ones merged; one that is small is held back.

    A draft with fewer tokens than `Budget.small` is merged with the one behind it if that is of the same section. So it
    is, on the same page, if that is of a section inside it, or is small too and of a section beside it, below the same
    heading. Both together stay within the budget, and stand under the headings that they share. Tables, figures and
    failed pages are not merged.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held: Draft | None = None

    def add(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Take the next drafts; return those that are final."""
        if not self._budget.small:
            return list(drafts)
        final = []
        for draft in drafts:
            merged = None if self._held is None else self._merged(self._held, draft)
            if merged is None and self._held is not None:
                final.append(self._held)
            self._held = merged or draft
            if self._held.is_apart or not self._is_small(self._held):
                final.append(self._held)
                self._held = None
        return final

    def finish(self) -> list[Draft]:
        """Return the last draft."""
        held, self._held = self._held, None
        return [] if held is None else [held]

    def _merged(self, one: Draft, other: Draft) -> Draft | None:
        if one.is_apart or other.is_apart or one.page.text_source is not other.page.text_source:
            return None
        if one.parts[-1].passage is not None and one.parts[-1].passage is other.parts[0].passage:
            return None  # they were parted because both together are too large
        if not self._belong_together(one, other):
            return None
        section = common_section(one.section, other.section)
        parts = (*one.parts, *other.parts)
        context, context_tokens = self._budget.context(section, parts)
        if not self._budget.fits(parts, context_tokens) or not self._budget.is_kept(parts, context):
            return None
        return replace(one, parts=parts, section=section, context=context)

    def _belong_together(self, one: Draft, other: Draft) -> bool:
        """Whether the small draft `one` may be merged with the one behind it."""
        shared = len(path_of(common_section(one.section, other.section)))
        depth, other_depth = len(path_of(one.section)), len(path_of(other.section))
        if shared == depth == other_depth:
            return True
        numbers = {piece.page.page_number for part in (*one.parts, *other.parts) for piece in part.pieces}
        if len(numbers) > 1:
            return False
        if shared == depth:
            return True
        return shared == depth - 1 == other_depth - 1 and self._is_small(other)

    def _is_small(self, draft: Draft) -> bool:
        return self._budget.sum(draft.parts) < self._budget.small
