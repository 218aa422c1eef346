"""Papers, books and magazines: columns, headings, figures, formulas and footnotes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layout_set.parts import Cell, chart, footnotes, formula, list_of, photograph, table
from layout_set.setting import Column, Flow, Look, Style, furniture
from layout_set.sheet import Book, Piece, TrueLine, TrueRegion, line_box, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layout_set.prose import Prose
    from layout_set.sheet import Sheet

__all__ = ["Plan", "article", "book", "look_of", "magazine", "newsletter"]

FORMULAS = (
    ("E", "=", "m", "c", "^2"),
    ("f", "%(", "x", "%)", "=", "\u2211", "_n", "a", "_n", "x", "^n"),
    ("\u03c3", "^2", "=", "a+b|n", "\u2212", "\u03bc", "^2"),
    ("\u222b", "_0", "f", "%(", "t", "%)", "d", "t", "=", "F|k", "+", "\u03bb"),
    ("p", "_i", "\u2264", "\u03b1", "_i", "+", "\u03b2", "q", "_j", "^2"),
    ("y", "=", "x|z", "\u22c5", "\u03b8", "_1", "+", "\u03b5"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What tells one document from another of its recipe."""

    font: str = "Times-Roman"
    size: float = 10.0
    leading: float = 1.2
    columns: int = 2
    gutter: float = 18.0
    margin: float = 54.0
    pages: int = 2
    habit: str = "line"
    width: float = 595.0
    height: float = 842.0
    indent: float = 0.0
    header_at: float = 40.0
    numbered: bool = True
    bold_headings: bool = True
    spacing: float = 0.0  # of the headings, behind each character


def look_of(plan: Plan) -> Look:
    """Return the styles of a document."""
    body = Style(
        plan.font, plan.size, plan.leading * plan.size, indent=plan.indent, after=0.0 if plan.indent else plan.size / 2
    )
    bold = {"Times-Roman": "Times-Bold", "Helvetica": "Helvetica-Bold"}[plan.font]
    face = bold if plan.bold_headings else plan.font
    headings = tuple(
        Style(
            face, size, 1.25 * size, 0.0, 0.9 * size, 0.4 * size, align="left", hyphenates=False, spacing=plan.spacing
        )
        for size in (1.7 * plan.size, 1.25 * plan.size, 1.0 * plan.size if plan.bold_headings else 1.15 * plan.size)
    )
    small = Style(plan.font, 0.85 * plan.size, 1.02 * plan.size, align="left", hyphenates=False)
    return Look(body, headings, small)


def columns_of(
    book: Book, plan: Plan, top_of_first: float, header: str, first: Sheet | None = None
) -> Iterator[Column]:
    """Yield the columns of page after page, each page with a running head and its number."""
    number = 0
    small = look_of(plan).small
    while True:
        sheet = first if first is not None and number == 0 else book.add_sheet()
        number += 1
        if header and number > 1:
            furniture(sheet, "header", header, plan.margin, plan.header_at, small)
            furniture(sheet, "page_number", str(number), sheet.width - plan.margin, plan.header_at, small, 1.0)
        elif header:
            furniture(sheet, "page_number", str(number), sheet.width / 2, sheet.height - 22, small, 0.5)
        top = top_of_first if number == 1 else plan.header_at + 2.6 * plan.size
        inner = sheet.width - 2 * plan.margin - (plan.columns - 1) * plan.gutter
        width = inner / plan.columns
        for index in range(plan.columns):
            left = plan.margin + index * (width + plan.gutter)
            yield Column(sheet, left, top, left + width, sheet.height - plan.margin)


