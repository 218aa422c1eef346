"""PDFs to read: A4 pages of text, each page different, made once and kept for the length of a benchmark."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pymupdf

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_pdf"]

_WORDS = (
    *("harbour", "ferry", "timetable", "winter", "crossing", "gauge", "water", "pressure", "logger", "valve", "night"),
    *("village", "supply", "network", "estimate", "leakage", "flow", "measured", "average", "district", "reservoir"),
    *("pipe", "material", "replaced", "reported", "committee", "season"),
)
_LINES = 44
_WORDS_A_LINE = 11
_PAGES_A_PART = 500  # PyMuPDF gets slow where one document grows to thousands of new pages


def make_pdf(folder: Path, pages: int) -> Path:
    """Return a PDF with that many pages of text; a page is the same in a file of any length."""
    path = folder / f"pages-{pages}.pdf"
    if path.exists():
        return path
    with pymupdf.open() as whole:
        for first in range(0, pages, _PAGES_A_PART):
            with pymupdf.open() as part:
                for number in range(first, min(pages, first + _PAGES_A_PART)):
                    page = part.new_page(width=595, height=842)
                    dice = random.Random(number)  # noqa: S311 - the same page in a file of any length
                    lines = [f"Page {number + 1}"]
                    lines += [" ".join(dice.choices(_WORDS, k=_WORDS_A_LINE)) for _ in range(_LINES)]
                    page.insert_text((56, 72), lines, fontsize=9.5, lineheight=1.6)
                whole.insert_pdf(part)
        whole.save(path, deflate=True)
    return path
