"""`parse_answer`: the whole way from an answer's text to its regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.grounding.scanner import AnswerScanner
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from dsocr_loaders.values import ParsedAnswer

__all__ = ["parse_answer"]


def parse_answer(text: str, *, task: Task | str = Task.DOCUMENT, finish_reason: str | None = None) -> ParsedAnswer:
    """Return the regions of a model's answer.

    Never raises for any text. The spans of regions and drops partition `[0, len(text))`, and every character that is
    no markup and no blank belongs to a region. Time is linear in the length of the text.

    The five dialects of `Dialect` are read, whole or damaged; `dialect` names that of the first tag. Text without a
    tag is a region without boxes, as is text behind a tag whose boxes cannot be read. What is odd is in `issues`;
    `dsocr_loaders.grounding.ISSUES` lists the codes. How a region's text comes from the characters at its spans is
    listed in `dsocr_loaders.grounding.wording`.

    Args:
        text: the answer as it came.
        task: what was asked. For `ocr` and `locate` the text stands inside `<|ref|>`.
        finish_reason: `"length"` marks an answer that was cut off.
    """
    scanner = AnswerScanner(task=task)
    scanner.feed(text)
    return scanner.finish(finish_reason=finish_reason)
