"""A tag and the content behind it -> blocks, the regions in the making."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.labels import region_type
from dsocr_loaders.grounding.parts import find_parts, trimmed
from dsocr_loaders.values import RegionType, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.grounding.marks import Content, Tag
    from dsocr_loaders.grounding.parts import Part
    from dsocr_loaders.values import AnswerIssue

__all__ = ["ATTACHED", "Block", "Section"]

ATTACHED = frozenset({RegionType.CAPTION, RegionType.FOOTNOTE})
_HEADINGS = frozenset({RegionType.TITLE, RegionType.HEADING})
_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n")
_MARKED_LINE = re.compile(r"#{1,6}[ \t]+[^\n]*\n")


@dataclass(slots=True)
class Block:
    """A region in the making.

    Attributes:
        text: its characters as the answer has them, without those of `tag_spans`.
        tag_spans, content: the ranges of the answer that it owns, in order.
        is_rest: whether another block has the tag, and this one is what else stood behind it.
        is_rows: whether it is a table behind a caption's or footnote's tag.
        issues: oddities of its tag and text.
    """

    type: RegionType
    label: str
    boxes: tuple[Box, ...]
    page_index: int
    text: str
    content: tuple[Span, ...]
    tag_spans: tuple[Span, ...] = ()
    is_rest: bool = False
    is_rows: bool = False
    issues: tuple[AnswerIssue, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every range that the block owns, in order."""
        spans = (*self.tag_spans, *self.content)
        return tuple(sorted(spans, key=lambda span: span.start)) if len(self.tag_spans) > 1 else spans


class Section:
    """A tag, or None for text without one, and the content behind it up to the next.

    Attributes:
        type: what the tag says the section is, None without a tag.
    """

    __slots__ = ("_contents", "_earlier", "_earlier_issues", "page_index", "tag", "type")

    def __init__(self, tag: Tag | None, page_index: int) -> None:
        self.tag = tag
        self.type = None if tag is None else region_type(tag.label)
        self.page_index = page_index
        self._earlier: list[Span] = []  # of tags that broke off and were begun again
        self._earlier_issues: list[AnswerIssue] = []
        self._contents: list[Content] = []

    def add(self, content: Content) -> None:
        """Take content that stands behind all so far."""
        self._contents.append(content)

    def is_restarted_by(self, tag: Tag) -> bool:
        """Whether the section's tag broke off and `tag`, which is the next thing, is its second try."""
        return (
            self.tag is not None
            and self.tag.is_cut_off
            and self.tag.words is None
            and tag.words is None
            and self.tag.label == tag.label
            and all(not content.text.strip() for content in self._contents)
        )

    def restart_with(self, tag: Tag) -> tuple[Span, ...]:
        """Take `tag` as a second try of the section's own; return the blanks between the two."""
        if self.tag is not None:
            self._earlier.append(self.tag.span)
            self._earlier_issues += self.tag.issues
        self.tag = tag
        blanks, self._contents = _Body(self._contents), []
        return blanks.spans(0, len(blanks.text))

    def cut(self) -> tuple[list[Block], list[Span], int]:
        """Return the section's blocks in order, the blanks that none of them owns, and the number of lost characters.

        Lost is what stands between the blocks and is not blank. There is none, if the package keeps its promise.
        """
        if self.tag is not None and self.tag.words is not None:
            return self._words_and_rest(self.tag, self.tag.words)
        body = _Body(self._contents)
        parts = _with_headings_apart(body.text, find_parts(body.text), self.type)
        blanks: list[Span] = []
        position = lost = 0
        for start, end in [*[(part.start, part.end) for part in parts], (len(body.text), 0)]:
            if position < start:
                blanks += body.spans(position, start)
                lost += _inked_size(body.text[position:start])
            position = end
        return self._blocks(body, parts), blanks, lost

    def _words_and_rest(self, tag: Tag, words: Content) -> tuple[list[Block], list[Span], int]:
        """Return the one block of a tag that has text inside. What stands behind belongs to it as well."""
        inside = _Body([words, *self._contents])
        text = inside.text
        first, last = len(text) - len(text.lstrip()), len(text.rstrip())
        before, behind = Span(tag.span.start, words.start), Span(words.span.end, tag.span.end)
        # Blanks at the ends of the words stand inside the tag, those behind the tag outside of it.
        blanks = [*inside.spans(0, first), *inside.spans(last, len(text))]
        in_tag = [span for span in blanks if span.end <= tag.span.end]
        block = Block(
            type=RegionType.TEXT,
            label="",
            boxes=tag.boxes,
            page_index=self.page_index,
            text=text[first:last],
            content=inside.spans(first, last),
            tag_spans=tuple(span for span in (before, behind, *in_tag) if span.start < span.end),
            issues=tag.issues,
        )
        return [block], [span for span in blanks if span.end > tag.span.end], 0

    def _blocks(self, body: _Body, parts: Sequence[Part]) -> list[Block]:
        tag, kind = self.tag, self.type
        blocks: list[Block] = []
        own = _own_part(parts, kind)
        for index, part in enumerate(parts):
            spans = body.spans(part.start, part.end)
            block = Block(
                RegionType.TABLE if part.is_table else RegionType.TEXT,
                "" if tag is None else tag.label,
                () if tag is None else tag.boxes,
                self.page_index,
                body.text[part.start : part.end],
                spans,
                is_rest=tag is not None,
            )
            if part.is_table:
                block.issues = tuple(issue(code, spans[0]) for code in _table_codes(block.text, part))
            if kind is not None and index == own:
                block.type, block.is_rest = kind, False
                if kind is RegionType.TABLE and not part.is_table and not block.text.startswith("|"):
                    block.issues = (issue("table_without_body", spans[0]),)
            elif kind in ATTACHED:
                # The caption's box is not the box of what else stands behind its tag.
                block.label, block.boxes, block.is_rows = "", (), part.is_table
            blocks.append(block)
        if tag is not None:
            if own is None:
                blocks.insert(0, Block(kind or RegionType.TEXT, tag.label, tag.boxes, self.page_index, "", ()))
                own = 0
            blocks[own].tag_spans = (*self._earlier, tag.span)
            blocks[own].issues = (*self._earlier_issues, *tag.issues, *blocks[own].issues)
        return blocks


