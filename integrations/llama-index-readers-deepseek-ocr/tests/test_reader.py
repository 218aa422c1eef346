"""Documents: what `DeepSeekOCRReader` hands over, from which sources, and with which settings."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from shutil import copyfile

import dsocr_loaders
import fsspec
import pytest
from dsocr_loaders import PagesFailed, SettingsError, SourceNotFound
from dsocr_loaders.errors import engine_error
from dsocr_loaders.testing import ScriptedEngine
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.readers.base import BasePydanticReader, BaseReader, ReaderConfig
from llama_index.core.schema import Document, MetadataMode

from llama_index.readers.deepseek_ocr import DeepSeekOCRReader

GRANULARITIES = ("chunk", "region", "page", "document", "grounded")


@pytest.fixture(scope="module")
def text_reader():
    with DeepSeekOCRReader("text_layer") as reader:
        yield reader


def texts_of(documents):
    return [document.text for document in documents]


def ids_of(documents):
    return [document.id_ for document in documents]


def test_it_is_a_reader_of_llama_index():
    """This test ensures that everything in LlamaIndex that takes a reader takes this one."""
    reader = DeepSeekOCRReader("text_layer")

    assert isinstance(reader, BasePydanticReader)
    assert isinstance(reader, BaseReader)
    assert reader.class_name() == "DeepSeekOCRReader"


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_documents_are_the_core_s_objects(report, engine, granularity):
    """This test ensures that each granularity's documents have the ids, texts and metadata of the core's objects."""
    with dsocr_loaders.Reader(engine, granularity=granularity) as core:
        chunks = core.load(report)

    with DeepSeekOCRReader(engine, granularity=granularity) as reader:
        documents = reader.load_data(report)

    assert [chunk.id for chunk in chunks] == ids_of(documents)
    assert [chunk.text for chunk in chunks] == texts_of(documents)
    assert [chunk.metadata.as_dict() for chunk in chunks] == [document.metadata for document in documents]


def test_a_document_knows_page_type_and_box(report, engine):
    """This test ensures that a table is found again on its page."""
    with DeepSeekOCRReader(engine) as reader:
        (table,) = [each for each in reader.load_data(report) if each.metadata["region_type"] == "table"]

    box = [table.metadata[key] for key in ("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1")]
    assert "| 2024 | 51 million |" in table.text
    assert table.metadata["page_number"] == 1
    assert table.metadata["heading_path"] == "1 Results"
    assert box == pytest.approx([150 / 999, 400 / 999, 850 / 999, 600 / 999])


def test_extra_info_is_added_and_our_keys_win(report, engine):
    """This test ensures that a caller's metadata is on each document and cannot hide where the text comes from."""
    extra = {"file_type": "application/pdf", "page_number": 99}

    with DeepSeekOCRReader(engine) as reader:
        documents = reader.load_data(report, extra_info=extra)

    assert {"application/pdf"} == {document.metadata["file_type"] for document in documents}
    assert {1, 2} == {document.metadata["page_number"] for document in documents}
    assert {"file_type": "application/pdf", "page_number": 99} == extra


def test_what_a_model_is_shown_is_short(report, engine):
    """This test ensures that boxes, ids, hashes and JSON are kept from texts, and file, page and headings are not."""
    with DeepSeekOCRReader(engine) as reader:
        last = reader.load_data(report)[-1]

    shown = last.get_metadata_str(MetadataMode.LLM)
    embedded = last.get_metadata_str(MetadataMode.EMBED)
    assert shown == "file_name: report.pdf\npage_label: 2\nheading_path: 2 Outlook\ndocument_title: Whaling Company"
    assert embedded == "file_name: report.pdf\nheading_path: 2 Outlook\ndocument_title: Whaling Company"


def test_headings_in_front_of_the_text_are_not_repeated(report, engine):
    """This test ensures that `contextualize` puts the headings into the text and takes them out of its metadata."""
    with DeepSeekOCRReader(engine, contextualize=True) as reader:
        (table,) = [each for each in reader.load_data(report) if each.metadata["region_type"] == "table"]

    assert table.text.startswith("Whaling Company > 1 Results\n\n|")
    for mode in (MetadataMode.EMBED, MetadataMode.LLM):
        assert "heading_path" not in table.get_metadata_str(mode)
        assert "document_title" not in table.get_metadata_str(mode)
    assert table.metadata["heading_path"] == "1 Results"
    assert table.metadata["document_title"] == "Whaling Company"


def test_a_grounded_document_holds_the_layout_in_its_text_alone(report, engine):
    """This test ensures that layout is not in the metadata, which LlamaIndex copies from node to node."""
    with DeepSeekOCRReader(engine, granularity="grounded") as reader:
        (document,) = reader.load_data(report)

    assert json.loads(document.text)["pages"][0]["regions"][0]["type"] == "title"
    assert document.metadata["regions"] == "[]"
    assert len(json.dumps(document.metadata)) < 1200


