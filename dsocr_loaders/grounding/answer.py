"""`parse_answer`: the whole way from an answer's text to its regions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.blocks import share_out
from dsocr_loaders.grounding.links import link_captions
from dsocr_loaders.grounding.tags import Tag, scan
from dsocr_loaders.values import AnswerIssue, Dialect, ParsedAnswer, Region, RegionType, Span, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.grounding.blocks import Block
    from dsocr_loaders.grounding.tags import Cut
    from dsocr_loaders.values import Drop

__all__ = ["parse_answer"]

_TEXT_IN_TAG = {Task.OCR, Task.LOCATE}
_HEADINGS = {RegionType.TITLE, RegionType.HEADING}
_HEADING_MARK = re.compile(r"(#{1,6})[ \t]+(?=\S)")
_DEFAULT_LEVEL = {RegionType.TITLE: 1, RegionType.HEADING: 2}


def parse_answer(text: str, *, task: Task | str = Task.DOCUMENT, finish_reason: str | None = None) -> ParsedAnswer:
    r"""Return the regions of a model's answer.

    Never raises for any text. The spans of regions and drops partition `[0, len(text))`. Time is linear in the
    length of the text.

    This release reads two dialects: `grounded` answers and `plain` ones; an answer in another form counts as plain,
    so its text is kept and its boxes are not read. Text without a tag is a region without boxes. Boxes that cannot
    be read leave the region's text, with an entry in `issues`.

    A region's text is made of the answer's characters at its spans by these rules: the region's own tag, blanks at
    the ends of lines and blank lines at both ends are left out; `<center>` and `</center>` are left out;
    `\coloneqq` and `\eqqcolon` become `:=` and `=:`, as in the official scripts; the `#` marks of a heading are
    counted into its level.

    Args:
        text: the answer as it came.
        task: what was asked. For `ocr` and `locate` the text stands inside `<|ref|>`.
        finish_reason: `"length"` marks an answer that was cut off.
    """
    marks = list(scan(text))
    tags = [mark for mark in marks if isinstance(mark, Tag)]
    is_text_in_tag = Task(task) in _TEXT_IN_TAG
    blocks, drops = share_out(text, marks, is_text_in_tag=is_text_in_tag)
    regions = link_captions([_region(text, block, order) for order, block in enumerate(blocks)])
    return ParsedAnswer(
        regions=regions,
        drops=tuple(drops),
        text_coverage=_text_coverage(text, marks, blocks, is_text_in_tag=is_text_in_tag),
        dialect=Dialect.GROUNDED if tags else Dialect.PLAIN,
        issues=_issues(text, marks, drops, regions, finish_reason),
    )


def _region(answer: str, block: Block, order: int) -> Region:
    text = _cleaned("".join(answer[span.start : span.end] for span in block.content))
    kind, level = block.type, 0
    mark = _HEADING_MARK.match(text)
    if mark and (kind in _HEADINGS or (kind is RegionType.TEXT and "\n" not in text)):
        kind = kind if kind in _HEADINGS else RegionType.HEADING
        level, text = len(mark[1]), text[mark.end() :]
    elif kind in _HEADINGS:
        level = _DEFAULT_LEVEL[kind]
    return Region(
        type=kind,
        label=block.label,
        boxes=block.boxes,
        text=text,
        spans=block.spans,
        page_index=block.page_index,
        order=order,
        level=level,
    )


def _cleaned(text: str) -> str:
    text = text.replace("<center>", "").replace("</center>", "")
    text = text.replace("\\coloneqq", ":=").replace("\\eqqcolon", "=:")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def _text_coverage(text: str, marks: Sequence[Tag | Cut], blocks: Sequence[Block], *, is_text_in_tag: bool) -> float:
    """Return the share of inked characters outside markup that some block owns."""
    in_blocks = sum(_inked(text, span) for block in blocks for span in block.content)
    in_markup = sum(_inked(text, mark.span) for mark in marks)
    in_labels = sum(_inked(text, mark.label_span) for mark in marks if isinstance(mark, Tag)) if is_text_in_tag else 0
    total = _inked(text, Span(0, len(text))) - in_markup + in_labels
    return in_blocks / total if total else 1.0


def _inked(text: str, span: Span) -> int:
    return sum(len(word) for word in text[span.start : span.end].split())


def _issues(
    text: str,
    marks: Sequence[Tag | Cut],
    drops: Sequence[Drop],
    regions: Sequence[Region],
    finish_reason: str | None,
) -> tuple[AnswerIssue, ...]:
    issues = [issue for mark in marks if isinstance(mark, Tag) for issue in mark.issues]
    issues += [
        AnswerIssue("stray_tag", drop.span, "a tag that is not whole") for drop in drops if drop.kind == "stray_tag"
    ]
    issues += [
        AnswerIssue("table_without_body", region.spans[0], "the table's rows are missing")
        for region in regions
        if region.type is RegionType.TABLE and not region.text
    ]
    if finish_reason == "length":
        issues.append(AnswerIssue("truncated", Span(len(text), len(text)), "the answer reached its token limit"))
    return tuple(sorted(issues, key=lambda issue: issue.span.start))
