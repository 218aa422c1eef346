"""Chunks as JSON Lines: one chunk, one line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dsocr_loaders.errors import OutputError
from dsocr_loaders.export.json_text import json_line, parse_json
from dsocr_loaders.export.plain_data import PlainDataError, from_plain
from dsocr_loaders.geometry import FULL_PAGE
from dsocr_loaders.values import Chunk, ChunkMetadata, ChunkPiece

__all__ = ["chunk_from_json", "chunk_to_json"]

_EXPECTED: Final = "a chunk as `chunk_to_json` writes it"
_FIELDS_OF_PIECE: Final = ("page_number", "x0", "y0", "x1", "y1", "type", "is_exact", "start", "end")


@dataclass(frozen=True, slots=True)
class ChunkLine:
    """A line's fields, in order."""

    id: str
    text: str
    context: str
    metadata: ChunkMetadata
    parent_id: str
    previous_id: str
    next_id: str


def chunk_to_json(chunk: Chunk) -> str:
    """Return the chunk as one line of JSON Lines, without the line's end.

    Its fields are `id`, `text`, `context`, `metadata` (the contract, see `ChunkMetadata`), `parent_id`,
    `previous_id` and `next_id`. The pieces are in the contract's `regions`, with four decimals.

    Raises:
        OutputError: a number in it is not finite.
    """
    fields = {
        "id": chunk.id,
        "text": chunk.text,
        "context": chunk.context,
        "metadata": chunk.metadata.as_dict(),
        "parent_id": chunk.parent_id,
        "previous_id": chunk.previous_id,
        "next_id": chunk.next_id,
    }
    return json_line(fields, f"The chunk {chunk.id}")


def chunk_from_json(line: str) -> Chunk:
    """Return the chunk of a line that `chunk_to_json` wrote.

    It equals the one written but for its pieces, which come from the contract's `regions`: their boxes have four
    decimals, and one without a known box is told by the whole page marked as not exact.

    Raises:
        OutputError: `line` is something else; the message says where.
    """
    data = parse_json(line, _EXPECTED)
    try:
        found = from_plain(ChunkLine, data)
    except PlainDataError as error:
        raise OutputError(f"Expected {_EXPECTED}; in it, {error}.") from error
    return Chunk(
        id=found.id,
        text=found.text,
        context=found.context,
        regions=_pieces(found.metadata.regions),
        metadata=found.metadata,
        parent_id=found.parent_id,
        previous_id=found.previous_id,
        next_id=found.next_id,
    )


def _pieces(regions: str) -> tuple[ChunkPiece, ...]:
    expected = f"{_EXPECTED}, with pieces [page, x0, y0, x1, y1, type, exact, start, end] in metadata.regions"
    pieces = parse_json(regions, expected)
    if not isinstance(pieces, list):
        raise OutputError(f"Expected {expected}; found no list there.")
    try:
        return tuple(_piece(piece) for piece in pieces)
    except PlainDataError as error:
        raise OutputError(f"Expected {expected}; found one that is not so: {error}.") from error


def _piece(piece: object) -> ChunkPiece:
    if not isinstance(piece, list) or len(piece) != len(_FIELDS_OF_PIECE):
        raise PlainDataError(f"a piece has {len(_FIELDS_OF_PIECE)} fields")
    fields = dict(zip(_FIELDS_OF_PIECE, piece, strict=True))
    if fields["is_exact"] not in (0, 1):
        raise PlainDataError("exact is 0 or 1")
    fields["is_exact"] = bool(fields["is_exact"])
    box = {name: fields.pop(name) for name in ("x0", "y0", "x1", "y1")}
    found = from_plain(ChunkPiece, {**fields, "box": box})
    return found if found.is_exact or found.box != FULL_PAGE else replace(found, box=None)
