"""What one way of reading a page brought."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.health import status_of
from dsocr_loaders.values import AnswerFault, HealthFinding, LayoutAnswer, PageStatus

if TYPE_CHECKING:
    from dsocr_loaders.values import Answer, PageError, PageImage, ParsedAnswer, Region, TextSource

__all__ = ["Reading", "as_truncated"]

_REST_UNREAD = "the answer was repetition to its end, so what the page holds behind that was not read"


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as it was read.

    Attributes:
        page: as shown, without its pixels.
        answer: what was answered.
        regions: their boxes are on the page as shown.
        findings: what is wrong with the answer; their ranges are of `answer`.
        text_source: who read the text.
        parsed: the answer as it was taken apart, before anything was cut or mapped; None for a text layer.
        turn: degrees clockwise that the page was turned by before it was asked about.
    """

    page: PageImage
    answer: Answer
    regions: tuple[Region, ...]
    findings: tuple[HealthFinding, ...]
    text_source: TextSource
    parsed: ParsedAnswer | None = None
    turn: int = 0

    @property
    def faults(self) -> frozenset[AnswerFault]:
        """The kinds of its findings."""
        return frozenset(finding.fault for finding in self.findings)

    @property
    def outcome(self) -> tuple[PageStatus, PageError | None]:
        """The status of a page that is read like this, and its error if it failed."""
        if isinstance(self.answer, LayoutAnswer):
            return PageStatus.OK, None
        return status_of(self.findings, self.answer)


def as_truncated(reading: Reading, before: Reading) -> Reading:
    """Return `reading`, made from a part of `before`, with the finding that the page was not read to its end.

    Where `before` was truncated because its loop runs to the end, that cannot be seen any more once the loop is gone.
    """
    is_truncated = before.outcome[0] is PageStatus.TRUNCATED
    if not is_truncated or AnswerFault.TRUNCATED in reading.faults:
        return reading
    end = len(before.answer.text) if not isinstance(before.answer, LayoutAnswer) else 0
    finding = HealthFinding(AnswerFault.TRUNCATED, _REST_UNREAD, end, end)
    return replace(reading, findings=(*reading.findings, finding))
