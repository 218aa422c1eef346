"""Units of pages -> blocks of the document: what goes on over a page break is one block again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.passages import Passage, glued_passage, joined_passage, passage_of
from dsocr_loaders.chunking.units import units_of
from dsocr_loaders.structure import FURNITURE, HEADINGS
from dsocr_loaders.values import PageStatus, RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.chunking.units import Unit
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PageResult, Region

__all__ = ["Block", "BlockKind", "Flow", "TableShare"]

MOST_HELD_CHARACTERS = 1_000_000
"""A text that goes on for longer than this is handed on before its end is known, so that memory stays bounded."""

MOST_HELD_PAGES = 8
"""Nor is a text held over more pages of nothing but tables and figures."""

# What may stand between the parts of a text, as `dsocr_loaders.structure.continuations` sees it.
_BESIDE = FURNITURE | {RegionType.TABLE, RegionType.FIGURE, RegionType.CAPTION, RegionType.FOOTNOTE}
_LEADS_IN = (":", "：")
# How a sentence goes on behind its formula; a small letter does so too.
_GOES_ON = re.compile(
    r"(?:where|with|and|for|such that|wobei|mit|und|où|avec|et|donde|con|dove|其中|式中|这里|ここで|حيث)\b",
    re.IGNORECASE,
)


class BlockKind(Enum):
    """What the chunker does with a block."""

    TEXT = "text"
    HEADING = "heading"
    APART = "apart"
    TABLE = "table"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TableShare:
    """The part of a table that stands on one page, and how many of its first rows repeat the header."""

    page: PageResult
    region: Region
    repeated_rows: int = 0


@dataclass(slots=True)
class Block:
    """A heading, a running text, a table or a figure with what belongs to it, or a page that failed.

    Attributes:
        kind: what it is.
        page: the page that it begins on.
        last_page: number of the page that it ends on.
        passages: a heading or text: one; a figure: it and its captions, in order.
        region: the first region; None for a failed page.
        shares: of a table, one for each page.
        above, below: a table's captions and footnotes.
        ends_with: type of the last region.
    """

    kind: BlockKind
    page: PageResult
    last_page: int
    passages: list[Passage]
    region: Region | None = None
    shares: tuple[TableShare, ...] = ()
    above: tuple[Passage, ...] = ()
    below: tuple[Passage, ...] = ()
    ends_with: RegionType | None = None

    @property
    def passage(self) -> Passage:
        """The only passage of a heading or text."""
        return self.passages[0]


class Flow:
    """Takes the pages of one source in order and returns blocks.

    A page's blocks are held back until the next page with running text is there, since its first paragraph, list or
    table may go on from one of them (`Region.continues`); what goes on is held further. Text around a formula, and a
    list with the line that leads to it, are one block.
    """

    def __init__(self, settings: Settings) -> None:
        self._joins = settings.join_pages
        self._has_furniture = settings.include_furniture
        self._held: list[Block] = []
        self._by_place: dict[tuple[int, int], Block] = {}  # the region that a held block ends with
        self._seen: set[tuple[int, int]] = set()  # regions of the held blocks' pages that words may repeat

    def add(self, page: PageResult) -> list[Block]:
        """Take the next page; return the blocks that are whole now."""
        if page.status is PageStatus.FAILED:
            return [*self.finish(), Block(BlockKind.FAILED, page, page.page_number, [])]
        has_flow = False
        for unit in units_of(page, include_furniture=self._has_furniture):
            has_flow = has_flow or unit.region.type not in _BESIDE
            self._take(unit)
        return self._released(page.page_number - (0 if has_flow else MOST_HELD_PAGES))

    def finish(self) -> list[Block]:
        """Return the last blocks."""
        blocks, self._held = self._held, []
        self._by_place.clear()
        self._seen.clear()
        return blocks

    def _released(self, edge: int) -> list[Block]:
        """Return the blocks up to the first that ends on the page `edge` or behind it; all if too much is held."""
        characters = sum(len(passage.text) for block in self._held for passage in block.passages)
        characters += sum(len(share.region.text) for block in self._held for share in block.shares)
        if characters > MOST_HELD_CHARACTERS:
            return self.finish()
        ready = 0
        while ready < len(self._held) and self._held[ready].last_page < edge:
            ready += 1
        blocks, self._held = self._held[:ready], self._held[ready:]
        earliest = min((block.last_page for block in self._held), default=edge)
        self._by_place = {place: block for place, block in self._by_place.items() if place[0] >= earliest}
        self._seen = {place for place in self._seen if place[0] >= earliest}
        return blocks

    def _take(self, unit: Unit) -> None:
        region = unit.region
        self._seen.update((unit.page.page_number, each.order) for each in (*unit.above, region, *unit.below))
        earlier = self._continued(unit)
        if earlier is not None:
            self._extend(earlier, unit)
            return
        if self._repeats(region):
            return
        block = _block_of(unit)
        before = self._held[-1] if self._held else None
        if before is not None and _belongs_to(before, block):
            before.passages = [glued_passage(before.passage, block.passage, is_kept=region.type is not RegionType.TEXT)]
            before.last_page = unit.page.page_number
            before.ends_with = region.type
            block = before
        else:
            self._held.append(block)
        self._by_place[unit.page.page_number, region.order] = block

    def _continued(self, unit: Unit) -> Block | None:
        join = unit.region.continues
        if join is None or not self._joins:
            return None
        block = self._by_place.get((join.page_number, join.order))
        if block is None or block.page.text_source is not unit.page.text_source or join.how == "repeated":
            return None
        is_table = unit.region.type is RegionType.TABLE
        if is_table != (block.kind is BlockKind.TABLE) or is_table != (join.how in {"rows", "rows_after_header"}):
            return None
        return block if block.kind in {BlockKind.TEXT, BlockKind.TABLE, BlockKind.HEADING} else None

    def _repeats(self, region: Region) -> bool:
        """Whether a region says again what one that is known said: "Table 3 (continued)"."""
        join = region.continues
        return (
            self._joins and join is not None and join.how == "repeated" and (join.page_number, join.order) in self._seen
        )

    def _extend(self, block: Block, unit: Unit) -> None:
        region, join = unit.region, unit.region.continues
        if join is None:
            return
        if block.kind is BlockKind.TABLE:
            repeated = join.header_rows if join.how == "rows_after_header" else 0
            block.shares = (*block.shares, TableShare(unit.page, region, repeated))
            block.above = (*block.above, *self._words(unit, unit.above))
            block.below = (*block.below, *self._words(unit, unit.below))
        else:
            block.passages = [joined_passage(block.passage, join.how, passage_of(unit.page, region))]
        block.last_page = unit.page.page_number
        block.ends_with = region.type
        self._by_place.pop((join.page_number, join.order), None)
        self._by_place[unit.page.page_number, region.order] = block

    def _words(self, unit: Unit, regions: Sequence[Region]) -> list[Passage]:
        return [passage_of(unit.page, region) for region in regions if not self._repeats(region)]


def _block_of(unit: Unit) -> Block:
    page, region = unit.page, unit.region
    above = tuple(passage_of(page, each) for each in unit.above)
    below = tuple(passage_of(page, each) for each in unit.below)
    own = [passage_of(page, region)] if region.text.strip() else []
    number = page.page_number
    if region.type in HEADINGS:
        return Block(BlockKind.HEADING, page, number, own, region, ends_with=region.type)
    if region.type is RegionType.TABLE:
        shares = (TableShare(page, region),) if own else ()
        return Block(BlockKind.TABLE, page, number, [], region, shares, above, below, region.type)
    if region.type is RegionType.FIGURE or above or below:
        return Block(BlockKind.APART, page, number, [*above, *own, *below], region, ends_with=region.type)
    return Block(BlockKind.TEXT, page, number, own, region, ends_with=region.type)


def _belongs_to(before: Block, block: Block) -> bool:
    """Whether a block is the formula or list that the text before it leads to, or ends a formula's sentence."""
    if before.kind is not BlockKind.TEXT or block.kind is not BlockKind.TEXT or block.region is None:
        return False
    if before.page.text_source is not block.page.text_source:
        return False
    text = block.passage.text
    if block.region.type is RegionType.FORMULA:
        return before.ends_with in {RegionType.TEXT, RegionType.FORMULA, RegionType.LIST}
    if block.region.type is RegionType.LIST:
        return before.ends_with is RegionType.TEXT and before.passage.text.endswith(_LEADS_IN)
    if block.region.type is RegionType.TEXT and before.ends_with is RegionType.FORMULA:
        return text[0].islower() or _GOES_ON.match(text) is not None
    return False
