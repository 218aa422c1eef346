"""The most memory that a page worker may take, enforced by the system."""

from __future__ import annotations

import sys
from contextlib import suppress

__all__ = ["is_out_of_memory", "limit_memory"]

_WORDS = ("malloc", "calloc", "realloc", "out of memory", "cannot allocate", "decoder error -9")
"""In the messages of MuPDF, Pillow and its codecs for memory that they did not get."""


def limit_memory(most_bytes: int) -> None:
    """Let the system refuse this process any more private memory than `most_bytes` (Linux; elsewhere nothing happens).

    The data segment is limited, not the address space: libraries reserve far more addresses than they ever use.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    with suppress(ValueError, OSError):  # a system may allow less, and then that counts
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        allowed = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error of a library means that it did not get the memory that it asked for."""
    if isinstance(error, MemoryError):
        return True
    said = str(error).lower()
    return any(words in said for words in _WORDS)
