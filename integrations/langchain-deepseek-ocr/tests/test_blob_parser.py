from __future__ import annotations

import io
import pickle
import sys

import numpy as np
import pytest
from dsocr_loaders import (
    MissingDependency,
    PagesFailed,
    SettingsError,
    SourceDamaged,
    SourceNotFound,
    SourceUnsupported,
)
from dsocr_loaders.errors import engine_error
from dsocr_loaders.testing import ScriptedEngine
from langchain_core.document_loaders import BaseBlobParser
from langchain_core.documents.base import Blob
from PIL import Image, ImageDraw

from langchain_deepseek_ocr import DeepSeekOCRBlobParser

pytestmark = pytest.mark.usefixtures("warm_workers")


@pytest.fixture
def engine(answers):
    """Return an engine that knows the answers for three pages."""
    with_memory = ScriptedEngine(answers)
    yield with_memory
    with_memory.close()


@pytest.fixture
def picture():
    """Return an image with something on it."""
    image = Image.new("RGB", (120, 80), "white")
    ImageDraw.Draw(image).rectangle((20, 20, 100, 60), fill="navy")
    return image


def parser_of(engine, **settings):
    """Return a parser that rasterises with pdfium, whose workers start fastest."""
    return DeepSeekOCRBlobParser(engine=engine, pdf_backend="pdfium", **settings)


def encoded(image, form):
    target = io.BytesIO()
    if form == "npy":
        np.save(target, np.asarray(image))
    else:
        image.save(target, form)
    return target.getvalue()


def array_blob(image):
    """Return an image as LangChain's PyMuPDFLoader passes it to its `images_parser`."""
    return Blob.from_data(encoded(image, "npy"), mime_type="application/x-npy")


def test_a_blob_with_a_path_is_read_from_there(report, engine):
    """This test ensures that a PDF on disk is parsed under its path, with the blob's own facts."""
    blob = Blob.from_path(report, metadata={"owner": "finance"})
    with parser_of(engine) as parser:
        documents = list(parser.lazy_parse(blob))

    assert isinstance(parser, BaseBlobParser)
    assert [document.page_content.splitlines()[-1] for document in documents] == [
        f"Body of page {number}." for number in (1, 2, 3)
    ]
    assert {("finance", str(report), 3)} == {
        (document.metadata["owner"], document.metadata["source"], document.metadata["total_pages"])
        for document in documents
    }


