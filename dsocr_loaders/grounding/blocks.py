"""Tags and what stands between them -> blocks that share out every character.

A block is a region in the making: its type and boxes, the ranges of the answer that it owns, and which of them are
text. What no block owns is a drop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.labels import region_type
from dsocr_loaders.grounding.tags import Cut, Tag
from dsocr_loaders.values import Drop, RegionType, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.geometry import Box

__all__ = ["Block", "share_out"]

_TABLE, _TABLE_END = "<table", "</table>"


@dataclass(slots=True)
class Block:
    """A region in the making.

    Attributes:
        tag_span: the block's own tag, or None.
        content: ranges of its text, in order.
    """

    type: RegionType
    label: str
    boxes: tuple[Box, ...]
    page_index: int
    tag_span: Span | None = None
    content: list[Span] = field(default_factory=list)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every range that the block owns, in order."""
        own = () if self.tag_span is None else (self.tag_span,)
        return (*own, *self.content)


def share_out(text: str, marks: Iterable[Tag | Cut], *, is_text_in_tag: bool) -> tuple[list[Block], list[Drop]]:
    """Give every character of `text` to a block or to a drop.

    Args:
        text: the answer.
        marks: its tags and cuts in order, as `tags.scan` yields them.
        is_text_in_tag: whether the text stands inside `<|ref|>` (tasks ocr and locate) and not behind the tag.
    """
    sharing = _Sharing(text, is_text_in_tag=is_text_in_tag)
    for mark in marks:
        if isinstance(mark, Tag):
            sharing.open_tag(mark)
        else:
            sharing.cut(mark)
    sharing.close()
    return sharing.blocks, sorted(sharing.drops, key=lambda drop: drop.span.start)


class _Sharing:
    """Walks over the marks; `_position` is the first character that has no owner yet."""

    def __init__(self, text: str, *, is_text_in_tag: bool) -> None:
        self.blocks: list[Block] = []
        self.drops: list[Drop] = []
        self._text = text
        self._is_text_in_tag = is_text_in_tag
        self._position = 0
        self._page_index = 0
        self._tag: Tag | None = None
        self._body: list[Span] = []

    def open_tag(self, tag: Tag) -> None:
        self._take_body(tag.span.start)
        self._end_block()
        self._tag = tag
        self._position = tag.span.end

    def cut(self, mark: Cut) -> None:
        self._take_body(mark.span.start)
        self.drops.append(Drop(mark.span, mark.kind))
        self._position = mark.span.end
        if mark.kind == "page_marker":
            self._end_block()
            self._page_index += 1

    def close(self) -> None:
        self._take_body(len(self._text))
        self._end_block()

    def _take_body(self, end: int) -> None:
        if self._position < end:
            self._body.append(Span(self._position, end))
            self._position = end

    def _end_block(self) -> None:
        tag, body = self._tag, self._trimmed(self._body)
        self._tag, self._body = None, []
        if tag is None:
            self._add_untagged(body)
        elif self._is_text_in_tag:
            self._add_text_in_tag(tag, body)
        else:
            self._add_tagged(tag, body)

    def _trimmed(self, body: list[Span]) -> list[Span]:
        """Return `body` without the blanks at its two ends, which become drops."""
        start = next((s.start + _blanks_before(self._text[s.start : s.end]) for s in body if self._is_inked(s)), None)
        if start is None:
            self.drops += [Drop(span, "blank") for span in body if span.start < span.end]
            return []
        end = next(s.end - _blanks_behind(self._text[s.start : s.end]) for s in reversed(body) if self._is_inked(s))
        kept = []
        for span in body:
            first, last = max(span.start, start), min(span.end, end)
            if first >= last:
                self.drops.append(Drop(span, "blank"))
                continue
            kept.append(Span(first, last))
            if span.start < first:
                self.drops.append(Drop(Span(span.start, first), "blank"))
            if last < span.end:
                self.drops.append(Drop(Span(last, span.end), "blank"))
        return kept

    def _is_inked(self, span: Span) -> bool:
        return bool(self._text[span.start : span.end].strip())

    def _block(self, kind: RegionType, label: str, tag: Tag | None, content: list[Span]) -> Block:
        boxes = () if tag is None else tag.boxes
        return Block(kind, label, boxes, self._page_index, content=content)

    def _add_untagged(self, body: list[Span]) -> None:
        for is_table, content in self._pieces(body):
            self.blocks.append(self._block(RegionType.TABLE if is_table else RegionType.TEXT, "", None, content))

    def _add_text_in_tag(self, tag: Tag, body: list[Span]) -> None:
        inside = tag.label_span
        outside = [Span(tag.span.start, inside.start), Span(inside.end, tag.span.end)]
        self.drops += [Drop(span, "tag") for span in outside if span.start < span.end]
        block = self._block(RegionType.TEXT, "", tag, self._trimmed([inside]) if inside.start < inside.end else [])
        block.content += body
        self.blocks.append(block)

    def _add_tagged(self, tag: Tag, body: list[Span]) -> None:
        """Add the tag's block, and further blocks where its content holds a table beside other text."""
        kind = region_type(tag.label)
        pieces = self._pieces(body)
        awaiting = self.blocks[-1] if self.blocks else None
        if (
            kind in {RegionType.CAPTION, RegionType.FOOTNOTE}
            and awaiting is not None
            and awaiting.type is RegionType.TABLE
            and not awaiting.content
        ):
            # The model writes a table's tag, its caption's tag, the caption, and only then the table's rows.
            rows = next((content for is_table, content in pieces if is_table), None)
            if rows is not None:
                awaiting.content = rows
                pieces = [piece for piece in pieces if piece[1] is not rows]
        own = next((index for index, (is_table, _) in enumerate(pieces) if is_table is (kind is RegionType.TABLE)), 0)
        if not pieces:
            pieces = [(kind is RegionType.TABLE, [])]
        for index, (is_table, content) in enumerate(pieces):
            if index == own:
                block = self._block(RegionType.TABLE if is_table else kind, tag.label, tag, content)
                block.tag_span = tag.span
            else:
                block = self._block(RegionType.TABLE if is_table else RegionType.TEXT, tag.label, tag, content)
            self.blocks.append(block)

    def _pieces(self, body: list[Span]) -> list[tuple[bool, list[Span]]]:
        """Return `body` as runs `(is_table, spans)`: each HTML table is a run of its own."""
        pieces: list[tuple[bool, list[Span]]] = []
        for span in body:
            for is_table, piece in self._split_tables(span):
                if pieces and not is_table and not pieces[-1][0]:
                    pieces[-1][1].append(piece)
                else:
                    pieces.append((is_table, [piece]))
        return pieces

    def _split_tables(self, span: Span) -> list[tuple[bool, Span]]:
        split: list[tuple[bool, Span]] = []
        position = span.start
        while position < span.end:
            start = self._text.find(_TABLE, position, span.end)
            if start < 0:
                start = span.end
            split += [(False, piece) for piece in self._trimmed([Span(position, start)])]
            if start == span.end:
                break
            found = self._text.find(_TABLE_END, start, span.end)
            position = span.end if found < 0 else found + len(_TABLE_END)
            split.append((True, Span(start, position)))
        return split


def _blanks_before(text: str) -> int:
    return len(text) - len(text.lstrip())


def _blanks_behind(text: str) -> int:
    return len(text) - len(text.rstrip())
