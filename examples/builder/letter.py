# ruff: noqa: RUF001 - minus signs are what figures are set with
"""A scanned letter: a PDF of one grey picture, slightly skewed, stamped and specked. Firm and people are invented.

The picture has exactly the pixels of the page at 144 dpi, so that every renderer returns it unchanged and the recorded
answer is found by its digest.
"""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw

from builder.book import Book, Canvas
from builder.flow import TextStyle, set_paragraph
from builder.tables import Grid, cells
from builder.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from builder.book import Point

__all__ = ["build"]

WIDTH, HEIGHT, LEFT, RIGHT = 595, 842, 74, 525
SCAN = (2 * WIDTH, 2 * HEIGHT)  # pixels: 144 dpi
SKEW_DEGREES = 0.5
BODY = TextStyle("roman", 11.5, 15, align="left")
CELL = TextStyle("roman", 10.5, 13, align="left")
CELL_BOLD = TextStyle("bold", 10.5, 13)
INK, GREY = (0.25, 0.25, 0.25), (0.45, 0.45, 0.45)

ADDRESS = ("Orrindale Water Cooperative", "Network Operations", "14 Reservoir Lane", "Orrindale")
SUBJECT = "Calibration of eight PL-3 pressure loggers"
ROWS = (
    ("4466", "0.00", "+0.01", "+0.01", "pass"),
    ("4468", "0.00", "0.00", "−0.01", "pass"),
    ("4471", "+0.03", "+0.06", "+0.09", "adjusted"),
    ("4473", "0.00", "+0.01", "+0.02", "pass"),
    ("4474", "−0.01", "−0.01", "−0.02", "pass"),
    ("4477", "0.00", "0.00", "+0.01", "pass"),
    ("4479", "+0.01", "0.00", "0.00", "pass"),
    ("4480", "−0.01", "−0.03", "−0.05", "sensor replaced"),
)


def build(pdf: Path, picture: Path) -> None:
    """Write the letter as a PDF and its only page as a picture of the same pixels."""
    scan = _scanned(_typeset())
    scan.save(picture, optimize=True, dpi=(144, 144))
    encoded = io.BytesIO()
    scan.save(encoded, format="PNG")
    book = Book("Scan 2025-03-10", "Office copier")
    book.add_page(WIDTH, HEIGHT).picture(encoded.getvalue())
    book.save(pdf)


def _typeset() -> Book:
    book = Book(SUBJECT, "Tolbrook & Vane Instrument Works")
    canvas = book.add_page(WIDTH, HEIGHT)
    _letterhead(canvas)
    canvas.text(RIGHT, 142, "Lindhaven, 6 March 2025", face="roman", size=11.5, align=1.0)
    y = 134.0
    for line in ADDRESS:
        y = set_paragraph(canvas, LEFT, y, 250, line, BODY)
    canvas.text(LEFT, 222, "Our reference: S 2025-118", face="roman", size=11.5)
    canvas.text(LEFT, 252, SUBJECT, face="bold", size=13)
    y = 264.0
    for block in read_text("letter.txt").strip().split("\n\n"):
        if block == "[table]":
            y = _deviations(canvas, y)
        else:
            y = set_paragraph(canvas, LEFT, y, RIGHT - LEFT, " ".join(block.split()), BODY) + 7
    _signature(canvas, LEFT + 6, y + 2)
    canvas.text(LEFT, y + 62, "R. Thistlemoor, Service", face="roman", size=11.5)
    canvas.text(LEFT, 786, "Enclosed: calibration sheets, invoice 2025-0931", face="roman", size=10)
    return book


def _deviations(canvas: Canvas, y: float) -> float:
    caption = "Table 1. Deviation in bar at three pressures, as found."
    y = set_paragraph(canvas, LEFT, y + 4, RIGHT - LEFT, caption, CELL) + 3
    grid = Grid((76, 84, 84, 84, 123), "lrrrl", CELL, CELL_BOLD, padding=3, inset=7, header_fill=None)
    header = cells("Number", "at 2 bar", "at 10 bar", "at 18 bar", "Result")
    y = grid.draw(canvas, LEFT, y, [header], header=True)
    return grid.draw(canvas, LEFT, y, [cells(*row) for row in ROWS], header=False) + 13


