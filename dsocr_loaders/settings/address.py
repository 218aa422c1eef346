"""Addresses of servers."""

from __future__ import annotations

from urllib.parse import urlsplit

__all__ = ["is_base_url"]


def is_base_url(value: str) -> bool:
    """Return whether `value` is an address of a server and nothing else, so that it may be shown."""
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, or a port that is no number, which its message would quote
        return False
    return is_address and not any(sign in value for sign in "@?#")
