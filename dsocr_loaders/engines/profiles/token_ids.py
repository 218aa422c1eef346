"""Words of the n-gram rule's whitelist as the ids that servers want."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import TOKEN_IDS

if TYPE_CHECKING:
    from dsocr_loaders.values import Decoding

__all__ = ["whitelist_ids"]


def whitelist_ids(decoding: Decoding) -> list[int]:
    """Return the ids of the words that may repeat.

    Raises:
        EngineRejected: cause `bad_request`, the id of a word is not known.
    """
    unknown = [word for word in decoding.ngram_whitelist if word not in TOKEN_IDS]
    if unknown:
        raise engine_error(
            "bad_request", f"The n-gram whitelist holds {unknown}; token ids are known for {', '.join(TOKEN_IDS)} only."
        )
    return [TOKEN_IDS[word] for word in decoding.ngram_whitelist]