def article(prose: Prose, plan: Plan) -> Book:
    """Return a paper: title, authors in larger type than the body, abstract, columns with everything in them."""
    book = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    sheet = book.add_sheet()
    head = Flow(iter([Column(sheet, plan.margin, 60, plan.width - plan.margin, 400)]), look)
    centred = Style(plan.font, 1.8 * plan.size, 2.1 * plan.size, align="center", after=8, hyphenates=False)
    bold = look.headings[0].font
    head.text(prose.title(), replace(centred, font=bold), kind="title", level=1)
    authors = replace(centred, size=1.25 * plan.size, leading=1.5 * plan.size, after=2)
    head.text(f"{prose.name()}, {prose.name()} and {prose.name()}", authors)
    place = replace(centred, size=plan.size, leading=1.2 * plan.size, after=12)
    head.text(f"Institute of the {prose.noun()}, Department of {prose.heading()}", place)
    head.text("**Abstract.** " + prose.paragraph(4), replace(look.body, size=0.95 * plan.size, after=10))
    head.column.y += 6
    flow = Flow(columns_of(book, plan, head.column.y, f"Studies of the {prose.noun()}", sheet), look)
    section = figure_number = formula_number = table_number = 0
    while len(book.sheets) <= plan.pages and section < 40:
        section += 1
        mark = f"{section} " if plan.numbered else ""
        flow.text(mark + prose.heading(), look.headings[1], kind="heading", level=2)
        flow.text(prose.paragraph(prose.random.randrange(3, 6)))
        if section % 3 == 1:
            formula_number += 1
            flow.text(prose.sentence()[:-1] + ", which is written as")
            formula(flow, prose.random.choice(FORMULAS), f"({formula_number})", plan.size)
            flow.text("where " + prose.paragraph(2)[0].lower() + prose.paragraph(2)[1:], replace(look.body, indent=0))
        elif section % 3 == 2:
            sub = f"{section}.1 " if plan.numbered else ""
            flow.text(sub + prose.heading(), look.headings[2], kind="heading", level=3)
            flow.text(prose.paragraph(3))
            figure_number += 1
            kind = ("bars", "curves", "boxes")[figure_number % 3]
            chart(flow, prose.random, [prose.noun() for _ in range(3)], 110, kind)
            flow.text(f"Figure {figure_number}. {prose.sentence()}", replace(look.small, after=8), kind="caption")
        else:
            flow.text(prose.paragraph(4))
            table_number += 1
            flow.reserve(150)
            flow.text(f"Table {table_number}: {prose.sentence()}", replace(look.small, after=2), kind="caption")
            width = flow.column.width
            rows = [[Cell("Method", is_bold=True), *(Cell(prose.noun(), is_bold=True) for _ in range(2))]]
            rows += [[Cell(prose.noun()), Cell(prose.figure(3)), Cell(prose.figure(4))] for _ in range(4)]
            table(flow, rows, [0.38 * width, 0.31 * width, 0.31 * width], ruling="booktabs", size=8)
        flow.text(prose.paragraph(4))
    return _cut(book, plan.pages)


def _cut(book: Book, pages: int) -> Book:
    """Leave out what flowed over the last page."""
    book.sheets = book.sheets[:pages]
    return book


def book(prose: Prose, plan: Plan) -> Book:
    """Return pages of a book: running heads far from the edge, footnotes, chapters, a quotation, hyphenation."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    note = 0

    def columns() -> Iterator[Column]:
        nonlocal note
        title = prose.heading()
        number = prose.random.randrange(20, 200)
        while True:
            sheet = made.add_sheet()
            number += 1
            italic = replace(look.small, font="Times-Italic")
            if number % 2:
                furniture(sheet, "header", title, plan.margin, plan.header_at, italic)
                furniture(sheet, "page_number", str(number), plan.width - plan.margin, plan.header_at, look.small, 1.0)
            else:
                furniture(sheet, "page_number", str(number), plan.margin, plan.header_at, look.small)
                furniture(sheet, "header", title, plan.width - plan.margin, plan.header_at, italic, 1.0)
            bottom = plan.height - 1.3 * plan.margin
            column = Column(sheet, plan.margin, plan.header_at + 2.4 * plan.size, plan.width - plan.margin, bottom)
            notes = [(str(note + index + 1), prose.sentence()) for index in range(prose.random.randrange(1, 4))]
            footnotes(column, notes, 0.8 * plan.size)
            note += len(notes)
            yield column

    flow = Flow(columns(), look)
    flow.text(prose.heading(), look.headings[0], kind="heading", level=2)
    while len(made.sheets) <= plan.pages:
        flow.text(prose.paragraph(3)[:-1] + f"^{{{note}}} " + prose.paragraph(2))
        flow.text(prose.paragraph(5))
        if prose.random.random() < 0.4:
            quoted = replace(look.body, size=0.92 * plan.size, leading=1.1 * plan.size, indent=0, before=6, after=8)
            flow.text(prose.paragraph(2), quoted, inset=24)
        if prose.random.random() < 0.25:
            flow.text(prose.heading(), look.headings[1], kind="heading", level=3)
    return _cut(made, plan.pages)


def magazine(prose: Prose, plan: Plan) -> Book:
    """Return a magazine: a headline over three columns, a lead, a drop cap, a picture, a tinted sidebar."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    sheet = made.add_sheet()
    head = Flow(iter([Column(sheet, plan.margin, 56, plan.width - plan.margin, 400)]), look)
    big = replace(look.headings[0], size=2.6 * plan.size, leading=2.9 * plan.size)
    head.text(prose.heading() + " of the " + prose.noun(), big, kind="title", level=1)
    lead = replace(look.body, size=1.3 * plan.size, leading=1.6 * plan.size, align="left", hyphenates=False, indent=0)
    head.text(prose.paragraph(2), lead)
    photograph(head, prose.random, plan.width - 2 * plan.margin, 150)
    head.text(f"Figure 1: {prose.sentence()}", replace(look.small, after=10), kind="caption")
    flow = Flow(columns_of(made, plan, head.column.y + 8, f"The {prose.noun()} review", sheet), look)
    _drop_cap(flow, prose, plan)
    while len(made.sheets) <= plan.pages:
        flow.text(prose.paragraph(4))
        flow.text(prose.paragraph(3))
        if prose.random.random() < 0.5:
            flow.text(prose.heading(), look.headings[1], kind="heading", level=2)
        elif prose.random.random() < 0.4:
            list_of(flow, [(0, "-", prose.item()) for _ in range(4)])
        else:
            photograph(flow, prose.random, flow.column.width, 80)
            flow.text(prose.sentence(), replace(look.small, after=8, before=2), kind="caption")
    return _cut(made, plan.pages)


