"""The grammar of one line: which of its characters are tags.

```
line     = { content | cut | tag }
tag      = "<|ref|>" label "<|/ref|>" "<|det|>" boxes "<|/det|>"     grounded
         | "<|det|>" label boxes "<|/det|>"                          det_label
         | label boxes          at the start of a line, before any marker was seen: see `stripped`
```

Every part of a tag but its first marker may be missing; then the tag ends where its last readable part ends, an issue
says so, and all that follows is content. Each marker of a line is visited once and each search stops at the next one,
so the time is linear in the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.grounding.boxes import ReadBoxes, is_cut_off_box, read_boxes, read_leading_boxes
from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.labels import is_known
from dsocr_loaders.grounding.marks import Content, Cut, Tag
from dsocr_loaders.grounding.stripped import read_stripped_tag
from dsocr_loaders.values import Dialect, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.grounding.marks import Mark

__all__ = ["TaggedLine"]

_MARKER = re.compile(
    r"<\|(?P<tag>/?(?:ref|det))\|>"
    r"|(?P<end><｜end▁of▁sentence｜>)"  # noqa: RUF001 - the model's own end token is spelt with these characters
    # <PAGE> in the middle of a line is text about HTML.
    r"|(?P<page><--- Page Split --->|^[ \t]*+<PAGE>|<PAGE>(?=[ \t]*+(?:<\||$)))"
)
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,39}")
_LABEL_AND_BRACKET = re.compile(r"[ \t]{0,4}(?P<label>[A-Za-z][A-Za-z0-9_\- ]{0,39})?(?=[\[(])")
_UNFINISHED_LABEL = re.compile(r"[ \t]{0,4}[A-Za-z0-9_\-]{0,40}[ \t]{0,4}")


class TaggedLine:
    """One line and its markers. Positions inside this class count from the line's start.

    Args:
        line: with its line break.
        start: where in the answer it begins.
        is_text_in_tag: whether text stands where a label would (tasks ocr and locate).
        is_last: whether the answer ends with it; a tag may be cut off there.

    Attributes:
        has_markers: whether any marker of a tag is in it, so that tags are not stripped in this answer.
    """

    def __init__(self, line: str, start: int, *, is_text_in_tag: bool, is_last: bool) -> None:
        self._line = line
        self._start = start
        self._is_text_in_tag = is_text_in_tag
        self._is_last = is_last
        self._end = len(line.rstrip("\r\n"))
        self._markers = list(_MARKER.finditer(line)) if "<" in line else []
        self.has_markers = any(marker["tag"] for marker in self._markers)

    def marks(self, *, may_be_stripped: bool) -> Iterator[Mark]:
        """Yield the line's marks in order; `may_be_stripped` says whether a tag may stand here without its tokens."""
        position = index = 0
        while self._is_page_marker_at(position, index):
            yield self._mark(index)
            position, index = self._markers[index].end(), index + 1
        if may_be_stripped:
            for tag in self._stripped_tags(position, self._limit(index)):
                yield tag
                position = tag.span.end - self._start
        while index < len(self._markers):
            marker = self._markers[index]
            index += 1
            if marker.start() < position:
                continue
            if position < marker.start():
                yield self._content(position, marker.start())
            mark = self._mark(index - 1)
            yield mark
            position = mark.span.end - self._start
        if position < len(self._line):
            yield self._content(position, len(self._line))

    def _is_page_marker_at(self, position: int, index: int) -> bool:
        return (
            index < len(self._markers)
            and self._markers[index].start() == position
            and self._markers[index]["page"] is not None
        )

    def _stripped_tags(self, position: int, limit: int) -> Iterator[Tag]:
        """Yield the stripped tags at `position`: one, or under the tasks ocr and locate all that follow each other."""
        while tag := read_stripped_tag(
            self._line,
            position,
            limit,
            self._start,
            is_text_in_tag=self._is_text_in_tag,
            is_last=self._is_last,
        ):
            yield tag
            position = tag.span.end - self._start
            if not self._is_text_in_tag:
                return

    def _content(self, start: int, end: int) -> Content:
        return Content(self._start + start, self._line[start:end])

    def _span(self, start: int, end: int) -> Span:
        return Span(self._start + start, self._start + end)

    def _mark(self, index: int) -> Tag | Cut:
        marker = self._markers[index]
        tag = None
        if marker["tag"] == "ref":
            tag = self._ref_tag(index)
        elif marker["tag"] == "det":
            tag = self._det_tag(index)
        elif not marker["tag"]:
            kind: Literal["end_marker", "page_marker"] = "end_marker" if marker["end"] else "page_marker"
            return Cut(self._span(*marker.span()), kind, begins_page=marker[0].endswith("<PAGE>"))
        return tag or Cut(self._span(*marker.span()), "stray_tag")

    def _kind(self, index: int) -> str | None:
        return self._markers[index]["tag"] if index < len(self._markers) else None

    def _limit(self, index: int) -> int:
        """Return where what stands before marker `index` ends: at the marker, or at the end of the line."""
        return self._markers[index].start() if index < len(self._markers) else self._end

    def _is_at_end(self, position: int) -> bool:
        return self._is_last and position == self._end

    def _ref_tag(self, index: int) -> Tag | None:
        """Return the tag that begins with the `<|ref|>` at `index`, None if none does."""
        begin, inside = self._markers[index].span()
        inside_end = self._limit(index + 1)
        codes: list[str] = []
        after, following = inside_end, index + 1
        if self._kind(following) == "/ref":
            after, following = self._markers[following].end(), following + 1
        elif self._kind(following) == "det":
            codes.append("label_unclosed")
        elif self._is_at_end(inside_end):
            codes.append("tag_cut_off")
        elif is_known(self._line[inside:inside_end]) or self._is_text_in_tag:
            codes.append("label_unclosed")
        else:
            return None
        read = self._boxes_behind(after, following, codes)
        if read is None:
            label = self._line[inside:inside_end]
            if not (self._is_text_in_tag or is_known(label) or "tag_cut_off" in codes or self._is_at_end(after)):
                return None
            if "tag_cut_off" not in codes:
                codes.append("tag_cut_off" if self._is_at_end(after) else "box_missing")
            read = ReadBoxes((), (), after)
        return self._tag(Span(begin, read.end), Span(inside, inside_end), read, codes, Dialect.GROUNDED)

    def _boxes_behind(self, after: int, following: int, codes: list[str]) -> ReadBoxes | None:
        """Return the boxes of a tag whose label ends at `after`, None if there is no sign of any.

        Adds to `codes`; the `end` of what it returns is the tag's.
        """
        if self._kind(following) == "det" and not self._line[after : self._markers[following].start()].strip():
            return self._boxes(self._markers[following].end(), following + 1, codes)
        read = read_leading_boxes(self._line, after + self._blanks_at(after), self._limit(following))
        if read is None:
            return None
        codes.append("det_unopened")
        return ReadBoxes(read.boxes, read.codes, self._end_of_det(read.end, following, codes))

    def _boxes(self, inside: int, following: int, codes: list[str], *, is_flat: bool = False) -> ReadBoxes:
        """Return the boxes behind a `<|det|>` that ends at `inside`, and where the tag ends."""
        limit = self._limit(following)
        if self._kind(following) == "/det":
            read = read_boxes(self._line[inside:limit], is_flat=is_flat)
            if read.boxes:
                return ReadBoxes(read.boxes, read.codes, self._markers[following].end())
        else:
            leading = read_leading_boxes(self._line, inside + self._blanks_at(inside), limit, is_flat=is_flat)
            if leading is not None:
                end = self._end_of_det(leading.end, following, codes)
                return ReadBoxes(leading.boxes, leading.codes, end)
            if is_cut_off_box(self._line[inside:limit]):
                codes.append("tag_cut_off")
                return ReadBoxes((), (), limit)
        # What cannot be read is content: the tag ends before it.
        return ReadBoxes((), ("box_unreadable",), inside)

    def _blanks_at(self, position: int) -> int:
        near = self._line[position : position + 4]
        return len(near) - len(near.lstrip(" \t"))

    def _end_of_det(self, position: int, following: int, codes: list[str]) -> int:
        """Return the end of a tag whose boxes end at `position`: behind its `<|/det|>` if that follows at once."""
        if self._kind(following) == "/det" and not self._line[position : self._limit(following)].strip(" \t[]"):
            return self._markers[following].end()
        codes.append("det_unclosed")
        return position

    def _det_tag(self, index: int) -> Tag | None:
        """Return the tag that begins with the `<|det|>` at `index`, None if none does."""
        begin, inside = self._markers[index].span()
        limit = self._limit(index + 1)
        if self._is_text_in_tag:
            bracket = max(self._line.find("[", inside, limit), inside)
            label = Span(inside, bracket)
        else:
            match = _LABEL_AND_BRACKET.match(self._line, inside, limit)
            if match is None:
                return self._det_tag_without_box(index)
            label = Span(*match.span("label")) if match["label"] else Span(inside, inside)
            bracket = match.end()
        codes: list[str] = []
        name = self._line[label.start : label.end].strip()
        read = self._boxes(bracket, index + 1, codes, is_flat=bool(name))
        if not (read.boxes or (is_known(name) and not self._is_text_in_tag) or "tag_cut_off" in codes):
            return None
        if not name:
            codes.append("label_missing")
        dialect = Dialect.DET_LABEL if name else Dialect.GROUNDED
        return self._tag(Span(begin, read.end), label, read, codes, dialect)

    def _det_tag_without_box(self, index: int) -> Tag | None:
        begin, inside = self._markers[index].span()
        limit = self._limit(index + 1)
        name = self._line[inside:limit]
        if self._kind(index + 1) == "/det" and is_known(name):
            end, code = self._markers[index + 1].end(), "box_missing"
        elif self._is_at_end(limit) and _UNFINISHED_LABEL.fullmatch(name):
            end, code = limit, "tag_cut_off"
        else:
            return None
        return self._tag(Span(begin, end), Span(inside, limit), ReadBoxes((), (), end), [code], Dialect.DET_LABEL)

    def _tag(self, inside: Span, label: Span, read: ReadBoxes, codes: list[str], dialect: Dialect) -> Tag:
        span = self._span(inside.start, inside.end)
        name = self._line[label.start : label.end].strip()
        # A label that is no word, such as a whole line, is text that a document must not lose.
        is_text = self._is_text_in_tag or not (_LABEL.fullmatch(name) or is_known(name) or not name)
        if is_text and name and not self._is_text_in_tag:
            codes.append("label_is_text")
        return Tag(
            span=span,
            label="" if is_text else name,
            words=self._content(label.start, label.end) if is_text and name else None,
            boxes=read.boxes,
            dialect=dialect,
            issues=tuple(issue(code, span) for code in (*codes, *read.codes)),
        )
