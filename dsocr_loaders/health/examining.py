"""`examine`: an answer, what it was taken apart into, and its page -> what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.values import AnswerFault, HealthFinding, RegionType, Task

if TYPE_CHECKING:
    from dsocr_loaders.values import Decoding, PageImage, ParsedAnswer, RawAnswer

__all__ = ["examine"]


def examine(
    answer: RawAnswer,
    parsed: ParsedAnswer,
    page: PageImage | None,
    decoding: Decoding,
    *,
    task: Task = Task.DOCUMENT,
) -> tuple[HealthFinding, ...]:
    """Return what is wrong with an answer of a model about a page that has ink, the gravest first.

    Never raises for any text, and takes time linear in its length.

    Args:
        answer: as it came.
        parsed: what `parse_answer` makes of it.
        page: what it is about; what cannot be seen without the page's ink is not looked for if that is None.
        decoding: how the answer was decoded: its limit of tokens.
        task: what was asked.
    """
    del page, task
    findings = []
    if not any(region.text.strip() or region.type is RegionType.FIGURE for region in parsed.regions):
        findings.append(HealthFinding(AnswerFault.EMPTY, "the engine's answer is empty although the page has ink"))
    limit, tokens = decoding.max_new_tokens, answer.output_tokens
    if answer.finish_reason == "length":
        findings.append(HealthFinding(AnswerFault.TRUNCATED, "the answer ended at its limit of tokens"))
    elif limit is not None and tokens is not None and tokens >= limit:
        findings.append(HealthFinding(AnswerFault.TRUNCATED, f"the answer has all the {limit} tokens it may have"))
    return tuple(findings)