def test_sources_of_every_kind_are_read(text_reader, make_pdf, tmp_path):
    """This test ensures that paths, texts, lists, folders, patterns, bytes and file objects all work."""
    path = make_pdf("one page of words", folder=tmp_path)
    data = path.read_bytes()
    sources = [path, str(path), [path], tmp_path, f"{tmp_path}/*.pdf", data, bytearray(data), io.BytesIO(data)]

    found = [texts_of(text_reader.load_data(source)) for source in sources]

    assert [["one page of words"]] * len(sources) == found


def test_bytes_get_the_name_they_are_given(text_reader, report):
    """This test ensures that `name=` is what the metadata calls bytes, and what their ids are made of."""
    data = report.read_bytes()

    named = text_reader.load_data(data, name="upload/a.pdf")
    other = text_reader.load_data(data, name="upload/b.pdf")

    assert ["upload/a.pdf", "a.pdf"] == [named[0].metadata["source"], named[0].metadata["file_name"]]
    assert set(ids_of(named)).isdisjoint(ids_of(other))


def test_paths_of_another_file_system_are_read(text_reader, report):
    """This test ensures that `fs=` is where the path is opened."""
    fs = fsspec.filesystem("memory")
    fs.pipe("/box/in-memory.pdf", report.read_bytes())

    documents = text_reader.load_data("/box/in-memory.pdf", fs=fs)

    assert texts_of(text_reader.load_data(report)) == texts_of(documents)
    assert {"/box/in-memory.pdf"} == {document.metadata["source"] for document in documents}


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_ids_are_the_file_s_own(report, engine, tmp_path, granularity):
    """This test ensures that reading twice makes the same ids, and a copy of the file other ones."""
    copy = copyfile(report, tmp_path / "report.pdf")

    with DeepSeekOCRReader(engine, granularity=granularity) as reader:
        first, second, copied = (ids_of(reader.load_data(path)) for path in (report, report, copy))

    assert first == second
    assert set(first).isdisjoint(copied)


def test_documents_come_before_the_last_page_is_read(make_pdf):
    """This test ensures that a lazy caller waits for one page and pays for no more than the pages in flight."""
    pages = 60
    path = make_pdf(*(f"page {number}" for number in range(pages)))
    engine = ScriptedEngine("Some words.", capacity=1)

    with DeepSeekOCRReader(engine, granularity="page") as reader:
        documents = reader.lazy_load_data(path)
        first = next(documents)
        asked = len(engine.requests)
        documents.close()
    engine.close()

    assert first.metadata["page_number"] == 1
    assert 1 <= asked < pages


def test_pages_that_failed_are_reported_with_all_that_were_read(report, answers):
    """This test ensures that eager reading raises at the end and hands over the good pages with the bad one."""
    engine = ScriptedEngine({1: answers[1], 2: engine_error("bad_request", "no")})

    with DeepSeekOCRReader(engine) as reader, pytest.raises(PagesFailed) as caught:
        reader.load_data(report)
    engine.close()

    assert [(1, "ok"), (2, "failed")] == [(each.page_number, each.status) for each in caught.value.results]


def test_a_missing_file_is_an_error_of_the_core(text_reader, tmp_path):
    """This test ensures that errors come through as they are."""
    with pytest.raises(SourceNotFound):
        text_reader.load_data(tmp_path / "nowhere.pdf")


def test_async_reading_leaves_the_loop_free(report, answers):
    """This test ensures that other tasks run while documents are awaited, one by one or all together."""
    engine = ScriptedEngine(answers, delay_s=0.3)

    async def ticks_during(reading):
        ticks = 0
        task = asyncio.ensure_future(reading)
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return await task, ticks

    async def one_by_one(reader):
        return [document async for document in reader.alazy_load_data(report, {"mark": 1})]

    async def both():
        async with DeepSeekOCRReader(engine) as reader:
            reader.load_data(report)  # also in a running loop; and the page workers are up then
            return await ticks_during(reader.aload_data(report, {"mark": 1})), await ticks_during(one_by_one(reader))

    (all_at_once, ticks), (one_after_another, more_ticks) = asyncio.run(both())
    engine.close()

    assert all_at_once == one_after_another
    assert {1} == {document.metadata["mark"] for document in all_at_once}
    assert min(ticks, more_ticks) > 10


def test_a_caller_that_stops_early_stops_the_reading(make_pdf):
    """This test ensures that leaving an `async for` ends the run."""
    path = make_pdf(*(f"page {number}" for number in range(60)))
    engine = ScriptedEngine("Some words.", capacity=1)

    async def first_document():
        async with DeepSeekOCRReader(engine, granularity="page") as reader:
            documents = reader.alazy_load_data(path)
            first = await anext(documents)
            await documents.aclose()
            return first

    first = asyncio.run(first_document())
    asked = len(engine.requests)
    engine.close()

    assert isinstance(first, Document)
    assert 1 <= asked < 60


def test_settings_are_checked_by_the_core():
    """This test ensures that a wrong setting is a `SettingsError` that names it, its value and what is allowed."""
    with pytest.raises(SettingsError, match="dpi=3 is not allowed; allowed: a whole number from 36 to 600"):
        DeepSeekOCRReader(dpi=3)
    with pytest.raises(SettingsError, match="'granulrity' is no setting; did you mean 'granularity'"):
        DeepSeekOCRReader("text_layer", granulrity="page")


