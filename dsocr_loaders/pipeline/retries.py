"""Second tries: how many, how long before each, and when there is no point in another."""

from __future__ import annotations

import random
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.errors import EngineError

__all__ = ["MOST_ATTEMPTS", "MOST_UNREACHED", "LostContact", "may_try_again", "most_attempts", "retry_delay_s"]

MOST_ATTEMPTS: Final = 3
"""Tries for a page, the first counted in, when the answer was late, cut off or a fault of the server."""

_MORE_ATTEMPTS: Final[Mapping[str, int]] = MappingProxyType({"busy": 8, "throttled": 20, "connect": 6})
"""For what says nothing about the page: a server that is too busy, or a host that was asked too much, has not looked at
it, one that cannot be reached may be starting again. With the delays below that is a minute, four minutes, and a
quarter of one."""

MOST_UNREACHED: Final = 3
"""After this many pages in a row that could not reach the engine in any of their tries, it counts as gone."""

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S: Final = 15.0
_LONGEST_ASKED_S: Final = 60.0
_SPREAD: Final = 0.1


def most_attempts(cause: str) -> int:
    """Return how many tries a page has that fails with this cause, the first counted in."""
    return _MORE_ATTEMPTS.get(cause, MOST_ATTEMPTS)


def may_try_again(error: EngineError, attempt: int) -> bool:
    """Tell whether another try is to follow try number `attempt`, which ended with `error`."""
    return error.retryable and attempt < most_attempts(error.cause)


def retry_delay_s(attempt: int, retry_after_s: float | None) -> float:
    """Return how long to wait after try number `attempt`.

    That is what the server asked for (up to a minute) and up to a tenth more; else a time that doubles from half a
    second to a quarter of a minute, with up to half of it taken off. Either way pages that failed together do not come
    back together.
    """
    if retry_after_s is not None:
        asked_s = min(_LONGEST_ASKED_S, max(0.0, retry_after_s))
        return asked_s * random.uniform(1.0, 1.0 + _SPREAD)  # noqa: S311 - spreads retries out, guards nothing
    delay_s = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(attempt - 1, 30))
    return delay_s * random.uniform(0.5, 1.0)  # noqa: S311 - as above


class LostContact:
    """Tells an engine that is gone from one that could not be reached for a while.

    Attributes:
        has_answered: whether it ever answered in this run.
    """

    def __init__(self) -> None:
        self.has_answered = False
        self._unreached = 0  # pages in a row that could not reach the engine, all their tries used up

    def page_answered(self) -> None:
        """Note that the engine answered."""
        self.has_answered = True
        self._unreached = 0

    def page_failed(self, error: EngineError) -> bool:
        """Note that a page failed for good, and tell whether no other page would fare better."""
        self._unreached = self._unreached + 1 if error.cause == "connect" else 0
        return self._unreached >= MOST_UNREACHED
