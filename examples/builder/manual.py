"""A product manual: numbered steps, bullets, boxed notes, ruled tables. The logger and its maker are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.book import Book
from builder.flow import Flow, Frame, Look, TextStyle, set_paragraph
from builder.tables import Grid, cells
from builder.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from builder.book import Colour

__all__ = ["build"]

WIDTH, HEIGHT, LEFT, RIGHT = 612, 792, 64, 64
RED, BLUE, DARK, GREY = (0.72, 0.1, 0.1), (0.1, 0.3, 0.6), (0.15, 0.15, 0.15), (0.45, 0.45, 0.45)
LOOK = Look(
    body=TextStyle("sans", 9.6, 13, after=5, align="left"),
    headings=(
        TextStyle("sans bold", 15, 18, before=14, after=6, align="left", colour=DARK),
        TextStyle("sans bold", 11, 14, before=9, after=3, align="left", colour=DARK),
    ),
    item=TextStyle("sans", 9.6, 13, after=2.5, align="left"),
    item_inset=16,
)
CAPTION = TextStyle("sans", 8.8, 11, before=5, after=10, align="left")
CELL = TextStyle("sans", 8.8, 11.2, align="left")
CELL_BOLD = TextStyle("sans bold", 8.8, 11.2)

SIGNALS = (
    ("green, once a minute", "recording"),
    ("green, three flashes", "a new record has begun"),
    ("blue, steady", "the data cable is connected"),
    ("yellow, once a minute", "cells below 20 per cent, replace within a month"),
    ("red, once a minute", "memory full, recording has stopped"),
    ("red, steady for ten seconds", "sensor fault, send the logger in"),
)
PARTS = (
    ("1", "30-1107", "Lid with lamp and seal", "1", "38.00"),
    ("2", "30-1112", "Lithium cell, size C", "2", "11.50"),
    ("3", "30-1120", "Sealing ring 18 \u00d7 2.5", "5", "4.20"),
    ("4", "30-1125", "Brass foot G 1/2", "1", "46.00"),
    ("5 †", "30-1131", "Pressure sensor 0 to 20 bar", "1", "164.00"),
    ("6 †", "30-1133", "Circuit board, revision C", "1", "121.00"),
    ("7", "30-1140", "Hydrant adapter with bleed screw", "1", "72.00"),
    ("8", "30-1146", "Data cable with magnetic plug", "1", "59.00"),
)
DATA = (
    ("Range", "0 to 20 bar"),
    ("Uncertainty", "0.1 per cent of full scale"),
    ("Interval", "1 second to 1 hour"),
    ("Battery life", "5 years at one reading a minute"),
    ("Protection", "water-tight to 2 metres for 30 days"),
    ("Mass", "0.94 kg without adapter"),
)
TROUBLES = (
    ("No lamp at all", "Strip not removed, cells empty, or lid not closed. Check in this order."),
    (
        "Pressure reads 0.0 bar",
        "Hydrant closed, or ice in the foot. Let it thaw at room temperature; never use a flame.",
    ),
    (
        "Readings jump by 0.5 bar or more",
        "Air in the adapter. Bleed it again. If the jumps remain, the sealing ring is worn.",
    ),
    ("Cable is not recognised", "Mark or plug wet or dirty. Wipe both, hold the plug for three seconds."),
)


def build(path: Path) -> None:
    """Write the manual."""
    book = Book("PL-3 Pressure Logger: Manual", "Tolbrook & Vane Instrument Works")
    caution = (
        "Release the pressure before you unscrew the adapter. A logger that comes off under pressure can break an arm. "
        "Stand aside, never above it."
    )
    note = "Hydrants of a ring main are fed from two sides. For a night test choose one at the end of a branch."
    frost = "Below \u22125 °C water in the foot may freeze and destroy the sensor. The guarantee does not cover this."
    flow = Flow(book, _pages(book), LOOK)
    blocks = {
        "masthead": _masthead,
        "warning": _boxed("WARNING", caution, RED),
        "note": _boxed("NOTE", note, BLUE),
        "frost": _boxed("CAUTION", frost, RED),
        "device": _device,
        "signals": _table(("Table 1:", "Signals of the lamp."), ("Lamp", "Meaning"), SIGNALS, (164, 320), "ll"),
        "parts": _table(
            ("Table 2:", "Spare parts."),
            ("Item", "Part No.", "Description", "Pack", "Price (crowns)"),
            PARTS,
            (40, 74, 230, 50, 90),
            "cllrr",
        ),
        "data": _table(("Table 3:", "Technical data."), ("Property", "Value"), DATA, (164, 320), "ll"),
        "troubles": _table(
            ("Table 4:", "Faults and remedies."), ("Fault", "Cause and remedy"), TROUBLES, (154, 330), "ll"
        ),
    }
    flow.set(read_text("manual.txt"), blocks)
    book.save(path)


def _pages(book: Book) -> Iterator[Frame]:
    while True:
        canvas = book.add_page(WIDTH, HEIGHT)
        number = book.page_count
        canvas.lines([[(LEFT, HEIGHT - 46), (WIDTH - RIGHT, HEIGHT - 46)]], width=0.5, colour=GREY)
        canvas.text(LEFT, HEIGHT - 34, "PL-3 Pressure Logger · Manual 30-1100-04", face="sans", size=7.8, colour=GREY)
        canvas.text(WIDTH - RIGHT, HEIGHT - 34, f"Page {number} of 3", face="sans", size=7.8, align=1.0, colour=GREY)
        yield Frame(canvas, LEFT, 50, WIDTH - RIGHT, HEIGHT - 54)


def _masthead(flow: Flow) -> None:
    frame, canvas = flow.frame, flow.frame.canvas
    canvas.rectangle(frame.left, frame.top, frame.right, frame.top + 62, fill=DARK)
    canvas.text(frame.left + 14, frame.top + 31, "PL-3 Pressure Logger", face="sans bold", size=24, colour=(1, 1, 1))
    canvas.text(
        frame.left + 14,
        frame.top + 50,
        "Installation and operating manual",
        face="sans",
        size=11,
        colour=(0.85, 0.85, 0.85),
    )
    canvas.text(
        frame.right - 14,
        frame.top + 50,
        "Tolbrook & Vane",
        face="sans bold",
        size=10,
        align=1.0,
        colour=(0.85, 0.85, 0.85),
    )
    flow.y = frame.top + 66


def _boxed(word: str, text: str, colour: Colour) -> Callable[[Flow], None]:
    """A block with a word of warning in a box."""
    style = TextStyle("sans", 9.4, 12.4, align="left")

    def draw(flow: Flow) -> None:
        height = len(style.lines(text, flow.frame.width - 100)) * style.leading + 14
        flow.reserve(height + 10)
        flow.gap(4)
        frame, canvas = flow.frame, flow.frame.canvas
        pale = tuple(0.93 + 0.07 * part for part in colour)
        canvas.rectangle(
            frame.left, flow.y, frame.right, flow.y + height, fill=(pale[0], pale[1], pale[2]), line=colour, width=0.9
        )
        canvas.text(frame.left + 12, flow.y + 17, word, face="sans bold", size=10, colour=colour)
        set_paragraph(canvas, frame.left + 88, flow.y + 7, frame.width - 100, text, style)
        flow.y += height + 9

    return draw


def _table(
    caption: tuple[str, str],
    header: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    widths: tuple[float, ...],
    align: str,
) -> Callable[[Flow], None]:
    """A block with a ruled table."""
    grid = Grid(widths, align, CELL, CELL_BOLD, padding=3, inset=5)

    def draw(flow: Flow) -> None:
        grid.flow(flow, caption, [cells(*header)], [cells(*row) for row in rows], caption_style=CAPTION)

    return draw


def _device(flow: Flow) -> None:
    """A drawing of the logger on its hydrant, with numbered parts."""
    height = 132
    flow.reserve(height + 30)
    flow.gap(6)
    frame, canvas = flow.frame, flow.frame.canvas
    x, y = frame.left + frame.width / 2, flow.y
    canvas.rectangle(x - 34, y + 22, x + 34, y + 76, fill=(0.93, 0.94, 0.96), line=DARK, width=1)
    canvas.rectangle(x - 38, y + 10, x + 38, y + 22, fill=(0.8, 0.82, 0.85), line=DARK, width=1)
    canvas.circle(x, y + 16, 2.6, fill=(0.2, 0.6, 0.25))
    canvas.rectangle(x - 10, y + 76, x + 10, y + 92, fill=(0.86, 0.76, 0.45), line=DARK, width=1)
    canvas.rectangle(x - 24, y + 92, x + 24, y + 104, fill=(0.86, 0.76, 0.45), line=DARK, width=1)
    canvas.rectangle(x + 24, y + 95, x + 38, y + 101, fill=(0.7, 0.7, 0.7), line=DARK, width=0.8)
    canvas.lines(
        [[(x - 17, y + 104), (x - 17, y + 128)], [(x + 17, y + 104), (x + 17, y + 128)]], width=1.2, colour=DARK
    )
    canvas.lines([[(x - 24, y + 43), (x + 24, y + 43)], [(x - 24, y + 58), (x + 24, y + 58)]], width=0.5, colour=GREY)
    canvas.text(x, y + 54, "PL-3", face="sans bold", size=10, align=0.5)
    labels = (
        ("lamp", -1, 16, 2),
        ("lid", 1, 16, 38),
        ("mark for the data cable", -1, 50, 34),
        ("brass foot", 1, 84, 10),
        ("bleed screw", 1, 98, 38),
        ("hydrant", -1, 118, 17),
    )
    for name, side, down, reach in labels:
        canvas.lines([[(x + side * (reach + 1), y + down), (x + side * 84, y + down)]], width=0.5, colour=GREY)
        canvas.text(x + side * 88, y + down + 3, name, face="sans", size=8.4, align=0.0 if side > 0 else 1.0)
    caption = "**Figure 1:** The logger on a hydrant."
    flow.y = (
        set_paragraph(
            canvas, frame.left, y + height + 3, frame.width, caption, TextStyle("sans", 8.8, 11, align="center")
        )
        + 8
    )
