"""Every document of the set, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from layout_set.prose import APART, KNOWN, Prose
from layout_set.recipes import Plan, article, book, magazine, newsletter
from layout_set.reports import letter, manual, problems, report, slides, statement
from layout_set.scripts import chinese, hebrew, japanese, vertical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from layout_set.sheet import Book

__all__ = ["CATALOGUE", "Entry", "build"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A document: who writes it to a path, and whether it is kept apart from those that one looks at while working."""

    name: str
    write: Callable[[Path], None]
    is_apart: bool


def _known(name: str, recipe: Callable[[Prose, Plan], Book], plan: Plan) -> Entry:
    return Entry(name, lambda path: recipe(Prose(name, KNOWN), plan).save(path), is_apart=False)


def _apart(name: str, recipe: Callable[[Prose, Plan], Book], plan: Plan) -> Entry:
    return Entry(name, lambda path: recipe(Prose(name, APART), plan).save(path), is_apart=True)


def _script(name: str, recipe: Callable[[], Book], *, is_apart: bool) -> Entry:
    return Entry(name, lambda path: recipe().save(path), is_apart)


CATALOGUE: tuple[Entry, ...] = (
    _known("article-two", article, Plan(pages=3)),
    _known("article-words", article, Plan(font="Helvetica", size=9, habit="word", gutter=22, header_at=70, pages=2)),
    _known("article-shuffled", article, Plan(size=9.5, habit="shuffled lines", indent=12, numbered=False, pages=2)),
    _known("article-one", article, Plan(columns=1, margin=90, size=11, bold_headings=False, spacing=2.5, pages=2)),
    _known("book", book, Plan(width=430, height=640, size=10.5, indent=14, header_at=58, margin=60, pages=3)),
    _known("magazine", magazine, Plan(columns=3, size=9, gutter=14, margin=45, indent=9, pages=2)),
    _known("magazine-blocks", magazine, Plan(columns=3, font="Helvetica", size=8.5, habit="shuffled blocks", pages=1)),
    _known("newsletter", newsletter, Plan(size=9.5, gutter=16, pages=2)),
    _known("report", report, Plan(font="Helvetica", columns=1, margin=70, pages=5)),
    _known("statement", partial(statement, ruling="none"), Plan(font="Helvetica", size=9.5, habit="word", pages=2)),
    _known("statement-ruled", partial(statement, ruling="full"), Plan(size=10, pages=2)),
    _known("manual", manual, Plan(font="Helvetica", size=10, margin=80, header_at=62, pages=3)),
    _known("problems", problems, Plan(columns=1, size=11, margin=85, pages=2)),
    _known("slides", slides, Plan(pages=2)),
    _script("chinese-two", lambda: chinese("chinese-two", 0, 2), is_apart=False),
    _script("japanese", lambda: japanese("japanese", 0), is_apart=False),
    _script("vertical", lambda: vertical("vertical", 0, 1), is_apart=False),
    _script("vertical-two", lambda: vertical("vertical-two", 0, 2, 10.0), is_apart=False),
    Entry("hebrew", lambda path: hebrew(path, "hebrew", 0, 2), is_apart=False),
    _apart("article-narrow", article, Plan(size=9, gutter=14, margin=48, leading=1.15, header_at=44, pages=3)),
    _apart("article-letters", article, Plan(font="Helvetica", size=9.5, habit="letter", numbered=False, pages=2)),
    _apart("book-large", book, Plan(width=480, height=700, size=11.5, leading=1.3, indent=18, header_at=66, pages=2)),
    _apart("magazine-wide", magazine, Plan(columns=3, size=10, gutter=20, margin=40, habit="word", pages=2)),
    _apart("newsletter-sans", newsletter, Plan(font="Helvetica", size=9, gutter=20, margin=48, spacing=3.5, pages=1)),
    _apart("report-serif", report, Plan(size=11, leading=1.3, margin=80, bold_headings=False, pages=4)),
    _apart("statement-rows", partial(statement, ruling="rows"), Plan(size=10, pages=1)),
    _apart("statement-open", partial(statement, ruling="none"), Plan(font="Helvetica", size=9, margin=64, pages=1)),
    _apart("manual-blocks", manual, Plan(size=10.5, margin=70, habit="shuffled blocks", pages=2)),
    _apart("problems-sans", problems, Plan(font="Helvetica", size=10, margin=70, pages=1)),
    _apart("slides-apart", slides, Plan(pages=1)),
    _apart("letter", letter, Plan(font="Times-Roman", size=11, margin=72, pages=1)),
    _script("chinese-three", lambda: chinese("chinese-three", 1, 3, 9.0), is_apart=True),
    _script("vertical-apart", lambda: vertical("vertical-apart", 1, 2, 12.0, by_character=True), is_apart=True),
    Entry("hebrew-one", lambda path: hebrew(path, "hebrew-one", 1, 1), is_apart=True),
)


def build(folder: Path, names: frozenset[str] | None = None) -> list[tuple[Entry, Path]]:
    """Write the documents and their truth (`NAME.pdf`, `NAME.json`) and return them with their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for entry in CATALOGUE:
        if names is None or entry.name in names:
            path = folder / f"{entry.name}.pdf"
            entry.write(path)
            written.append((entry, path))
    return written