def _letterhead(canvas: Canvas) -> None:
    """A gauge as the firm's mark, its name, its address and a rule."""
    x, y = LEFT + 24, 74
    canvas.circle(x, y, 24, line=INK, fill=(0.93, 0.93, 0.93))
    canvas.circle(x, y, 19, line=INK, fill=(1, 1, 1))
    ticks = ((-13, 9), (-16, 0), (-11, -11), (0, -16), (11, -11), (16, 0), (13, 9))
    canvas.lines(
        [[(x + 0.78 * right, y + 0.78 * down), (x + right, y + down)] for right, down in ticks], width=1.2, colour=INK
    )
    canvas.lines([[(x, y), (x + 8, y - 10)]], width=2, colour=INK)
    canvas.circle(x, y, 2.4, fill=INK)
    canvas.text(LEFT + 62, 74, "Tolbrook & Vane", face="bold", size=25)
    canvas.text(LEFT + 62, 92, "Instrument Works · 3 Foundry Yard · Lindhaven", face="roman", size=11)
    canvas.lines([[(LEFT, 108), (RIGHT, 108)]], width=1.2, colour=INK)


def _signature(canvas: Canvas, x: float, y: float) -> None:
    strokes: tuple[tuple[Point, ...], ...] = (
        ((0, 34), (6, 10), (14, -4), (20, 6)),
        ((20, 6), (25, 16), (8, 22), (10, 20)),
        ((10, 20), (22, 18), (24, 34), (34, 30)),
        ((34, 30), (44, 26), (40, 14), (36, 22)),
        ((36, 22), (32, 34), (48, 34), (52, 24)),
        ((52, 24), (58, 8), (64, -8), (58, 30)),
        ((58, 30), (62, 20), (70, 18), (68, 30)),
        ((68, 30), (76, 20), (80, 22), (80, 29)),
        ((80, 29), (90, 20), (94, 24), (98, 28)),
        ((98, 28), (112, 16), (120, 30), (150, 18)),
        ((44, 6), (60, 2), (74, 4), (88, 0)),
    )
    canvas.stroke(
        [[(x + right, y + down) for right, down in stroke] for stroke in strokes], width=1.3, colour=(0.18, 0.18, 0.18)
    )


def _stamp() -> Image.Image:
    """The receiver's stamp, to be laid over the letter; white where it leaves the paper alone."""
    book = Book("stamp", "")
    canvas = book.add_page(150, 70)
    canvas.rectangle(5, 5, 145, 65, line=GREY, width=2.4)
    canvas.rectangle(9, 9, 141, 61, line=GREY, width=0.9)
    canvas.text(75, 27, "RECEIVED", face="sans bold", size=16, align=0.5, colour=GREY)
    canvas.text(75, 42, "10 MARCH 2025", face="sans bold", size=11, align=0.5, colour=GREY)
    canvas.text(75, 55, "ORRINDALE WATER COOPERATIVE", face="sans", size=6.6, align=0.5, colour=GREY)
    width, height, data = book.picture(288)
    return Image.frombytes("L", (width, height), data).rotate(
        9, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=255
    )


def _scanned(book: Book) -> Image.Image:
    """What a copier makes of the sheet: stamped, skewed, greyish, with holes, a dark edge and specks."""
    width, height, data = book.picture(288)
    sheet = Image.frombytes("L", (width, height), data)
    stamp = Image.new("L", sheet.size, 255)
    stamp.paste(_stamp(), (1290, 2690))
    sheet = ImageChops.multiply(sheet, stamp).rotate(SKEW_DEGREES, resample=Image.Resampling.BICUBIC, fillcolor=255)
    sheet = sheet.resize(SCAN, Image.Resampling.BOX)
    drawing = ImageDraw.Draw(sheet)
    for y in (566, 1118):  # the punched holes of a binder
        drawing.ellipse((30, y - 17, 64, y + 17), fill=190, outline=140, width=2)
    for column, shade in enumerate((120, 150, 176, 198, 214, 226, 234, 240, 245, 249)):
        drawing.line((column, 0, column, SCAN[1]), fill=shade)
    generator = random.Random(118)  # noqa: S311 - the specks must fall on the same places each time
    for _ in range(520):
        x, y = int(generator.random() * SCAN[0]), int(generator.random() * SCAN[1])
        size = int(generator.random() * 1.35)
        drawing.rectangle((x, y, x + size, y + size), fill=90 + int(generator.random() * 130))
    return sheet.point(
        [round((40 + value * 208 / 255) / 8) * 8 for value in range(256)]
    )  # few shades of grey, small file
