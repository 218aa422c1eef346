"""The running texts of the documents, which lie in the folder `texts` in the light markup of `Flow.set`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read_text"]


def read_text(name: str) -> str:
    """The text of a file in that folder."""
    return (Path(__file__).parent / "texts" / name).read_text(encoding="utf-8")
