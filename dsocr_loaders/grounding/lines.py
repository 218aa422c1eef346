"""Lines of an answer -> marks: which lines can hold any, and in what state the answer is.

How the tags of one line look is told in `tagged`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.boxes import read_numbers
from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.marks import Content, Tag
from dsocr_loaders.grounding.tagged import TaggedLine
from dsocr_loaders.values import Dialect, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.grounding.marks import Mark

__all__ = ["LineReader"]

_SIGN = re.compile(r"<(?:[|｜]|PAGE>|--- )")  # noqa: RUF001 - the model's own end token; every marker begins like this
_NUMBER = r"(\d{1,3})"
_USUAL_TAG = re.compile(
    r"<\|ref\|>([a-z_]{1,40})<\|/ref\|><\|det\|>\[\["
    + ", ".join([_NUMBER] * 4)
    + r"\]\]<\|/det\|>(?=[ \t]*+\r?(?:\n|\Z))"
)


class LineReader:
    """Reads the lines of one answer, in order.

    Args:
        is_text_in_tag: whether text stands where a label would (tasks ocr and locate).

    Attributes:
        dialect: of the first tag; None before it.
    """

    def __init__(self, *, is_text_in_tag: bool) -> None:
        self.dialect: Dialect | None = None
        self._is_text_in_tag = is_text_in_tag
        self._may_be_stripped = True

    def read(self, lines: str, start: int, *, is_last: bool) -> Iterator[Mark]:
        r"""Yield the marks of `lines`, which cover them without gap and in order.

        Args:
            lines: whole lines, each with its `\n`.
            start: where in the answer they begin.
            is_last: whether the answer ends with them, so that the last has no `\n`, and may be cut off in a tag.
        """
        position = 0  # of the first character that no mark has yet
        while position < len(lines):
            begin = self._next_line(lines, position)
            if position < begin:
                yield Content(start + position, lines[position:begin])
            # Most lines with a tag have the usual form, and `TaggedLine` would take long for each.
            usual = _USUAL_TAG.match(lines, begin) if self._may_be_usual else None
            if usual:
                yield _usual_tag(usual, start)
                position = usual.end()
                continue
            end = lines.find("\n", begin) + 1 or len(lines)
            if begin < end:
                yield from self._read_line(lines[begin:end], start + begin, is_last=is_last and end == len(lines))
            position = end

    @property
    def _may_be_usual(self) -> bool:
        return not (self._may_be_stripped or self._is_text_in_tag or self.dialect is None)

    def _next_line(self, lines: str, position: int) -> int:
        """Return where the next line begins that may hold a tag or a cut; the end if none does."""
        if self._may_be_stripped:
            return position
        sign = _SIGN.search(lines, position)
        return (lines.rfind("\n", position, sign.start()) + 1 or position) if sign else len(lines)

    def _read_line(self, line: str, start: int, *, is_last: bool) -> Iterator[Mark]:
        if not _SIGN.search(line) and not (self._may_be_stripped and "[" in line):
            yield Content(start, line)
            return
        reading = TaggedLine(line, start, is_text_in_tag=self._is_text_in_tag, is_last=is_last)
        for mark in reading.marks(may_be_stripped=self._may_be_stripped):
            if isinstance(mark, Tag) and self.dialect is None:
                self.dialect = mark.dialect
            yield mark
        self._may_be_stripped = self._may_be_stripped and not reading.has_markers


def _usual_tag(match: re.Match[str], start: int) -> Tag:
    """Return the tag that `_USUAL_TAG` found: the same as `TaggedLine` would."""
    label, x0, y0, x1, y1 = match.groups()
    read = read_numbers((float(x0), float(y0), float(x1), float(y1)))
    span = Span(start + match.start(), start + match.end())
    issues = tuple([issue(code, span) for code in read.codes]) if read.codes else ()
    return Tag(span, label, None, read.boxes, Dialect.GROUNDED, issues)
