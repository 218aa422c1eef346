"""What a scripted server does wrong."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """How one response departs from the right one; the default is the right one.

    Attributes:
        status: instead of 200.
        headers: further headers, such as `(("Retry-After", "2"),)`.
        body: instead of the right answer's; for a status that is no success vLLM's error body if None.
        content_type: of the body.
        finish_reason: instead of `"stop"`.
        delay_s: wait before the response begins.
        trickle_s: wait before each byte of the body.
        cut_after_bytes: close the connection after that many bytes of the body, which was announced in full.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "application/json"
    finish_reason: str = "stop"
    delay_s: float = 0.0
    trickle_s: float = 0.0
    cut_after_bytes: int | None = None

    @classmethod
    def of_status(cls, status: int, *, retry_after: str | None = None) -> Fault:
        """Return an HTTP error with vLLM's body, asking to wait if `retry_after` (seconds or a date) is given."""
        return cls(status=status, headers=() if retry_after is None else (("Retry-After", retry_after),))

    @classmethod
    def html(cls, *, status: int = 200) -> Fault:
        """Return the page that some other web server, or a gateway, shows."""
        page = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works</h1></body></html>"
        return cls(status=status, body=page, content_type="text/html; charset=utf-8")

    @classmethod
    def cut(cls, after_bytes: int = 10) -> Fault:
        """Return a connection that breaks in the middle of the body."""
        return cls(cut_after_bytes=after_bytes)

    @classmethod
    def oversized(cls, size_bytes: int) -> Fault:
        """Return a body that is one long JSON text."""
        return cls(body=b'"' + b"a" * (size_bytes - 2) + b'"')

    @classmethod
    def invalid_utf8(cls) -> Fault:
        """Return a completion with a byte in it that no UTF-8 has."""
        return cls(body=b'{"choices": [{"message": {"content": "\xff"}, "finish_reason": "stop"}]}')
