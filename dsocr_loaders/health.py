"""What is wrong with an answer, as a page's status.

This release finds two faults: an answer that stopped before the page did, and an answer without any content for a
page that has ink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.values import PageError, PageStatus, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.values import Decoding, ParsedAnswer, RawAnswer

__all__ = ["Finding", "examine"]

Finding = tuple[PageStatus, PageError | None]


def examine(answer: RawAnswer, parsed: ParsedAnswer, decoding: Decoding) -> Finding:
    """Return the status of a page that has ink and was answered by a model, and its error if it failed.

    Truncated is an answer whose finish reason is `length`, or which has as many tokens as were allowed: some servers
    always say `stop`. An answer of pictures alone counts as read, since a page can be one.
    """
    has_content = any(region.text.strip() or region.type is RegionType.FIGURE for region in parsed.regions)
    if not has_content:
        return PageStatus.FAILED, PageError(
            kind="EngineRejected",
            cause="no_answer",
            message="the engine's answer is empty although the page has ink; read the page again, or with another "
            "task (task='free' reads text without boxes)",
        )
    limit, tokens = decoding.max_new_tokens, answer.output_tokens
    is_at_limit = limit is not None and tokens is not None and tokens >= limit
    if answer.finish_reason == "length" or is_at_limit:
        return PageStatus.TRUNCATED, None
    return PageStatus.OK, None
