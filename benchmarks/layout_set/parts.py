"""Lists, tables, figures, formulas, footnotes and boxed texts."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from layout_set.setting import Column, Flow, Look, Style, set_words, words_of
from layout_set.sheet import Piece, TrueLine, TrueRegion, box_around, line_box, width_of

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from layout_set.sheet import Box, Sheet

__all__ = ["Cell", "chart", "footnotes", "formula", "list_of", "note", "photograph", "table"]

LABEL = Style("Helvetica", 7, 8.5, hyphenates=False, align="left")


def list_of(flow: Flow, items: Sequence[tuple[int, str, str]], style: Style | None = None) -> None:
    """Set a list: depth, mark and text of each item; a list that goes over a page becomes two regions."""
    style = replace(style or flow.look.body, indent=0.0, before=0.0, after=1.5)
    region, sheet = None, None
    flow.gap(2)
    for depth, mark, text in items:
        flow.reserve(2 * style.leading)
        if flow.column.sheet is not sheet:
            region, sheet = None, flow.column.sheet
        shown = mark.replace("-", "\u2022")
        region = flow.text(text, style, kind="list", inset=16.0 * (depth + 1), lead=shown, region=region)
    flow.gap(4)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its text, how many rows and columns it covers, and whether it is bold."""

    text: str = ""
    rows: int = 1
    columns: int = 1
    is_bold: bool = False
    align: str = "left"


def table(
    flow: Flow, rows: Sequence[Sequence[Cell]], widths: Sequence[float], *, ruling: str = "full", size: float = 9.0
) -> TrueRegion:
    """Set a table: `rows` hold a cell where one starts, `ruling` is full, rows, booktabs, shaded or none."""
    height = size * 1.75
    flow.reserve(height * len(rows) + 4)
    column = flow.column
    sheet, top = column.sheet, column.y + 3
    xs = [column.left]
    for width in widths:
        xs.append(xs[-1] + width)
    taken: set[tuple[int, int]] = set()
    region = TrueRegion("table", "", [])
    html, texts, covered = "<table>", [], []
    sheet.begin_block()
    if ruling == "shaded":
        for index in range(0, len(rows), 2):
            sheet.rectangle((xs[0], top + index * height, xs[-1], top + (index + 1) * height), fill=0.9, stroke=None)
    for index, row in enumerate(rows):
        html += "<tr>"
        position = 0
        for cell in row:
            while (index, position) in taken:
                position += 1
            spots = [(index + down, position + right) for down in range(cell.rows) for right in range(cell.columns)]
            taken.update(spots)
            box = (xs[position], top + index * height, xs[position + cell.columns], top + (index + cell.rows) * height)
            covered.append(box)
            spans = f' rowspan="{cell.rows}"' * (cell.rows > 1) + f' colspan="{cell.columns}"' * (cell.columns > 1)
            html += f"<td{spans}>{escape(cell.text, quote=False)}</td>"
            if cell.text:
                style = Style("Helvetica-Bold" if cell.is_bold else "Helvetica", size, height, hyphenates=False)
                natural = width_of(cell.text, style.font, size)
                x = {"left": box[0] + 4, "right": box[2] - 4 - natural, "center": (box[0] + box[2] - natural) / 2}
                baseline = (box[1] + box[3]) / 2 + 0.33 * size
                line = set_words(sheet, words_of(cell.text, style), x[cell.align], baseline, float("inf"), style)
                region.lines.append(line)
                texts.append(cell.text)
        html += "</tr>"
    bottom = top + height * len(rows)
    _rule(sheet, ruling, xs, top, height, len(rows), covered)
    whole = (xs[0], top, xs[-1], bottom)
    region.boxes = [whole if ruling != "none" else box_around(line.box for line in region.lines)]
    region.html, region.text = html + "</table>", " ".join(texts)
    sheet.regions.append(region)
    column.y = bottom
    flow.gap(8)
    return region


