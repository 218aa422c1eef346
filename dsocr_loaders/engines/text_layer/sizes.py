"""The font sizes of a document: what its body is set in, and which sizes its headings have.

An engine sees one page at a time, and a page may hold nothing but a heading and a table. So the sizes come from a few
pages spread over the whole file, which makes them the same for each of its pages, whichever is read first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.documents import Password, damage_as_error, opened
from dsocr_loaders.engines.text_layer.extract import runs_of
from dsocr_loaders.engines.text_layer.repetition import NOTHING_REPEATED, Repetition, edge_rows, repetition_of
from dsocr_loaders.errors import SourceDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Run
    from dsocr_loaders.values import Source

__all__ = ["LARGER", "SizeProfile", "profile_of_pages", "profile_of_source"]

LARGER = 1.11
"""A text this many times the body's size is larger on purpose: 10 on 9 points is, the 10.95 of LaTeX on 10 is not."""

_SAMPLED_PAGES = 8
_STEP = 1.06  # sizes closer than this are one
_LONGEST_HEADING = 200  # characters
_FEWEST_IN_LINE = 20  # characters of a line of running text; the cells of a table have fewer
_RUNNING_TEXT = 0.1  # of all characters: with less, the document has no running text to go by
_REMEMBERED_FILES = 16


@dataclass(frozen=True, slots=True)
class SizeProfile:
    """Font sizes in points.

    Attributes:
        body: the size that most characters have; 0 for a document without text.
        body_is_bold: whether most characters of that size are bold.
        headings: sizes of short lines that are larger than the body, descending, the title's own left out.
        repetition: where running heads and feet stand.
    """

    body: float
    body_is_bold: bool
    headings: tuple[float, ...]
    repetition: Repetition = NOTHING_REPEATED

    def rank(self, size: float) -> int:
        """Return which of the headings' sizes `size` is, from 1; one more than there are for a smaller one."""
        return 1 + sum(size * _STEP < heading for heading in self.headings)


@lru_cache(maxsize=_REMEMBERED_FILES)
def profile_of_source(source: Source, password: Password) -> SizeProfile:
    """Return the sizes of a file, from eight pages at most. Broken pages count as empty.

    Raises:
        SourceDamaged, PasswordRequired: the file cannot be opened.
    """
    document = opened(source, password)
    total = document.page_count
    pages: list[tuple[Run, ...]] = []
    heights: list[float] = []
    for index in sorted({number * total // _SAMPLED_PAGES for number in range(_SAMPLED_PAGES)} if total else ()):
        try:
            with damage_as_error(source.name):
                runs, height = runs_of(document[index])
        except SourceDamaged:
            continue
        pages.append(runs)
        heights.append(height)
    profile = profile_of_pages(pages)
    rows = [edge_rows(page, height, profile.body) for page, height in zip(pages, heights, strict=True)]
    return replace(profile, repetition=repetition_of(rows))


def profile_of_pages(pages: Sequence[Sequence[Run]]) -> SizeProfile:
    """Return the sizes of the runs of pages in order; the first page is the one that may bear the title."""
    characters: Counter[float] = Counter()
    bold: Counter[float] = Counter()
    runs = [run for page in pages for run in page]
    long = [run for run in runs if len(run.text) >= _FEWEST_IN_LINE]
    has_running_text = sum(len(run.text) for run in long) >= _RUNNING_TEXT * sum(len(run.text) for run in runs)
    for run in long if has_running_text else runs:
        size = round(run.size * 2) / 2
        characters[size] += len(run.text)
        bold[size] += len(run.text) * run.is_bold
    if not characters:
        return SizeProfile(0.0, body_is_bold=False, headings=())
    # Of two equally frequent sizes the smaller is the body.
    body = max(characters, key=lambda size: (characters[size], -size))
    on_pages = [_larger_runs(page, body) for page in pages]
    sizes = _apart(run.size for page in on_pages for run in page)
    if sizes and _is_title_only(sizes[0], on_pages):
        sizes = sizes[1:]
    return SizeProfile(body, body_is_bold=bold[body] * 2 > characters[body], headings=tuple(sizes))


def _larger_runs(runs: Iterable[Run], body: float) -> list[Run]:
    """Return the runs that may be headings."""
    return [
        run
        for run in runs
        if run.size >= LARGER * body and sum(map(str.isalpha, run.text)) > 1 and len(run.text) <= _LONGEST_HEADING
    ]


def _apart(sizes: Iterable[float]) -> list[float]:
    """Return the sizes in descending order, each at least a step below the one before."""
    apart: list[float] = []
    for size in sorted(sizes, reverse=True):
        if not apart or size * _STEP < apart[-1]:
            apart.append(size)
    return apart


def _is_title_only(largest: float, on_pages: Sequence[Sequence[Run]]) -> bool:
    """Whether the largest size occurs in one place of the first page and nowhere else."""
    first, *others = [[run.place for run in page if run.size * _STEP >= largest] for page in on_pages]
    if any(others) or not first:
        return False
    first.sort(key=lambda place: place.y0)
    return all(below.y0 - above.y1 < largest / 2 for above, below in pairwise(first))
