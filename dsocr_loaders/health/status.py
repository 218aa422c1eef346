"""Findings -> a page's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.values import AnswerFault, PageError, PageStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import HealthFinding, RawAnswer

__all__ = ["status_of"]


def status_of(findings: Sequence[HealthFinding], answer: RawAnswer) -> tuple[PageStatus, PageError | None]:
    """Return the status of a page that a model answered, and its error if it failed.

    An empty answer is a failed page. One that was cut off is truncated, and so is one whose loop runs to its end: what
    stands on the page behind the repeated part was never read. Every other finding leaves the status `ok`: the text is
    there, and `PageResult.health` says what to think of it.

    Args:
        findings: what `examine` found.
        answer: the answer that they are about.
    """
    for finding in findings:
        if finding.fault is AnswerFault.EMPTY:
            error = PageError(kind="EngineRejected", cause="no_answer", message=f"{finding.detail}; {_EMPTY_ADVICE}")
            return PageStatus.FAILED, error
    text_end = len(answer.text.rstrip())
    if any(
        finding.fault is AnswerFault.TRUNCATED or (finding.fault is AnswerFault.LOOP and finding.end >= text_end)
        for finding in findings
    ):
        return PageStatus.TRUNCATED, None
    return PageStatus.OK, None


_EMPTY_ADVICE = "read the page again, or with another task (task='free' reads text without boxes)"
