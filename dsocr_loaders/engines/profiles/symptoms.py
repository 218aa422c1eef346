"""What a server's errors and answers say about the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import engine_error
from dsocr_loaders.values import Dialect

if TYPE_CHECKING:
    from dsocr_loaders.engines.profiles.profile import ServerProfile
    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.values import ParsedAnswer

__all__ = ["explained", "is_stripped"]

_STRIPPED: Final = frozenset({Dialect.STRIPPED, Dialect.DET_LABEL_STRIPPED})
_LOST_CELLS: Final = "table_structure_lost"


def explained(error: EngineError, profile: ServerProfile) -> EngineError:
    """Return the error with what this kind of server is known to mean by it; the same one if that is nothing."""
    message = str(error)
    known = next((fault for fault in profile.known_faults if fault.says in message), None)
    if known is None:
        return error
    return engine_error(known.cause, f"{message} {known.advice}", retry_after_s=error.retry_after_s)


def is_stripped(parsed: ParsedAnswer) -> bool:
    """Return whether an answer came without its special tokens: its boxes are loose text, or its tables lost cells."""
    return parsed.dialect in _STRIPPED or any(issue.code == _LOST_CELLS for issue in parsed.issues)
