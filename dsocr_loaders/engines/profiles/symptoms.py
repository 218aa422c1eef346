"""What a server's errors and answers say about the server itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.values import Dialect

if TYPE_CHECKING:
    from dsocr_loaders.engines.profiles.profile import ServerProfile
    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.values import ParsedAnswer, RawAnswer

__all__ = ["check_no_error_text", "explained", "is_stripped"]

_STRIPPED: Final = frozenset({Dialect.STRIPPED, Dialect.DET_LABEL_STRIPPED})
_LOST_CELLS: Final = "table_structure_lost"
_GROUNDING: Final = "<|grounding|>"
_LONGEST_ERROR: Final = 2000
_LONGEST_QUOTE: Final = 200
_ERROR_TEXT: Final = re.compile(
    r"\s*(?:"
    r"\{\s*\"(?:error|detail|message)\"|<!doctype\s+html|<html|traceback \(most recent|\[?error\b"
    r"|internal server error|bad gateway|gateway time-?out|service unavailable|too many requests|rate limit"
    r"|upstream (?:error|request|connect)|out of memory|cuda (?:error|out of memory)"
    r")",
    re.IGNORECASE,
)


def explained(error: EngineError, profile: ServerProfile) -> EngineError:
    """Return the error with what this kind of server is known to mean by it; the same one if that is nothing."""
    message = str(error)
    known = next((fault for fault in profile.known_faults if fault.says in message), None)
    if known is None:
        return error
    return engine_error(known.cause, f"{message} {known.advice}", retry_after_s=error.retry_after_s)


def check_no_error_text(answer: RawAnswer, prompt: str) -> None:
    """Return if the answer is what a model says, and not an error that a server, or a gateway, dressed up as one.

    Only a short answer that begins as errors do, and has no box although the prompt asks for them, is taken for one: a
    page that is about an error comes back with boxes.

    Raises:
        EngineUnavailable: cause `server_fault`; it quotes the text.
    """
    text = answer.text
    if _GROUNDING not in prompt or len(text) > _LONGEST_ERROR or "[[" in text or not _ERROR_TEXT.match(text):
        return
    said = " ".join(text.split())[:_LONGEST_QUOTE]
    raise engine_error("server_fault", f"it sent an error in place of the page's text: {said!r}")


def is_stripped(parsed: ParsedAnswer) -> bool:
    """Return whether an answer came without its special tokens: its boxes are loose text, or its tables lost cells."""
    return parsed.dialect in _STRIPPED or any(issue.code == _LOST_CELLS for issue in parsed.issues)