def _rule(
    sheet: Sheet, ruling: str, xs: Sequence[float], top: float, height: float, rows: int, cells: Sequence[Box]
) -> None:
    bottom = top + height * rows
    if ruling == "full":
        for box in cells:
            sheet.rectangle(box)
    elif ruling == "rows":
        for index in range(rows + 1):
            sheet.rule(xs[0], top + index * height, xs[-1], top + index * height, 0.4)
    elif ruling == "booktabs":
        for y, width in ((top, 1.0), (top + height, 0.5), (bottom, 1.0)):
            sheet.rule(xs[0], y, xs[-1], y, width)


def chart(  # noqa: C901 - three kinds of diagrams share axes and labels
    flow: Flow, draw: random.Random, words: Sequence[str], height: float, kind: str = "bars"
) -> TrueRegion:
    """Draw a diagram with axes, ticks and labels: bars, curves or boxes with arrows."""
    flow.reserve(height + 40)
    column = flow.column
    sheet = column.sheet
    left, right, top, bottom = column.left + 26, column.right - 8, column.y + 8, column.y + height - 22
    sheet.begin_block()
    labels: list[TrueLine] = []
    boxes: list[Box] = []

    def label(text: str, x: float, baseline: float, align: float = 0.5) -> None:
        x0 = x - align * width_of(text, LABEL.font, LABEL.size)
        labels.append(set_words(sheet, words_of(text, LABEL), x0, baseline, float("inf"), LABEL))

    if kind == "boxes":
        step = (right - left) / len(words)
        for index, word in enumerate(words):
            box = (left + index * step, top + 20, left + (index + 0.7) * step, bottom - 10)
            sheet.rectangle(box)
            boxes.append(box)
            label(word, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            if index < len(words) - 1:
                sheet.rule(box[2], (box[1] + box[3]) / 2, box[0] + step, (box[1] + box[3]) / 2)
    else:
        sheet.rule(left, top, left, bottom)
        sheet.rule(left, bottom, right, bottom)
        boxes.append((left, top, right, bottom))
        for index in range(5):
            y = bottom - index * (bottom - top) / 5
            sheet.rule(left - 3, y, left, y)
            label(str(index * 25), left - 5, y + 2.5, 1.0)
        step = (right - left) / len(words)
        for index, word in enumerate(words):
            x = left + (index + 0.5) * step
            label(word, x, bottom + 10)
            if kind == "bars":
                share = draw.uniform(0.2, 0.95)
                sheet.rectangle((x - 0.3 * step, bottom - share * (bottom - top), x + 0.3 * step, bottom), fill=0.6)
        if kind == "curves":
            for phase in (0.0, 1.3, 2.2):
                points = [(left + at * (right - left) / 60, (top + bottom) / 2) for at in range(61)]
                points = [
                    (x, y + 0.4 * (bottom - top) * math.sin(phase + x / 23) * draw.uniform(0.85, 1.0))
                    for x, y in points
                ]
                for (x0, y0), (x1, y1) in itertools.pairwise(points):
                    sheet.rule(x0, y0, x1, y1, 0.8)
        label("share in percent", right, top + 2, 1.0)
    region = TrueRegion("figure", " ".join(line.text for line in labels), [], labels)
    region.boxes = [box_around([*boxes, *(line.box for line in labels)])]
    sheet.regions.append(region)
    column.y += height
    return region


def photograph(flow: Flow, draw: random.Random, width: float, height: float) -> TrueRegion:
    """Paint a picture."""
    flow.reserve(height + 40)
    column = flow.column
    picture = Image.effect_noise((60, 40), 40.0).resize((240, 160)).convert("RGB")
    picture.paste((draw.randrange(256), draw.randrange(256), 80), (40, 60, 160, 120))
    box = (column.left + (column.width - width) / 2, column.y + 2, column.left + (column.width + width) / 2, 0.0)
    box = (*box[:3], column.y + 2 + height)
    column.sheet.image(box, picture)
    region = TrueRegion("figure", "", [box])
    column.sheet.regions.append(region)
    column.y += height + 6
    return region


def formula(flow: Flow, tokens: Sequence[str], number: str = "", size: float = 10.5) -> TrueRegion:
    """Set a display formula: tokens of Symbol or Italic, `^` raises, `_` lowers, `a|b` is a fraction, `%` roman."""
    flow.reserve(3.2 * size)
    column = flow.column
    sheet, baseline = column.sheet, column.y + 1.9 * size
    sheet.begin_block()
    sheet.begin_line()
    x = column.left + 0.22 * column.width
    texts: list[str] = []
    boxes: list[Box] = []

    def put(text: str, at: float, y: float, scale: float = 1.0, font: str = "") -> float:
        name = font or ("Times-Italic" if text.isascii() and text.isalpha() else "Times-Roman")
        if not text.isascii():
            name = "Symbol"
        sheet.write(Piece(at, y, text, name, size * scale))
        end = at + width_of(text, name, size * scale)
        boxes.append(line_box(at, end, y, size * scale))
        texts.append(text)
        return end

    for sign in tokens:
        if sign[0] in "^_" and len(sign) > 1:
            x = put(sign[1:], x, baseline + (-0.4 if sign[0] == "^" else 0.2) * size, 0.7)
        elif "|" in sign:
            above, below = sign.split("|")
            width = max(width_of(part, "Times-Italic", size) for part in (above, below))
            put(above, x + 2, baseline - 0.75 * size)
            put(below, x + 2, baseline + 0.65 * size)
            sheet.rule(x, baseline - 0.28 * size, x + width + 4, baseline - 0.28 * size, 0.5)
            x += width + 6
        elif sign.startswith("%"):
            x = put(sign[1:], x, baseline, font="Times-Roman") + 1
        elif sign in "+=-<>" or not sign.isascii():
            big = 1.5 if sign in "\u2211\u222b" else 1.0
            x = put(sign, x + 3, baseline + (0.15 * size if big > 1 else 0), big) + 3
        else:
            x = put(sign, x, baseline)
    if number:
        put(number, column.right - width_of(number, "Times-Roman", size), baseline, font="Times-Roman")
    region = TrueRegion("formula", " ".join(texts), [box_around(boxes)], [TrueLine(box_around(boxes), " ".join(texts))])
    sheet.regions.append(region)
    column.y += 3.4 * size
    return region


def footnotes(column: Column, notes: Sequence[tuple[str, str]], size: float) -> None:
    """Set footnotes at the bottom of a column, which ends above them; in the truth they come behind the text."""
    style = Style("Times-Roman", size, size * 1.2, align="justify", hyphenates=False)

    def lines(text: str) -> int:
        return math.ceil(width_of(text, style.font, style.size) / (0.93 * column.width))

    top = column.bottom - sum(lines(text) * style.leading + 1 for _, text in notes)
    column.sheet.rule(column.left, top - 3, column.left + 0.35 * column.width, top - 3, 0.4)
    place = Column(column.sheet, column.left, top, column.right, column.bottom + 2 * style.leading)
    setter = Flow(iter([place]), Look(style, (), style))
    kept, column.sheet.regions = column.sheet.regions, []
    for mark, text in notes:
        setter.text(f"^{{{mark}}} {text}", replace(style, after=1.0), kind="footnote")
    column.sheet.tail += column.sheet.regions
    column.sheet.regions = kept
    column.bottom = top - 10


def note(flow: Flow, title: str, text: str, style: Style, fill: float | None = 0.93) -> None:
    """Set a boxed text: a bold title line and a paragraph."""
    flow.reserve(9 * style.leading)
    column = flow.column
    inside = Column(column.sheet, column.left + 10, column.y + 8, column.right - 10, column.bottom)
    setter = Flow(iter([inside]), flow.look)
    bold = "Helvetica-Bold" if style.font.startswith("Helvetica") else "Times-Bold"
    setter.text(title, replace(style, font=bold, indent=0, align="left", after=2), kind="heading")
    setter.text(text, replace(style, indent=0, after=0))
    column.sheet.rectangle((column.left, column.y, column.right, inside.y + 6), fill=fill, stroke=0.4)
    column.y = inside.y + 14
