"""What a control of concurrency is told, and what it says."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

__all__ = ["Concurrency", "Outcome"]


class Outcome(Enum):
    """How a request ended, as far as the load of the server is concerned."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """503: the server was too busy to look at it."""
    THROTTLED = "throttled"
    """429: this client asks for too much, at once or in a short time."""
    OTHER = "other"
    """A fault that says nothing about load, or nobody waited for the answer."""


class Concurrency(Protocol):
    """Says how many requests may be in flight, from how they end."""

    @property
    def limit(self) -> int:
        """Requests that may be in flight now, at least 1."""
        ...

    def began(self) -> int:
        """Note that a request was sent, and return its ticket."""
        ...

    def ended(self, ticket: int, outcome: Outcome) -> None:
        """Note how it ended."""
        ...
