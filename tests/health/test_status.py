"""What a page's status says about its answer."""

from __future__ import annotations

import pytest

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine, status_of
from dsocr_loaders.values import Decoding, PageStatus, RawAnswer

TAG = "<|ref|>{}<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\n"
WORDS = f"{TAG.format('text')}words"


@pytest.mark.parametrize(
    ("text", "finish_reason", "output_tokens", "limit", "expected"),
    [
        (WORDS, "stop", 20, None, PageStatus.OK),
        (WORDS, None, None, None, PageStatus.OK),
        (WORDS, "stop", 20, 21, PageStatus.OK),
        (WORDS, "stop", None, 20, PageStatus.OK),
        (WORDS, "length", 20, None, PageStatus.TRUNCATED),
        (WORDS, "stop", 20, 20, PageStatus.TRUNCATED),
        (WORDS, "stop", 21, 20, PageStatus.TRUNCATED),
        (TAG.format("image"), "stop", 20, None, PageStatus.OK),
        (TAG.format("text"), "stop", 20, None, PageStatus.FAILED),
        (" \n", "stop", 1, None, PageStatus.FAILED),
        ("", "length", 20, 20, PageStatus.FAILED),
    ],
)
def test_tells_truncated_and_empty_answers(
    text: str, finish_reason: str | None, output_tokens: int | None, limit: int | None, expected: PageStatus
) -> None:
    """An answer is truncated by its reason or by its length, and empty if neither words nor a picture are in it."""
    answer = RawAnswer(text, finish_reason, None, output_tokens, "model", "engine")

    findings = examine(answer, parse_answer(text), None, Decoding(max_new_tokens=limit))
    status, error = status_of(findings, answer)

    assert expected is status
    assert (None if error is None else error.cause) == ("no_answer" if expected is PageStatus.FAILED else None)
