"""How many extra reads a run may make."""

from __future__ import annotations

from typing import Final

__all__ = ["FREE_READS", "PAGES_PER_READ", "RepairBudget"]

FREE_READS: Final = 16
"""Extra reads that every run may make: a short document is repaired in full."""

PAGES_PER_READ: Final = 2
"""One more extra read for this many answered pages, so that a run where every page loops costs half as much again."""


class RepairBudget:
    """Counts the extra reads of one run: at most 16, and one more for every second page that was answered.

    Answers that a store knew cost nothing and are not counted.

    Attributes:
        spent: extra reads so far.
        why_none: why there are none left, for people.
    """

    def __init__(self) -> None:
        self.spent = 0
        self.why_none = "the run's extra reads are used up"
        self._pages = 0
        self._is_over = False

    def end(self, why: str) -> bool:
        """Allow no other extra read, and return whether there could have been one."""
        was_over, self._is_over = self._is_over, True
        if not was_over:
            self.why_none = why
        return not was_over

    @property
    def left(self) -> int:
        """Extra reads that may be made now."""
        if self._is_over:
            return 0
        return FREE_READS + self._pages // PAGES_PER_READ - self.spent

    def page_answered(self) -> None:
        """Count a page's first answer."""
        self._pages += 1

    def take(self, reads: int) -> bool:
        """Take so many reads, all or none, and return whether they may be made."""
        if reads > self.left:
            return False
        self.spent += reads
        return True

    def give_back(self, reads: int) -> None:
        """Give back reads that were taken and not made."""
        self.spent -= reads
