"""Versions of transformers, compared by their first two numbers."""

from __future__ import annotations

__all__ = ["version_of"]


def version_of(text: str) -> tuple[int, int]:
    """Return the first two numbers of a version; zeros where there are none."""
    parts = [int(part) if part.isdigit() else 0 for part in text.split(".")[:2]]
    return (parts[0], parts[1]) if len(parts) > 1 else (0, 0)
