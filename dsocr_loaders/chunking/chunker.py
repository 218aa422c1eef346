"""The chunker: pages in, one after another, chunks out as soon as they are whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.budget import Budget
from dsocr_loaders.chunking.drafts import Draft, Part
from dsocr_loaders.chunking.families import Families
from dsocr_loaders.chunking.flow import Block, BlockKind, Flow
from dsocr_loaders.chunking.headings import MAX_DEPTH, HeadingStack
from dsocr_loaders.chunking.merging import SmallMerger
from dsocr_loaders.chunking.passages import passage_of, pieces_of
from dsocr_loaders.chunking.sequence import ChunkSequence
from dsocr_loaders.chunking.splitting import Room, split_text
from dsocr_loaders.chunking.tabular import TableDrafter, tables_of
from dsocr_loaders.structure import with_figure_texts
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.chunking.passages import Passage
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import Chunk, PageResult

__all__ = ["Chunker"]


class Chunker:
    """Makes the chunks of one source.

    A chunk holds text of one section; a table or figure with its captions and footnotes is a chunk of its own, a table
    split by rows or columns with its header and captions repeated if it is too large; any other text is split only if
    it does not fit alone, between its sentences. Headings open the chunk that follows them. Text that was read and
    text of a text layer never meet in one chunk. What goes on over a page break is one text. Chunks smaller than
    `settings.min_tokens` are merged with neighbours. At most the blocks of two pages, one chunk's text and two
    finished chunks are held back (with `settings.parents`: those of one section, at most
    `families.MOST_CHILDREN`).

    Chunks stay within `settings.chunk_tokens`, the headings above them counted in, unless a single character, or what
    stands around a table's rows, is larger alone. So that there is always room for text, headings take up half of it at
    most: headings in a row that are longer together, or one alone, are chunks of their own, and of the headings above
    a chunk its context has the innermost ones. Captions that take up more than a quarter are not repeated.
    """

    def __init__(self, settings: Settings) -> None:
        self._table_format = settings.table_format
        self._budget = Budget(settings)
        self._flow = Flow(settings)
        self._tables = TableDrafter(self._budget, settings)
        self._headings = HeadingStack()
        self._opening: list[Part] = []  # headings that wait for what they head
        self._body: list[Part] = []
        self._merger = SmallMerger(self._budget)
        self._families = Families(self._budget) if settings.parents else None
        self._sequence = ChunkSequence(is_contextualized=settings.contextualize)

    def add(self, page: PageResult) -> list[Chunk]:
        """Take the next page; return the chunks that are whole now.

        A failed page makes one chunk without text, so that it can be seen in an index.
        """
        page = with_figure_texts(page, self._table_format)
        self._headings.see(page)
        drafts = self._merger.add(self._drafts(self._flow.add(page)))
        return self._sequence.add(drafts if self._families is None else self._families.add(drafts))

    def finish(self) -> list[Chunk]:
        """Return the last chunks. The chunker is then used up."""
        drafts = [*self._drafts(self._flow.finish()), *self._flushed(with_opening=True)]
        drafts = [*self._merger.add(drafts), *self._merger.finish()]
        if self._families is not None:
            drafts = [*self._families.add(drafts), *self._families.finish()]
        return self._sequence.finish(drafts)

    def _drafts(self, blocks: Iterable[Block]) -> list[Draft]:
        return [draft for block in blocks for draft in self._take(block)]

    def _take(self, block: Block) -> list[Draft]:
        drafts: list[Draft] = []
        waiting = [*self._body, *self._opening]
        if waiting and waiting[-1].page.text_source is not block.page.text_source:
            drafts += self._flushed(with_opening=True)
        match block.kind:
            case BlockKind.FAILED:
                drafts += self._flushed()
                drafts.append(Draft(block.page, section=self._headings.section, is_apart=True))
            case BlockKind.HEADING:
                drafts += self._add_heading(block)
            case BlockKind.TEXT:
                drafts += self._add_text(self._budget.part_of(block.passage))
            case BlockKind.TABLE:
                drafts += self._flushed()
                self._headings.name_title()
                drafts += self._table_drafts(block)
            case BlockKind.APART:
                drafts += self._flushed()
                self._headings.name_title()
                drafts += self._apart_drafts(block.passages, block.region.image_path if block.region else "")
        return drafts

    def _add_heading(self, block: Block) -> list[Draft]:
        region = block.region
        level = region.level if region else 0
        half = self._budget.tokens // 2
        shown = _heading_part(self._budget, block.passage, level)
        drafts = self._flushed()
        if self._budget.sum([*self._opening, shown]) - self._budget.joint > half:
            drafts += self._flushed(with_opening=True)
        # A title that is deeper was found to be a section, which the model marked as it marks titles.
        is_title = region is not None and region.type is RegionType.TITLE and level <= 1
        heading = self._headings.open(block.passage.text, level, is_title=is_title)
        if shown.tokens > half:
            return [*drafts, *self._add_text(replace(self._budget.part_of(block.passage), heading=heading))]
        self._opening.append(replace(shown, heading=heading))
        return drafts

    def _add_text(self, part: Part) -> list[Draft]:
        drafts: list[Draft] = []
        if self._body:
            if not self._opening and self._fits([*self._body, part]):
                self._body.append(part)
                return []
            if self._leads_on(part):
                return self._split_drafts(part)
            drafts = self._flushed()
        self._headings.name_title()
        if self._fits([*self._opening, part]):
            self._body, self._opening = [*self._opening, part], []
            return drafts
        return [*drafts, *self._split_drafts(part)]

    def _fits(self, parts: Sequence[Part]) -> bool:
        _, context_tokens = self._budget.context(self._headings.section, parts)
        return self._budget.fits(parts, context_tokens)

    def _leads_on(self, part: Part) -> bool:
        """Whether the waiting text is short, and the next has to be split anyway: its first piece then joins it."""
        return (
            not self._opening
            and part.passage is not None
            and not self._fits([part])
            and self._budget.sum(self._body) * 2 <= self._budget.tokens
            and all(piece.passage is None or piece.heading is None for piece in self._body)
        )

    def _split_drafts(self, part: Part) -> list[Draft]:
        """Return chunks of the pieces of a text that does not fit; the last piece stays open for what follows."""
        drafts = []
        opening, self._opening, self._body = [*self._body, *self._opening], [], []
        for piece in self._pieces(part, opening):
            drafts += self._flushed()
            self._body = [*opening, piece]
            opening = []
        return drafts

    def _pieces(self, part: Part, opening: Sequence[Part], share: float = 1.0) -> list[Part]:
        """Return a text in pieces, the first of which fits below `opening`, in this share of the room there is."""
        passage, section, most = part.passage, self._headings.section, self._budget.tokens
        if passage is None:
            return [part]
        _, above_first = self._budget.context(section, [*opening, part])
        _, above = self._budget.context(section, [part])
        room = Room(int((most - above_first - self._budget.sum(opening)) * share), int((most - above) * share))
        ranges = split_text(
            part.text,
            self._budget.count,
            room,
            overlap=self._budget.overlap,
            kept=[(start - part.start, end - part.start) for start, end in passage.kept],
            glued=[place - part.start for place in passage.glued],
        )
        return [
            replace(self._budget.part_of(passage, part.start + start, part.start + end), heading=part.heading)
            for start, end in ranges
        ]

    def _apart_drafts(self, passages: Sequence[Passage], image_path: str = "") -> list[Draft]:
        """Return the chunks of a figure, or of a table's captions, which no other text shares."""
        drafts = [draft for passage in passages for draft in self._add_text(self._budget.part_of(passage))]
        drafts += self._flushed()
        return [replace(draft, is_apart=True, image_path=image_path) for draft in drafts]

    def _table_drafts(self, block: Block) -> list[Draft]:
        """Return the chunks of a table region. Should it hold several tables, each has the captions around it."""
        found = tables_of(block.shares)
        if not found:
            texts = [passage_of(share.page, share.region) for share in block.shares]
            return self._apart_drafts([*block.above, *texts, *block.below])
        above, below = ([self._budget.part_of(each) for each in captions] for captions in (block.above, block.below))
        section, opening = self._headings.section, self._opening
        whole = self._tables.drafts(found, section, opening, above, below)
        if self._budget.sum([*above, *below]) * 4 > self._budget.tokens and len(whole) > len(found):
            drafts = self._apart_drafts(block.above)
            drafts += self._tables.drafts(found, section, self._opening, (), ())
            self._opening = []
            return [*drafts, *self._apart_drafts(block.below)]
        self._opening = []
        return whole

    def _flushed(self, *, with_opening: bool = False) -> list[Draft]:
        parts = [*self._body, *(self._opening if with_opening else ())]
        self._body = []
        if with_opening:
            self._opening = []
        return [self._draft(group) for group in self._within_budget(parts)] if parts else []

    def _within_budget(self, parts: list[Part]) -> list[list[Part]]:
        """Return the parts in groups that are within the budget, whatever the counter makes of joined texts."""
        context, _ = self._budget.context(self._headings.section, parts)
        if self._budget.is_kept(parts, context):
            return [parts]
        texts = [part for part in parts if part.heading is None or part.passage is not None]
        if len(texts) > 1 or (len(parts) > 1 and not texts):
            return [*self._within_budget(parts[:-1]), *self._within_budget(parts[-1:])]
        *opening, last = parts
        groups = [parts]
        for share in _LESS_ROOM:
            pieces = self._pieces(last, opening, share)
            groups = [[*opening, pieces[0]], *([piece] for piece in pieces[1:])]
            if all(self._is_kept(group) for group in groups):
                break
        return groups

    def _is_kept(self, parts: Sequence[Part]) -> bool:
        return self._budget.is_kept(parts, self._budget.context(self._headings.section, parts)[0])

    def _draft(self, parts: Sequence[Part]) -> Draft:
        section = self._headings.section
        context, _ = self._budget.context(section, parts)
        return Draft(parts[0].page, tuple(parts), section, context)


_LESS_ROOM = (0.9, 0.75, 0.5, 0.25)


def _heading_part(budget: Budget, passage: Passage, level: int) -> Part:
    """Return a heading as Markdown, on one line."""
    line = " ".join(passage.text.split())
    marks = f"{'#' * min(MAX_DEPTH, max(1, level))} "
    text = f"{marks}{line}"
    pieces = pieces_of(passage, 0, len(passage.text))
    if line == passage.text:
        moved = [
            replace(piece, start=piece.start + len(marks) if number else 0, end=piece.end + len(marks))
            for number, piece in enumerate(pieces)
        ]
    else:
        moved = [replace(piece, start=0, end=len(text)) for piece in pieces]
    return Part(text, budget.count.count(text), tuple(moved))
