"""`prefer_text_layer`: each page the cheap way where that is good, and its result says which way it went."""

from __future__ import annotations

import pickle

import pymupdf
import pytest

from dsocr_loaders.engines import TextLayerEngine, TextLayerFirst, make_engine
from dsocr_loaders.engines.encode import encode_page
from dsocr_loaders.errors import MissingDependency
from dsocr_loaders.reader import Reader
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing import Fault, ScriptedEngine, ScriptedServer
from dsocr_loaders.values import PageStatus, Task, TextSource

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nread by the model"
GOOD = "text_layer: its text layer is good"

pytestmark = pytest.mark.usefixtures("warm_page_workers")


@pytest.fixture
def mixed(make_pdf, tmp_path):
    """A file with a born-digital page, a scan, a blank page, and a scan with an invisible layer."""
    path = tmp_path / "mixed.pdf"
    scan = pymupdf.open(make_pdf("It was scanned"))[0].get_pixmap(dpi=120)
    with pymupdf.open() as document:
        document.new_page(width=200, height=120).insert_text((20, 40), "born digital")
        document.new_page(width=200, height=120).insert_image((0, 0, 200, 120), pixmap=scan)
        document.new_page(width=200, height=120)
        page = document.new_page(width=200, height=120)
        page.insert_image((0, 0, 200, 120), pixmap=scan)
        page.insert_text((20, 40), "It vvas scamed", render_mode=3)
        document.save(path)
    return path


def test_each_page_its_own_way(mixed, monkeypatch):
    """This test ensures that the server of DSOCR_ENDPOINT is asked for scans alone, and each result says why."""
    with ScriptedServer(ANSWER) as server:
        monkeypatch.setenv("DSOCR_ENDPOINT", server.base_url)
        with Reader("auto", prefer_text_layer=True) as reader:
            pages = list(reader.iter_pages(mixed))
        asked = len(server.requests)

    assert 2 == asked
    assert ["ok", "ok", "blank", "ok"] == [page.status for page in pages]
    assert ["born digital", "read by the model", "read by the model"] == [
        region.text.strip() for page in pages for region in page.regions
    ]
    assert ["text_layer", "ocr", "ocr", "ocr"] == [page.text_source for page in pages]
    assert [
        GOOD,
        "model: it has no text layer",
        "",
        "model: its text is invisible, the layer that OCR put under a scan",
    ] == [page.route for page in pages]


def test_chunks_never_mix(mixed):
    """This test ensures that every chunk says who read its text, and holds text of one reader alone."""
    with ScriptedServer(ANSWER) as server, Reader(server.base_url, prefer_text_layer=True) as reader:
        chunks = reader.load(mixed)

    found = {chunk.text.strip(): chunk.metadata.text_source for chunk in chunks}
    assert "text_layer" == found["born digital"]
    assert {"text_layer", "ocr"} == set(found.values())


def test_a_born_digital_file_asks_the_server_nothing(make_pdf, monkeypatch):
    """This test ensures that the model costs nothing where it is not needed: its server may not even be there."""
    monkeypatch.setenv("DSOCR_ENDPOINT", "http://127.0.0.1:9/v1")
    with Reader("auto", prefer_text_layer=True) as reader:
        (page,) = reader.iter_pages(make_pdf("born digital"))

    assert (PageStatus.OK, TextSource.TEXT_LAYER, GOOD) == (page.status, page.text_source, page.route)


def test_a_failed_page_says_its_way_too(mixed):
    """This test ensures that a page that the model could not read still says why it was asked."""
    with (
        ScriptedServer(ANSWER, faults=[Fault(status=400)] * 2) as server,
        Reader(server.base_url, prefer_text_layer=True, on_page_error="placeholder", pages="1-2") as reader,
    ):
        good, failed = reader.iter_pages(mixed)

    assert (PageStatus.OK, PageStatus.FAILED) == (good.status, failed.status)
    assert "model: it has no text layer" == failed.route


def test_an_image_goes_to_the_model(tmp_path, make_pdf):
    """This test ensures that a source that is no PDF is read by the model, from its own pixels."""
    path = tmp_path / "scan.png"
    pymupdf.open(make_pdf("A picture"))[0].get_pixmap(dpi=120).save(path)
    with ScriptedServer(ANSWER) as server, Reader(server.base_url, prefer_text_layer=True) as reader:
        (page,) = reader.iter_pages(path)

    assert ("model: the file is an image", "ocr") == (page.route, page.text_source)