def _drop_cap(flow: Flow, prose: Prose, plan: Plan) -> None:
    text = prose.paragraph(4)
    column, body = flow.column, flow.look.body
    size = 2.9 * plan.size
    width = width_of(text[0], body.font, size) + 3
    column.sheet.begin_block()
    column.sheet.begin_line()
    column.sheet.write(Piece(column.left, column.y + 1.78 * body.leading, text[0], body.font, size))
    words, start, room = text[1:].split(" "), column.y, column.width - width
    style = replace(body, align="left", hyphenates=False, after=0, indent=0)
    first: list[str] = []
    lines: list[list[str]] = []
    for word in words:
        if width_of(" ".join([*first, word]), body.font, body.size) > room:
            lines.append(first)
            first = []
            if len(lines) == 2:
                room = column.width
        first.append(word)
    lines.append(first)
    kept, column.sheet.regions = column.sheet.regions, []
    region = TrueRegion("text", text, [])
    for index, line in enumerate(lines):
        narrow = Column(column.sheet, column.left + (width if index < 2 else 0), start, column.right + 30, 9999)
        narrow.y = start + index * body.leading
        Flow(iter([narrow]), flow.look).text(" ".join(line), style)
    region.lines = [line for made in column.sheet.regions for line in made.lines]
    region.lines[0] = TrueLine(region.lines[0].box, region.lines[0].text)
    letter = line_box(column.left, column.left + width - 3, start + 1.78 * body.leading, size)
    region.boxes = [
        (
            column.left,
            min(letter[1], region.lines[0].box[1]),
            max(line.box[2] for line in region.lines),
            region.lines[-1].box[3],
        )
    ]
    column.sheet.regions = [*kept, region]
    column.y = start + len(lines) * body.leading + 4


def newsletter(prose: Prose, plan: Plan) -> Book:
    """Return a newsletter: bands of full-width text and of columns, and a narrow tinted sidebar on one side."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    for number in range(plan.pages):
        sheet = made.add_sheet()
        furniture(sheet, "header", f"Letter of the {prose.noun()}", plan.margin, plan.header_at, look.small)
        side = 0.24 * plan.width
        is_left = number % 2 == 1
        left = plan.margin + (side + 16 if is_left else 0)
        right = plan.width - plan.margin - (0 if is_left else side + 16)
        y = plan.header_at + 26
        top = y
        for band in range(2):
            wide = Flow(iter([Column(sheet, left, y, right, plan.height)]), look)
            wide.text(prose.heading(), look.headings[0 if band == 0 else 1], kind="heading", level=2)
            wide.text(prose.paragraph(4))
            y = wide.column.y + 6
            middle = (left + right) / 2
            bottom = y + 12.8 * look.body.leading
            pair = [
                Column(sheet, left, y, middle - plan.gutter / 2, bottom),
                Column(sheet, middle + plan.gutter / 2, y, right, bottom),
            ]
            for column in pair:
                part = Flow(iter([column]), look)
                text = prose.paragraph(3)
                while width_of(text, look.body.font, look.body.size) > 0.86 * 12 * column.width:
                    text = text.rsplit(". ", 1)[0] + "."
                part.text(text)
            y = bottom + 12
        x = plan.margin if is_left else right + 16
        _sidebar(sheet, prose, look, (x, top, x + side, top + 330))
        furniture(
            sheet,
            "footer",
            f"{prose.noun().title()} House, Street {number + 4}",
            plan.margin,
            plan.height - 40,
            look.small,
        )
        furniture(sheet, "page_number", str(number + 1), plan.width - plan.margin, plan.height - 40, look.small, 1.0)
    return made


def _sidebar(sheet: Sheet, prose: Prose, look: Look, box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    sheet.rectangle((x0, y0 - 6, x1, y1), fill=0.92, stroke=None)
    inside = Flow(iter([Column(sheet, x0 + 8, y0 + 4, x1 - 8, y1)]), look)
    inside.text(prose.heading(), replace(look.headings[1], before=0), kind="heading", level=3)
    style = replace(look.body, align="left", size=0.9 * look.body.size, leading=0.9 * look.body.leading, indent=0)
    inside.text(prose.paragraph(1), style)
    list_of(inside, [(0, "-", prose.item()) for _ in range(3)], style)
