"""Whether a table goes on from the one before a page break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import hull
from dsocr_loaders.structure.captions import caption_of_what, is_continued
from dsocr_loaders.structure.wording import title_key
from dsocr_loaders.tables import parse_tables
from dsocr_loaders.values import Join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import Region

__all__ = ["OpenTable", "open_table", "table_join"]

_SAME_X = 0.04  # of the page's width, for both edges of a table that goes on without any word


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that may go on behind the next page break.

    Attributes:
        page_number, order: its last part so far.
        region: that part.
        columns: how many it has.
        header: its header rows, `title_key` of each cell.
        numbers_in: columns whose last body cell is a number, which tells a body row from a header.
        number: what its caption calls it, or `""`.
        caption: page number and order of its caption, or None.
    """

    page_number: int
    order: int
    region: Region
    columns: int
    header: tuple[tuple[str, ...], ...]
    numbers_in: frozenset[int]
    number: str
    caption: tuple[int, int] | None


def open_table(region: Region, page_number: int, captions: Sequence[Region]) -> OpenTable | None:
    """Return what has to be known of a table so that its continuation can be recognised; None if it has no rows."""
    tables = [table for table in parse_tables(region.text) if table.rows]
    if not tables:
        return None
    grid = tables[-1].grid
    header_rows = tables[-1].header_rows
    body = grid[header_rows:]
    return OpenTable(
        page_number=page_number,
        order=region.order,
        region=region,
        columns=len(grid[0]),
        header=tuple(tuple(map(title_key, row)) for row in grid[:header_rows]),
        numbers_in=frozenset(column for row in body[-1:] for column, cell in enumerate(row) if _is_number(cell)),
        number=next(iter(_numbers(captions)), ""),
        caption=next(((page_number, caption.order) for caption in captions), None),
    )


def table_join(  # noqa: PLR0911 - one line for each rule, in the order in which they hold
    earlier: OpenTable, later: Region, captions: Sequence[Region]
) -> Join | None:
    """Return how the first table of a page goes on from the last one before; None if it does not.

    They have as many columns, and one of these holds: the first rows repeat the earlier header; a caption says that
    it goes on, or has the same number; it has neither caption nor header, stands between the same edges and its first
    row has numbers where the earlier rows have some.
    """
    tables = [table for table in parse_tables(later.text) if table.rows]
    if not tables:
        return None
    grid = tables[0].grid
    if len(grid[0]) != earlier.columns:
        return None
    place = (earlier.page_number, earlier.order)
    numbers = _numbers(captions)
    goes_on = any(is_continued(caption.text) for caption in captions)
    if numbers and earlier.number not in numbers and (earlier.number or not goes_on):
        return None
    repeated = _repeated_rows(earlier, [tuple(map(title_key, row)) for row in grid[: len(earlier.header) + 1]])
    if repeated:
        if captions and not goes_on and not numbers:
            return None  # a table of its own that is headed alike
        return Join(*place, "rows_after_header", repeated)
    if goes_on or numbers:
        return Join(*place, "rows")
    first = frozenset(column for column, cell in enumerate(grid[0]) if _is_number(cell))
    is_body = bool(first & earlier.numbers_in) and len(first ^ earlier.numbers_in) <= 1
    return Join(*place, "rows") if not captions and is_body and _have_same_edges(earlier.region, later) else None


def _numbers(captions: Sequence[Region]) -> list[str]:
    return [found[1] for caption in captions if (found := caption_of_what(caption.text))]


def _repeated_rows(earlier: OpenTable, rows: Sequence[tuple[str, ...]]) -> int:
    header = earlier.header
    return len(header) if header and any(map(any, header)) and tuple(rows[: len(header)]) == header else 0


def _is_number(cell: str) -> bool:
    has_digits = any(map(str.isdecimal, cell))
    is_year = len(cell) == len("2024") and cell.isdecimal() and cell[:2] in {"19", "20"}
    return has_digits and not any(map(str.isalpha, cell)) and not is_year


def _have_same_edges(one: Region, other: Region) -> bool:
    if not one.boxes or not other.boxes:
        return not one.boxes and not other.boxes
    first, second = hull(one.boxes), hull(other.boxes)
    return abs(first.x0 - second.x0) <= _SAME_X and abs(first.x1 - second.x1) <= _SAME_X
