"""What came over HTTP as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from dsocr_loaders.engines.connections import LARGEST_ERROR_BYTES
from dsocr_loaders.engines.faults import answer_fault

if TYPE_CHECKING:
    from dsocr_loaders.engines.endpoint import Endpoint

__all__ = ["LARGEST_ANSWER_BYTES", "json_of"]

LARGEST_ANSWER_BYTES: Final = 10_000_000  # the longest context there is holds some 100 kB of text


def json_of(content: bytes, endpoint: Endpoint, cause: str) -> object:
    """Return the parsed content of a success.

    Raises:
        EngineError: of `cause`; it is no JSON, or too much of it.
    """
    if len(content) > LARGEST_ANSWER_BYTES:
        raise answer_fault(endpoint, cause, f"it is longer than {LARGEST_ANSWER_BYTES} bytes")
    try:
        parsed: object = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise answer_fault(endpoint, cause, "it is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise answer_fault(endpoint, cause, "it is not JSON", content[:LARGEST_ERROR_BYTES]) from error
    return parsed
