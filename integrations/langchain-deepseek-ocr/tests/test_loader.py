from __future__ import annotations

import json
import logging
import pickle
import shutil
import uuid
from dataclasses import fields

import fsspec
import pytest
from dsocr_loaders import (
    ChunkMetadata,
    EngineUnavailable,
    PagesFailed,
    Settings,
    SettingsError,
    SourceNotFound,
    SourceUnsupported,
)
from dsocr_loaders.errors import engine_error
from dsocr_loaders.testing import ScriptedEngine, ScriptedServer
from langchain_core.document_loaders import BaseLoader, BlobLoader
from langchain_core.documents import Document
from langchain_core.documents.base import Blob

from langchain_deepseek_ocr import DeepSeekOCRLoader

pytestmark = pytest.mark.usefixtures("warm_workers")

CONTRACT = {field.name for field in fields(ChunkMetadata)}


class FolderOfBlobs(BlobLoader):
    """Yields the PDFs of a folder, as a loader of a user's own would."""

    def __init__(self, folder):
        self.folder = folder
        self.yielded = []

    def yield_blobs(self):
        for path in sorted(self.folder.glob("*.pdf")):
            self.yielded.append(path.name)
            yield Blob.from_path(path, metadata={"owner": path.stem})


@pytest.fixture
def engine(answers):
    """Return an engine that knows the answers for three pages."""
    with_memory = ScriptedEngine(answers)
    yield with_memory
    with_memory.close()


def loader_of(file_path, engine, **settings):
    """Return a loader that rasterises with pdfium, whose workers start fastest."""
    return DeepSeekOCRLoader(file_path, engine=engine, pdf_backend="pdfium", **settings)


def texts_of(documents):
    return [document.page_content for document in documents]


THREE_PARTS = [f"## Part {number}\n\nBody of page {number}." for number in (1, 2, 3)]


def test_it_loads_what_it_is_given(report, engine):
    """This test ensures that a file is read in every form that it can be given in."""
    with report.open("rb") as file:
        forms = [str(report), report, [report], report.parent, str(report.parent / "*.pdf"), report.read_bytes(), file]
        with loader_of(forms, engine) as loader:
            documents = loader.load()

    assert isinstance(loader, BaseLoader)
    assert {type(document) for document in documents} == {Document}
    assert texts_of(documents) == THREE_PARTS * len(forms)
    assert [document.metadata["page"] for document in documents] == [0, 1, 2] * len(forms)


def test_it_loads_blobs_in_every_form(report, engine):
    """This test ensures that a BlobLoader, a single blob and any iterable of blobs are read."""
    in_memory = Blob.from_data(report.read_bytes(), path=str(report))
    forms = [FolderOfBlobs(report.parent), Blob.from_path(report), iter([in_memory])]
    with loader_of(forms, engine) as loader:
        documents = loader.load()

    assert texts_of(documents) == THREE_PARTS * len(forms)


