"""What may count tokens, and what stands for it where settings are written down."""

from __future__ import annotations

import hashlib
from typing import Any

__all__ = ["is_counter", "name_of_counter"]


def is_counter(value: object) -> bool:
    """Whether a value can be the setting `token_counter`; `dsocr_loaders.chunking.token_count_of` reads it."""
    return (
        value is None or (isinstance(value, str) and bool(value)) or callable(value) or hasattr(value, "encode_batch")
    )


def name_of_counter(counter: object) -> str | None:
    """Return what stands for a counter in serialised settings and cache keys; None for none.

    A name, and what has one (a tiktoken encoding), can be read back. Of others it tells which it was.
    """
    if counter is None or isinstance(counter, str):
        return counter
    known: Any = counter
    kind = type(known)
    if hasattr(known, "encode_ordinary"):
        return str(known.name)
    if hasattr(known, "encode_batch") and hasattr(known, "token_to_id"):
        return f"{kind.__module__}.{kind.__qualname__}:{hashlib.sha256(known.to_str().encode()).hexdigest()[:12]}"
    if hasattr(known, "name_or_path"):
        return f"{kind.__module__}.{kind.__qualname__}:{known.name_or_path}"
    return f"{getattr(known, '__module__', '')}.{getattr(known, '__qualname__', kind.__qualname__)}"
