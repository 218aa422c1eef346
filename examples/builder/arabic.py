"""One page of Arabic, set from right to left: a report of an invented water supplier, with a ruled table.

Letters are joined here, by the presentation forms of Unicode. A line is stored run by run as it is read, the words of a
run as they stand from left to right; MuPDF turns such runs round and so finds the text in its logical order. The font's
character map leads back to the plain letters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from builder.book import BLACK, Book, Canvas, Colour, Piece
from builder.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["build", "visual"]

WIDTH, HEIGHT, MARGIN = 595, 842, 74
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
GREEN, PALE, GREY = (0.05, 0.36, 0.25), (0.9, 0.95, 0.92), (0.4, 0.4, 0.4)
FORMS = {
    ("".join(chr(int(code, 16)) for code in codes), kind): chr(form)
    for form in range(0xFE80, 0xFEFD)
    for kind, *codes in [unicodedata.decomposition(chr(form)).split()]
}

NUMBER = r"[0-9](?:[0-9.٪]*[0-9٪])?"
# A number takes the spaces around it along and a run ends with a letter: spaces and full stops would else change sides.
RUN = rf" ?{NUMBER} ?|(?:(?! ?[0-9]).)*[ء-ي]|[^0-9ء-ي]+"

TITLE = "تقرير خفض الفاقد من المياه لعام 2024"
SUPPLIER = "محطة مياه وادي النخيل"
CAPTION = "الجدول 1: المشتركون ونسبة الفاقد حسب الأحياء"
HEADER = ("الحي", "عدد المشتركين", "الفاقد 2023", "الفاقد 2024", "الفرق")
ROWS = (
    ("البساتين", "1036", "29.5", "24.9", "4.6"),
    ("القلعة", "872", "34.7", "27.2", "7.5"),
    ("السوق", "1240", "22.4", "23.0", "0.6"),
    ("الواحة", "955", "26.8", "25.1", "1.7"),
    ("المنارة", "1418", "25.3", "22.7", "2.6"),
    ("النهر", "891", "30.1", "26.0", "4.1"),
)


def visual(text: str) -> str:
    """A line as its glyphs stand from left to right, letters joined; numbers keep their direction."""
    runs = re.findall(NUMBER + "|[^0-9]+", text)
    return "".join(run if run[0].isdigit() else _joined(run)[::-1] for run in reversed(runs))


def _joined(text: str) -> str:
    """Each letter in the form that its neighbours ask for; lam and alef become one glyph."""
    letters = re.findall(r"ل[اأإآ]|.", text)
    shaped = []
    for place, letter in enumerate(letters):
        before = place > 0 and (letters[place - 1], "<initial>") in FORMS and (letter, "<final>") in FORMS
        after = place + 1 < len(letters) and (letter, "<initial>") in FORMS and (letters[place + 1], "<final>") in FORMS
        kind = {
            (False, False): "<isolated>",
            (False, True): "<initial>",
            (True, True): "<medial>",
            (True, False): "<final>",
        }[before, after]
        shaped.append(FORMS.get((letter, kind), letter))
    return "".join(shaped)


def build(path: Path) -> None:
    """Write the report."""
    book = Book(TITLE, SUPPLIER, language="ar")
    canvas = book.add_page(WIDTH, HEIGHT)
    _line(canvas, RIGHT, 66, SUPPLIER, 12, colour=GREEN)
    _line(canvas, LEFT, 66, "14 مارس 2025", 11, align=0.0, colour=GREY)
    canvas.lines([[(LEFT, 76), (RIGHT, 76)]], width=1.2, colour=GREEN)
    _line(canvas, WIDTH / 2, 120, TITLE, 21, align=0.5)
    y = 148.0
    for block in read_text("arabic.txt").strip().split("\n\n"):
        if block == "[table]":
            y = _table(canvas, y + 4) + 10
        elif block.startswith("# "):
            _line(canvas, RIGHT, y + 26, block[2:], 14, colour=GREEN)
            book.outline.append((1, block[2:], 1))
            y += 34
        else:
            y = _paragraph(canvas, y, block)
    _line(canvas, WIDTH / 2, HEIGHT - 36, "1", 10, align=0.5, colour=GREY)
    book.save(path)


def _line(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    align: float = 1.0,
    gap: float = 0.0,
    colour: Colour = BLACK,
) -> None:
    """One line of text that ends at x, or starts at it (align 0), or is centred on it; `gap` widens each space."""
    x += (1 - align) * (_width(text, size) + gap * text.count(" "))
    for run in re.findall(RUN, text) if re.search("[0-9]", text) else [text]:
        if run.strip()[:1].isdigit():
            for part in re.findall(r" |[^ ]+", run):
                x -= _width(part, size) + (gap if part == " " else 0.0)
                canvas.put(x, y, [_piece(part, size)], colour)
        else:
            x -= _width(run, size) + gap * run.count(" ")
            at = x
            for part in re.findall(r"•| |[^• ]+", visual(run)):
                at = canvas.put(at, y, [_piece(part, size)], colour) + (gap if part == " " else 0.0)


def _width(text: str, size: float) -> float:
    return sum(_piece(part, size).width for part in re.findall(r"•|[^•]+", visual(text)))


def _piece(shown: str, size: float) -> Piece:
    return Piece(shown, "roman" if shown == "•" else "arabic", size)


def _paragraph(canvas: Canvas, y: float, text: str, size: float = 12.5, leading: float = 21) -> float:
    """Fill lines greedily and justify all but the last."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if _width(longer, size) > RIGHT - LEFT:
            lines.append(word)
        else:
            lines[-1] = longer
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        gap = 0.0 if last else (RIGHT - LEFT - _width(line, size)) / line.count(" ")
        _line(canvas, RIGHT, y + leading * 0.75, line, size, gap=gap)
        y += leading
    return y + 3


def _table(canvas: Canvas, y: float) -> float:
    """Columns run from right to left; a space starts each cell, or a reader would join it to the one before."""
    _line(canvas, WIDTH / 2, y + 14, CAPTION, 11.5, align=0.5)
    top, height = y + 22, 20.0
    widths = (111, 96, 80, 80, 80)
    edges = [float(RIGHT)]
    for width in widths:
        edges.append(edges[-1] - width)
    bottom = top + height * (len(ROWS) + 1)
    canvas.rectangle(edges[-1], top, edges[0], top + height, fill=PALE)
    rules = [[(edges[-1], top + height * number), (edges[0], top + height * number)] for number in range(len(ROWS) + 2)]
    canvas.lines(rules + [[(edge, top), (edge, bottom)] for edge in edges], width=0.6, colour=GREY)
    for number, row in enumerate((HEADER, *ROWS)):
        for place, text in enumerate(row):
            _line(
                canvas, (edges[place] + edges[place + 1]) / 2, top + height * (number + 0.68), f" {text}", 11, align=0.5
            )
    return bottom