def test_it_loads_from_another_file_system(report, engine):
    """This test ensures that fs= is where paths and folders are looked for, while a blob opens its file itself."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/loader/report.pdf", report.read_bytes())
    blob = Blob.from_path(report)
    with loader_of(["/loader/report.pdf", "/loader"], engine, fs=memory) as paths:
        with loader_of(blob, engine, fs=memory) as blobs:
            expected = THREE_PARTS * 3

            assert texts_of([*paths.load(), *blobs.load()]) == expected
        assert {"/loader/report.pdf"} == {document.metadata["source"] for document in paths.lazy_load()}


@pytest.mark.parametrize("granularity", ["chunk", "region", "page", "grounded"])
def test_metadata_is_the_contract_everywhere(report, engine, granularity):
    """This test ensures that every Document has the same flat keys, JSON-safe, never None, and a UUID."""
    with loader_of(report, engine, granularity=granularity) as loader:
        documents = loader.load()

    assert len(documents) == {"chunk": 3, "region": 6, "page": 3, "grounded": 1}[granularity]
    for document in documents:
        assert set(document.metadata) == {*CONTRACT, "page"}
        assert {type(value) for value in document.metadata.values()} <= {str, int, float}
        assert json.loads(json.dumps(document.metadata)) == document.metadata
        assert str(uuid.UUID(document.id)) == document.metadata["chunk_id"]


def test_one_page_after_another(make_pdf, tmp_path, answer):
    """This test ensures that Documents come while later pages are still unread, however long the file is."""
    path = make_pdf(tmp_path / "long.pdf", [f"Page {number}" for number in range(1, 61)])
    engine = ScriptedEngine(lambda request: answer(f"Part {request.page.page_number}", "Body."), capacity=1)
    with loader_of(path, engine, max_in_flight=1) as loader:
        documents = loader.lazy_load()
        first = next(documents)
        asked = len(engine.requests)
        documents.close()
    engine.close()

    assert first.metadata["page"] == 0
    assert asked < 60


@pytest.mark.parametrize(("contextualize", "expected"), [({}, "Results\n\n"), ({"contextualize": False}, "")])
def test_headings_go_before_the_text_by_default(make_pdf, tmp_path, answer, contextualize, expected):
    """This test ensures that LangChain, which embeds the text alone, gets the headings too unless told otherwise."""
    engine = ScriptedEngine(answer("Results", "A sentence that is long enough. " * 4))
    path = make_pdf(tmp_path / "one.pdf", ["One"])
    with loader_of(path, engine, chunk_tokens=16, **contextualize) as loader:
        last = loader.load()[-1]
    engine.close()

    assert last.metadata["heading_path"] == "Results"
    assert last.page_content.removesuffix("A sentence that is long enough.") == expected


def test_the_same_input_has_the_same_ids_and_a_copy_has_others(report, engine):
    """This test ensures that a second run upserts, and that two copies of a file do not hide each other."""
    copy = report.with_name("copy.pdf")
    shutil.copy(report, copy)
    with loader_of(report, engine) as loader:
        once, twice = ([document.id for document in loader.load()] for _ in range(2))
    with loader_of(copy, engine) as loader:
        copied = [document.id for document in loader.load()]

    assert once == twice
    assert set(once) & set(copied) == set()


def test_a_path_and_its_blob_have_the_same_ids(report, engine):
    """This test ensures that coming through a BlobLoader does not make another document of a file."""
    with loader_of(report, engine) as by_path, loader_of([Blob.from_path(report)], engine) as by_blob:
        expected, actual = ([document.id for document in loader.load()] for loader in (by_path, by_blob))

    assert expected == actual


def test_blobs_keep_their_own_metadata(make_pdf, tmp_path, engine):
    """This test ensures that pages of several blobs, which are read side by side, are not mixed up."""
    for name in ("a", "b", "c"):
        make_pdf(tmp_path / f"{name}.pdf", [f"{name} 1", f"{name} 2"])
    with loader_of(FolderOfBlobs(tmp_path), engine) as loader:
        found = [
            (document.metadata["owner"], document.metadata["file_name"], document.metadata["page"])
            for document in loader.load()
        ]

    assert found == [(name, f"{name}.pdf", page) for name in ("a", "b", "c") for page in (0, 1)]


def test_a_blob_that_cannot_be_read_costs_no_other(make_pdf, tmp_path, engine, answers):
    """This test ensures that blobs behind a bad one are read under their own metadata, and that the error names it."""
    make_pdf(tmp_path / "a.pdf", ["a 1"])
    (tmp_path / "b.pdf").write_text("no PDF")
    make_pdf(tmp_path / "c.pdf", ["c 1"])
    documents = []
    with loader_of(FolderOfBlobs(tmp_path), engine) as loader, pytest.raises(PagesFailed) as caught:
        documents.extend(loader.lazy_load())

    assert [document.metadata["owner"] for document in documents] == ["a", "c"]
    assert [failure.name for failure in caught.value.sources] == [str(tmp_path / "b.pdf")]
    assert str(tmp_path / "b.pdf") in str(caught.value)


def broken(number):
    return engine_error("bad_request", f"page {number} is refused")


def test_a_failed_page_costs_one_page(report, engine, answers):
    """This test ensures that the lazy form yields all good pages before it raises the failed one."""
    answers[2] = broken(2)
    documents = []
    with loader_of(report, engine) as loader, pytest.raises(PagesFailed) as caught:
        documents.extend(loader.lazy_load())

    assert texts_of(documents) == [THREE_PARTS[0], THREE_PARTS[2]]
    assert [result.page_number for result in caught.value.results] == [2]


def test_load_loses_nothing_when_a_page_fails(report, engine, answers):
    """This test ensures that the eager form hands over every page that was paid for."""
    answers[2] = broken(2)
    with loader_of(report, engine) as loader, pytest.raises(PagesFailed, match=r"report\.pdf") as caught:
        loader.load()

    assert [result.status for result in caught.value.results] == ["ok", "failed", "ok"]


def test_failed_pages_are_left_out_or_kept_as_asked(report, engine, answers, caplog):
    """This test ensures that `on_page_error` has its say, and that text of an error is never content."""
    answers[2] = broken(2)
    with (
        caplog.at_level(logging.WARNING),
        loader_of(report, engine, on_page_error="skip") as skipping,
        loader_of(report, engine, on_page_error="placeholder") as keeping,
    ):
        skipped, kept = skipping.load(), keeping.load()

    assert texts_of(skipped) == [THREE_PARTS[0], THREE_PARTS[2]]
    assert texts_of(kept) == [THREE_PARTS[0], "", THREE_PARTS[2]]
    assert kept[1].metadata["page_status"] == "failed"
    assert "page 2 is refused" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "error"), [("missing.pdf", None, SourceNotFound), ("notes.pdf", b"no PDF", SourceUnsupported)]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, engine, name, content, error):
    """This test ensures that the one error says which file it is about."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with loader_of(tmp_path / name, engine) as loader, pytest.raises(error) as caught:
        loader.load()

    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dpi": 3}, "dpi=3 is not allowed; allowed: a whole number from 36 to 600"),
        ({"granularity": "word"}, "granularity='word' is not allowed; allowed: chunk, region, page, document"),
        ({"contextualise": True}, "'contextualise' is no setting; did you mean 'contextualize'?"),
        ({"engine": "tesseract"}, "engine='tesseract' is not allowed"),
    ],
)
def test_a_wrong_setting_is_refused_at_once(settings, words):
    """This test ensures that a mistake is told where it is made, with what is allowed."""
    with pytest.raises(SettingsError) as caught:
        DeepSeekOCRLoader("report.pdf", **settings)

    assert words in str(caught.value)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_of_the_core_is_taken(name):
    """This test ensures that no word of the core is missing here, and that defaults are the core's own."""
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    loader = DeepSeekOCRLoader("report.pdf", **{name: default})

    assert getattr(loader.settings, name) == default
    if name != "contextualize":
        assert getattr(DeepSeekOCRLoader("report.pdf").settings, name) == default


