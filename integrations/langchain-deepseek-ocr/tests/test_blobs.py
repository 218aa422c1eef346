from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from dsocr_loaders import SettingsError
from langchain_core.document_loaders import BlobLoader
from langchain_core.documents.base import Blob

from langchain_deepseek_ocr.blobs import BlobIntake, BlobStream


@pytest.mark.parametrize(
    "given", ["a.pdf", Path("a.pdf"), b"%PDF-", bytearray(b"%PDF-"), BytesIO(b"%PDF-"), {"a": "b"}, None]
)
def test_a_single_source_passes_as_it_is(given):
    """This test ensures that the core gets to see, and to judge, what is no blob and no list."""
    intake = BlobIntake(given)

    assert [given] == list(intake)
    assert intake.next_blob() is None


def test_lists_are_taken_one_by_one():
    """This test ensures that generators and nested lists are read lazily and in order."""
    asked = []

    def names():
        for name in ("b.pdf", "c.pdf"):
            asked.append(name)
            yield name

    sources = iter(BlobIntake(["a.pdf", names(), ["d.pdf"]]))

    assert ("a.pdf", "b.pdf", ["b.pdf"]) == (next(sources), next(sources), asked)
    assert ["c.pdf", "d.pdf"] == list(sources)


def test_every_blob_is_one_source(tmp_path):
    """This test ensures that sources and blobs keep in step, whatever a blob turns out to be."""
    (tmp_path / "there.pdf").write_bytes(b"%PDF-")
    blobs = [
        Blob.from_path(tmp_path / "there.pdf"),
        Blob.from_path(tmp_path / "missing*.pdf"),
        Blob.from_path(tmp_path),
        Blob.from_data(b"%PDF-", path="named.pdf"),
        Blob.from_data(b"%PDF-"),
    ]

    class Loader(BlobLoader):
        def yield_blobs(self):
            yield from blobs

    intake = BlobIntake(Loader())
    sources = list(intake)
    names = [source if isinstance(source, str) else source.name for source in sources]

    assert [str(blob.path) if blob.path else None for blob in blobs] == names
    assert [False, True, True, True, True] == [isinstance(source, BlobStream) for source in sources]
    assert [*blobs, None] == [intake.next_blob() for _ in range(len(blobs) + 1)]


def test_a_blob_is_not_taken_for_a_list():
    """This test ensures that one blob is one source, although its class can be iterated over."""
    blob = Blob.from_data(b"%PDF-")
    intake = BlobIntake(blob)

    assert 1 == len(list(intake))
    assert blob is intake.next_blob()


@pytest.mark.parametrize("given", [["a.pdf", Blob.from_data(b"")], [Blob.from_data(b""), "a.pdf"]])
def test_blobs_and_paths_do_not_mix(given):
    """This test ensures that metadata of one blob can never end up on the chunks of another file."""
    with pytest.raises(SettingsError, match="mixed in one list"):
        list(BlobIntake(given))


def test_nothing_is_opened_before_the_first_read(tmp_path):
    """This test ensures that making a source of a blob costs nothing, and that reading gives its bytes in pieces."""
    path = tmp_path / "later.pdf"
    stream = BlobStream(Blob.from_path(path, metadata={"source": "s3://bucket/later.pdf"}))
    path.write_bytes(b"%PDF-1.7")

    assert "s3://bucket/later.pdf" == stream.name
    assert [b"%PDF-", b"1.7", b""] == [stream.read(5), stream.read(), stream.read(5)]
