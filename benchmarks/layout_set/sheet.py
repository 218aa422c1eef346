"""A page while it is painted, with the truth about it; and the file and the truth that come out.

Coordinates are points from the page's top left corner. What is painted is kept and written at the end, in an order and
in pieces that a *habit* tells: producers of PDFs differ in both.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from PIL.Image import Image

__all__ = ["HABITS", "Book", "Box", "Piece", "Sheet", "TrueLine", "TrueRegion", "box_around", "line_box", "width_of"]

Box = tuple[float, float, float, float]

ABOVE, BELOW = 0.8, 0.22  # of the font size: about where the ink of a line of Latin ends
HABITS = ("line", "word", "letter", "shuffled lines", "shuffled blocks")
"""How text is written: whole lines with word spacing, each word or letter placed by itself and without blanks, and
whole lines or whole blocks in an order that has nothing to do with reading."""
_CID_FONTS = {
    "japanese": ("HeiseiMin-W3", False),
    "vertical": ("HeiseiKakuGo-W5", True),
    "chinese": ("STSong-Light", False),
}


def _register() -> None:
    for name, is_vertical in _CID_FONTS.values():
        pdfmetrics.registerFont(UnicodeCIDFont(name, isVertical=is_vertical))


def font_name(name: str) -> str:
    """Return reportlab's name of a font."""
    if name not in _CID_FONTS:
        return name
    _register()
    face, is_vertical = _CID_FONTS[name]
    return UnicodeCIDFont(face, isVertical=is_vertical).fontName


def width_of(text: str, font: str, size: float, spacing: float = 0.0) -> float:
    """Return the width of a text set in one font."""
    if font in _CID_FONTS:
        return len(text) * size
    return float(pdfmetrics.stringWidth(text, font, size)) + spacing * len(text)


def line_box(x0: float, x1: float, baseline: float, size: float) -> Box:
    """Return the box of a line of text."""
    return x0, baseline - ABOVE * size, x1, baseline + BELOW * size


def box_around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around boxes."""
    every = list(boxes)
    return (
        min(box[0] for box in every),
        min(box[1] for box in every),
        max(box[2] for box in every),
        max(box[3] for box in every),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one font at one place; `spacing` is added behind every character, `blank` to every blank."""

    x: float
    baseline: float
    text: str
    font: str
    size: float
    spacing: float = 0.0
    blank: float = 0.0
    colour: float = 0.0  # grey, 0 is black


@dataclass(frozen=True, slots=True)
class TrueLine:
    """A line of text and where it is."""

    box: Box
    text: str


@dataclass(slots=True)
class TrueRegion:
    """What a region is in truth: `boxes` has one box for each column, `lines` are in reading order."""

    type: str
    text: str
    boxes: list[Box]
    lines: list[TrueLine] = field(default_factory=list)
    level: int = 0
    html: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


