"""The chunks of single regions, where a user wants those instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import NO_TABLE, Draft, Part, TablePlace
from dsocr_loaders.chunking.headings import HeadingStack, context_of, joined_path
from dsocr_loaders.chunking.passages import Piece
from dsocr_loaders.chunking.provenance import place_of_region
from dsocr_loaders.chunking.sequence import ChunkSequence, stable_id
from dsocr_loaders.structure import HEADINGS, with_figure_texts
from dsocr_loaders.tables import TablePart, lay_out, layout_of, parse_tables, table_html, table_markdown
from dsocr_loaders.values import PageStatus, RegionType

if TYPE_CHECKING:
    from collections.abc import Callable

    from dsocr_loaders.settings import Settings
    from dsocr_loaders.tables import Table
    from dsocr_loaders.values import Chunk, PageResult, Region

__all__ = ["RegionChunker"]


class RegionChunker:
    """Makes one chunk of each region of one source that has text, headers and footers too.

    Nothing is split, whatever its size: a region with tables is one chunk, part 1 of 1. One finished chunk is held
    back.
    """

    def __init__(self, settings: Settings) -> None:
        self._table_format = settings.table_format
        self._shown: Callable[[Table], str] = table_html if settings.table_format == "html" else table_markdown
        self._headings = HeadingStack()
        self._sequence = ChunkSequence(is_contextualized=settings.contextualize)

    def add(self, page: PageResult) -> list[Chunk]:
        """Take the next page; return the chunks that are whole now. A failed page makes one chunk without text."""
        page = with_figure_texts(page, self._table_format)
        self._headings.see(page)
        self._headings.name_title()
        drafts = [self._draft(page, region) for region in page.regions if region.text.strip()]
        if page.status is PageStatus.FAILED:
            drafts = [Draft(page, section=self._headings.section)]
        return self._sequence.add(drafts)

    def finish(self) -> list[Chunk]:
        """Return the last chunk."""
        return self._sequence.finish()

    def _draft(self, page: PageResult, region: Region) -> Draft:
        own = None
        if region.type in HEADINGS:
            is_title = region.type is RegionType.TITLE and region.level <= 1  # a deeper one was found to be a section
            own = self._headings.open(region.text, region.level, is_title=is_title)
        text, place = region.text, NO_TABLE
        tables = parse_tables(text) if region.type is RegionType.TABLE else ()
        rows = sum(table.body_rows for table in tables)
        if any(table.rows for table in tables):
            text = "\n\n".join(map(self._shown, tables))
            table_id = stable_id(page.source, page.page_number, region.order, "table", 0)
            layout = _layout(tables[0]) if len(tables) == 1 else ""
            place = TablePlace(table_id, f"1-{rows}" if rows else "", 1, 1, layout=layout)
        piece = Piece(page, region, region.type, 0, len(text), 0, len(region.text), place_of_region(region))
        return Draft(
            page,
            (Part(text, 0, (piece,)),),
            section=self._headings.section,
            context=joined_path(context_of(self._headings.section, () if own is None else (own,))),
            table=place,
            image_path=region.image_path,
        )


def _layout(table: Table) -> str:
    whole = TablePart(table, min(1, table.body_rows), table.body_rows)
    return layout_of(lay_out(table.rows), whole, table.header_rows)
