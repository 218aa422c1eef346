"""Reports, statements, manuals, slides and letters: lists, tables and boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from layout_set.parts import Cell, chart, formula, list_of, note, photograph, table
from layout_set.recipes import FORMULAS, Plan, look_of
from layout_set.setting import Column, Flow, furniture
from layout_set.sheet import Book

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layout_set.prose import Prose

__all__ = ["letter", "manual", "problems", "report", "slides", "statement"]


def _columns(book: Book, plan: Plan, header: str, pages: str) -> Iterator[Column]:
    look = look_of(plan)
    while True:
        sheet = book.add_sheet()
        number = len(book.sheets)
        if header:
            furniture(sheet, "header", header, plan.margin, plan.header_at, look.small)
        text = pages.format(number=number, total=plan.pages)
        furniture(sheet, "page_number", text, plan.width - plan.margin, plan.height - 38, look.small, 1.0)
        furniture(sheet, "footer", "Confidential draft, not for circulation", plan.margin, plan.height - 38, look.small)
        top = plan.header_at + 2.6 * plan.size
        yield Column(sheet, plan.margin, top, plan.width - plan.margin, plan.height - 38 - 2.8 * plan.size)


def _spanned(prose: Prose) -> list[list[Cell]]:
    rows = [
        [
            Cell("Station", rows=2, is_bold=True),
            Cell("Before", columns=2, is_bold=True, align="center"),
            Cell("After", columns=2, is_bold=True, align="center"),
        ],
        [
            Cell("Mean", is_bold=True),
            Cell("Peak", is_bold=True),
            Cell("Mean", is_bold=True),
            Cell("Peak", is_bold=True),
        ],
    ]
    rows += [[Cell(prose.noun()), *(Cell(prose.figure(3), align="right") for _ in range(4))] for _ in range(4)]
    rows.append([Cell("not measured", columns=3), Cell(prose.figure(3), align="right"), Cell("")])
    return rows


def report(prose: Prose, plan: Plan) -> Book:
    """Return a report: lists, ruled tables with spans, pictures and charts with captions, boxed notes."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    flow = Flow(_columns(made, plan, f"Annual report on the {prose.noun()}", "Page {number} of {total}"), look)
    flow.text(prose.title(), look.headings[0], kind="title", level=1)
    section = 0
    while len(made.sheets) <= plan.pages:
        section += 1
        flow.text(f"{section}. {prose.heading()}", look.headings[1], kind="heading", level=2)
        flow.text(prose.paragraph(4))
        match section % 5:
            case 1:
                items = [
                    (0, "-", prose.item()),
                    (1, "-", prose.item()),
                    (1, "-", prose.item()),
                    (0, "-", prose.sentence()),
                ]
                list_of(flow, items)
            case 2:
                flow.reserve(200)
                flow.text(f"Table {section}. {prose.sentence()}", replace(look.small, after=2), kind="caption")
                widths = [0.32 * flow.column.width] + [0.17 * flow.column.width] * 4
                table(flow, _spanned(prose), widths)
            case 3:
                list_of(flow, [(0, f"{index}.", prose.sentence()) for index in range(1, 5)])
                chart(flow, prose.random, [prose.noun() for _ in range(4)], 130, "curves" if section % 2 else "bars")
                flow.text(f"Figure {section}. {prose.sentence()}", replace(look.small, after=8), kind="caption")
            case 4:
                note(flow, prose.heading(), prose.paragraph(3), look.body)
            case _:
                photograph(flow, prose.random, 220, 130)
                flow.text(f"Figure {section}. {prose.sentence()}", replace(look.small, after=8), kind="caption")
        link = f"More stands in [the records of the {prose.noun()}](https://example.org/{section}). {prose.sentence()}"
        flow.text(link)
    made.sheets = made.sheets[: plan.pages]
    return made


