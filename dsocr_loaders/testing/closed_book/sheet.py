"""A sheet that is drawn and described in one go: what a page shows, and what a model should say that it shows.

Courier is one of the fonts that every PDF reader has, and all its characters are 0.6 of the font's size wide, so boxes
are exact without a font file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Part", "Sheet", "pdf_of"]

_ADVANCE = 0.6  # of the size: Courier's one width
_ASCENT, _DESCENT = 0.7, 0.2  # of the size: what a box has to hold above and below the base line
_MARGIN = 18.0


@dataclass(frozen=True, slots=True)
class Part:
    """One region as the model tells it.

    Attributes:
        label: the model's word for its type.
        box: where it stands.
        text: what the model writes below the tag; empty for a picture.
    """

    label: str
    box: Box
    text: str = ""

    @property
    def grounded(self) -> str:
        """The region with its tags, coordinates from 0 to 999."""
        numbers = (self.box.x0, self.box.y0, self.box.x1, self.box.y1)
        corners = ", ".join(str(round(999 * number)) for number in numbers)
        head = f"<|ref|>{self.label}<|/ref|><|det|>[[{corners}]]<|/det|>"
        return f"{head}\n{self.text}" if self.text else head


@dataclass(slots=True)
class Sheet:
    """A page in the making. Everything goes below what was drawn before; positions are points.

    Attributes:
        width_pt, height_pt: its size.
        parts: its regions so far, in reading order.
        drawing: PDF operators so far.
        below_pt: how far down the page is filled, from its top.
    """

    width_pt: float
    height_pt: float
    parts: list[Part] = field(default_factory=list)
    drawing: list[str] = field(default_factory=list)
    below_pt: float = _MARGIN

    def title(self, words: str) -> None:
        """Draw the document's title."""
        self._add("title", f"# {words}", self._lines([words], 15))

    def heading(self, words: str) -> None:
        """Draw the heading of a section."""
        self._add("sub_title", f"## {words}", self._lines([words], 12))

    def text(self, *lines: str) -> None:
        """Draw a paragraph, which the model writes as one line."""
        self._add("text", " ".join(lines), self._lines(lines, 9))

    def bullets(self, *items: str) -> None:
        """Draw a list, an item a line."""
        self._add("list", "\n".join(f"- {item}" for item in items), self._lines([f"- {item}" for item in items], 9))

    def formula(self, drawn: str, latex: str) -> None:
        """Draw a formula as a line of characters; the model writes it as LaTeX."""
        self._add("equation", rf"\[ {latex} \]", self._lines([drawn], 11, left_pt=_MARGIN + 30))

    def table(self, caption: str, rows: Sequence[Sequence[str]]) -> None:
        """Draw a caption and a table with ruled cells below it."""
        captioned = self._lines([caption], 8, gap_pt=3)
        self._add("table_caption", caption, captioned)
        left, top, high = _MARGIN, self.below_pt, 15.0
        wide = (self.width_pt - 2 * _MARGIN) / len(rows[0])
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                x, y = left + column * wide, top + row * high
                self._rectangle(x, y, wide, high, "S")
                self._write(cell, x + 4, y + 10, 8)
        self.below_pt = top + len(rows) * high + 9
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        box = self._box(left, top, left + wide * len(rows[0]), top + len(rows) * high)
        self.parts.append(Part("table", box, f"<table>{body}</table>"))

    def bars(self, heights: Sequence[float], caption: str, *, high_pt: float = 80) -> None:
        """Draw a chart of bars, `heights` from 0 to 1, and its caption below."""
        left, top, wide = _MARGIN + 6, self.below_pt, self.width_pt - 2 * _MARGIN - 12
        self._rectangle(left, top, wide, high_pt, "S")
        step = wide / len(heights)
        for place, height in enumerate(heights):
            tall = height * (high_pt - 8)
            self._rectangle(left + place * step + step / 4, top + high_pt - tall, step / 2, tall, "f")
        self.parts.append(Part("image", self._box(left, top, left + wide, top + high_pt)))
        self.below_pt = top + high_pt + 5
        self._add("image_caption", caption, self._lines([caption], 8))

    def page_number(self, number: int) -> None:
        """Draw the number at the foot of the page."""
        words = str(number)
        x, base = self.width_pt / 2, self.height_pt - 10
        self._write(words, x, base, 8)
        box = self._box(x, base - 8 * _ASCENT, x + 8 * _ADVANCE * len(words), base + 8 * _DESCENT)
        self.parts.append(Part("page_number", box, words))

    def _add(self, label: str, text: str, box: Box) -> None:
        self.parts.append(Part(label, box, text))

    def _lines(self, lines: Sequence[str], size_pt: float, *, left_pt: float = _MARGIN, gap_pt: float = 8) -> Box:
        top = self.below_pt
        base = top + size_pt * _ASCENT
        for place, line in enumerate(lines):
            self._write(line, left_pt, base + place * 1.25 * size_pt, size_pt)
        bottom = base + (len(lines) - 1) * 1.25 * size_pt + size_pt * _DESCENT
        self.below_pt = bottom + gap_pt
        return self._box(left_pt, top, left_pt + size_pt * _ADVANCE * max(map(len, lines)), bottom)

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        if x1 > self.width_pt or y1 > self.height_pt:
            raise ValueError(f"{x1:.0f} x {y1:.0f} points do not fit on {self.width_pt:.0f} x {self.height_pt:.0f}.")
        return Box(x0 / self.width_pt, y0 / self.height_pt, x1 / self.width_pt, y1 / self.height_pt)

    def _write(self, words: str, x: float, base: float, size_pt: float) -> None:
        escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.drawing.append(f"BT /F1 {size_pt:g} Tf {x:.2f} {self.height_pt - base:.2f} Td ({escaped}) Tj ET")

    def _rectangle(self, x: float, top: float, wide: float, high: float, how: str) -> None:
        self.drawing.append(f"{x:.2f} {self.height_pt - top - high:.2f} {wide:.2f} {high:.2f} re {how}")


def pdf_of(sheets: Sequence[Sheet]) -> bytes:
    """Return a PDF of these pages, the same bytes each time. Only characters of Latin-1 can be drawn."""
    pages = range(4, 4 + 2 * len(sheets), 2)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(sheets)} /Kids [{' '.join(f'{number} 0 R' for number in pages)}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, sheet in zip(pages, sheets, strict=True):
        size = f"[0 0 {sheet.width_pt:g} {sheet.height_pt:g}]"
        font = "/Resources << /Font << /F1 3 0 R >> >>"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox {size} {font} /Contents {number + 1} 0 R >>"
        objects.append(page.encode())
        content = "\n".join(sheet.drawing).encode("latin-1")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    file = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        file += b"%010d 00000 n \n" % offset
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(file)
