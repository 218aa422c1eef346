"""Drafts -> chunks: names that stay, neighbours, and the metadata contract."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import FULL_PAGE, hull
from dsocr_loaders.values import (
    BoxSource,
    Chunk,
    ChunkMetadata,
    ChunkPiece,
    RegionType,
    TextSource,
    worst_status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dsocr_loaders.chunking.provenance import Place
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import PageResult, Region, Source

__all__ = ["NO_TABLE", "ChunkSequence", "Draft", "Part", "TablePlace", "joined_text", "stable_id"]

_NAMESPACE = uuid.UUID("6f5b1c1e-52a0-4f0b-9f0e-6d1a3a9d7c55")  # drawn once for this package; changing it renames all
_BETWEEN_PARTS = "\n\n"
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """What a chunk takes from one region.

    Attributes:
        page, region: whose text it is.
        text: as the chunk shows it.
        start, end: which characters of the region's text it comes from; of a table, which rows.
        place: where that is on the page.
        is_repeated: whether it stands here once more, for the reader's sake: the caption above a table's later parts.
            Its box then says nothing about where the chunk is.
    """

    page: PageResult
    region: Region
    text: str
    start: int
    end: int
    place: Place
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class TablePlace:
    """Which part of which table a chunk is: the table's id, its rows `"1-24"`, this part and how many there are."""

    table_id: str = ""
    rows: str = ""
    part: int = 0
    parts: int = 0


NO_TABLE = TablePlace()


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk in the making.

    Attributes:
        page: the page that it starts on; what names it if it has no parts.
        parts: in order.
        heading_path: the whole path.
        context: the headings of the path that are not among the parts.
        table: which part of a table it is.
        text: replaces the parts' joined texts; no piece is then told apart.
        pages: all pages that the text comes from, if not told by the parts.
        kind: names the chunk by its source and this word instead of by its content.
    """

    page: PageResult
    parts: tuple[Part, ...] = ()
    heading_path: str = ""
    context: str = ""
    table: TablePlace = NO_TABLE
    text: str | None = None
    pages: tuple[PageResult, ...] = ()
    kind: str = ""


def stable_id(source: Source, *facts: object) -> str:
    """Return the UUID5 of a source and what else names a thing in it."""
    name = "\x1f".join((source.canonical, *map(str, facts)))
    # File names may hold bytes that are no text, and those have no UTF-8 either.
    return str(uuid.uuid5(_NAMESPACE, name.encode(errors="backslashreplace").decode()))


def joined_text(parts: Sequence[Part]) -> str:
    """Return the text of a chunk of these parts."""
    return _BETWEEN_PARTS.join(part.text for part in parts)


class ChunkSequence:
    """Makes the chunks of one source: numbers them and tells each its neighbours.

    The last chunk is held back until its neighbour is there.

    Args:
        is_contextualized: whether a chunk's text begins with its context, which is then empty.
    """

    def __init__(self, *, is_contextualized: bool) -> None:
        self._is_contextualized = is_contextualized
        self._index = 0
        self._held: Chunk | None = None

    def add(self, drafts: Iterable[Draft]) -> list[Chunk]:
        """Take the next drafts; return the chunks whose neighbours are known now."""
        chunks = []
        for draft in drafts:
            previous = self._held
            chunk = _finished_chunk(
                draft, self._index, previous.id if previous else "", is_contextualized=self._is_contextualized
            )
            if previous is not None:
                chunks.append(replace(previous, next_id=chunk.id))
            self._held = chunk
            self._index += 1
        return chunks

    def finish(self, drafts: Iterable[Draft] = ()) -> list[Chunk]:
        """Take the last drafts; return the last chunks."""
        chunks = self.add(drafts)
        if self._held is not None:
            chunks.append(self._held)
            self._held = None
        return chunks


def _finished_chunk(draft: Draft, index: int, previous_id: str, *, is_contextualized: bool) -> Chunk:
    """Return the chunk that `draft` makes; its `next_id` is still empty."""
    page, parts = draft.page, draft.parts
    text = joined_text(parts) if draft.text is None else draft.text
    context = draft.context
    prefix = f"{context}{_BETWEEN_PARTS}" if is_contextualized and context and text else ""
    if prefix:
        text, context = prefix + text, ""
    pieces = _pieces(parts, len(prefix)) if draft.text is None else ()
    if draft.kind:
        identity = stable_id(page.source, draft.kind)
    else:
        first = parts[0] if parts else None
        place = (first.region.order, first.start, parts[-1].end) if first else ("page",)
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        identity = stable_id(page.source, page.page_number, *place, draft.table.table_id, draft.table.rows, digest)
    located = [
        part.place
        for part in parts
        if part.page.page_number == page.page_number and part.place.boxes and not part.is_repeated
    ]
    box = hull(box for place in located for box in place.boxes) if located else FULL_PAGE
    pages = draft.pages or tuple({part.page.page_number: part.page for part in parts}.values()) or (page,)
    metadata = ChunkMetadata(
        source=page.source.name,
        file_name=page.source.file_name,
        source_sha256=page.source.sha256,
        chunk_id=identity,
        parent_id="",
        chunk_index=index,
        page_number=page.page_number,
        page_end=max(each.page_number for each in pages),
        total_pages=page.total_pages,
        page_label=page.label,
        region_type=_main_type(pieces, pages).value,
        heading_path=draft.heading_path,
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
        table_id=draft.table.table_id,
        table_rows=draft.table.rows,
        table_part=draft.table.part,
        table_parts=draft.table.parts,
    )
    return Chunk(
        id=identity,
        text=text,
        context=context,
        regions=pieces,
        metadata=metadata,
        previous_id=previous_id,
    )


def _pieces(parts: Sequence[Part], offset: int) -> tuple[ChunkPiece, ...]:
    """Return one piece for each box of each part; a part without a box is one piece without a box.

    The first part's text begins at `offset` of the chunk's.
    """
    pieces = []
    for part in parts:
        end = offset + len(part.text)
        boxes: tuple[Box | None, ...] = part.place.boxes or (None,)
        pieces += [
            ChunkPiece(part.page.page_number, box, part.region.type, part.place.is_exact, offset, end) for box in boxes
        ]
        offset = end + len(_BETWEEN_PARTS)
    return tuple(pieces)


def _main_type(pieces: Sequence[ChunkPiece], pages: Sequence[PageResult]) -> RegionType:
    """Return the type with most characters; where no pieces are told apart, among the pages' regions."""
    # Pieces of one region that has several boxes share their range and count once.
    lengths = [(kind, end - start) for start, end, kind in {(piece.start, piece.end, piece.type) for piece in pieces}]
    if not pieces:
        lengths = [(region.type, len(region.text)) for page in pages for region in page.regions]
    characters = dict.fromkeys(RegionType, 0)
    for kind, length in lengths:
        characters[kind] += length
    most = max(characters.values())
    return next((kind for kind in RegionType if most and characters[kind] == most), RegionType.OTHER)


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
        numbers = [round(number, _DECIMALS) for number in (box.x0, box.y0, box.x1, box.y1)]
        is_exact = int(piece.is_exact and piece.box is not None)
        rows.append([piece.page_number, *numbers, piece.type.value, is_exact, piece.start, piece.end])
    return json.dumps(rows, separators=(",", ":"))
