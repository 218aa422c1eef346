from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.errors import OutputError
from dsocr_loaders.export import chunk_from_json, chunk_to_json
from dsocr_loaders.geometry import FULL_PAGE, Box
from dsocr_loaders.values import Chunk, ChunkMetadata, ChunkPiece, RegionType

METADATA = ChunkMetadata(
    source="a.pdf",
    file_name="a.pdf",
    source_sha256="ab" * 32,
    chunk_id="id",
    parent_id="",
    chunk_index=0,
    page_number=1,
    page_end=2,
    total_pages=2,
    page_label="i",
    region_type="text",
    heading_path="1 Results",
    bbox_x0=0.1,
    bbox_y0=0.2,
    bbox_x1=0.3,
    bbox_y1=1 / 3,
    bbox_source="model",
    page_width=595.276,
    page_height=841.89,
    page_unit="pt",
    regions='[[1,0.1,0.2,0.3,0.3333,"text",1,0,4],[2,0,0,1,1,"figure",0,6,6],[2,0.0,0.0,1.0,1.0,"text",1,6,9]]',
    text_source="ocr",
    page_status="ok",
)
CHUNK = Chunk(
    id="id",
    text="Über\n\n漢字.",
    context="1 Results",
    regions=(
        ChunkPiece(1, Box(0.1, 0.2, 0.3, 0.3333), RegionType.TEXT, is_exact=True, start=0, end=4),
        ChunkPiece(2, None, RegionType.FIGURE, is_exact=False, start=6, end=6),
        ChunkPiece(2, FULL_PAGE, RegionType.TEXT, is_exact=True, start=6, end=9),
    ),
    metadata=METADATA,
    previous_id="before",
    next_id="after",
)


def test_round_trip():
    """This test ensures that a chunk reads back equal, its pieces from the contract."""
    assert CHUNK == chunk_from_json(chunk_to_json(CHUNK))


def test_fields():
    """This test ensures that a line has the agreed fields, the contract among them, and readable letters."""
    line = chunk_to_json(CHUNK)
    data = json.loads(line)

    assert ["id", "text", "context", "metadata", "parent_id", "previous_id", "next_id"] == list(data)
    assert METADATA.as_dict() == data["metadata"]
    assert "Über" in line


@given(st.text(), st.text())
def test_one_line(text, context):
    """This test ensures that any text stays on one line, however lines are told apart, and comes back."""
    chunk = replace(CHUNK, text=text + "\u2028\x85\r\n", context=context)
    line = chunk_to_json(chunk)

    assert [line] == line.splitlines()
    assert chunk == chunk_from_json(line)


def with_pieces(pieces):
    return chunk_to_json(replace(CHUNK, metadata=replace(METADATA, regions=json.dumps(pieces))))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "no JSON"),
        ("[]", "expected an object"),
        ("{}", "the field 'id'"),
        (
            chunk_to_json(CHUNK).replace('"chunk_index": 0', '"chunk_index": "0"'),
            r"metadata\.chunk_index: expected a wh",
        ),
        (chunk_to_json(CHUNK).replace('"page_end": 2, ', ""), "the field 'page_end' of ChunkMetadata is missing"),
        (chunk_to_json(replace(CHUNK, metadata=replace(METADATA, regions="?"))), "no JSON"),
        (with_pieces({}), "no list"),
        (with_pieces([7]), "9 fields"),
        (with_pieces([[1, 0, 0, 1, 1, "text", 1, 0]]), "9 fields"),
        (with_pieces([[1, 0, 0, 2, 1, "text", 1, 0, 4]]), "not a box"),
        (with_pieces([[1, 0, 0, None, 1, "text", 1, 0, 4]]), "not so"),
        (with_pieces([[1, 0, 0, 10**400, 1, "text", 1, 0, 4]]), "not so"),
        (with_pieces([[1, 0, 0, 1, 1, "poem", 1, 0, 4]]), "poem"),
        (with_pieces([[1, "0", 0, 1, 1, "text", 1, 0, 4]]), r"box\.x0: expected a number"),
        (with_pieces([[1, 0, 0, 1, 1, "text", 2, 0, 4]]), "exact is 0 or 1"),
        (with_pieces([[1, 0, 0, 1, 1, [], 1, 0, 4]]), "not so"),
        (with_pieces([[1.5, 0, 0, 1, 1, "text", 1, 0, 4]]), "page_number: expected a whole number"),
    ],
)
def test_what_is_no_chunk(line, message):
    """This test ensures that anything else is refused with what was expected."""
    with pytest.raises(OutputError, match=message) as caught:
        chunk_from_json(line)

    assert "Expected a chunk as `chunk_to_json` writes it" in str(caught.value)


def test_number_that_json_has_not():
    """This test ensures that a number that is not finite is refused when written, with the chunk's id."""
    with pytest.raises(OutputError, match="chunk id cannot be written"):
        chunk_to_json(replace(CHUNK, metadata=replace(METADATA, bbox_x0=float("nan"))))
