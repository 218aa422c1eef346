"""Tables -> drafts: whole, or in parts that each have header, captions and place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import Draft, Part, TablePlace, WholeTable
from dsocr_loaders.chunking.passages import Band, Piece
from dsocr_loaders.chunking.provenance import place_of_rows, places_of_rows, row_starts
from dsocr_loaders.chunking.sequence import stable_id
from dsocr_loaders.chunking.splitting import Room, split_text
from dsocr_loaders.chunking.tokens import TokenCount
from dsocr_loaders.tables import (
    Measure,
    Table,
    TablePart,
    columns_in_words,
    inert_markup,
    lay_out,
    layout_of,
    parse_tables,
    row_lines,
    split_table,
    table_text,
)
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.chunking.budget import Budget
    from dsocr_loaders.chunking.flow import TableShare
    from dsocr_loaders.chunking.headings import Heading
    from dsocr_loaders.settings import Settings

__all__ = ["MOST_BANDS", "FoundTable", "TableDrafter", "tables_of"]

MOST_BANDS = 16
"""Most pieces that the rows of one region are told apart in, so that a chunk's metadata stays small."""


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row of a table comes from: which row, from 1, of how many in its region."""

    share: TableShare
    number: int
    total: int
    starts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table of the document.

    Attributes:
        table: without the text around it.
        rows: where each of its rows comes from.
        before, after: text that stood around the table in its region.
        number: which table of its first region it is, from 0.
    """

    table: Table
    rows: tuple[Row, ...]
    before: str
    after: str
    number: int

    @property
    def id(self) -> str:
        """Names the table."""
        page = self.rows[0].share.page
        return stable_id(page.source, page.page_number, self.rows[0].share.region.order, "table", self.number)


def tables_of(shares: Sequence[TableShare]) -> list[FoundTable]:
    """Return the tables that shares of a block hold; the last of a share and the first of the next are one."""
    found: list[FoundTable] = []
    for position, share in enumerate(shares):
        tables = [table for table in parse_tables(share.region.text) if table.rows]
        total = sum(len(table.rows) for table in tables)
        starts = row_starts(share.region, total)
        above = 0
        for number, table in enumerate(tables):
            rows = tuple(Row(share, above + at, total, starts) for at in range(1, len(table.rows) + 1))
            above += len(table.rows)
            bare = Table(table.rows, table.header_rows)
            if number == 0 and position and found:
                found[-1] = _continued(found[-1], bare, rows, share.repeated_rows, table)
            else:
                found.append(FoundTable(bare, rows, table.before, table.after, number))
    return found


def _continued(earlier: FoundTable, table: Table, rows: Sequence[Row], repeated: int, later: Table) -> FoundTable:
    """Return the table that goes on with the rows of another, but for those that repeat its header."""
    repeated = min(repeated, len(table.rows))
    further = [tuple(replace(cell, is_header=False) for cell in row) for row in table.rows[repeated:]]
    around = [earlier.after, later.before, later.after]
    return replace(
        earlier,
        table=Table((*earlier.table.rows, *further), earlier.table.header_rows),
        rows=(*earlier.rows, *rows[repeated:]),
        after="\n\n".join(text for text in around if text),
    )


