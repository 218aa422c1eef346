"""Page ranges such as `"1-3,7,-1"`."""

from __future__ import annotations

import re

__all__ = ["page_ranges", "selected_pages"]

_PAGE_RANGES = re.compile(r"\s*-?\d+(\s*-\s*-?\d+)?(\s*,\s*-?\d+(\s*-\s*-?\d+)?)*\s*")
_PAGE_RANGE = re.compile(r"\s*(-?\d+)(?:\s*-\s*(-?\d+))?\s*")


def page_ranges(spec: str) -> tuple[tuple[int, int], ...]:
    """Return `(first, last)` for each range of `spec`, both as written: from 1, or negative from the end.

    Raises:
        ValueError: `spec` is no list of page ranges, names a page 0, or has a range that runs backwards in any file.
    """
    if not _PAGE_RANGES.fullmatch(spec):
        raise ValueError("no page ranges")
    ranges = []
    for part in spec.split(","):
        found = _PAGE_RANGE.fullmatch(part)
        if found is None:
            raise ValueError("no page range")
        first = int(found[1])
        last = int(found[2]) if found[2] else first
        if first == 0 or last == 0:
            raise ValueError("pages count from 1")
        if first > last and (first > 0) == (last > 0):
            raise ValueError("a range that runs backwards")
        ranges.append((first, last))
    return tuple(ranges)


def selected_pages(spec: str | None, total_pages: int) -> tuple[int, ...]:
    """Return the page numbers, from 1, that `spec` selects of a file with `total_pages` pages, each once, ascending.

    Pages beyond the file's end are left out, so that one range serves files of different lengths.

    Raises:
        ValueError: `spec` is no list of page ranges.
    """
    if spec is None:
        return tuple(range(1, total_pages + 1))
    chosen: set[int] = set()
    for first, last in page_ranges(spec):
        low, high = (number if number > 0 else total_pages + 1 + number for number in (first, last))
        chosen.update(range(max(1, low), min(total_pages, high) + 1))
    return tuple(sorted(chosen))