@pytest.mark.parametrize(("form", "mime_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("PNG", None)])
def test_a_blob_with_data_is_read_from_memory(engine, picture, form, mime_type):
    """This test ensures that page images in memory are parsed under the name of their source."""
    source = "s3://bucket/scan"
    blob = Blob.from_data(encoded(picture, form), mime_type=mime_type, metadata={"source": source})
    with parser_of(engine) as parser:
        (document,) = parser.parse(blob)

    assert document.page_content == "## Part 1\n\nBody of page 1."
    assert [document.metadata[key] for key in ("source", "file_name", "page", "page_unit", "page_width")] == [
        source,
        "scan",
        0,
        "px",
        120.0,
    ]


def test_ids_follow_source_and_text(engine, picture):
    """This test ensures that the same blob keeps its ids and that another source has others."""
    data = encoded(picture, "PNG")
    with parser_of(engine) as parser:
        first, again, other = (
            parser.parse(Blob.from_data(data, metadata={"source": source}))[0].id for source in ("a", "a", "b")
        )

    assert first == again
    assert first != other


@pytest.mark.parametrize("granularity", ["chunk", "region", "document"])
def test_an_array_makes_exactly_one_document(engine, picture, granularity):
    """This test ensures that the parser serves as `images_parser`, of which callers take the first Document alone."""
    with parser_of(engine, granularity=granularity) as parser:
        (document,) = parser.lazy_parse(array_blob(picture))
        first = next(parser.lazy_parse(array_blob(picture)))

    assert document.page_content.split() == ["##", "Part", "1", "Body", "of", "page", "1."]
    assert first == document
    assert document.metadata["source"].startswith("bytes:")


def test_other_blobs_keep_their_granularity_next_to_arrays(engine, picture, report):
    """This test ensures that an array changes nothing for the blobs behind it."""
    with parser_of(engine, granularity="region") as parser:
        counts = [len(parser.parse(blob)) for blob in (array_blob(picture), Blob.from_path(report))]

    assert counts == [1, 6]


def test_a_blank_array_makes_one_empty_document(engine):
    """This test ensures that an image without ink neither asks the engine nor ends a caller's loop early."""
    with parser_of(engine) as parser:
        (document,) = parser.lazy_parse(array_blob(Image.new("RGB", (60, 40), "white")))

    assert (document.page_content, document.metadata["page_status"]) == ("", "blank")
    assert engine.requests == []


def test_an_array_that_is_skipped_makes_one_empty_document(picture):
    """This test ensures that `on_page_error="skip"` does not leave the caller of an `images_parser` without one."""
    engine = ScriptedEngine(engine_error("bad_request", "refused"))
    with parser_of(engine, on_page_error="skip") as parser:
        (document,) = parser.lazy_parse(array_blob(picture))
        others = parser.parse(Blob.from_data(encoded(picture, "PNG")))
    engine.close()

    assert (document.page_content, document.metadata["page_status"]) == ("", "failed")
    assert others == []


def test_an_array_may_lie_in_a_file(tmp_path, engine, picture):
    """This test ensures that an array on disk is converted too."""
    path = tmp_path / "scan.npy"
    path.write_bytes(encoded(picture, "npy"))
    with parser_of(engine) as parser:
        (document,) = parser.lazy_parse(Blob.from_path(path, mime_type="application/x-npy"))

    assert document.metadata["source"] == str(path)


@pytest.mark.parametrize(
    ("data", "mime_type", "error", "words"),
    [
        (b"plain words", "application/pdf", SourceUnsupported, "plain text"),
        ("plain words", "application/pdf", SourceUnsupported, "plain text"),
        (b"", "image/png", SourceUnsupported, "empty"),
        (b"%PDF-1.7 and no more", "application/pdf", SourceDamaged, "cut off"),
        (b"no array", "application/x-npy", SourceDamaged, "numpy"),
    ],
)
def test_errors_name_the_blob(engine, data, mime_type, error, words):
    """This test ensures that an error says which blob it is about and what is wrong with it."""
    blob = Blob.from_data(data, mime_type=mime_type, metadata={"source": "s3://bucket/scan"})
    with parser_of(engine) as parser, pytest.raises(error) as caught:
        parser.parse(blob)

    assert "s3://bucket/scan" in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path, engine):
    """This test ensures that a blob whose file is gone is one clear error, whatever signs are in its name."""
    path = tmp_path / "gone[1].pdf"
    with parser_of(engine) as parser, pytest.raises(SourceNotFound) as caught:
        parser.parse(Blob.from_path(path))

    assert str(path) in str(caught.value)


def test_failed_pages_name_the_blob_and_lose_nothing(report, engine, answers):
    """This test ensures that eager parsing hands over every page, and that the message names blob and page."""
    answers[2] = engine_error("bad_request", "refused")
    blob = Blob.from_data(report.read_bytes(), metadata={"source": "s3://bucket/report.pdf"})
    with parser_of(engine) as parser, pytest.raises(PagesFailed) as caught:
        parser.parse(blob)

    assert [result.status for result in caught.value.results] == ["ok", "failed", "ok"]
    assert "s3://bucket/report.pdf, page 2" in str(caught.value)


def test_arrays_without_numpy_say_what_to_install(monkeypatch, engine, picture):
    """This test ensures that a missing numpy is told to the caller and not taken for a damaged image."""
    blob = array_blob(picture)
    monkeypatch.setitem(sys.modules, "numpy", None)
    with parser_of(engine) as parser, pytest.raises(MissingDependency, match="pip install numpy"):
        parser.parse(blob)


def test_a_parser_is_pickled_by_its_settings():
    """This test ensures that a parser can be sent to another process unless that would write down a key."""
    parser = pickle.loads(pickle.dumps(DeepSeekOCRBlobParser(engine="text_layer", dpi=100)))  # noqa: S301 - pickled here

    assert (parser.settings.engine, parser.settings.dpi) == ("text_layer", 100)
    with pytest.raises(SettingsError, match="DSOCR_API_KEY"):
        pickle.dumps(DeepSeekOCRBlobParser(api_key="secret"))
