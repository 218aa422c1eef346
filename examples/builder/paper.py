# ruff: noqa: RUF001 - Greek letters, minus signs and primes are what a paper is set with
"""A two-column scientific paper: formulas, a chart, a table that goes on over a page break.

The study and everybody in it are invented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.book import BLACK, Book
from builder.charts import Area, Axis, Series, line_chart
from builder.flow import Flow, Frame, Look, TextStyle, set_paragraph
from builder.formulas import Formula, display, fraction, limits, math, radical, row
from builder.paper_figures import VILLAGES
from builder.tables import Cell, Grid, cells
from builder.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["build"]

TITLE = "Estimating Leakage in Village Water Networks from Night Pressure Alone"
WIDTH, HEIGHT, MARGIN, GUTTER = 595, 842, 50, 20
BLUE, ORANGE = (0.12, 0.36, 0.62), (0.80, 0.38, 0.14)
LOOK = Look(
    body=TextStyle("roman", 10, 12, indent=10, after=0),
    headings=(
        TextStyle("bold", 11.5, 14, before=11, after=4, align="left"),
        TextStyle("bold", 10.2, 12.5, before=8, after=3, align="left"),
    ),
    item=TextStyle("roman", 10, 12, after=1),
)
CAPTION = TextStyle("roman", 8.6, 10.4, before=8, after=10, align="left")
SMALL = TextStyle("roman", 8.4, 10.2, align="left")
SMALL_BOLD = TextStyle("bold", 8.4, 10.2)
REFERENCE = TextStyle("roman", 8.4, 10.2, after=2.5)


def build(path: Path) -> None:
    """Write the paper."""
    book = Book(TITLE, "M. Oskeldal, T. Wrenfield, I. Corvane")
    first = _page(book)
    top = _front_matter(first)
    flow = Flow(book, _columns(book, first, top), LOOK)
    blocks = {
        "balance": lambda flow: display(flow, _balance(), "1"),
        "exponent": lambda flow: display(flow, _exponent(), "2"),
        "deviation": lambda flow: display(flow, _deviation(), "3"),
        "share": lambda flow: display(flow, _share(), "4"),
        "materials": _materials,
        "plan": _plan,
        "chart": _chart,
        "column": Flow.advance,
        "villages": _villages,
        "references": _references,
    }
    flow.set(read_text("paper.txt"), blocks)
    book.document.set_page_labels([{"startpage": 0, "style": "D", "firstpagenum": 41}])  # as printed in the volume
    book.save(path)


def _page(book: Book) -> Frame:
    """A new page with its running header and number; the whole type area as a frame."""
    canvas = book.add_page(WIDTH, HEIGHT)
    number = book.page_count
    if number == 1:
        canvas.text(MARGIN, 36, "Lindhaven Reports on Small Water Systems 7 (2025) 41–44", face="italic", size=8.5)
    elif number % 2:
        canvas.text(WIDTH - MARGIN, 36, "Leakage from night pressure alone", face="italic", size=8.5, align=1.0)
    else:
        canvas.text(MARGIN, 36, "M. Oskeldal, T. Wrenfield and I. Corvane", face="italic", size=8.5)
    canvas.lines([[(MARGIN, 42), (WIDTH - MARGIN, 42)]], width=0.4)
    canvas.text(WIDTH / 2, HEIGHT - 32, str(40 + number), face="roman", size=9, align=0.5)
    return Frame(canvas, MARGIN, 58, WIDTH - MARGIN, HEIGHT - 56)


def _front_matter(frame: Frame) -> float:
    canvas, y = frame.canvas, frame.top + 8
    y = set_paragraph(canvas, 95, y, WIDTH - 190, TITLE, TextStyle("bold", 18, 22, align="center")) + 10
    authors = "Maren Oskeldal^{1}, Tobias Wrenfield^{1} and Ilse Corvane^{2}"
    y = set_paragraph(canvas, 70, y, WIDTH - 140, authors, TextStyle("roman", 11.5, 15, align="center")) + 3
    for line in (
        "^{1} Department of Hydraulic Engineering, University of Lindhaven",
        "^{2} Orrindale Water Cooperative, Orrindale",
    ):
        y = set_paragraph(canvas, 70, y, WIDTH - 140, line, TextStyle("italic", 9.2, 11.5, align="center"))
    y += 12
    canvas.text(WIDTH / 2, y + 8, "Abstract", face="bold", size=10, align=0.5)
    y = (
        set_paragraph(
            canvas,
            88,
            y + 14,
            WIDTH - 176,
            " ".join(read_text("paper-abstract.txt").split()),
            TextStyle("roman", 9.2, 11.2),
        )
        + 6
    )
    words = "**Keywords:** water loss, minimum night flow, pressure management, rural supply"
    return set_paragraph(canvas, 88, y, WIDTH - 176, words, TextStyle("roman", 9.2, 11.2, align="left")) + 14


def _columns(book: Book, page: Frame, top: float) -> Iterator[Frame]:
    width = (WIDTH - 2 * MARGIN - GUTTER) / 2
    while True:
        for left in (MARGIN, MARGIN + width + GUTTER):
            yield Frame(page.canvas, left, top, left + width, page.bottom)
        page = _page(book)
        top = page.top


def _balance() -> Formula:
    return row(
        math("*Q*_{n} = "),
        limits("∑", "*i* = 1", "*m*"),
        math("*C*_{i} *p*_{i}"),
        math("^{α}", face="italic"),
        math("+ *Q*_{c} *h*"),
        gap=1.5,
    )


def _exponent() -> Formula:
    return row(math("*α* ="), fraction(math("ln (*Q*_{2} / *Q*_{1})"), math("ln (*p*_{2} / *p*_{1})")), gap=4)


def _deviation() -> Formula:
    squares = row(
        fraction(math("1"), math("*N* − 2")), limits("∑", "*k* = 1", "*N*"), math("(*q*_{k} − *q*′_{k})^{2}"), gap=3
    )
    return row(math("*s* ="), radical(squares), gap=4)


def _share() -> Formula:
    return row(
        math("*L* = 100 ·"),
        fraction(math("*V*_{leak}"), math("*V*_{in}")),
        math("=  100 ·"),
        fraction(_integral("*Q*_{l} d*t*"), _integral("*Q*_{in} d*t*")),
        gap=4,
    )


def _integral(integrand: str) -> Formula:
    return row(math("∫", 13, face="symbol"), math(integrand), gap=1)


def _materials(flow: Flow) -> None:
    grid = Grid((76, 48, 48, 60), "lrrr", SMALL, SMALL_BOLD, padding=3, rules="rows", header_fill=None)
    rows = [
        cells("Ductile iron", "7", "0.71", "0.05"),
        cells("Asbestos cement", "4", "0.94", "0.07"),
        cells("Polyvinyl chloride", "9", "1.27", "0.06"),
        cells("Polyethylene", "6", "1.18", "0.08"),
    ]
    caption = (
        "Table 1:",
        "Leakage exponent *α* by prevailing pipe material, mean of the villages and standard deviation *s*.",
    )
    header = [cells("Pipe material", "Villages", "*α*", "*s* of *α*")]
    grid.flow(flow, caption, header, rows, caption_style=CAPTION)


def _villages(flow: Flow) -> None:
    grid = Grid((73, 33, 50, 38, 42), "lrrrr", SMALL, SMALL_BOLD, padding=3.3)
    header = [
        [Cell("Village", rows=2), Cell("Network", columns=2), Cell("Night", columns=2)],
        cells("km", "connections", "*Q*_{n} (l/s)", "leak (%)"),
    ]
    caption = (
        "Table 2:",
        "The villages by length of network, service connections, minimum night flow and share of the inflow lost.",
    )
    grid.flow(flow, caption, header, [cells(*entry) for entry in VILLAGES], caption_style=CAPTION)


def _chart(flow: Flow) -> None:
    height = 178
    flow.reserve(height + 40)
    flow.gap(8)
    frame = flow.frame
    area = Area(frame.left + 24, flow.y + 24, frame.right - 6, flow.y + height - 28)
    hours = (0, 1, 2, 3, 4, 5, 6)
    series = (
        Series("measured", (1.92, 1.41, 1.12, 1.03, 1.08, 1.66, 2.71), BLUE),
        Series("estimated", (1.80, 1.36, 1.15, 1.07, 1.11, 1.55, 2.48), ORANGE, "[4 2] 0"),
    )
    line_chart(
        frame.canvas,
        area,
        hours,
        series,
        Axis("hour of the night", 0, 6, tuple((hour, f"{hour}:00") for hour in hours)),
        Axis("inflow (l/s)", 0, 3, ((0, "0"), (1, "1.0"), (2, "2.0"), (3, "3.0"))),
    )
    caption = (
        "**Figure 2:** Inflow to the village of Kestmere in the night of 11 February, measured at the reservoir and "
        "estimated from pressure alone."
    )
    flow.y += height
    flow.caption(caption, CAPTION)
    flow.y += CAPTION.after


def _plan(flow: Flow) -> None:
    """The arrangement of a test: reservoir, main, four nodes, two loggers."""
    height = 92
    flow.reserve(height + 40)
    flow.gap(8)
    frame, canvas = flow.frame, flow.frame.canvas
    left, main = frame.left + 10, flow.y + 58
    canvas.rectangle(left, main - 40, left + 38, main - 14, fill=(0.85, 0.91, 0.97), line=BLACK, width=0.8)
    canvas.lines([[(left + 30, main - 14), (left + 30, main), (frame.right - 26, main)]], width=1.6, colour=BLUE)
    nodes = [left + 78 + 36 * place for place in range(4)]
    for number, x in enumerate(nodes, 1):
        canvas.lines([[(x, main), (x, main + 18)]], width=0.8, colour=BLUE)
        canvas.circle(x, main, 3, fill=BLUE)
        canvas.text(x, main - 8, f"C{number}", face="sans italic", size=7, align=0.5)
        canvas.text(x, main + 26, "leak", face="sans", size=6.5, align=0.5)
    for x, name in ((left + 44, "A"), (frame.right - 26, "B")):
        canvas.rectangle(x - 7, main - 32, x + 7, main - 20, fill=(1, 1, 1), line=ORANGE, width=1)
        canvas.lines([[(x, main - 20), (x, main)]], width=0.8, colour=ORANGE)
        canvas.text(x, main - 23.4, name, face="sans bold", size=7.5, align=0.5, colour=ORANGE)
    canvas.text(left + 19, main - 24, "reservoir", face="sans", size=6.8, align=0.5)
    canvas.text(frame.right - 26, main + 10, "hydrant", face="sans", size=6.8, align=0.5)
    caption = (
        "**Figure 1:** Arrangement of a test. Loggers A and B record the pressure at either end of the main; the leaks "
        "at the nodes are lumped."
    )
    flow.y += height
    flow.caption(caption, CAPTION)
    flow.y += CAPTION.after


def _references(flow: Flow) -> None:
    for number, entry in enumerate(read_text("paper-references.txt").splitlines(), 1):
        flow.paragraph(entry, REFERENCE, inset=19, mark=f"[{number}]")
