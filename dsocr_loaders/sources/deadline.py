"""How long something may still take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dsocr_loaders.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Deadline"]

_SLICE_S = 0.25  # how soon a wait notices that nobody wants its outcome any more


class Deadline:
    """The end of the time that a limit gives, and the end of interest.

    Args:
        limit_s: seconds from now.
        limit: the limit's name, for the message.
        require_wanted: raises once the outcome is of no use any more.
    """

    def __init__(self, limit_s: float, limit: str, require_wanted: Callable[[], None]) -> None:
        self._limit_s = limit_s
        self._limit = limit
        self._require_wanted = require_wanted
        self._end = time.monotonic() + limit_s

    def wait_s(self, longest_s: float = _SLICE_S) -> float:
        """Return how long one wait may last, in seconds, above 0 and at most `longest_s`.

        Raises:
            LimitExceeded: the time is over.
            DsocrError: the outcome is of no use any more.
        """
        self._require_wanted()
        left_s = self._end - time.monotonic()
        if left_s <= 0:
            raise LimitExceeded(
                f"It was not there after {self._limit_s:g} s, the limit limits.{self._limit}. Raise the limit, or "
                "download the file first."
            )
        return min(longest_s, left_s)
