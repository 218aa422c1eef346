"""A piece of a document that is ready to be indexed, and the metadata contract."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values.vocabulary import RegionType

__all__ = ["Chunk", "ChunkMetadata", "ChunkPiece"]


@dataclass(frozen=True, slots=True)
class ChunkPiece:
    """The part of a chunk that comes from one region, or from one row, or some rows in a row, of a table in it.

    The rows of a table are told apart so that a citation can point at the one that it means. Their pieces lie one
    below the other in the table's box; each is an estimate unless its lines are known, the hull of all is not.

    Attributes:
        page_number: the page the region is on.
        box: where the piece is on that page; None if not known.
        type: the region's type.
        is_exact: False if `box` is an estimate, since the region was split or told apart by rows.
        start, end: the piece's range in the chunk's text.
    """

    page_number: int
    box: Box | None
    type: RegionType
    is_exact: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ChunkMetadata:
    """The metadata contract: flat scalars that every vector store accepts, never None, the same keys on every chunk.

    Attributes:
        source: as the user gave it.
        file_name: its last part.
        source_sha256: hex digest of the file's bytes.
        chunk_id: the chunk's own id, since some stores drop the framework's.
        parent_id: id of the chunk that this one is a part of, or `""`.
        chunk_index: position in the document, from 0; of a parent, that of its first child.
        page_number: first page, from 1.
        page_end: last page.
        total_pages: pages of the file.
        page_label: the PDF's own label of the first page, else its number.
        region_type: type of the part with most characters.
        heading_path: `"3 Results > 3.2 Ablations"`, or `""`; without the document's title.
        bbox_x0, bbox_y0, bbox_x1, bbox_y1: hull of the boxes on `page_number`, fractions of the page, origin top
            left; (0, 0, 1, 1) if none is known.
        bbox_source: `"model"`, `"text_layer"`, `"estimated"` (piece of a split region) or `"page"` (none known).
        page_width, page_height: of the first page, in `page_unit`.
        page_unit: `"pt"` or `"px"`.
        regions: compact JSON, one array for each piece: `[page, x0, y0, x1, y1, type, exact, start, end]`; four
            decimals, exact 0 or 1, start and end in the chunk's own text. Of a table's rows at most 16 arrays in a
            region; with more rows each is of several.
        text_source: `"ocr"` or `"text_layer"`.
        page_status: the worst status among the chunk's pages.
        table_id: the same for all parts of a table, or `""`.
        table_rows: body rows in this part, `"1-24"`, or `""`.
        table_columns: columns in this part, `"1,5-8"`, the first of which names the rows; `""` for all, or no table.
        table_part, table_parts: this part and how many there are, 1 of 1 for a whole table; 0 and 0 for no table.
        table_layout: compact JSON of what the text cannot tell, spans above all, for `reconstruct_table`; or `""`.
        image_path: file of the figure's crop if it was saved, or `""`.
        child_count: how many parts it has, those whose `parent_id` it is; 0 unless it is a parent.
        document_title: the document's first title, from the chunk that holds it on; `""` before it, and if none is
            known. Whole pages and documents name none.
    """

    source: str
    file_name: str
    source_sha256: str
    chunk_id: str
    parent_id: str
    chunk_index: int
    page_number: int
    page_end: int
    total_pages: int
    page_label: str
    region_type: str
    heading_path: str
    bbox_x0: float
    bbox_y0: float
    bbox_x1: float
    bbox_y1: float
    bbox_source: str
    page_width: float
    page_height: float
    page_unit: str
    regions: str
    text_source: str
    page_status: str
    table_id: str = ""
    table_rows: str = ""
    table_columns: str = ""
    table_part: int = 0
    table_parts: int = 0
    table_layout: str = ""
    image_path: str = ""
    child_count: int = 0
    document_title: str = ""

    def as_dict(self) -> dict[str, str | int | float]:
        """Return a new dict with the contract's keys, in the order above; a word of a vocabulary is a plain `str`."""
        return {key: str(value) if isinstance(value, str) else value for key, value in _items(self)}


def _items(metadata: ChunkMetadata) -> Iterator[tuple[str, str | int | float]]:
    for name in _NAMES:
        yield name, getattr(metadata, name)


_NAMES = tuple(field.name for field in fields(ChunkMetadata))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, ready to be indexed.

    Attributes:
        id: UUID of source, pages, position and text: the same for the same content, another for a changed one.
        text: what is shown and embedded.
        context: the document's title and the headings above the text, those that are not in it, joined by `" > "`, or
            `""`. A running head that holds the title and more stands for it; a long title is cut.
        regions: the pieces it is made of, in order.
        metadata: the contract.
        parent_id: id of the chunk that this one is a part of, or `""`.
        previous_id, next_id: neighbours in the document, or `""` at its ends.
    """

    id: str
    text: str
    context: str
    regions: tuple[ChunkPiece, ...]
    metadata: ChunkMetadata
    parent_id: str = ""
    previous_id: str = ""
    next_id: str = ""

    @property
    def contextualized(self) -> str:
        """The title and headings above, then the text: what to embed where metadata is not."""
        return f"{self.context}\n\n{self.text}" if self.context and self.text else self.text
