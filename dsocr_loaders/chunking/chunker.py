"""The chunker: pages in, one after another, chunks out as soon as they are whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.headings import HeadingStack, joined_path
from dsocr_loaders.chunking.identity import NO_TABLE, Draft, Part, TablePlace, finished_chunk, joined_text, stable_id
from dsocr_loaders.chunking.provenance import place_of_range, place_of_region, place_of_rows
from dsocr_loaders.chunking.splitting import split_text
from dsocr_loaders.chunking.tokens import estimate_tokens
from dsocr_loaders.chunking.units import Unit, units_of
from dsocr_loaders.structure import HEADINGS
from dsocr_loaders.tables import parse_tables, split_rows, table_html, table_markdown
from dsocr_loaders.values import PageStatus, RegionType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.tables import Table
    from dsocr_loaders.values import Chunk, PageResult, Region

__all__ = ["Chunker", "region_draft"]


class Chunker:
    """Makes the chunks of one source.

    A chunk holds text of one section; a table or figure with its captions and footnotes is a chunk of its own, split
    by rows with its header and captions repeated if it is too large; any other region is split only if it does not
    fit alone. Headings open the chunk that follows them and never end one. Text that was read and text of a text
    layer never meet in one chunk. At most one chunk's text and one finished chunk are held back.

    Chunks stay within `settings.chunk_tokens`, the headings above them counted in, unless one row of a table alone is
    larger, or the headings take up more than half of it: the text then has the other half.
    """

    def __init__(self, settings: Settings) -> None:
        self._count: Callable[[str], int] = settings.token_counter or estimate_tokens
        self._budget = settings.chunk_tokens
        self._shown: Callable[[Table], str] = table_html if settings.table_format == "html" else table_markdown
        self._headings = HeadingStack()
        self._opening: list[Part] = []  # headings that wait for what they head
        self._body: list[Part] = []
        self._held: Chunk | None = None  # waits for the id of its neighbour
        self._index = 0

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
        return self._finished(drafts)

    def finish(self) -> list[Chunk]:
        """Return the last chunks. The chunker is then used up."""
        chunks = self._finished(self._flushed(with_opening=True))
        if self._held is not None:
            chunks.append(self._held)
            self._held = None
        return chunks

    def _finished(self, drafts: Sequence[Draft]) -> list[Chunk]:
        chunks = []
        for draft in drafts:
            previous = self._held
            chunk = finished_chunk(draft, self._index, previous.id if previous else "")
            if previous is not None:
                chunks.append(replace(previous, next_id=chunk.id))
            self._held = chunk
            self._index += 1
        return chunks

    def _take(self, unit: Unit) -> list[Draft]:
        region = unit.region
        if region.type in HEADINGS:
            drafts = self._flushed()
            self._headings.open(region)
            self._opening.append(_heading_part(unit.page, region))
            return drafts
        if region.type is RegionType.TABLE and region.text.strip():
            return [*self._flushed(), *self._table_drafts(unit)]
        if region.type is RegionType.FIGURE or unit.above or unit.below:
            drafts = self._flushed()
            for part in _whole_parts(unit.page, (*unit.above, region, *unit.below)):
                drafts += self._add_text(part)
            return [*drafts, *self._flushed()]
        return self._add_text(_whole_part(unit.page, region))

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

        def piece(start: int, end: int) -> Part:
            return Part(part.page, region, region.text[start:end], start, end, place_of_range(region, start, end))

        first = len(region.text) - len(region.text.lstrip())  # where the first piece begins

        def parts_of(start: int, end: int) -> list[Part]:
            return [*(opening if start == first else ()), piece(start, end)]

        drafts = []
        for start, end in split_text(region.text, lambda start, end: self._fits(parts_of(start, end))):
            drafts += self._flushed()
            self._body = parts_of(start, end)
        return drafts

    def _table_drafts(self, unit: Unit) -> list[Draft]:
        """Return the chunks of a table region. Should it hold several tables, each is one with the captions around."""
        tables = parse_tables(unit.region.text)
        return [draft for number, table in enumerate(tables) for draft in self._one_table(unit, table, number)]

    def _one_table(self, unit: Unit, table: Table, number: int) -> list[Draft]:
        page, region = unit.page, unit.region
        opening, self._opening = self._opening, []
        above, below = _whole_parts(page, unit.above), _whole_parts(page, unit.below)
        header, rows = table.header_rows, table.body_rows

        def parts_of(shown: Table, first: int, last: int) -> list[Part]:
            # Body rows count from 1 behind the header; the first part covers the header's own place too.
            top = 1 if first <= 1 else header + first
            place = place_of_rows(region, top, header + last, max(header + rows, 1))
            part = Part(page, region, self._shown(shown), top, header + last, place)
            return [*(opening if first <= 1 else ()), *above, part, *below]

        groups = [(1, rows, parts_of(table, 1, rows))]
        if not self._fits(groups[0][2]):
            split = split_rows(table, lambda part: self._fits(parts_of(part, 1, rows)))
            groups = [
                (part.first_row, part.last_row, parts_of(part.table, part.first_row, part.last_row)) for part in split
            ] or groups
        table_id = stable_id(page.source, page.page_number, region.order, "table", number)
        return [
            self._draft(parts, TablePlace(table_id, f"{first}-{last}" if rows else "", part, len(groups)))
            for part, (first, last, parts) in enumerate(groups, start=1)
        ]

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
        return joined_path(self._headings.titles(without=[part.region for part in parts]))

    def _fits(self, parts: Sequence[Part]) -> bool:
        """Tell whether a chunk of `parts` keeps the budget, of which headings take up no more than half."""
        context = self._context(parts)
        text = joined_text(parts)
        if self._count(f"{context}\n\n{text}" if context else text) <= self._budget:
            return True
        headings = [part.text for part in parts if part.region.type in HEADINGS]
        body = [part for part in parts if part.region.type not in HEADINGS]
        half = self._budget // 2
        return self._count("\n\n".join((context, *headings))) > half and self._count(joined_text(body)) <= half


def region_draft(page: PageResult, region: Region) -> Draft:
    """Return the draft of a chunk that holds one whole region."""
    return Draft(page, (_whole_part(page, region),))


def _heading_part(page: PageResult, region: Region) -> Part:
    shown = f"{'#' * max(1, region.level)} {' '.join(region.text.split())}"
    return Part(page, region, shown, 0, len(region.text), place_of_region(region))


def _whole_part(page: PageResult, region: Region) -> Part:
    return Part(page, region, region.text, 0, len(region.text), place_of_region(region))


def _whole_parts(page: PageResult, regions: Sequence[Region]) -> list[Part]:
    return [_whole_part(page, region) for region in regions if region.text.strip()]
