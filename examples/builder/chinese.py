# ruff: noqa: RUF001 - full-width marks are what Chinese is set with
"""One page of Chinese: a bulletin of an invented water supplier, with a ruled table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.book import Book
from builder.flow import Flow, Frame, Look, TextStyle
from builder.tables import Cell, Grid, cells
from builder.texts import read_text

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["build"]

WIDTH, HEIGHT, MARGIN = 595, 842, 78
RED, GREY = (0.75, 0.08, 0.08), (0.4, 0.4, 0.4)
LOOK = Look(
    body=TextStyle("chinese", 11, 19, indent=22, after=4, spaced=False),
    headings=(TextStyle("chinese", 13, 20, before=8, after=4, align="left", spaced=False),),
    item=TextStyle("chinese", 11, 19, after=2, spaced=False),
    item_inset=20,
)
CELL = TextStyle("chinese", 9.5, 13, align="left", spaced=False)
CAPTION = TextStyle("chinese", 9.5, 14, before=4, after=12, align="center", spaced=False)

ROWS = (
    ("河湾村", "1036", "42.8", "29.5", "24.9", "-4.6"),
    ("东岭村", "872", "36.1", "34.7", "27.2", "-7.5"),
    ("石桥村", "1240", "51.3", "22.4", "23.0", "+0.6"),
    ("南塘村", "955", "39.0", "26.8", "25.1", "-1.7"),
    ("柳溪村", "1418", "56.2", "25.3", "22.7", "-2.6"),
    ("镇区", "891", "34.6", "30.1", "26.0", "-4.1"),
)


def build(path: Path) -> None:
    """Write the bulletin."""
    book = Book("青禾镇供水站2024年度漏损控制工作简报", "青禾镇供水站", language="zh-CN")
    canvas = book.add_page(WIDTH, HEIGHT)
    canvas.text(WIDTH / 2, 82, "青禾镇供水站工作简报", face="chinese", size=24, align=0.5, colour=RED)
    canvas.text(MARGIN, 110, "2025年第3期", face="chinese", size=10.5)
    canvas.text(WIDTH - MARGIN, 110, "2025年3月14日", face="chinese", size=10.5, align=1.0)
    canvas.lines([[(MARGIN, 117), (WIDTH - MARGIN, 117)]], width=1.4, colour=RED)
    canvas.text(WIDTH / 2, 152, "2024年度管网漏损控制情况", face="chinese", size=17, align=0.5)
    flow = Flow(book, iter([Frame(canvas, MARGIN, 168, WIDTH - MARGIN, HEIGHT - 60)]), LOOK)
    flow.set(read_text("chinese.txt"), {"table": _table})
    canvas.text(WIDTH / 2, HEIGHT - 36, "— 1 —", face="chinese", size=9, align=0.5, colour=GREY)
    book.save(path)


def _table(flow: Flow) -> None:
    grid = Grid((89, 70, 80, 66, 66, 66), "crrrrr", CELL, CELL, padding=2.6, inset=6)
    header = [
        [Cell("片区", rows=2), Cell("户数", rows=2), Cell("供水量（万吨）", rows=2), Cell("漏损率（%）", columns=3)],
        cells("2023年", "2024年", "增减"),
    ]
    grid.flow(flow, ("表1：", "各片区供水量与漏损率"), header, [cells(*row) for row in ROWS], caption_style=CAPTION)