def statement(prose: Prose, plan: Plan, ruling: str = "none") -> Book:
    """Return a statement: names and values, and a table that goes on over the page."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    flow = Flow(_columns(made, plan, "", "- {number} -"), look)
    flow.text("Statement of " + prose.noun(), look.headings[0], kind="title", level=1)
    flow.text(prose.paragraph(2))
    width = flow.column.width
    widths = [0.16 * width, 0.44 * width, 0.2 * width, 0.2 * width]
    number = 0

    def rows(count: int) -> list[list[Cell]]:
        nonlocal number
        made_rows = []
        for _ in range(count):
            number += 1
            made_rows.append(
                [
                    Cell(f"{number % 28 + 1:02}.{number % 12 + 1:02}.24"),
                    Cell(f"{prose.noun()} {prose.noun()}".capitalize()),
                    Cell(prose.figure(4), align="right"),
                    Cell(prose.figure(5), align="right"),
                ]
            )
        return made_rows

    head = [
        Cell("Date", is_bold=True),
        Cell("Subject", is_bold=True),
        Cell("Amount", is_bold=True, align="right"),
        Cell("Balance", is_bold=True, align="right"),
    ]
    for index in range(plan.pages):
        room = flow.column.bottom - flow.column.y
        used = room if index < plan.pages - 1 else 0.55 * room
        table(flow, [head, *rows(int(used / (9.0 * 1.75)) - 3)], widths, ruling=ruling)
        if index < plan.pages - 1:
            flow.advance()
    flow.text(prose.paragraph(3))
    details = [("Account", prose.name()), ("Reference", prose.figure(6)), ("Valid until", "31 March")]
    table(flow, [[Cell(name), Cell(value)] for name, value in details], [0.3 * width, 0.3 * width], ruling="none")
    flow.text(prose.paragraph(2))
    return made


def manual(prose: Prose, plan: Plan) -> Book:
    """Return a manual: steps, nested lists, warnings in boxes, a table with rules between rows."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    flow = Flow(_columns(made, plan, prose.heading(), "{number}"), look)
    chapter = 2
    while len(made.sheets) <= plan.pages:
        chapter += 1
        flow.text(f"{chapter} {prose.heading()}", look.headings[0], kind="heading", level=2)
        flow.text(prose.paragraph(2))
        flow.text(f"{chapter}.1 {prose.heading()}", look.headings[1], kind="heading", level=3)
        steps: list[tuple[int, str, str]] = []
        for index in range(1, 4):
            steps.append((0, f"{index}.", prose.sentence()))
            if index == 2:
                steps += [(1, "a)", prose.item()), (1, "b)", prose.item())]
        list_of(flow, steps)
        note(flow, "Warning", prose.paragraph(2), look.body, None if chapter % 2 else 0.9)
        flow.text(f"{chapter}.2 {prose.heading()}", look.headings[1], kind="heading", level=3)
        flow.text(prose.paragraph(2))
        widths = [0.2 * flow.column.width, 0.5 * flow.column.width, 0.2 * flow.column.width]
        rows = [[Cell("Code", is_bold=True), Cell("Meaning", is_bold=True), Cell("Limit", is_bold=True)]]
        rows += [[Cell(f"E{index}"), Cell(prose.item()[:38].strip()), Cell(prose.figure(2))] for index in range(10, 15)]
        table(flow, rows, widths, ruling="rows" if chapter % 2 else "shaded")
        flow.text(prose.paragraph(3))
    made.sheets = made.sheets[: plan.pages]
    return made


def problems(prose: Prose, plan: Plan) -> Book:
    """Return a page of a textbook that is full of formulas."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    flow = Flow(_columns(made, plan, "Exercises", "{number}"), look)
    count = 0
    while len(made.sheets) <= plan.pages:
        if count % 3 == 0:
            flow.text(prose.heading(), look.headings[1], kind="heading", level=2)
        count += 1
        flow.text(prose.paragraph(2)[:-1] + " for *x*_{1} and *y*^{2}, so that")
        formula(flow, FORMULAS[count % len(FORMULAS)], f"({count})" if count % 2 else "", plan.size * 1.05)
        flow.text("holds for each *n* of " + prose.paragraph(2)[0].lower() + prose.paragraph(2)[1:])
    made.sheets = made.sheets[: plan.pages]
    return made


def slides(prose: Prose, plan: Plan) -> Book:
    """Return slides: large type, bullets beside a picture."""
    made = Book(720, 405, plan.habit)
    look = look_of(replace(plan, size=16, font="Helvetica"))
    for number in range(plan.pages):
        sheet = made.add_sheet()
        head = Flow(iter([Column(sheet, 40, 30, 680, 220)]), look)
        head.text(prose.heading(), look.headings[0], kind="heading", level=2)
        left = Flow(iter([Column(sheet, 40, 100, 380, 360)]), look)
        list_of(left, [(0, "-", prose.item()) for _ in range(3)])
        right = Flow(iter([Column(sheet, 410, 100, 680, 360)]), look)
        if number % 2:
            chart(right, prose.random, [prose.noun() for _ in range(3)], 180)
        else:
            photograph(right, prose.random, 240, 160)
        furniture(sheet, "footer", f"Conference of the {prose.noun()}", 40, 392, replace(look.small, size=9))
        furniture(sheet, "page_number", str(number + 3), 680, 392, replace(look.small, size=9), 1.0)
    return made


def letter(prose: Prose, plan: Plan) -> Book:
    """Return a letter: sender, address, date on the right, text, and a list."""
    made = Book(plan.width, plan.height, plan.habit)
    look = look_of(plan)
    sheet = made.add_sheet()
    body = replace(look.body, align="left", hyphenates=False)
    address = Flow(iter([Column(sheet, plan.margin, 120, 300, 300)]), look)
    close = replace(body, after=0)
    region = address.text(prose.name(), close)
    address.text(f"{prose.noun().title()} Street 12", close, region=region)
    address.text(f"40{prose.random.randrange(100, 900)} Northport", close, region=region)
    date = Flow(iter([Column(sheet, plan.width - plan.margin - 110, 230, plan.width - plan.margin + 40, 260)]), look)
    date.text(f"{prose.random.randrange(1, 28)} March 2025", body)
    flow = Flow(iter([Column(sheet, plan.margin, 270, plan.width - plan.margin, 760)]), look)
    flow.text("**" + prose.heading() + "**", body, kind="heading", level=2)
    flow.text(f"Dear {prose.name()},", body)
    flow.text(prose.paragraph(4), body)
    list_of(flow, [(0, f"({sign})", prose.item()) for sign in "abc"], body)
    flow.text(prose.paragraph(3), body)
    flow.text("Yours sincerely,", replace(body, after=30))
    flow.text(prose.name(), body)
    furniture(
        sheet,
        "footer",
        f"{prose.noun().title()} Ltd, registered in Northport, No. 4711",
        plan.margin,
        plan.height - 36,
        look.small,
    )
    return made
