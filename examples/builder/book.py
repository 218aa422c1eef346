"""A PDF while it is built: pages to draw on, and a save that writes the same bytes each time."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pymupdf

from builder.faces import font, text_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["BLACK", "Book", "Canvas", "Colour", "Piece", "Point"]

Colour = tuple[float, float, float]
Point = tuple[float, float]
BLACK: Colour = (0.0, 0.0, 0.0)
WRITTEN_AT = "D:20250314090000Z"  # one date for all, so that a second build changes nothing


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one face and size; `rise` lifts them off the baseline (points, up is positive)."""

    text: str
    face: str
    size: float
    rise: float = 0.0

    @property
    def width(self) -> float:
        """Width in points, without kerning, as it will be drawn."""
        return text_length(self.text, self.face) * self.size


class Canvas:
    """One page. Coordinates are points from its top left corner; what is drawn first lies below and is read first."""

    def __init__(self, book: Book, number: int, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._book, self._number = book, number
        self._writer: pymupdf.TextWriter | None = None
        self._colour = BLACK

    @property
    def page(self) -> pymupdf.Page:
        """The page; PyMuPDF forgets the pages it has handed out when one is added, so it is fetched anew."""
        return self._book.document[self._number]

    def put(self, x: float, y: float, pieces: Iterable[Piece], colour: Colour = BLACK) -> float:
        """Set the pieces one after the other from the baseline point (x, y) and return where they end."""
        if self._writer is None or colour != self._colour:
            self.flush()
            self._writer, self._colour = pymupdf.TextWriter(pymupdf.Rect(0, 0, self.width, self.height)), colour
        for piece in pieces:
            self._book.used[piece.face].update(piece.text)
            self._writer.append((x, y - piece.rise), piece.text, font=font(piece.face), fontsize=piece.size)
            x += piece.width
        return x

    def text(
        self, x: float, y: float, text: str, *, face: str, size: float, align: float = 0.0, colour: Colour = BLACK
    ) -> None:
        """Set a line of plain text; `align` 0 starts it at x, 0.5 centres it on x, 1 ends it at x."""
        piece = Piece(text, face, size)
        self.put(x - align * piece.width, y, [piece], colour)

    def flush(self) -> None:
        """Write the text that is waiting, so that what follows lies above it."""
        if self._writer is not None:
            self._writer.write_text(self.page, color=self._colour)
            self._writer = None

    def lines(
        self, lines: Iterable[Sequence[Point]], *, width: float = 0.6, colour: Colour = BLACK, dashes: str = ""
    ) -> None:
        """Draw open lines through the given points."""
        self.flush()
        shape = self.page.new_shape()
        for points in lines:
            shape.draw_polyline([pymupdf.Point(point) for point in points])
        shape.finish(color=colour, width=width, dashes=dashes or None, closePath=False)
        shape.commit()

    def rectangle(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        fill: Colour | None = None,
        line: Colour | None = None,
        width: float = 0.6,
    ) -> None:
        """Fill a rectangle, or draw its outline, or both."""
        self.flush()
        self.page.draw_rect((x0, y0, x1, y1), color=line, fill=fill, width=width)

    def picture(self, data: bytes) -> None:
        """Cover the page with an encoded picture."""
        self.flush()
        self.page.insert_image(pymupdf.Rect(0, 0, self.width, self.height), stream=data)

    def stroke(self, curves: Iterable[Sequence[Point]], *, width: float, colour: Colour) -> None:
        """Draw Bezier curves of four points each, as a pen would."""
        self.flush()
        shape = self.page.new_shape()
        for curve in curves:
            shape.draw_bezier(*(pymupdf.Point(point) for point in curve))
            shape.finish(color=colour, width=width, lineCap=1, closePath=False)
        shape.commit()

    def circle(
        self, x: float, y: float, radius: float, *, fill: Colour | None = None, line: Colour | None = None
    ) -> None:
        """Fill a circle, or draw its outline, or both."""
        self.flush()
        self.page.draw_circle((x, y), radius, color=line, fill=fill, width=0.8)


class Book:
    """A document under construction: pages in order, headings for the bookmarks, characters used per face."""

    def __init__(self, title: str, author: str, *, language: str = "en") -> None:
        self.document = pymupdf.open()
        self.outline: list[tuple[int, str, int]] = []
        self.used: defaultdict[str, set[str]] = defaultdict(set)
        self._canvases: list[Canvas] = []
        self._title, self._author, self._language = title, author, language

    @property
    def page_count(self) -> int:
        """Pages so far, which is also the number of the newest one, counted from 1."""
        return len(self._canvases)

    def add_page(self, width: float, height: float) -> Canvas:
        """Append an empty page of this size in points."""
        self.document.new_page(width=width, height=height)
        self._canvases.append(Canvas(self, self.page_count, width, height))
        return self._canvases[-1]

    def store_turned(self, canvas: Canvas) -> None:
        """Store a landscape page as an upright sheet with /Rotate 90, as printer drivers do; it looks the same."""
        canvas.flush()
        page = canvas.page
        page.clean_contents()
        (contents,) = page.get_contents()
        # (x, y) of the landscape page lies at (height - y, x) of the upright sheet, which a viewer turns clockwise.
        turn = b"q 0 1 -1 0 %d 0 cm\n" % math.ceil(canvas.height)
        self.document.update_stream(contents, turn + self.document.xref_stream(contents) + b"\nQ")
        page.set_mediabox(pymupdf.Rect(0, 0, canvas.height, canvas.width))
        page.set_rotation(90)

    def save(self, path: Path) -> None:
        """Write the file: subset fonts with an exact character map, bookmarks, fixed dates and no random identifier."""
        for canvas in self._canvases:
            canvas.flush()
        document = self.document
        document.set_metadata(
            {
                "title": self._title,
                "author": self._author,
                "producer": f"PyMuPDF {pymupdf.__version__}",
                "creationDate": WRITTEN_AT,
                "modDate": WRITTEN_AT,
            }
        )
        document.set_language(self._language)
        document.set_toc([list(entry) for entry in self.outline])
        if self.used:
            document.subset_fonts()
            self._write_character_maps()
        document.save(
            path, garbage=4, deflate=True, deflate_images=True, no_new_id=True, use_objstms=True, compression_effort=100
        )

    def picture(self, dpi: int) -> tuple[int, int, bytes]:
        """The first page as grey pixels: width, height and one byte a pixel, row by row."""
        self._canvases[0].flush()
        pixmap = self.document[0].get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False)
        return pixmap.width, pixmap.height, pixmap.samples

    def _write_character_maps(self) -> None:
        """Give each font a /ToUnicode map of what was really set with it.

        MuPDF's own map names the last character that shares a glyph (a space becomes U+00A0) and the presentation forms
        of Arabic letters, which no search would find.
        """
        maps = {font(face).name: _character_map(face, used) for face, used in self.used.items()}
        fonts = {
            entry[0]: entry[3] for number in range(self.page_count) for entry in self.document.get_page_fonts(number)
        }
        for number, name in fonts.items():
            _, reference = self.document.xref_get_key(number, "ToUnicode")
            self.document.update_stream(int(reference.split()[0]), maps[name.split("+")[-1]])


def _character_map(face: str, used: set[str]) -> bytes:
    glyphs = {font(face).has_glyph(ord(character)): character for character in sorted(used, reverse=True)}
    entries = []
    for glyph, character in sorted(glyphs.items()):
        # Readers turn a right-to-left run round character by character, so the letters of a joined pair stand reversed.
        text = unicodedata.normalize("NFKC", character)[::-1] if face == "arabic" else character
        entries.append(f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>")
    blocks = [entries[start : start + 100] for start in range(0, len(entries), 100)]  # the format's limit per block
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\nendcmap\n"
        "CMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
