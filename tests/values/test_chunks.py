from __future__ import annotations

import dataclasses
import json
import typing

import pytest

from dsocr_loaders.values import BoxSource, Chunk, ChunkMetadata, PageStatus, RegionType, TextSource

CONTRACT = {
    "source": str,
    "file_name": str,
    "source_sha256": str,
    "chunk_id": str,
    "parent_id": str,
    "chunk_index": int,
    "page_number": int,
    "page_end": int,
    "total_pages": int,
    "page_label": str,
    "region_type": str,
    "heading_path": str,
    "bbox_x0": float,
    "bbox_y0": float,
    "bbox_x1": float,
    "bbox_y1": float,
    "bbox_source": str,
    "page_width": float,
    "page_height": float,
    "page_unit": str,
    "regions": str,
    "text_source": str,
    "page_status": str,
    "table_id": str,
    "table_rows": str,
    "table_columns": str,
    "table_part": int,
    "table_parts": int,
    "table_layout": str,
    "image_path": str,
    "child_count": int,
    "document_title": str,
}


def metadata():
    return ChunkMetadata(
        source="in/report.pdf",
        file_name="report.pdf",
        source_sha256="0" * 64,
        chunk_id="11111111-1111-5111-8111-111111111111",
        parent_id="",
        chunk_index=0,
        page_number=1,
        page_end=2,
        total_pages=9,
        page_label="i",
        region_type=RegionType.TEXT,
        heading_path="3 Results > 3.2 Ablations",
        bbox_x0=0.0,
        bbox_y0=0.0,
        bbox_x1=1.0,
        bbox_y1=1.0,
        bbox_source=BoxSource.PAGE,
        page_width=595.0,
        page_height=842.0,
        page_unit="pt",
        regions='[[1,0,0,1,1,"text",1,0,4]]',
        text_source=TextSource.OCR,
        page_status=PageStatus.OK,
    )


def test_keys_and_their_order_are_the_contract():
    """This test ensures that every chunk has the agreed keys in the agreed order, which stores turn into columns."""
    assert list(metadata().as_dict()) == list(CONTRACT)


def test_values_are_plain_scalars():
    """This test ensures that each value is exactly of the contract's type: no enumeration, no None, no nesting."""
    assert {key: type(value) for key, value in metadata().as_dict().items()} == CONTRACT


def test_fields_are_declared_as_they_come_out():
    """This test ensures that the annotations, which type checkers believe, say the contract's types."""
    assert typing.get_type_hints(ChunkMetadata) == CONTRACT


def test_metadata_is_json_as_it_stands():
    """This test ensures that a store that keeps metadata as JSON gives back what it was given."""
    written = metadata().as_dict()

    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_each_dict_is_a_new_one():
    """This test ensures that a framework which adds keys to one chunk's metadata does not reach the next one's."""
    shared = metadata()
    shared.as_dict()["added"] = 1

    assert "added" not in shared.as_dict()


def test_what_is_no_table_says_so():
    """This test ensures that the table and image keys are there, and empty, on a chunk of plain text."""
    written = metadata().as_dict()

    assert [written[key] for key in ("table_id", "table_rows", "table_part", "table_parts", "image_path")] == [
        "",
        "",
        0,
        0,
        "",
    ]


@pytest.mark.parametrize(
    ("context", "text", "expected"),
    [
        ("3 Results > 3.2 Ablations", "It works.", "3 Results > 3.2 Ablations\n\nIt works."),
        ("", "It works.", "It works."),
        ("3 Results", "", ""),
        ("", "", ""),
    ],
)
def test_contextualized_text_puts_the_headings_first(context, text, expected):
    """This test ensures that headings come before the text, and that an empty chunk stays empty."""
    chunk = Chunk("id", text, context, (), metadata())

    assert chunk.contextualized == expected


def test_chunk_knows_no_neighbours_unless_told():
    """This test ensures that a lone chunk has empty ids and not None for parent and neighbours."""
    chunk = Chunk("id", "text", "", (), metadata())

    assert (chunk.parent_id, chunk.previous_id, chunk.next_id) == ("", "", "")
    assert dataclasses.replace(chunk, next_id="other").next_id == "other"
