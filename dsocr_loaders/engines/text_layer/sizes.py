"""The font sizes of a document: what its body is set in, and which sizes its headings have.

An engine sees one page at a time, and a page may hold nothing but a heading and a table. So the sizes come from a few
pages spread over the whole file, which makes them the same for each of its pages, whichever is read first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.documents import Password, damage_as_error, opened
from dsocr_loaders.engines.text_layer.extract import runs_of
from dsocr_loaders.errors import SourceDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.engines.text_layer.layer import Run
    from dsocr_loaders.values import Source

__all__ = ["LARGER", "SizeProfile", "profile_of_pages", "profile_of_source"]

LARGER = 1.12
"""A text this many times the body's size is larger on purpose: rounding and optical sizes stay below 1.1."""

_SAMPLED_PAGES = 8
_STEP = 1.06  # sizes closer than this are one
_LONGEST_HEADING = 200  # characters
_REMEMBERED_FILES = 16


@dataclass(frozen=True, slots=True)
class SizeProfile:
    """Font sizes in points.

    Attributes:
        body: the size that most characters have; 0 for a document without text.
        body_is_bold: whether most characters of that size are bold.
        headings: sizes of short lines that are larger than the body, descending, the title's own left out.
    """

    body: float
    body_is_bold: bool
    headings: tuple[float, ...]

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
    pages = []
    for index in sorted({number * total // _SAMPLED_PAGES for number in range(_SAMPLED_PAGES)} if total else ()):
        try:
            with damage_as_error(source.name):
                pages.append(runs_of(document[index]))
        except SourceDamaged:
            continue
    return profile_of_pages(pages)


def profile_of_pages(pages: Sequence[Sequence[Run]]) -> SizeProfile:
    """Return the sizes of the runs of pages in order; the first page is the one that may bear the title."""
    characters: Counter[float] = Counter()
    bold: Counter[float] = Counter()
    for run in (run for page in pages for run in page):
        size = round(run.size * 2) / 2
        characters[size] += len(run.text)
        bold[size] += len(run.text) * run.is_bold
    if not characters:
        return SizeProfile(0.0, body_is_bold=False, headings=())
    # Of two equally frequent sizes the smaller is the body.
    body = max(characters, key=lambda size: (characters[size], -size))
    on_pages = [_larger_sizes(page, body) for page in pages]
    sizes = _apart({size for page in on_pages for size in page})
    if sizes and _is_title_only(sizes[0], on_pages):
        sizes = sizes[1:]
    return SizeProfile(body, body_is_bold=bold[body] * 2 > characters[body], headings=tuple(sizes))


def _larger_sizes(runs: Iterable[Run], body: float) -> dict[float, set[int]]:
    """Return size -> the blocks it occurs in, for runs that may be headings."""
    found: dict[float, set[int]] = defaultdict(set)
    for run in runs:
        is_word = sum(map(str.isalpha, run.text)) > 1 and len(run.text) <= _LONGEST_HEADING
        if is_word and run.size >= LARGER * body:
            found[run.size].add(run.painted_block)
    return found


def _apart(sizes: Iterable[float]) -> list[float]:
    """Return the sizes in descending order, each at least a step below the one before."""
    apart: list[float] = []
    for size in sorted(sizes, reverse=True):
        if not apart or size * _STEP < apart[-1]:
            apart.append(size)
    return apart


def _is_title_only(largest: float, on_pages: Sequence[dict[float, set[int]]]) -> bool:
    """Whether the largest size occurs in one place of the first page and nowhere else."""
    places = [blocks for page in on_pages for size, blocks in page.items() if size * _STEP >= largest]
    on_first = [size for size in on_pages[0] if size * _STEP >= largest]
    return len(places) == len(on_first) == 1 and len(places[0]) == 1
