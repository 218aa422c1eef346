from __future__ import annotations

import math
import re
import zlib

import pytest
from dsocr_loaders import highlight
from dsocr_loaders.testing import ScriptedEngine
from langchain_core.document_loaders import BlobLoader
from langchain_core.documents.base import Blob
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_deepseek_ocr import DeepSeekOCRBlobParser, DeepSeekOCRLoader

pytestmark = pytest.mark.usefixtures("warm_workers")


class WordHashes(Embeddings):
    """Embeds a text as its words, hashed into 256 places: the same on every machine."""

    def embed_query(self, text):
        vector = [0.0] * 256
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % 256] += 1.0
        length = math.sqrt(sum(number * number for number in vector)) or 1.0
        return [number / length for number in vector]

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]


class FilesOf(BlobLoader):
    """A ten-line BlobLoader, as users write them."""

    def __init__(self, folder):
        self.folder = folder

    def yield_blobs(self):
        for path in sorted(self.folder.glob("*.pdf")):
            yield Blob.from_path(path)


@pytest.fixture
def store():
    """Return an empty vector store."""
    return InMemoryVectorStore(WordHashes())


@pytest.fixture
def records():
    """Return the memory of an empty index."""
    manager = InMemoryRecordManager(namespace="tests")
    manager.create_schema()
    return manager


def loader_of(file_path, engine):
    """Return a loader that rasterises with pdfium, whose workers start fastest."""
    return DeepSeekOCRLoader(file_path, engine=engine, pdf_backend="pdfium")


def counts(result):
    return tuple(result[f"num_{what}"] for what in ("added", "skipped", "deleted"))


def texts_in(store):
    return sorted(entry["text"] for entry in store.store.values())


ENCODERS = {"sha256": "sha256", "own ids": lambda document: document.id}


@pytest.mark.parametrize("key_encoder", ENCODERS.values(), ids=ENCODERS)
def test_indexing_twice_adds_nothing(report, answers, records, store, key_encoder):
    """This test ensures that metadata holds nothing volatile and ids are stable: a second run changes no record."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        first, second = (
            counts(
                index(loader, records, store, cleanup="incremental", source_id_key="source", key_encoder=key_encoder)
            )
            for _ in range(2)
        )
    engine.close()

    assert (first, second) == ((3, 0, 0), (0, 3, 0))
    assert len(store.store) == 3


@pytest.mark.parametrize("key_encoder", ENCODERS.values(), ids=ENCODERS)
def test_a_changed_text_replaces_the_old_one(report, answers, answer, records, store, key_encoder):
    """This test ensures that another reading of a page takes the place of the old one and leaves the others alone."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        index(loader, records, store, cleanup="incremental", source_id_key="source", key_encoder=key_encoder)
        answers[2] = answer("Part 2", "Another body.")
        again = index(loader, records, store, cleanup="incremental", source_id_key="source", key_encoder=key_encoder)
    engine.close()

    assert counts(again) == (1, 2, 1)
    assert texts_in(store) == [
        "## Part 1\n\nBody of page 1.",
        "## Part 2\n\nAnother body.",
        "## Part 3\n\nBody of page 3.",
    ]


def test_a_changed_file_replaces_its_chunks_and_no_others(make_pdf, tmp_path, records, store):
    """This test ensures that a file which is written anew replaces what it said before, and its neighbour stays."""
    make_pdf(tmp_path / "a.pdf", ["Alpha old", "Alpha second"])
    make_pdf(tmp_path / "b.pdf", ["Beta"])

    def indexed():
        with DeepSeekOCRLoader(FilesOf(tmp_path), engine="text_layer", granularity="page") as loader:
            return counts(index(loader, records, store, cleanup="full", key_encoder="sha256"))

    first = indexed()
    make_pdf(tmp_path / "a.pdf", ["Alpha new"])
    second = indexed()

    assert (first, second) == ((3, 0, 0), (1, 1, 2))
    assert [text.split() for text in texts_in(store)] == [["Alpha", "new"], ["Beta"]]


def test_a_passage_comes_back_with_page_type_and_box(report, answers, store):
    """This test ensures that what a store returns says where in the document it stands."""
    answers[2] += (
        "\n<|ref|>table<|/ref|><|det|>[[100, 400, 900, 600]]<|/det|>\n"
        "<table><tr><td>Region</td><td>Revenue</td></tr><tr><td>Norway</td><td>17</td></tr></table>\n"
    )
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        store.add_documents(loader.load())
    engine.close()
    (found,) = store.similarity_search("revenue of Norway", k=1)

    assert "Norway" in found.page_content
    assert [found.metadata[key] for key in ("source", "page", "page_number", "region_type", "heading_path")] == [
        str(report),
        1,
        2,
        "table",
        "Part 2",
    ]
    box = [found.metadata[f"bbox_{corner}"] for corner in ("x0", "y0", "x1", "y1")]
    assert box == pytest.approx([100 / 999, 400 / 999, 900 / 999, 600 / 999])
    assert found.id == found.metadata["chunk_id"]


def test_a_hit_can_be_shown_on_its_page(report, answers, store):
    """This test ensures that what a store returns is enough to draw where it stands."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        store.add_documents(loader.load())
    engine.close()
    found = store.similarity_search("Part 2", k=1)

    pages = highlight(found, report, dpi=36)

    assert [found[0].metadata["page_number"]] == [page.page_number for page in pages]


def test_filters_see_the_contract(report, answers, store):
    """This test ensures that a search can be narrowed to a page."""
    engine = ScriptedEngine(answers)
    with loader_of(report, engine) as loader:
        store.add_documents(loader.load())
    engine.close()
    found = store.similarity_search("body", k=5, filter=lambda document: document.metadata["page_number"] == 3)

    assert [document.page_content for document in found] == ["## Part 3\n\nBody of page 3."]


def test_a_parser_fits_any_blob_loader(make_pdf, tmp_path, answers):
    """This test ensures that loader and parser make the same Documents of the same blobs."""
    for name in ("a.pdf", "b.pdf"):
        make_pdf(tmp_path / name)
    engine = ScriptedEngine(answers)
    with (
        DeepSeekOCRBlobParser(engine=engine, pdf_backend="pdfium") as parser,
        loader_of(FilesOf(tmp_path), engine) as loader,
    ):
        parsed = [document for blob in FilesOf(tmp_path).yield_blobs() for document in parser.lazy_parse(blob)]
        loaded = loader.load()
    engine.close()

    assert len(parsed) == 6
    assert parsed == loaded