class TableDrafter:
    """Makes the drafts of tables."""

    def __init__(self, budget: Budget, settings: Settings) -> None:
        self._budget = budget
        self._format = settings.table_format
        self._has_parents = settings.parents

    def drafts(
        self,
        tables: Sequence[FoundTable],
        section: Sequence[Heading],
        opening: Sequence[Part],
        above: Sequence[Part],
        below: Sequence[Part],
    ) -> list[Draft]:
        """Return the drafts of the tables of a block; each one that fits is one draft.

        Args:
            tables: in order.
            section: the headings that they stand under.
            opening: headings right above, which the first draft has.
            above: captions, which every draft has.
            below: likewise, and footnotes.
        """
        drafts: list[Draft] = []
        for found in tables:
            drafts += self._drafts_of(found, section, () if drafts else opening, above, below)
        return drafts

    def _drafts_of(
        self,
        found: FoundTable,
        section: Sequence[Heading],
        opening: Sequence[Part],
        above: Sequence[Part],
        below: Sequence[Part],
    ) -> list[Draft]:
        above = [*above, *self._around(found, found.before)]
        below = [*self._around(found, found.after), *below]
        context, context_tokens = self._budget.context(section, opening)
        _, further_tokens = self._budget.context(section, ())
        around = self._budget.sum([*above, *below])
        first = context_tokens + self._budget.sum(opening)
        room = self._budget.tokens - around - max(first, further_tokens)
        whole = TablePart(found.table, min(1, found.table.body_rows), found.table.body_rows)
        part = self._part(found, whole)
        everything = [*opening, *above, part, *below]
        table_id = found.id
        parts: Sequence[TablePart] = (whole,)
        if not (self._budget.fits(everything, context_tokens) and self._budget.is_kept(everything, context)):
            parts = self._split(found.table, room)
        placements = lay_out(found.table.rows)

        def place_of(one: TablePart, number: int) -> TablePlace:
            rows = f"{one.first_row}-{one.last_row}" if one.last_row else ""
            layout = layout_of(placements, one, found.table.header_rows)
            return TablePlace(table_id, rows, number, len(parts), columns_in_words(one.columns), layout)

        if len(parts) == 1:
            return [_draft(everything, section, context, place_of(whole, 1))]
        complete = (
            WholeTable(tuple(everything), context, replace(place_of(whole, 1), parts=1)) if self._has_parents else None
        )
        drafts = []
        for number, one in enumerate(parts, start=1):
            is_first, is_last = number == 1, number == len(parts)
            own = [
                *(opening if is_first else ()),
                *(above if is_first else map(_repeated, above)),
                self._part(found, one),
                *(below if is_last else map(_repeated, below)),
            ]
            own_context = context if is_first else self._budget.context(section, ())[0]
            drafts.append(replace(_draft(own, section, own_context, place_of(one, number)), whole=complete))
        return drafts

    def _split(self, table: Table, room: int) -> Sequence[TablePart]:
        """Return parts that fit `room`; counters that do not add up are given less until they keep to it."""
        count = self._budget.count
        slack = 0 if count.is_additive else 1 + self._budget.tokens // 50

        def cut_text(text: str, counted: Callable[[str], int], most: int) -> list[tuple[int, int]]:
            return split_text(text, TokenCount(counted), Room(most, most))

        measure = Measure(count.count, max(1, room - slack), self._format, cut_text)
        return split_table(table, measure, is_too_large=True)

    def _around(self, found: FoundTable, text: str) -> list[Part]:
        """Return text that stood beside a table in its region as a part of its own."""
        shown = inert_markup(text).strip()
        if not shown:
            return []
        first = found.rows[0]
        place = place_of_rows(first.share.region, 1, first.total, first.total)
        region = first.share.region
        piece = Piece(first.share.page, region, RegionType.TEXT, 0, len(shown), 0, len(region.text), place)
        return [Part(shown, self._budget.count.count(shown), (piece,))]

    def _part(self, found: FoundTable, part: TablePart) -> Part:
        text = part.text or table_text(part.table, self._format)
        return Part(text, self._budget.count.count(text), self._pieces(found, part, text))

    def _pieces(self, found: FoundTable, part: TablePart, text: str) -> tuple[Piece, ...]:
        """Return a piece for each region that has rows of the part; a repeated header belongs to the first row."""
        header = found.table.header_rows
        begins = part.first_row <= 1
        rows = found.rows[0 if begins else header + part.first_row - 1 : header + part.last_row] or found.rows
        width = max((one.column + one.width for one in lay_out(found.table.rows)), default=1) if part.columns else 1
        own = part.columns[1:] or part.columns
        columns = (own[0] / width, (own[-1] + 1) / width) if own else (0.0, 1.0)
        if begins and part.columns and part.columns[0] == 0 and len(part.columns) == own[-1] + 1:
            columns = (0.0, columns[1])
        groups = [list(group) for _, group in groupby(rows, key=lambda row: id(row.share))]
        ends = self._row_ends(part, text, len(rows), header if begins else 0)
        pieces: list[Piece] = []
        for group in groups:
            first, last = group[0], group[-1]
            region = first.share.region
            start = pieces[-1].end if pieces else 0
            own_ends, ends = ends[: len(group)], ends[len(group) :]
            cut = part.cut.start if part.cut else 0
            pieces.append(
                Piece(
                    first.share.page,
                    region,
                    RegionType.TABLE,
                    start,
                    own_ends[-1],
                    first.number + cut,
                    last.number,
                    place_of_rows(region, first.number, last.number, first.total, starts=first.starts, columns=columns),
                    _bands(group, start, own_ends, columns),
                )
            )
        return tuple(pieces)

    def _row_ends(self, part: TablePart, text: str, rows: int, header: int) -> list[int]:
        """Return where in the part's text each of its rows ends. Header rows, which are shown as one, end together."""
        lines = row_lines(part.table, self._format)
        tail = len("</table>") if self._format == "html" else -1  # Markdown's last row has no line end
        end = max(0, len(text) - tail - sum(len(line) + 1 for line in lines))
        ends = [end] * header
        for line in lines[: rows - header]:
            end += len(line) + 1
            ends.append(min(end, len(text)))
        return [*ends[: rows - 1], *[len(text)] * max(1, rows - len(ends))]


def _bands(rows: Sequence[Row], start: int, ends: Sequence[int], columns: tuple[float, float]) -> tuple[Band, ...]:
    """Return the bands of rows of one region, as many as `MOST_BANDS`; none where there is nothing to tell apart."""
    region = rows[0].share.region
    lasts = [at for at, end in enumerate(ends) if at + 1 == len(ends) or ends[at + 1] > end > start]
    if len(lasts) < 2 or not region.boxes:  # noqa: PLR2004 - one row is the piece itself
        return ()
    each = -(-len(lasts) // MOST_BANDS)
    lasts = [*lasts[each - 1 : -1 : each], lasts[-1]]
    firsts = [0, *(last + 1 for last in lasts[:-1])]
    numbers = [(rows[first].number, rows[last].number) for first, last in zip(firsts, lasts, strict=True)]
    places = places_of_rows(region, numbers, rows[0].total, starts=rows[0].starts, columns=columns)
    starts = [start, *(ends[last] for last in lasts[:-1])]
    return tuple(Band(begin, ends[last], place) for begin, last, place in zip(starts, lasts, places, strict=True))


def _draft(parts: Sequence[Part], section: Sequence[Heading], context: str, table: TablePlace) -> Draft:
    page = next(part.page for part in parts if not part.is_repeated)
    return Draft(page, tuple(parts), tuple(section), context, table, is_apart=True)


def _repeated(part: Part) -> Part:
    return replace(part, is_repeated=True)
