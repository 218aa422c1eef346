"""What goes on over page breaks: paragraphs, lists and tables, page by page in order.

Headers, footers, footnotes, figures with their captions, and blank pages may stand between the two parts; a heading,
or a page that failed or was not read, ends everything that is open. A paragraph may also go on behind a table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.structure.edges import FURNITURE, is_jump
from dsocr_loaders.structure.paragraphs import FLOW, how_it_goes_on
from dsocr_loaders.structure.table_joins import open_table, table_join
from dsocr_loaders.values import Join, PageStatus, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.structure.table_joins import OpenTable
    from dsocr_loaders.values import PageResult, Region

__all__ = ["Continuations"]

_BESIDE = FURNITURE | {RegionType.FOOTNOTE, RegionType.FIGURE, RegionType.CAPTION}
_SIDE_LABELS = frozenset({"aside"})


@dataclass(frozen=True, slots=True)
class _OpenText:
    page_number: int
    region: Region


class Continuations:
    """Finds joins. It keeps the last text and the last table, nothing else."""

    def __init__(self) -> None:
        self._text: _OpenText | None = None
        self._table: OpenTable | None = None
        self._page: PageResult | None = None

    def joins(self, page: PageResult) -> dict[int, Join]:
        """Return for each region of the next page that goes on from an earlier one, by `order`, how."""
        before = self._page
        is_next = before is not None and page.page_number == before.page_number + 1
        has_other_reader = before is not None and bool(page.regions) and page.text_source is not before.text_source
        if not is_next or page.status in {PageStatus.FAILED, PageStatus.SKIPPED} or has_other_reader:
            self._text = self._table = None
        if page.regions or before is None:
            self._page = page
        else:  # a blank page between two others; whoever would have read it does not matter
            self._page = replace(before, page_number=page.page_number)
        main = [region for region in page.regions if _is_main(region)]
        return {**self._text_join(page, main), **self._table_joins(page, main)}

    def _text_join(self, page: PageResult, main: list[Region]) -> dict[int, Join]:
        flow = [region for region in main if region.type is not RegionType.TABLE]
        if not flow:
            return {}
        joins = {}
        first, last = flow[0], flow[-1]
        if self._text is not None and first.type in FLOW:
            how = how_it_goes_on(self._text.region, first)
            if how is not None:
                joins[first.order] = Join(self._text.page_number, self._text.region.order, how)
        self._text = _OpenText(page.page_number, last) if last.type in FLOW else None
        return joins

    def _table_joins(self, page: PageResult, main: list[Region]) -> dict[int, Join]:
        if not main:
            return {}
        joins: dict[int, Join] = {}
        first, last = main[0], main[-1]
        earlier, self._table = self._table, None
        join = None
        if earlier is not None and first.type is RegionType.TABLE:
            captions = _captions(page, first)
            hints = [region for region in page.regions if region.original_type is not None and is_jump(region)]
            join = table_join(earlier, first, [*captions, *hints])
            if join is not None:
                joins[first.order] = join
                if earlier.caption is not None:
                    again = [caption for caption in captions if caption.type is RegionType.CAPTION]
                    joins |= {caption.order: Join(*earlier.caption, "repeated") for caption in again}
        if last.type is RegionType.TABLE:
            self._table = open_table(last, page.page_number, _captions(page, last))
            if join is not None and earlier is not None and last is first and self._table is not None:
                self._table = replace(
                    self._table, header=earlier.header, number=earlier.number, caption=earlier.caption
                )
        return joins


def _is_main(region: Region) -> bool:
    return (
        region.type not in _BESIDE
        and region.caption_of is None
        and region.label not in _SIDE_LABELS
        and (bool(region.text.strip()) or region.type is RegionType.TABLE)
    )


def _captions(page: PageResult, table: Region) -> list[Region]:
    own = [region for region in page.regions if region.caption_of == table.order]
    if not own and table.order:
        above = page.regions[table.order - 1]
        own = [above] if above.type is RegionType.CAPTION and above.caption_of is None else []
    return own