def test_the_engine_is_asked_for_on_first_use():
    """This test ensures that making a loader needs no engine, and that one which is missing is an error of the load."""
    loader = DeepSeekOCRLoader("report.pdf", engine="replay:/nowhere")

    with pytest.raises(EngineUnavailable, match="/nowhere"):
        loader.load()


def test_closing_leaves_a_shared_engine_open(report, engine):
    """This test ensures that closing twice is safe, and that an engine passed in still serves another loader."""
    with loader_of(report, engine) as first:
        first.load()
    first.close()
    with loader_of(report, engine) as second:
        documents = second.load()

    assert not engine.is_closed
    assert texts_of(documents) == THREE_PARTS


def test_a_pickled_loader_reads_the_same(report, recorded):
    """This test ensures that a loader can be sent to another process, before and after its first use."""
    with DeepSeekOCRLoader(report, engine=f"replay:{recorded}", pdf_backend="pdfium") as loader:
        unused = pickle.loads(pickle.dumps(loader))  # noqa: S301 - pickled here
        expected = loader.load()
        used = pickle.loads(pickle.dumps(loader))  # noqa: S301 - pickled here
    with unused:
        actual = unused.load()

    assert actual == expected
    assert (used.file_path, used.settings) == (report, loader.settings)


def test_an_explicit_key_is_not_pickled():
    """This test ensures that a key cannot leak into a pickle, and that the message says what to do instead."""
    loader = DeepSeekOCRLoader("report.pdf", engine="http://localhost:8000/v1", api_key="secret")

    with pytest.raises(SettingsError, match="DSOCR_API_KEY"):
        pickle.dumps(loader)


def test_it_reads_through_a_server(report, answer):
    """This test ensures that a base URL and a key lead to a server that speaks vLLM's protocol."""
    with ScriptedServer(lambda request: answer("Part", f"Request {request.number > 0}.")) as server:
        with DeepSeekOCRLoader(
            report, engine=server.base_url, pdf_backend="pdfium", api_key="secret", pages="2"
        ) as loader:
            documents = loader.load()

        assert texts_of(documents) == ["## Part\n\nRequest True."]
        assert [request.headers["authorization"] for request in server.requests] == ["Bearer secret"]


def test_it_replays_recorded_answers(report, recorded):
    """This test ensures that recorded answers are found by the pixels of the pages."""
    with DeepSeekOCRLoader(report, engine=f"replay:{recorded}", pdf_backend="pdfium") as loader:
        documents = loader.load()

    assert texts_of(documents) == THREE_PARTS


def test_it_reads_a_text_layer(report):
    """This test ensures that a born-digital PDF needs no model."""
    with DeepSeekOCRLoader(report, engine="text_layer") as loader:
        documents = loader.load()

    assert "Two" in "\n".join(texts_of(documents))
    assert {"text_layer"} == {document.metadata["text_source"] for document in documents}


def test_it_reads_figures(report):
    """This test ensures that what a figure shows is the text of its document, with the figure's type and box."""

    def answer(request):
        if request.prompt == "Parse the figure.":
            return "<table><tr><td>Year</td><td>Rain</td></tr><tr><td>2020</td><td>71</td></tr></table>"
        return "<|ref|>image<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>"

    with DeepSeekOCRLoader(report, engine=ScriptedEngine(answer), pages="1", read_figures=True, repair=False) as loader:
        documents = loader.load()

    assert ["| Year | Rain |\n| --- | --- |\n| 2020 | 71 |"] == texts_of(documents)
    assert ("figure", "model") == tuple(documents[0].metadata[key] for key in ("region_type", "bbox_source"))
