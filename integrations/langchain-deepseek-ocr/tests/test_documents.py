from __future__ import annotations

from dataclasses import replace

import pytest
from dsocr_loaders.chunking import Chunker
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_answer
from langchain_core.documents.base import Blob

from langchain_deepseek_ocr.documents import document_of


@pytest.fixture
def chunk(answer):
    """Return a chunk of page 2 that stands below a heading which is not part of its text."""
    chunker = Chunker(Settings(chunk_tokens=16))
    text = "A sentence that is long enough. " * 4
    chunks = [*chunker.add(page_from_answer(answer("Results", text), page_number=2)), *chunker.finish()]
    assert chunks[-1].context == "Results"
    return chunks[-1]


def test_a_document_is_its_chunk(chunk):
    """This test ensures that text, id and contract of a chunk arrive unchanged."""
    document = document_of(chunk)

    assert chunk.text == document.page_content
    assert chunk.id == document.id == document.metadata["chunk_id"]
    assert {**chunk.metadata.as_dict(), "page": 1} == document.metadata


def test_pages_count_from_zero_and_from_one(chunk):
    """This test ensures that `page` counts as LangChain's PDF loaders do and `page_number` as people do."""
    metadata = document_of(chunk).metadata

    assert (1, 2) == (metadata["page"], metadata["page_number"])


def test_each_document_has_its_own_metadata(chunk):
    """This test ensures that changing one Document's metadata changes no other Document and no blob."""
    blob = Blob.from_data(b"", metadata={"owner": "finance"})
    first, second = (document_of(chunk, blob=blob) for _ in range(2))
    first.metadata["owner"] = "nobody"

    assert ("finance", "finance") == (second.metadata["owner"], blob.metadata["owner"])


def test_a_blobs_metadata_comes_along_below_the_contract(chunk):
    """This test ensures that a blob's own facts are kept, and that none of them can replace one of the contract."""
    blob = Blob.from_data(b"", metadata={"owner": "finance", "page": 99, "chunk_id": "other"})
    document = document_of(chunk, blob=blob)

    assert {"owner": "finance", **document_of(chunk).metadata} == document.metadata


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        (Blob.from_data(b"", metadata={"source": "s3://bucket/report.pdf"}), "s3://bucket/report.pdf"),
        (Blob.from_path("in/report.pdf"), "in/report.pdf"),
        (Blob.from_path("in/report.pdf", metadata={"source": "s3://bucket/report.pdf"}), "s3://bucket/report.pdf"),
        (Blob.from_data(b"", metadata={"source": None}), "as read"),
        (Blob.from_data(b""), "as read"),
        (None, "as read"),
    ],
)
def test_the_source_is_the_blobs_own(chunk, blob, expected):
    """This test ensures that `source` is what LangChain calls a blob's source, so that indexes can clean up by it."""
    read = replace(chunk, metadata=replace(chunk.metadata, source="as read"))

    assert expected == document_of(read, blob=blob).metadata["source"]
