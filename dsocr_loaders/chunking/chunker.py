"""The chunker: pages in, one after another, chunks out as soon as they are whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.headings import HeadingStack, joined_path
from dsocr_loaders.chunking.identity import NO_TABLE, ChunkSequence, Draft, Part, TablePlace, joined_text, stable_id
from dsocr_loaders.chunking.provenance import place_of_range, place_of_region, place_of_rows
from dsocr_loaders.chunking.splitting import split_text
from dsocr_loaders.chunking.tokens import estimate_tokens
from dsocr_loaders.chunking.units import Unit, units_of
from dsocr_loaders.structure import HEADINGS
from dsocr_loaders.tables import parse_tables, split_rows, table_html, table_markdown
from dsocr_loaders.values import PageStatus, RegionType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.tables import Table
    from dsocr_loaders.values import Chunk, PageResult, Region

__all__ = ["Chunker"]


class Chunker:
    """Makes the chunks of one source.

    A chunk holds text of one section; a table or figure with its captions and footnotes is a chunk of its own, split
    by rows with its header and captions repeated if it is too large; any other region is split only if it does not
    fit alone. Headings open the chunk that follows them. Text that was read and text of a text layer never meet in
    one chunk. At most one chunk's text and one finished chunk are held back.

    Chunks stay within `settings.chunk_tokens`, the headings above them counted in, unless one row of a table, or what
    stands around its rows, is larger alone. So that there is always room for text, headings take up half of it at
    most: headings in a row that are longer together, or one alone, are chunks of their own, and of the headings above
    a chunk its context has the innermost ones. Captions that take up more than a quarter are not repeated.
    """

    def __init__(self, settings: Settings) -> None:
        self._count: Callable[[str], int] = settings.token_counter or estimate_tokens
        self._budget = settings.chunk_tokens
        self._shown: Callable[[Table], str] = table_html if settings.table_format == "html" else table_markdown
        self._headings = HeadingStack()
        self._opening: list[Part] = []  # headings that wait for what they head
        self._body: list[Part] = []
        self._sequence = ChunkSequence(is_contextualized=settings.contextualize)

    def add(self, page: PageResult) -> list[Chunk]:
        """Take the next page; return the chunks that are whole now.

        A failed page makes one chunk without text, so that it can be seen in an index.
        """
        drafts: list[Draft] = []
        waiting = [*self._body, *self._opening]
        if waiting and waiting[-1].page.text_source is not page.text_source:
            drafts += self._flushed(with_opening=True)
        if page.status is PageStatus.FAILED:
            drafts += self._flushed()
            drafts.append(Draft(page, heading_path=joined_path(self._headings.titles())))
        for unit in units_of(page):
            drafts += self._take(unit)
        return self._sequence.add(drafts)

    def finish(self) -> list[Chunk]:
        """Return the last chunks. The chunker is then used up."""
        return self._sequence.finish(self._flushed(with_opening=True))

    def _take(self, unit: Unit) -> list[Draft]:
        region = unit.region
        if region.type in HEADINGS:
            return self._add_heading(_heading_part(unit.page, region))
        if region.type is RegionType.TABLE:
            tables = parse_tables(region.text)
            if any(table.rows for table in tables):
                return [*self._flushed(), *self._table_drafts(unit, tables)]
        if region.type in {RegionType.TABLE, RegionType.FIGURE} or unit.above or unit.below:
            return self._add_apart(_whole_parts(unit.page, (*unit.above, region, *unit.below)))
        return self._add_text(_whole_part(unit.page, region))

    def _add_heading(self, part: Part) -> list[Draft]:
        drafts = self._flushed()
        if not self._leaves_room([*self._opening, part], of=2):
            drafts += self._flushed(with_opening=True)
        self._headings.open(part.region)
        if not self._leaves_room([part], of=2):
            return [*drafts, *self._add_text(part)]
        self._opening.append(part)
        return drafts

    def _add_apart(self, parts: Sequence[Part]) -> list[Draft]:
        """Return the chunks of a table or figure, or of its captions, which no other text shares."""
        drafts = self._flushed()
        for part in parts:
            drafts += self._add_text(part)
        return [*drafts, *self._flushed()]

    def _add_text(self, part: Part) -> list[Draft]:
        if self._fits([*self._opening, *self._body, part]):
            self._body = [*self._opening, *self._body, part]
            self._opening = []
            return []
        drafts = self._flushed()
        if self._fits([*self._opening, part]):
            self._body = [*self._opening, part]
            self._opening = []
            return drafts
        return [*drafts, *self._split_drafts(part)]

    def _split_drafts(self, part: Part) -> list[Draft]:
        """Return chunks of the pieces of a text that does not fit; the last piece stays open for what follows."""
        region, opening = part.region, self._opening
        self._opening = []
        first = len(region.text) - len(region.text.lstrip())  # where the first piece begins

        def parts_of(start: int, end: int) -> list[Part]:
            # Where the piece is costs time, and does not change what fits.
            piece = replace(part, text=region.text[start:end], start=start, end=end)
            return [*(opening if start == first else ()), piece]

        drafts = []
        for start, end in split_text(region.text, lambda start, end: self._fits(parts_of(start, end))):
            drafts += self._flushed()
            *above, piece = parts_of(start, end)
            self._body = [*above, replace(piece, place=place_of_range(region, start, end))]
        return drafts

    def _table_drafts(self, unit: Unit, tables: Sequence[Table]) -> list[Draft]:
        """Return the chunks of a table region. Should it hold several tables, each has the captions around it."""
        above, below = _whole_parts(unit.page, unit.above), _whole_parts(unit.page, unit.below)
        whole = [*self._opening, *above, *(self._shown_part(each) for each in _placed(unit, tables)), *below]
        if self._leaves_room([*above, *below], of=4) or self._fits(whole):
            return [draft for each in _placed(unit, tables) for draft in self._one_table(each, above, below)]
        drafts = self._add_apart(above)
        for each in _placed(unit, tables):
            drafts += self._one_table(each, (), ())
        return [*drafts, *self._add_apart(below)]

    def _one_table(self, placed: _PlacedTable, above: Sequence[Part], below: Sequence[Part]) -> list[Draft]:
        opening, self._opening = self._opening, []
        rows = placed.table.body_rows

        def parts_of(shown: Table, first: int, last: int) -> list[Part]:
            is_first, is_last = first <= 1, last >= rows
            return [
                *(opening if is_first else ()),
                *(above if is_first else map(_repeated, above)),
                placed.part(self._shown(shown), first, last),
                *(below if is_last else map(_repeated, below)),
            ]

        groups = [(1, rows, parts_of(placed.table, 1, rows))]
        if not self._fits(groups[0][2]):
            split = split_rows(placed.table, lambda part: self._fits(parts_of(part, 1, rows)))
            groups = [
                (part.first_row, part.last_row, parts_of(part.table, part.first_row, part.last_row)) for part in split
            ]
        return [
            self._draft(parts, TablePlace(placed.id, f"{first}-{last}" if rows else "", part, len(groups)))
            for part, (first, last, parts) in enumerate(groups, start=1)
        ]

    def _shown_part(self, placed: _PlacedTable) -> Part:
        return placed.part(self._shown(placed.table), 1, placed.table.body_rows)

    def _flushed(self, *, with_opening: bool = False) -> list[Draft]:
        parts = [*self._body, *(self._opening if with_opening else ())]
        self._body = []
        if with_opening:
            self._opening = []
        return [self._draft(parts)] if parts else []

    def _draft(self, parts: Sequence[Part], table: TablePlace = NO_TABLE) -> Draft:
        return Draft(
            page=parts[0].page,
            parts=tuple(parts),
            heading_path=joined_path(self._headings.titles()),
            context=self._context(parts),
            table=table,
        )

    def _context(self, parts: Sequence[Part]) -> str:
        """Return the headings above, of which so many are left out that they and those among `parts` leave room."""
        among = [part for part in parts if part.region.type in HEADINGS]
        titles = self._headings.titles(without=[part.region for part in among])
        while titles and not self._leaves_room(among, of=2, context=joined_path(titles)):
            titles = titles[1:]
        return joined_path(titles)

    def _fits(self, parts: Sequence[Part]) -> bool:
        return self._leaves_room(parts, of=1, context=self._context(parts))

    def _leaves_room(self, parts: Sequence[Part], *, of: int, context: str = "") -> bool:
        """Tell whether parts and context take up no more than this fraction of the budget: 1 is all, 2 a half."""
        text = joined_text(parts)
        return self._count(f"{context}\n\n{text}" if context else text) <= self._budget // of


@dataclass(frozen=True, slots=True)
class _PlacedTable:
    """One of the tables of a region; `rows_above` of the region's `all_rows` stand in the tables before it."""

    unit: Unit
    table: Table
    id: str
    rows_above: int
    all_rows: int

    def part(self, text: str, first: int, last: int) -> Part:
        """Return the part with the body rows `first` to `last`, from 1; the first one has the header's place too."""
        header = self.table.header_rows
        start, end = 1 if first <= 1 else header + first, header + last
        place = place_of_rows(self.unit.region, self.rows_above + start, self.rows_above + end, self.all_rows)
        return Part(self.unit.page, self.unit.region, text, start, end, place)


def _placed(unit: Unit, tables: Sequence[Table]) -> Iterator[_PlacedTable]:
    all_rows = sum(len(table.rows) for table in tables)
    rows_above = 0
    for number, table in enumerate(tables):
        table_id = stable_id(unit.page.source, unit.page.page_number, unit.region.order, "table", number)
        yield _PlacedTable(unit, table, table_id, rows_above, all_rows)
        rows_above += len(table.rows)


def _heading_part(page: PageResult, region: Region) -> Part:
    shown = f"{'#' * max(1, region.level)} {' '.join(region.text.split())}"
    return Part(page, region, shown, 0, len(region.text), place_of_region(region))


def _whole_part(page: PageResult, region: Region) -> Part:
    return Part(page, region, region.text, 0, len(region.text), place_of_region(region))


def _whole_parts(page: PageResult, regions: Sequence[Region]) -> list[Part]:
    return [_whole_part(page, region) for region in regions if region.text.strip()]


def _repeated(part: Part) -> Part:
    return replace(part, is_repeated=True)
