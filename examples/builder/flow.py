"""Blocks of text, lists and drawings laid one below the other through frames: columns, then pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from builder.book import BLACK, Book, Canvas, Colour, Piece
from builder.markup import Line, break_lines, fragments, ideographs, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Flow", "Frame", "Look", "TextStyle", "set_paragraph"]


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a paragraph looks, in points; `indent` is that of the first line, `before` and `after` are gaps around it."""

    face: str = "roman"
    size: float = 10.0
    leading: float = 12.0
    indent: float = 0.0
    before: float = 0.0
    after: float = 4.0
    align: str = "justify"  # justify, left or center
    spaced: bool = True  # False: Chinese, which breaks between any two characters
    colour: Colour = BLACK

    @property
    def space(self) -> float:
        """Natural width of a word space."""
        return Piece(" ", self.face, self.size).width if self.spaced else 0.0

    def lines(self, text: str, width: float) -> list[Line]:
        """Break light markup for this width."""
        shrink = 0.2 if self.align == "justify" else 0.0
        words = (fragments if self.spaced else ideographs)(text, self.face, self.size)
        return break_lines(words, width, indent=self.indent, space=self.space, shrink=shrink)


@dataclass(frozen=True, slots=True)
class Look:
    """The styles of a document: its body, its headings by level, and the text of lists."""

    body: TextStyle
    headings: tuple[TextStyle, ...]
    item: TextStyle
    item_inset: float = 14.0


@dataclass(slots=True)
class Frame:
    """A rectangle of a page that takes blocks from top to bottom."""

    canvas: Canvas
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in points."""
        return self.right - self.left


def set_line(canvas: Canvas, line: Line, left: float, baseline: float, width: float, style: TextStyle) -> None:
    """Set one broken line, word by word; a justified one shares its gap among the spaces."""
    words = line.fragments
    gaps = sum(not word.joined for word in words[:-1])
    end_hyphen = [replace(words[-1].pieces[-1], text="-")] if line.hyphenated else []
    natural = sum(word.width for word in words) + sum(piece.width for piece in end_hyphen)
    gap = style.space
    if gaps and style.align == "justify" and (not line.last or natural + gaps * gap > width):
        gap = (width - natural) / gaps
    x = left + (width - natural - gaps * gap) / 2 if style.align == "center" else left
    for place, word in enumerate(words):
        x = canvas.put(x, baseline, word.pieces, style.colour)
        if place < len(words) - 1 and not word.joined:
            if style.spaced:
                canvas.put(x, baseline, [Piece(" ", style.face, style.size)], style.colour)
            x += gap
    if end_hyphen:
        canvas.put(x, baseline, end_hyphen, style.colour)


def set_paragraph(canvas: Canvas, left: float, top: float, width: float, text: str, style: TextStyle) -> float:
    """Set a paragraph that never breaks over frames (cells, captions, notes) and return the y below it."""
    for line in style.lines(text, width):
        set_line(canvas, line, left, top + style.leading * 0.78, width, style)
        top += style.leading
    return top


def _together(number: int, count: int) -> int:
    """How many lines from this one on must not be parted, for no line to stand alone above or below a break."""
    least = 2
    if number == 0:
        return count if count <= least + 1 else least
    return least if count - number == least else 1


@dataclass(slots=True)
class Flow:
    """Where the next block goes. Headings become bookmarks of the book.

    `frames` may make pages as it is asked for the next frame.
    """

    book: Book
    frames: Iterator[Frame]
    look: Look
    y: float = 0.0
    frame: Frame = field(init=False)

    def __post_init__(self) -> None:
        self.advance()

    def advance(self) -> None:
        """Go on in the next frame."""
        self.frame = next(self.frames)
        self.y = self.frame.top

    def reserve(self, height: float) -> None:
        """Go on in the next frame unless this much room is left in this one."""
        if self.y + height > self.frame.bottom + 0.01:
            self.advance()

    def gap(self, height: float) -> None:
        """Leave room, but none at the top of a frame."""
        if self.y > self.frame.top:
            self.y += height

    def paragraph(self, text: str, style: TextStyle | None = None, *, inset: float = 0.0, mark: str = "") -> None:
        """Set a paragraph, broken over frames with two lines at least on either side; `mark` hangs before its start."""
        style = style or self.look.body
        self.gap(style.before)
        lines = style.lines(text, self.frame.width - inset)
        for number, line in enumerate(lines):
            self.reserve(style.leading * _together(number, len(lines)))
            shift = inset + (style.indent if number == 0 else 0.0)
            baseline = self.y + style.leading * 0.78
            if mark and number == 0:
                sign = pieces(mark + " ", style.face, style.size)
                hang = max(self.look.item_inset, sum(piece.width for piece in sign))
                self.frame.canvas.put(self.frame.left + inset - hang, baseline, sign, style.colour)
            set_line(self.frame.canvas, line, self.frame.left + shift, baseline, self.frame.width - shift, style)
            self.y += style.leading
        self.y += style.after

    def caption(self, text: str, style: TextStyle) -> None:
        """Set a paragraph here as wide as the frame, whether it fits or not."""
        self.y = set_paragraph(self.frame.canvas, self.frame.left, self.y, self.frame.width, text, style)

    def heading(self, text: str, level: int) -> None:
        """Set a heading with room for two lines of text below it, and bookmark it."""
        style = self.look.headings[level - 1]
        lines = style.lines(text, self.frame.width)
        self.reserve(style.before + style.leading * len(lines) + style.after + 2.2 * self.look.body.leading)
        self.gap(style.before)
        self.caption(text, style)
        self.y += style.after
        self.book.outline.append((level, text, self.book.page_count))

    def set(self, text: str, blocks: Mapping[str, Callable[[Flow], None]] | None = None) -> None:
        """Set blocks that blank lines part.

        A block is `# heading` (more marks: deeper), a list of lines that start with `- ` or `1. `, `[name]` for one
        of `blocks`, else a paragraph.
        """
        opens_section = False
        for block in re.split(r"\n\s*\n", text.strip()):
            heading, opens_section = opens_section, False
            if match := re.fullmatch(r"\[([\w-]+)\]", block):
                (blocks or {})[match[1]](self)
            elif match := re.fullmatch(r"(#+) (.*)", block):
                self.heading(match[2], len(match[1]))
                opens_section = True
            elif re.match(r"(- |\d+\. )", block):
                self._list(block)
            else:
                flush_left = self.look.body.spaced and (
                    heading or block[0].islower()
                )  # a sentence that goes on after a formula
                style = replace(self.look.body, indent=0.0) if flush_left else self.look.body
                self.paragraph(" ".join(block.split("\n")), style)

    def _list(self, block: str) -> None:
        for item in re.split(r"\n(?=- |\d+\. )", block):
            mark, text = item.split(" ", 1)
            self.paragraph(
                " ".join(text.split()), self.look.item, inset=self.look.item_inset, mark="•" if mark == "-" else mark
            )
        self.y += self.look.body.after
