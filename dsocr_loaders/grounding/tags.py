"""One scan over an answer: where its tags are, and what stands between them.

The scan visits every marker once, from left to right, and never looks back, so its time is linear in the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.grounding.boxes import read_boxes
from dsocr_loaders.values import AnswerIssue, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.geometry import Box

__all__ = ["Cut", "Tag", "scan"]

_MARKER = re.compile(
    r"<\|(?P<tag>/?(?:ref|det))\|>"
    r"|(?P<end><｜end▁of▁sentence｜>)"  # noqa: RUF001 - the model's own end token is spelt with these characters
    r"|(?P<page><PAGE>|<--- Page Split --->)"
)
_TAG = ("ref", "/ref", "det", "/det")


@dataclass(frozen=True, slots=True)
class Tag:
    """`<|ref|>label<|/ref|><|det|>[[...]]<|/det|>`.

    Attributes:
        span: the whole tag.
        label_span: what stands inside `<|ref|>`.
        label: the same as text, without blanks around it.
        boxes: may be empty.
        issues: oddities of this tag.
    """

    span: Span
    label_span: Span
    label: str
    boxes: tuple[Box, ...]
    issues: tuple[AnswerIssue, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """Markup that is no tag: an end of answer, a page separator, or a marker that is part of no whole tag."""

    span: Span
    kind: Literal["end_marker", "page_marker", "stray_tag"]


def scan(text: str) -> Iterator[Tag | Cut]:
    """Yield the tags and cuts of `text` in order. They do not overlap; what lies between them is content."""
    markers = list(_MARKER.finditer(text))
    index = 0
    while index < len(markers):
        marker = markers[index]
        if marker["tag"] is None:
            yield Cut(Span(*marker.span()), "end_marker" if marker["end"] else "page_marker")
            index += 1
            continue
        tag = _tag(text, markers[index : index + len(_TAG)])
        if tag is None:
            yield Cut(Span(*marker.span()), "stray_tag")
            index += 1
            continue
        yield tag
        while index < len(markers) and markers[index].start() < tag.span.end:
            index += 1


def _tag(text: str, markers: list[re.Match[str]]) -> Tag | None:
    """Return the tag that begins at the first of `markers`, or None if none begins there."""
    known = 0
    for marker, expected in zip(markers, _TAG, strict=False):
        if marker["tag"] != expected:
            break
        known += 1
    if known == len(_TAG) and not text[markers[1].end() : markers[2].start()].strip():
        return _whole_tag(text, markers)
    if known and known == len(markers):
        return _cut_off_tag(text, markers)
    return None


def _whole_tag(text: str, markers: list[re.Match[str]]) -> Tag:
    reference, reference_end, detection, detection_end = markers
    label_span = Span(reference.end(), reference_end.start())
    read = read_boxes(text[detection.end() : detection_end.start()])
    # Boxes that cannot be read are content: the tag ends before them, and its last marker counts as a stray.
    end = detection_end.end() if read.boxes else detection.end()
    span = Span(reference.start(), end)
    return Tag(
        span=span,
        label_span=label_span,
        label=text[label_span.start : label_span.end].strip(),
        boxes=read.boxes,
        issues=tuple(AnswerIssue(code, span, _MESSAGES[code]) for code in read.codes),
    )


_LONGEST_CUT_OFF = 80
"""Characters. A label or box that was cut off is shorter; a longer rest is text behind a broken tag."""


def _cut_off_tag(text: str, markers: list[re.Match[str]]) -> Tag | None:
    """Return the tag that the end of the answer cut off: everything from its first marker on."""
    end = markers[-1].end()
    is_whole = markers[-1]["tag"] == "/det"
    if is_whole or len(text) - end > _LONGEST_CUT_OFF or "\n" in text[end:]:
        return None
    span = Span(markers[0].start(), len(text))
    label_span = Span(markers[0].end(), markers[1].start() if len(markers) > 1 else len(text))
    label = text[label_span.start : label_span.end].strip()
    return Tag(span, label_span, label, (), (AnswerIssue("tag_cut_off", span, _MESSAGES["tag_cut_off"]),))


_MESSAGES = {
    "box_unreadable": "the box is no list of four numbers; its characters are kept as text",
    "box_out_of_range": "a number lies outside 0 to 999 and was clamped",
    "box_reversed": "the corners were swapped and are put in order",
    "box_without_area": "the box has no area",
    "tag_cut_off": "the answer ends inside this tag",
}
