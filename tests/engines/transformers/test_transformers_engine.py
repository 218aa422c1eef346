from __future__ import annotations

import logging
import pickle

import pytest

from dsocr_loaders.engines.handover import HandoverFolder
from dsocr_loaders.engines.select import engine_report, make_engine
from dsocr_loaders.engines.transformers import TransformersEngine, engine, preparing, state
from dsocr_loaders.engines.transformers.checkpoint import NATIVE_OCR_2
from dsocr_loaders.engines.transformers.faults import INSTALL
from dsocr_loaders.errors import MissingDependency, SettingsError
from dsocr_loaders.resolution import mode_for, vision_tokens
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, RgbImage, Source, Task


@pytest.fixture(autouse=True)
def no_server(monkeypatch):
    monkeypatch.delenv("DSOCR_ENDPOINT", raising=False)


@pytest.fixture
def installed(monkeypatch):
    """Let torch and transformers look as if they were installed, with a GPU; nothing here loads them."""
    for module in (engine, state):
        monkeypatch.setattr(module, "missing_packages", lambda: ())
        monkeypatch.setattr(module, "installed_version", lambda: "5.19.0")
    monkeypatch.setattr(state, "visible_gpu", lambda: "cuda")


def a_request(resolution="gundam"):
    image = RgbImage(900, 1200, bytes(range(240)) * (900 * 1200 * 3 // 240))
    source = Source("a.png", "a.png", "0" * 64, "image/png", 1, "a.png")
    page = PageImage(source, 1, "1", 900, 1200, "px", image=image)
    return page, ReadRequest(page, Task.DOCUMENT, "words", resolution, Decoding())


def test_what_is_not_installed_is_named(monkeypatch):
    """This test ensures that a machine without torch gets the command that installs what is missing."""
    monkeypatch.setattr(engine, "missing_packages", lambda: ("torch",))

    with pytest.raises(MissingDependency) as caught:
        make_engine(Settings(engine="transformers"))

    assert "needs torch, not installed here" in str(caught.value)
    assert INSTALL in str(caught.value)


@pytest.mark.usefixtures("installed")
def test_an_engine_is_made_without_the_network_or_torch():
    """This test ensures that making one is cheap, and that its fingerprint says what shapes answers."""
    made = TransformersEngine(
        Settings(model=NATIVE_OCR_2, revision="v1", engine_options={"dtype": "bfloat16", "batch_size": 2})
    )
    made.close()

    assert made.fingerprint == f"transformers 5.19.0 {NATIVE_OCR_2}@v1 dtype=bfloat16"
    assert made.capacity == 2
    assert repr(made) == f"<TransformersEngine {made.fingerprint}>"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "brings code of its own"),
        ({"model": NATIVE_OCR_2, "resolution": "base"}, "is not a mode of"),
        ({"model": NATIVE_OCR_2, "engine_options": {"gpu": 1}}, "is no option of engine='transformers'"),
    ],
)
def test_what_cannot_be_asked_for(settings, words):
    """This test ensures that settings which this engine or model cannot follow are refused before any page."""
    with pytest.raises(SettingsError) as caught:
        make_engine(Settings(engine="transformers", **settings))

    assert words in str(caught.value)


@pytest.mark.usefixtures("installed")
def test_unlimited_ocr_is_read_page_by_page():
    """This test ensures that a model which cannot read pages together is asked for one at a time."""
    settings = Settings(
        model="baidu/Unlimited-OCR", revision="0" * 40, trust_remote_code=True, engine_options={"batch_size": 8}
    )
    made = TransformersEngine(settings)
    made.close()

    assert made.capacity == 1


def test_a_prepared_page_is_views_in_a_file():
    """This test ensures that a page worker hands over the view and the tiles as bytes, and counts their tokens."""
    folder = HandoverFolder()
    page, request = a_request()

    prepared = preparing.prepare_views(page, request, folder=folder.path, family="deepseek-ocr-2")
    viewed = pickle.loads(pickle.dumps(prepared.payload))  # noqa: S301 - as between two processes
    pixels = viewed.pixels.take()
    folder.close()

    columns, rows = viewed.grid
    assert (1024, 768) == (viewed.base_px, viewed.tile_px)
    assert 3 * (1024**2 + columns * rows * 768**2) == len(pixels)
    assert vision_tokens(mode_for(NATIVE_OCR_2, "gundam"), 900, 1200) == viewed.image_tokens


def test_a_resolution_that_the_model_does_not_have():
    """This test ensures that a page asked for at another resolution fails with those that there are."""
    page, request = a_request("large")

    with pytest.raises(SettingsError, match="it has: gundam"):
        preparing.prepare_views(page, request, folder="/nowhere", family="deepseek-ocr-2")


@pytest.mark.usefixtures("installed")
def test_auto_takes_it_with_a_gpu(caplog):
    """This test ensures that `auto` reads in process where that works, and says why."""
    caplog.set_level(logging.INFO, "dsocr_loaders.engines")

    made = make_engine(Settings(model=NATIVE_OCR_2))
    made.close()

    assert isinstance(made, TransformersEngine)
    assert "torch sees a GPU (cuda)" in caplog.text


@pytest.mark.usefixtures("installed")
def test_auto_passes_it_by_where_code_was_not_opted_in_to(caplog):
    """This test ensures that `auto` never runs a model's code unasked, and tells what would let it."""
    made = make_engine(Settings())
    made.close()

    assert not isinstance(made, TransformersEngine)
    assert "trust_remote_code=True" in caplog.text


@pytest.mark.usefixtures("installed")
def test_auto_passes_it_by_without_a_gpu(monkeypatch):
    """This test ensures that nobody waits for minutes a page without having asked for it."""
    monkeypatch.setattr(state, "visible_gpu", lambda: "")

    made = make_engine(Settings(model=NATIVE_OCR_2))
    made.close()

    assert not isinstance(made, TransformersEngine)


def states(settings):
    return {each.engine: each for each in engine_report(settings)}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("gpu", "where"), [("cuda", "on a GPU (cuda)"), ("", "on the CPU")])
def test_the_report_says_where_it_would_run(monkeypatch, gpu, where):
    """This test ensures that the line for this engine is true of the machine, and that of `auto` with it."""
    monkeypatch.setattr(state, "visible_gpu", lambda: gpu)

    report = states(Settings(model=NATIVE_OCR_2))

    assert report["transformers"].works is True
    assert where in report["transformers"].detail
    assert bool(gpu) == ("transformers" in report["auto"].detail)


@pytest.mark.usefixtures("installed")
def test_the_report_says_why_the_default_model_does_not_work():
    """This test ensures that a refusal is told with a command for a model that works."""
    line = states(Settings())["transformers"]

    assert line.works is False
    assert "brings code of its own" in line.detail
    assert line.command.endswith(f"--model {NATIVE_OCR_2}")


def test_the_report_without_torch(monkeypatch):
    """This test ensures that what is missing is named with the command that installs it."""
    monkeypatch.setattr(state, "missing_packages", lambda: ("torch", "transformers"))

    line = states(Settings())["transformers"]

    assert (False, "torch and transformers not installed.", INSTALL) == (line.works, line.detail, line.command)


@pytest.mark.usefixtures("installed")
def test_the_report_for_an_older_transformers(monkeypatch):
    """This test ensures that a version without the model is not said to work."""
    monkeypatch.setattr(state, "installed_version", lambda: "4.46.3")

    line = states(Settings(model=NATIVE_OCR_2))["transformers"]

    assert (False, INSTALL) == (line.works, line.command)