class Sheet:
    """One page. `block` groups what is painted between two calls of `begin_block`."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.regions: list[TrueRegion] = []
        self.tail: list[TrueRegion] = []
        self._blocks: list[list[list[Callable[[Canvas, str], None]]]] = [[[]]]
        self._drawn: list[Callable[[Canvas], None]] = []

    def begin_block(self) -> None:
        """Begin another block."""
        self._blocks.append([[]])

    def begin_line(self) -> None:
        """Begin another line of the block."""
        self._blocks[-1].append([])

    def write(self, piece: Piece) -> None:
        """Paint text."""
        self._blocks[-1][-1].append(lambda canvas, habit: _write(canvas, self.height, piece, habit))

    def draw(self, painter: Callable[[Canvas], None]) -> None:
        """Paint something else, below all text; the canvas has its origin at the bottom."""
        self._drawn.append(painter)

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6) -> None:
        """Draw a straight line."""

        def paint(canvas: Canvas) -> None:
            canvas.setLineWidth(width)
            canvas.line(x0, self.height - y0, x1, self.height - y1)

        self.draw(paint)

    def rectangle(self, box: Box, *, fill: float | None = None, stroke: float | None = 0.0) -> None:
        """Draw a rectangle in shades of grey, 0 is black."""

        def paint(canvas: Canvas) -> None:
            canvas.saveState()
            canvas.setLineWidth(0.7)
            if fill is not None:
                canvas.setFillGray(fill)
            if stroke is not None:
                canvas.setStrokeGray(stroke)
            x0, y0, x1, y1 = box
            canvas.rect(x0, self.height - y1, x1 - x0, y1 - y0, fill=fill is not None, stroke=stroke is not None)
            canvas.restoreState()

        self.draw(paint)

    def image(self, box: Box, picture: Image) -> None:
        """Paint a picture."""
        stored = io.BytesIO()
        picture.save(stored, "PNG")

        def paint(canvas: Canvas) -> None:
            x0, y0, x1, y1 = box
            canvas.drawImage(ImageReader(io.BytesIO(stored.getvalue())), x0, self.height - y1, x1 - x0, y1 - y0)

        self.draw(paint)

    def link(self, box: Box, url: str) -> None:
        """Put a link over a box."""
        x0, y0, x1, y1 = box
        rectangle = (x0, self.height - y1, x1, self.height - y0)
        self.draw(lambda canvas: canvas.linkURL(url, rectangle, relative=0))

    def paint(self, canvas: Canvas, habit: str, draw: random.Random) -> None:
        """Write the page to the canvas."""
        for painter in self._drawn:
            painter(canvas)
        blocks = [[line for line in block if line] for block in self._blocks]
        lines = [line for block in blocks for line in block]
        if habit == "shuffled lines":
            draw.shuffle(lines)
        elif habit == "shuffled blocks":
            draw.shuffle(blocks)
            lines = [line for block in blocks for line in block]
        for line in lines:
            for write in line:
                write(canvas, habit)
        canvas.showPage()


def _write(canvas: Canvas, height: float, piece: Piece, habit: str) -> None:
    canvas.setFillGray(piece.colour)
    name, y = font_name(piece.font), height - piece.baseline
    pieces = [(piece.x, piece.text)]
    if habit in {"word", "letter"} and piece.font not in _CID_FONTS:
        pieces = []
        x = piece.x
        for word in piece.text.split(" "):
            at = x
            for part in word if habit == "letter" else [word]:
                pieces.append((at, part))
                at += width_of(part, piece.font, piece.size, piece.spacing)
            x += width_of(word + " ", piece.font, piece.size, piece.spacing) + piece.blank
    for x, part in pieces:
        if part:
            text = canvas.beginText(x, y)
            text.setFont(name, piece.size)
            text.setCharSpace(piece.spacing)
            text.setWordSpace(piece.blank)
            text.textOut(part)
            # Both stay set in the page's state otherwise.
            text.setCharSpace(0)
            text.setWordSpace(0)
            canvas.drawText(text)


class Book:
    """A document: its sheets, and how its producer writes."""

    def __init__(self, width: float = 595.0, height: float = 842.0, habit: str = "line") -> None:
        self.width, self.height, self.habit = width, height, habit
        self.sheets: list[Sheet] = []

    def add_sheet(self) -> Sheet:
        """Append an empty page."""
        self.sheets.append(Sheet(self.width, self.height))
        return self.sheets[-1]

    def save(self, path: Path) -> None:
        """Write `path`, the same bytes each time, and the truth as JSON beside it."""
        canvas = Canvas(str(path), pagesize=(self.width, self.height), invariant=1, pageCompression=1)
        draw = random.Random(path.stem)
        for sheet in self.sheets:
            sheet.paint(canvas, self.habit, draw)
        canvas.save()
        save_truth(path, [(sheet.width, sheet.height, [*sheet.regions, *sheet.tail]) for sheet in self.sheets])


def save_truth(path: Path, pages: Sequence[tuple[float, float, list[TrueRegion]]]) -> None:
    """Write the truth about a document beside it: pages with regions in reading order, boxes as fractions."""
    written = []
    for width, height, regions in pages:

        def fractions(box: Box, width: float = width, height: float = height) -> list[float]:
            return [round(value / side, 5) for value, side in zip(box, (width, height) * 2, strict=True)]

        written.append(
            [
                asdict(region)
                | {
                    "boxes": [fractions(box) for box in region.boxes],
                    "lines": [{"box": fractions(line.box), "text": line.text} for line in region.lines],
                }
                for region in regions
            ]
        )
    path.with_suffix(".json").write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