class _Body:
    """Contents put together, and the way back from a position to the answer."""

    __slots__ = ("_places", "_starts", "text")

    def __init__(self, contents: Sequence[Content]) -> None:
        self.text = "".join(content.text for content in contents)
        self._starts: list[int] = []  # positions in `text` from which on characters stand elsewhere in the answer
        self._places: list[int] = []
        position, expected = 0, None
        for content in contents:
            if content.start != expected:
                self._starts.append(position)
                self._places.append(content.start)
            position += len(content.text)
            expected = content.start + len(content.text)

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Return the ranges of the answer that hold `text[start:end]`, in order, none of them empty."""
        if start >= end:
            return ()
        if len(self._starts) == 1:
            return (Span(self._places[0] + start, self._places[0] + end),)
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1)
        borders = [start, *self._starts[first + 1 : last], end]
        return tuple(
            Span(place + low - origin, place + high - origin)
            for (low, high), place, origin in zip(
                pairwise(borders), self._places[first:last], self._starts[first:last], strict=True
            )
        )


def _inked_size(text: str) -> int:
    return 0 if text.isspace() else sum(map(len, text.split()))


def _own_part(parts: Sequence[Part], kind: RegionType | None) -> int | None:
    """Return which part the tag is for: the first of its kind; for a table without one, its text."""
    wants_table = kind is RegionType.TABLE
    for index, part in enumerate(parts):
        if part.is_table is wants_table:
            return index
    return 0 if wants_table and parts else None


def _with_headings_apart(text: str, parts: list[Part], kind: RegionType | None) -> list[Part]:
    """Split a first part that is a heading and text below it, which the model sometimes puts behind one tag.

    A heading ends at a blank line; text that begins with a marked line has a heading there.
    """
    if kind is None or not parts or parts[0].is_table:
        return parts
    first = parts[0]
    if kind in _HEADINGS:
        match = _BLANK_LINE.search(text, first.start, first.end)
        end = match.start() if match else None
    elif kind is RegionType.TEXT:
        match = _MARKED_LINE.match(text, first.start, first.end)
        end = match.end() if match else None
    else:
        end = None
    if end is None:
        return parts
    return [*trimmed(text, first.start, end), *trimmed(text, end, first.end), *parts[1:]]


def _table_codes(text: str, part: Part) -> list[str]:
    codes = [] if part.is_closed else ["table_unclosed"]
    if text.startswith("<") and not _ROW.search(text) and _is_inked(text):
        codes.append("table_structure_lost")
    return codes


_ROW = re.compile(r"<tr", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*+>")


def _is_inked(html: str) -> bool:
    return bool(_TAGS.sub("", html).strip())
