"""What an engine is worth on this machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EngineState"]


@dataclass(frozen=True, slots=True)
class EngineState:
    """What one engine is worth on this machine.

    Attributes:
        engine: the word for `engine=`.
        works: True or False; None if that takes asking a server, and nobody asked.
        detail: why, in one sentence.
        command: the one command that would make it work, `""` if it works.
    """

    engine: str
    works: bool | None
    detail: str
    command: str = ""
