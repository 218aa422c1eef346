"""What a chunk says about itself: its pieces, and the metadata contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import BETWEEN_PARTS
from dsocr_loaders.chunking.headings import joined_path, path_of, title_of
from dsocr_loaders.geometry import FULL_PAGE, hull
from dsocr_loaders.values import BoxSource, ChunkMetadata, ChunkPiece, RegionType, TextSource, worst_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.chunking.drafts import Draft, Part
    from dsocr_loaders.chunking.provenance import Place
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import PageResult

__all__ = ["chunk_metadata", "chunk_pieces"]

_DECIMALS = 4


def chunk_pieces(parts: Sequence[Part], offset: int) -> tuple[ChunkPiece, ...]:
    """Return a piece for each box of each region (of a table, each band of rows) of each part; one if no box is known.

    The first part's text begins at `offset` of the chunk's.
    """
    pieces: list[ChunkPiece] = []
    for part in parts:
        for piece in part.pieces:
            for one in piece.bands or (piece,):
                boxes: tuple[Box | None, ...] = one.place.boxes or (None,)
                start, end = offset + one.start, offset + one.end
                number, is_exact = piece.page.page_number, one.place.is_exact
                pieces += [ChunkPiece(number, box, piece.type, is_exact, start, end) for box in boxes]
        offset += len(part.text) + len(BETWEEN_PARTS)
    return tuple(pieces)


def chunk_metadata(
    draft: Draft, pieces: Sequence[ChunkPiece], *, identity: str, parent_id: str, index: int
) -> ChunkMetadata:
    """Return the contract for a chunk of these pieces."""
    page, parts, table = draft.page, draft.parts, draft.table
    located = [
        piece.place
        for part in parts
        if not part.is_repeated
        for piece in part.pieces
        if piece.page.page_number == page.page_number and piece.place.boxes
    ]
    box = hull(box for place in located for box in place.boxes) if located else FULL_PAGE
    title = title_of(draft.section)
    pages = draft.pages or _pages(parts) or (page,)
    return ChunkMetadata(
        source=page.source.name,
        file_name=page.source.file_name,
        source_sha256=page.source.sha256,
        chunk_id=identity,
        parent_id=parent_id,
        chunk_index=index,
        page_number=page.page_number,
        page_end=max(each.page_number for each in pages),
        total_pages=page.total_pages,
        page_label=page.label,
        region_type=_main_type(pieces, pages).value,
        heading_path=joined_path(path_of(draft.section)),
        bbox_x0=box.x0,
        bbox_y0=box.y0,
        bbox_x1=box.x1,
        bbox_y1=box.y1,
        bbox_source=_box_source(page, located).value,
        page_width=float(page.width),
        page_height=float(page.height),
        page_unit=page.unit,
        regions=_regions_json(pieces),
        text_source=page.text_source.value,
        page_status=worst_status(each.status for each in pages).value,
        table_id=table.table_id,
        table_rows=table.rows,
        table_columns=table.columns,
        table_part=table.part,
        table_parts=table.parts,
        table_layout=table.layout,
        image_path=draft.image_path,
        child_count=draft.children,
        document_title="" if title is None else title.title,
    )


def _pages(parts: Sequence[Part]) -> tuple[PageResult, ...]:
    return tuple({piece.page.page_number: piece.page for part in parts for piece in part.pieces}.values())


def _main_type(pieces: Sequence[ChunkPiece], pages: Sequence[PageResult]) -> RegionType:
    """Return the type with most characters; where no pieces are told apart, among the pages' regions."""
    # Pieces of one region that has several boxes share their range and count once.
    lengths = [(kind, end - start) for start, end, kind in {(piece.start, piece.end, piece.type) for piece in pieces}]
    if not pieces:
        lengths = [(region.type, len(region.text)) for page in pages for region in page.regions]
    characters: dict[RegionType, int] = {}
    for kind, length in lengths:
        characters[kind] = characters.get(kind, 0) + length
    most = max(characters.values(), default=0)
    return next((kind for kind in RegionType if most and characters.get(kind) == most), RegionType.OTHER)


def _box_source(page: PageResult, located: Sequence[Place]) -> BoxSource:
    """Return how the hull of the places `located` on the chunk's first page is known."""
    if not located:
        return BoxSource.PAGE
    if not all(place.is_exact for place in located):
        return BoxSource.ESTIMATED
    return BoxSource.TEXT_LAYER if page.text_source is TextSource.TEXT_LAYER else BoxSource.MODEL


def _regions_json(pieces: Sequence[ChunkPiece]) -> str:
    rows = []
    for piece in pieces:
        box = piece.box or FULL_PAGE
        numbers = ",".join([_number(box.x0), _number(box.y0), _number(box.x1), _number(box.y1)])
        is_exact = int(piece.is_exact and piece.box is not None)
        rows.append(f'[{piece.page_number},{numbers},"{piece.type.value}",{is_exact},{piece.start},{piece.end}]')
    return f"[{','.join(rows)}]"


def _number(share: float) -> str:
    return repr(round(float(share), _DECIMALS))
