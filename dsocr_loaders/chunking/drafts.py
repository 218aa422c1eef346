"""Drafts: chunks in the making, and the parts they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.chunking.headings import Heading
    from dsocr_loaders.chunking.passages import Passage, Piece
    from dsocr_loaders.values import PageResult

__all__ = ["BETWEEN_PARTS", "NO_TABLE", "Draft", "Part", "TablePlace", "WholeTable", "joined_text"]

BETWEEN_PARTS = "\n\n"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A paragraph of a chunk, or a piece of one: a heading, a text, a table.

    Attributes:
        text: as the chunk shows it.
        tokens: how many it has.
        pieces: which regions it comes from.
        is_repeated: whether it stands here once more, for the reader's sake: the caption above a table's later parts.
            Its box then says nothing about where the chunk is.
        heading: set for a heading.
        passage, start, end: the text that it is a range of, if it is one.
    """

    text: str
    tokens: int
    pieces: tuple[Piece, ...]
    is_repeated: bool = False
    heading: Heading | None = None
    passage: Passage | None = None
    start: int = 0
    end: int = 0

    @property
    def page(self) -> PageResult:
        """The page that it begins on."""
        return self.pieces[0].page


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Which part of which table a chunk is; see `dsocr_loaders.values.ChunkMetadata`."""

    table_id: str = ""
    rows: str = ""
    part: int = 0
    parts: int = 0
    columns: str = ""
    layout: str = ""


NO_TABLE = TablePlace()


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A chunk in the making.

    Attributes:
        page: the page that it starts on; what names it if it has no parts.
        parts: in order.
        section: the headings that it stands under, the document's title before them.
        context: title and headings of the section that are not among the parts.
        table: which part of a table it is.
        is_apart: whether no other text may join it: a table, a figure, a failed page.
        image_path: file of a figure's crop.
        text: replaces the parts' joined texts; no piece is then told apart.
        pages: all pages that the text comes from, if not told by the parts.
        kind: names the chunk by its source and this word instead of by its content.
        whole: of a part of a table: the parts of a chunk that would hold all of it.
        children: how many chunks are its parts; 0 for one that is no parent.
        parent: the draft that it is a part of.
    """

    page: PageResult
    parts: tuple[Part, ...] = ()
    section: tuple[Heading, ...] = ()
    context: str = ""
    table: TablePlace = NO_TABLE
    is_apart: bool = False
    image_path: str = ""
    text: str | None = None
    pages: tuple[PageResult, ...] = ()
    kind: str = ""
    whole: WholeTable | None = None
    children: int = 0
    parent: Draft | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class WholeTable:
    """The chunk that a split table would be if it were not."""

    parts: tuple[Part, ...]
    context: str
    table: TablePlace


def joined_text(parts: Sequence[Part]) -> str:
    """Return the text of a chunk of these parts."""
    return BETWEEN_PARTS.join([part.text for part in parts])
