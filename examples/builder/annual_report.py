"""An annual report: cover, blank page, roman and arabic page labels, a long table, a wide one on a turned page.

The cooperative and its figures are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.annual_report_figures import DIVISIONS, ITEMS, zones
from builder.book import Book
from builder.charts import Area, Axis, Series, bar_chart
from builder.flow import Flow, Frame, Look, TextStyle
from builder.tables import Cell, Grid, cells
from builder.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.book import Canvas

__all__ = ["build"]

WIDTH, HEIGHT, MARGIN = 595, 842, 62
TEAL, PALE, GREY = (0.05, 0.33, 0.38), (0.88, 0.94, 0.94), (0.4, 0.4, 0.4)
LOOK = Look(
    body=TextStyle("sans", 9.8, 13.6, after=6, align="left"),
    headings=(
        TextStyle("sans bold", 17, 21, before=18, after=8, align="left", colour=TEAL),
        TextStyle("sans bold", 11.5, 15, before=10, after=4, align="left", colour=TEAL),
    ),
    item=TextStyle("sans", 9.8, 13.6, after=2, align="left"),
)
CAPTION = TextStyle("sans", 8.6, 11, before=6, after=12, align="left")
SMALL = TextStyle("sans", 7.8, 9.4, align="left")
SMALL_BOLD = TextStyle("sans bold", 7.8, 9.4)


def build(path: Path) -> None:
    """Write the report."""
    book = Book("Annual Report 2024", "Orrindale Water Cooperative")
    _cover(book.add_page(WIDTH, HEIGHT))
    book.add_page(WIDTH, HEIGHT)  # the back of the cover stays blank
    flow = Flow(book, _pages(book), LOOK)
    blocks = {"figures": _key_figures, "chart": _chart, "page": Flow.advance, "zones": _zones}
    flow.set(read_text("annual-report.txt"), blocks)
    _accounts(book)
    book.document.set_page_labels(
        [{"startpage": 0, "style": "r", "firstpagenum": 1}, {"startpage": 2, "style": "D", "firstpagenum": 1}]
    )
    book.save(path)


def _cover(canvas: Canvas) -> None:
    canvas.rectangle(0, 0, WIDTH, 300, fill=TEAL)
    for number in range(5):
        waves = [(x, 300 + 16 * number + 7 * ((x // 35 + number) % 2)) for x in range(0, WIDTH + 35, 35)]
        canvas.lines([waves], width=2.2, colour=(0.05 + 0.16 * number, 0.33 + 0.12 * number, 0.38 + 0.11 * number))
    canvas.text(MARGIN, 120, "Orrindale Water Cooperative", face="sans", size=17, colour=(1, 1, 1))
    canvas.text(MARGIN, 190, "Annual Report", face="sans bold", size=46, colour=(1, 1, 1))
    canvas.text(MARGIN, 245, "2024", face="sans bold", size=46, colour=(0.72, 0.88, 0.88))
    canvas.text(MARGIN, 450, "Sixty zones, one ring main:", face="sans", size=15, colour=TEAL)
    canvas.text(MARGIN, 471, "supply, water lost, accounts", face="sans", size=15, colour=TEAL)
    lines = ("Presented to the general assembly of members", "Orrindale, 22 March 2025", "14 Reservoir Lane, Orrindale")
    for number, line in enumerate(lines):
        canvas.text(MARGIN, 720 + 15 * number, line, face="sans", size=10, colour=GREY)


def _furniture(book: Book, canvas: Canvas) -> None:
    """Running header and page number of a body page; the first one is numbered 1."""
    number = book.page_count - 2
    canvas.text(MARGIN, 40, "Orrindale Water Cooperative", face="sans", size=8, colour=GREY)
    canvas.text(canvas.width - MARGIN, 40, "Annual Report 2024", face="sans", size=8, align=1.0, colour=GREY)
    canvas.lines([[(MARGIN, 46), (canvas.width - MARGIN, 46)]], width=0.5, colour=TEAL)
    canvas.text(
        canvas.width - MARGIN, canvas.height - 30, str(number), face="sans bold", size=9, align=1.0, colour=TEAL
    )


def _pages(book: Book) -> Iterator[Frame]:
    while True:
        canvas = book.add_page(WIDTH, HEIGHT)
        _furniture(book, canvas)
        yield Frame(canvas, MARGIN, 62, WIDTH - MARGIN, HEIGHT - 58)


def _key_figures(flow: Flow) -> None:
    frame, canvas = flow.frame, flow.frame.canvas
    flow.gap(4)
    entries = (
        ("6 412", "connections"),
        ("2.60", "million m³ supplied"),
        ("24.6 %", "lost"),
        ("167", "breaks repaired"),
    )
    width = (frame.width - 3 * 10) / 4
    for number, (figure, name) in enumerate(entries):
        left = frame.left + number * (width + 10)
        canvas.rectangle(left, flow.y, left + width, flow.y + 54, fill=PALE)
        canvas.text(left + width / 2, flow.y + 27, figure, face="sans bold", size=19, align=0.5, colour=TEAL)
        canvas.text(left + width / 2, flow.y + 43, name, face="sans", size=8.5, align=0.5, colour=GREY)
    flow.y += 66


def _chart(flow: Flow) -> None:
    height = 200
    flow.gap(6)
    frame = flow.frame
    area = Area(frame.left + 26, flow.y + 26, frame.right, flow.y + height - 18)
    series = (
        Series("billed", (1.88, 1.93, 1.95, 1.90, 1.92, 1.96), TEAL),
        Series("lost", (0.81, 0.82, 0.80, 0.76, 0.72, 0.64), (0.85, 0.55, 0.20)),
    )
    ticks = ((0, "0"), (0.5, "0.5"), (1, "1.0"), (1.5, "1.5"), (2, "2.0"))
    years = ("2019", "2020", "2021", "2022", "2023", "2024")
    bar_chart(frame.canvas, area, years, series, Axis("million m³", 0, 2.2, ticks), places=2)
    caption = "**Figure 1:** Water billed to members and water lost, 2019 to 2024, in million cubic metres."
    flow.y += height + 4
    flow.caption(caption, CAPTION)
    flow.y += CAPTION.after


def _zones(flow: Flow) -> None:
    grid = Grid((30, 121, 72, 78, 78, 48, 44), "rlrrrrr", SMALL, SMALL_BOLD, padding=2.15, inset=4, header_fill=PALE)
    header = [
        [
            Cell("No.", rows=2),
            Cell("Zone", rows=2),
            Cell("Connections", rows=2),
            Cell("Water (m³)", columns=2),
            Cell("Lost (%)", rows=2),
            Cell("Breaks", rows=2),
        ],
        cells("supplied", "billed"),
    ]
    caption = ("Table 1:", "Supply, loss and breaks of the sixty zones in 2024.")
    note = "Supplied water includes 31 thousand cubic metres bought from a neighbouring supplier."
    grid.flow(flow, caption, header, [cells(*entry) for entry in zones()], caption_style=CAPTION, note=note)


def _accounts(book: Book) -> None:
    """The wide table on a landscape page, which is stored upright with /Rotate 90."""
    canvas = book.add_page(HEIGHT, WIDTH)
    _furniture(book, canvas)
    flow = Flow(book, iter([Frame(canvas, MARGIN, 60, HEIGHT - MARGIN, WIDTH - 50)]), LOOK)
    flow.set(read_text("annual-report-accounts.txt"))
    names = ("Item", *DIVISIONS, "Total")
    header = [
        [Cell(names[0], rows=2), *(Cell(name, columns=3) for name in names[1:])],
        cells(*("budget", "actual", "change") * 4),
    ]
    grid = Grid((130, *(49.0,) * 12), "l" + "r" * 12, SMALL, SMALL_BOLD, padding=3.6, header_fill=PALE)
    rows = [_account_row(name, values) for name, values in ITEMS]
    caption = ("Table 2:", "Income and expenditure of the divisions in 2024, budget and actual, in thousand crowns.")
    grid.flow(
        flow,
        caption,
        header,
        rows,
        caption_style=CAPTION,
        note="Change is actual less budget. Amounts in brackets are expenditure.",
    )
    book.store_turned(canvas)


def _account_row(name: str, values: tuple[int, ...]) -> list[Cell]:
    """Cells of one item: budget, actual and their difference for each division and in total."""
    pairs = [(values[place], values[place + 1]) for place in range(0, len(values), 2)]
    pairs.append((sum(budget for budget, _ in pairs), sum(actual for _, actual in pairs)))
    texts = [_crowns(amount) for budget, actual in pairs for amount in (budget, actual, actual - budget)]
    mark = "**" if name in {"Income", "Expenditure", "Result"} else ""
    return cells(*(f"{mark}{text}{mark}" for text in (name, *texts)))


def _crowns(amount: int) -> str:
    if amount == 0:
        return "–"  # noqa: RUF001 - a dash stands for nothing in accounts
    return f"({-amount:,})".replace(",", " ") if amount < 0 else f"{amount:,}".replace(",", " ")