@pytest.mark.parametrize(
    ("engine", "expected"), [("auto", False), ("text_layer", False), ("http://localhost:8000/v1", True)]
)
def test_a_reader_of_a_server_says_that_it_is_remote(engine, expected):
    """This test ensures that `is_remote` follows the engine, whether the engine is named or comes first."""
    assert [expected, expected] == [DeepSeekOCRReader(engine).is_remote, DeepSeekOCRReader(engine=engine).is_remote]


def test_a_dict_of_a_reader_makes_the_same_reader_without_secrets():
    """This test ensures that serialised readers keep every setting but keys and passwords."""
    secrets = {"api_key": "key-123", "password": "word-123"}
    reader = DeepSeekOCRReader("http://localhost:8000/v1", **secrets, pages="1-3", task="free", is_remote=False)

    data = reader.to_dict()
    again = DeepSeekOCRReader.from_dict(data)
    from_text = DeepSeekOCRReader.from_json(reader.to_json())

    assert data == again.to_dict() == from_text.to_dict()
    assert "123" not in f"{reader.to_json()} {reader!r} {reader}"
    assert (None, None) == (again.api_key, again.password)
    assert again.is_remote is False


def test_a_pipeline_reads_with_it(report, engine):
    """This test ensures that `IngestionPipeline(readers=...)` works, and its configuration can be written."""
    with DeepSeekOCRReader(engine) as reader:
        config = ReaderConfig(reader=reader, reader_args=[str(report)], reader_kwargs={"extra_info": {"mark": 1}})

        found = IngestionPipeline(readers=[config], transformations=[]).run()
        expected = reader.load_data(report, {"mark": 1})

    assert expected == found
    assert config.to_dict()["loader"]["class_name"] == "DeepSeekOCRReader"


def test_threads_share_one_engine(report, monkeypatch):
    """This test ensures that threads that start at once do not make an engine each."""
    made = []
    make_engine = dsocr_loaders.reader.make_engine
    monkeypatch.setattr(
        dsocr_loaders.reader, "make_engine", lambda settings: made.append(settings) or make_engine(settings)
    )
    together = threading.Barrier(4, timeout=30)

    def load(reader):
        together.wait()
        return texts_of(reader.load_data(report))

    with DeepSeekOCRReader("text_layer") as reader, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(load, [reader] * 4))

    assert [["the first page the second page"]] * 4 == found
    assert len(made) == 1


def test_nothing_is_started_before_it_is_needed(monkeypatch):
    """This test ensures that making a reader makes no engine: it may only be a configuration."""
    monkeypatch.setattr(dsocr_loaders.reader, "make_engine", lambda _: pytest.fail("an engine was made"))

    with DeepSeekOCRReader("http://localhost:9/v1") as reader:
        reader.to_dict()
        reader.as_file_extractor()


def test_closing_leaves_an_engine_alone_that_was_given(report, answers):
    """This test ensures that several readers can share an engine, and a closed reader reads again."""
    engine = ScriptedEngine(answers)
    reader = DeepSeekOCRReader(engine)

    first = reader.load_data(report)
    reader.close()
    reader.close()
    is_open = not engine.is_closed
    second = reader.load_data(report)
    reader.close()
    engine.close()

    assert is_open
    assert first == second


def test_a_copy_has_its_own_settings(report, engine):
    """This test ensures that `model_copy(update=...)` of a reader in use makes one that obeys the new settings."""
    with DeepSeekOCRReader(engine) as reader:
        chunks = reader.load_data(report)
        with reader.model_copy(update={"granularity": "document"}) as other, reader.model_copy(deep=True) as same:
            whole = other.load_data(report)
            again = same.load_data(report)

    assert len(chunks) > len(whole) == 1
    assert chunks == again


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("raise", "skip"), ("text_layer", "skip"), ("skip", "skip"), ("placeholder", "placeholder")],
)
def test_a_file_extractor_never_raises_for_a_page(chosen, expected):
    """This test ensures that one bad page does not cost the file in SimpleDirectoryReader, and the reader stays."""
    reader = DeepSeekOCRReader("text_layer", on_page_error=chosen, dpi=100)

    extractor = reader.as_file_extractor()

    read = ".pdf .png .jpg .jpeg .jpe .jfif .webp .bmp .dib .gif .tif .tiff .jp2 .jpx .j2k .heic .heif"
    assert set(read.split()) == set(extractor)
    assert {(expected, 100)} == {(each.on_page_error, each.dpi) for each in extractor.values()}
    assert reader.on_page_error == chosen


def test_blocking_methods_work_inside_a_running_event_loop(text_reader, report):
    """This test ensures that a notebook's or web server's running loop is no obstacle to `load_data`."""
    expected = ids_of(text_reader.load_data(report))

    async def read():
        return ids_of(text_reader.load_data(report)), ids_of(text_reader.lazy_load_data(report))

    assert (expected, expected) == asyncio.run(read())
