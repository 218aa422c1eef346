"""Paragraphs broken into lines, flowing through the columns of pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layout_set.sheet import Box, Piece, Sheet, TrueLine, TrueRegion, box_around, line_box, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Column", "Flow", "Look", "Style", "Word", "set_words", "words_of"]

_MARK = re.compile(r"(\*\*|\*|_\{|\^\{|\}|\[|\]\([^)]+\))")
_SYLLABLE = re.compile(r"(?<=[a-z]{3})(?=[bcdfgklmnprstv][aeiou][a-z]{2})")
_BOLD = {"Times-Roman": "Times-Bold", "Helvetica": "Helvetica-Bold"}
_SLANTED = {"Times-Roman": "Times-Italic", "Helvetica": "Helvetica-Oblique"}


@dataclass(frozen=True, slots=True)
class Style:
    """How text looks, in points; `indent` is that of the first line."""

    font: str = "Times-Roman"
    size: float = 10.0
    leading: float = 12.0
    indent: float = 0.0
    before: float = 0.0
    after: float = 4.0
    align: str = "justify"  # justify, left or center
    hyphenates: bool = True
    spacing: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """The styles of a document."""

    body: Style
    headings: tuple[Style, ...]
    small: Style


@dataclass(frozen=True, slots=True)
class Word:
    """A word in pieces of one font each: text, font, size and how much it is raised."""

    pieces: tuple[tuple[str, str, float, float], ...]
    link: str = ""

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(piece[0] for piece in self.pieces)

    def width(self, spacing: float = 0.0) -> float:
        """Its width in points."""
        return sum(width_of(text, font, size, spacing) for text, font, size, _ in self.pieces)


def words_of(markup: str, style: Style) -> list[Word]:  # noqa: C901 - one branch for each mark
    """Return the words of light markup: `*slanted*`, `**bold**`, `^{above}`, `_{below}`, `[text](address)`."""
    font, size, rise, link = style.font, style.size, 0.0, ""
    words: list[Word] = []
    current: list[tuple[str, str, float, float]] = []
    first_linked = 0
    for part in _MARK.split(markup):
        if part == "**":
            font = style.font if font != style.font else _BOLD.get(style.font, style.font)
        elif part == "*":
            font = style.font if font != style.font else _SLANTED.get(style.font, style.font)
        elif part in {"^{", "_{"}:
            size, rise = 0.68 * style.size, (0.36 if part == "^{" else -0.16) * style.size
        elif part == "}":
            size, rise = style.size, 0.0
        elif part == "[":
            first_linked = len(words)
        elif part.startswith("]("):
            link = part[2:-1]
            words += [Word(tuple(current))] if current else []
            current = []
            words[first_linked:] = [replace(word, link=link) for word in words[first_linked:]]
        else:
            for index, text in enumerate(part.split(" ")):
                if index and current:
                    words.append(Word(tuple(current)))
                    current = []
                if text:
                    current.append((text, font, size, rise))
    if current:
        words.append(Word(tuple(current)))
    return words


def _parts(word: Word) -> list[str]:
    return _SYLLABLE.split(word.text) if len(word.pieces) == 1 and word.text.isalpha() else [word.text]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """Words of one line; `is_broken` if the last one goes on in the next line."""

    words: list[Word]
    is_broken: bool


def _next_line(words: list[Word], width: float, style: Style, *, hyphenates: bool) -> tuple[BrokenLine, list[Word]]:
    blank = width_of(" ", style.font, style.size, style.spacing)
    used = -blank
    for index, word in enumerate(words):
        extra = blank + word.width(style.spacing)
        if used + extra > width and index:
            parts = _parts(word) if hyphenates else []
            for cut in range(len(parts) - 1, 0, -1):
                text, font, size, rise = word.pieces[0]
                head = "".join(parts[:cut])
                first = Word(((head + "-", font, size, rise),), word.link)
                if used + blank + first.width(style.spacing) <= width:
                    rest = Word(((text[len(head) :], font, size, rise),), word.link)
                    return BrokenLine([*words[:index], first], is_broken=True), [rest, *words[index + 1 :]]
            return BrokenLine(words[:index], is_broken=False), words[index:]
        used += extra
    return BrokenLine(words, is_broken=False), []


def set_words(sheet: Sheet, words: list[Word], x: float, baseline: float, width: float, style: Style) -> TrueLine:
    """Set the words of one line, blanks stretched to `width` if that is finite, and return the truth about it."""
    blank = width_of(" ", style.font, style.size, style.spacing)
    natural = sum(word.width(style.spacing) for word in words) + blank * (len(words) - 1)
    extra = (width - natural) / (len(words) - 1) if len(words) > 1 and width != float("inf") else 0.0
    sheet.begin_line()
    start, at = x, x
    waiting: list[Piece] = []
    for index, word in enumerate(words):
        word_start = at
        for text, font, size, rise in word.pieces:
            last = waiting[-1] if waiting else None
            if last is not None and (last.font, last.size, last.baseline) == (font, size, baseline - rise):
                waiting[-1] = replace(last, text=last.text + text)
            else:
                waiting.append(Piece(at, baseline - rise, text, font, size, style.spacing, extra))
            at += width_of(text, font, size, style.spacing)
        if word.link:
            sheet.link(line_box(word_start, at, baseline, style.size), word.link)
        end = at
        if index < len(words) - 1:
            waiting[-1] = replace(waiting[-1], text=waiting[-1].text + " ")
            at += blank + extra
    for piece in waiting:
        sheet.write(piece)
    return TrueLine(line_box(start, end, baseline, style.size), " ".join(word.text for word in words))


@dataclass(slots=True)
class Column:
    """A column of a sheet; `y` is where the next thing goes."""

    sheet: Sheet
    left: float
    top: float
    right: float
    bottom: float
    y: float = -1.0

    def __post_init__(self) -> None:
        self.y = self.top if self.y < 0 else self.y

    @property
    def width(self) -> float:
        """In points."""
        return self.right - self.left


class Flow:
    """Sets blocks one after the other into columns, of which there are as many as it takes."""

    def __init__(self, columns: Iterator[Column], look: Look) -> None:
        self._columns = columns
        self.look = look
        self.column = next(columns)

    def advance(self) -> None:
        """Go on in the next column."""
        self.column = next(self._columns)

    def reserve(self, height: float) -> None:
        """Go on in the next column unless this one has that much room."""
        if self.column.y + height > self.column.bottom:
            self.advance()

    def gap(self, height: float) -> None:
        """Leave room, but not at the top of a column."""
        if self.column.y > self.column.top:
            self.column.y += height

    def text(
        self,
        markup: str,
        style: Style | None = None,
        *,
        kind: str = "text",
        level: int = 0,
        inset: float = 0.0,
        lead: str = "",
        region: TrueRegion | None = None,
    ) -> TrueRegion:
        """Set a paragraph and record it, in more regions if it goes over pages; return the last of them.

        `lead` hangs before the first line; with `region` the text is added to that one as a line of its own.
        """
        style = style or self.look.body
        column = self.column
        self.gap(style.before)
        words, is_first = words_of(markup, style), True
        links = [(word.text, word.link) for word in words if word.link]
        sheet = None
        current = region
        column.sheet.begin_block()
        while words:
            keep = 2 * style.leading if is_first and kind == "text" else style.leading
            self.reserve(keep + (3 * style.leading if kind == "heading" else 0.0))
            if self.column is not column:
                column = self.column
                column.sheet.begin_block()
            shift = inset + (style.indent if is_first else 0.0)
            has_next = column.y + 2 * style.leading <= column.bottom
            broken, words = _next_line(words, column.width - shift, style, hyphenates=style.hyphenates and has_next)
            baseline = column.y + 0.78 * style.leading
            stretched = column.width - shift if words and style.align == "justify" else float("inf")
            x = column.left + shift
            if style.align == "center":
                blank = width_of(" ", style.font, style.size, style.spacing)
                natural = sum(word.width(style.spacing) for word in broken.words) + blank * (len(broken.words) - 1)
                x = column.left + (column.width - natural) / 2
            line = set_words(column.sheet, broken.words, x, baseline, stretched, style)
            if lead and is_first:
                mark = width_of(lead, style.font, style.size)
                column.sheet.write(Piece(column.left + inset - mark - 4, baseline, lead, style.font, style.size))
                first = (line.box[0] - mark - 4, *line.box[1:])
                line = TrueLine(first, f"{lead} {line.text}")
            if current is None or (sheet is not None and sheet is not column.sheet):
                current = TrueRegion(kind, "", [], level=level)
                column.sheet.regions.append(current)
            self._record(current, line, starts=is_first and region is not None)
            sheet = column.sheet
            column.y += style.leading
            is_first = False
        if current is None:
            raise ValueError("a paragraph needs a word")
        current.links += links
        self.gap(style.after)
        return current

    @staticmethod
    def _record(region: TrueRegion, line: TrueLine, *, starts: bool) -> None:
        last = region.lines[-1] if region.lines else None
        is_below = last is not None and line.box[1] > last.box[1] and line.box[0] < last.box[2] + 200
        if is_below and min(line.box[2], region.boxes[-1][2]) > max(line.box[0], region.boxes[-1][0]):
            region.boxes[-1] = box_around((region.boxes[-1], line.box))
        else:
            region.boxes.append(line.box)
        if last is None:
            region.text = line.text
        elif starts:
            region.text += "\n" + line.text
        elif last.text.endswith("-") and not starts:
            region.text = region.text[:-1] + line.text
        else:
            region.text += " " + line.text
        region.lines.append(line)


def furniture(sheet: Sheet, kind: str, text: str, x: float, baseline: float, style: Style, align: float = 0.0) -> None:
    """Set a header, footer or page number; footers and page numbers below the text come last in the truth."""
    words = words_of(text, style)
    blank = width_of(" ", style.font, style.size, style.spacing)
    natural = sum(word.width(style.spacing) for word in words) + blank * (len(words) - 1)
    sheet.begin_block()
    line = set_words(sheet, words, x - align * natural, baseline, float("inf"), style)
    region = TrueRegion(kind, line.text, [line.box], [line])
    (sheet.regions if baseline < sheet.height / 2 else sheet.tail).append(region)


def region_box(region: TrueRegion) -> Box:
    """Return the hull of a region's boxes."""
    return box_around(region.boxes)