def test_pixels_are_those_of_the_plain_engine(mixed):
    """This test ensures that the model sees a scan as it would without the choice."""
    bodies = []
    for prefers in (True, False):
        with ScriptedServer(ANSWER) as server, Reader(server.base_url, prefer_text_layer=prefers, pages="2") as reader:
            list(reader.iter_pages(mixed))
            bodies.append([request.body["messages"] for request in server.requests])

    assert bodies[0] == bodies[1]


def test_an_engine_object_stays_open(mixed):
    """This test ensures that an engine of the user's own is asked the same way, and not closed."""
    engine = ScriptedEngine(ANSWER)
    for _ in range(2):
        with Reader(engine, prefer_text_layer=True) as reader:
            assert ["text_layer", "ocr", "ocr", "ocr"] == [page.text_source for page in reader.iter_pages(mixed)]

    asked = [request.page.page_number for request in engine.requests]
    assert ([2, 4], [2, 4]) == (sorted(asked[:2]), sorted(asked[2:]))  # in either order: they are read side by side
    assert not engine.is_closed
    engine.close()


@pytest.mark.parametrize(
    "choice", [{"task": Task.DESCRIBE}, {"task": "locate", "prompt": "x"}, {"prompt": "List all."}]
)
def test_questions_go_to_the_model(choice):
    """This test ensures that what a text layer cannot answer is asked of the model for every page."""
    engine = make_engine(Settings(engine="http://127.0.0.1:9/v1", prefer_text_layer=True, **choice))
    engine.close()

    assert not isinstance(engine, TextLayerFirst)


def test_without_a_model(monkeypatch):
    """This test ensures that auto without a server is the text layer itself, as it is anyway."""
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)
    engine = make_engine(Settings(prefer_text_layer=True))
    engine.close()

    assert isinstance(engine, TextLayerEngine)


def test_without_pymupdf(monkeypatch):
    """This test ensures that the wish for the text layer says what it needs."""

    def missing():
        raise MissingDependency("PyMuPDF is not installed")

    monkeypatch.setattr("dsocr_loaders.engines.routing.backend_version", missing)
    with pytest.raises(MissingDependency, match="PyMuPDF"):
        make_engine(Settings(engine="http://127.0.0.1:9/v1", prefer_text_layer=True))


def test_what_it_is():
    """This test ensures that the engine's name tells both, its prepare travels, and no password shows."""
    model = ScriptedEngine(ANSWER)
    engine = TextLayerFirst(model, "s3cret")

    assert engine.fingerprint.startswith(f"{model.fingerprint}, or text_layer pymupdf ")
    assert model.capacity == engine.capacity
    assert "s3cret" not in repr(engine) + repr(engine.prepare)
    engine.close()
    real = make_engine(Settings(engine="http://127.0.0.1:9/v1", prefer_text_layer=True))
    again = pickle.loads(pickle.dumps(real.prepare))  # noqa: S301 - our own
    assert encode_page is again.keywords["otherwise"].func
    real.close()


class LoadsModel(ScriptedEngine):
    """Notes which pages it has to be ready for."""

    def __init__(self):
        super().__init__(ANSWER)
        self.awaited = []

    async def make_ready(self, prepared):
        self.awaited.append(prepared.digest)


def test_a_model_is_loaded_for_pages_that_need_it_alone(mixed):
    """This test ensures that born-digital pages load no model, and that the others wait for it."""
    model = LoadsModel()
    with Reader(model, prefer_text_layer=True) as reader:
        pages = list(reader.iter_pages(mixed, name="mixed"))

    assert 3 == sum(page.status is PageStatus.OK for page in pages)
    assert model.digests == model.awaited
    model.close()


def test_the_model_hears_of_its_answers(mixed, caplog):
    """This test ensures that a server which strips tags is reported through this engine too, once."""
    with ScriptedServer(ANSWER, kind="ollama") as server:
        with Reader(server.base_url, prefer_text_layer=True) as reader:
            list(reader.iter_pages(mixed))
        asked = len(server.requests)

    assert 2 == asked
    assert 1 == len([record for record in caplog.records if "special tokens" in record.getMessage()])
