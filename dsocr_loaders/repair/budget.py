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
    """

    def __init__(self) -> None:
        self.spent = 0
        self._pages = 0

    @property
    def left(self) -> int:
        """Extra reads that may be made now."""
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
