from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from dsocr_loaders.engines.handover import HandoverFolder
from dsocr_loaders.engines.vllm.prepare import prepare_views
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.pages import pixel_digest
from dsocr_loaders.resolution import MODES, vision_tokens
from dsocr_loaders.testing.pages import report_source
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, RgbImage, Task
from dsocr_loaders.views import page_views


@pytest.fixture
def folder(tmp_path):
    made = HandoverFolder(str(tmp_path))
    yield made.path
    made.close()


def page_of(image):
    pixels = None if image is None else RgbImage(*image.size, image.tobytes())
    return PageImage(report_source(), 1, "1", 100, 100, "px", image=pixels)


def prepared(image, folder, resolution="gundam", model="deepseek-ai/DeepSeek-OCR"):
    page = page_of(image)
    return prepare_views(page, ReadRequest(page, Task.DOCUMENT, "", resolution, Decoding()), folder=folder, model=model)


@pytest.mark.parametrize("resolution", sorted(MODES["deepseek-ocr"]))
def test_the_file_holds_the_views_plane_by_plane(resolution, folder):
    """This test ensures that all views of a page are in the file, in order, each plane after plane of its colours."""
    image = Image.merge("RGB", [Image.linear_gradient("L").rotate(angle).resize((900, 1300)) for angle in (0, 90, 180)])
    mode = MODES["deepseek-ocr"][resolution]
    views = page_views(image, mode)

    found = prepared(image, folder, resolution).payload

    expected = b"".join(plane.tobytes() for view in (views.view, *views.tiles) for plane in view.split())
    assert expected == bytes(found.pixels.take())
    assert (mode.base_px, views.grid) == (found.view_px, found.grid)
    assert (len(expected) - 3 * mode.base_px**2) == 3 * found.tile_px**2 * len(views.tiles)
    assert vision_tokens(mode, 900, 1300) == found.vision_tokens


def test_the_digest_names_the_pixels_of_the_page(folder):
    """This test ensures that recordings and journals know a page by the same name as every other engine."""
    image = Image.new("RGB", (40, 30), "red")

    assert pixel_digest(RgbImage(40, 30, image.tobytes())) == prepared(image, folder).digest


def test_a_mode_that_the_model_lacks(folder):
    """This test ensures that the model's own modes count."""
    with pytest.raises(SettingsError, match="gundam"):
        prepared(Image.new("RGB", (40, 30)), folder, "tiny", "deepseek-ai/DeepSeek-OCR-2")


def test_pixels_are_needed(folder):
    """This test ensures that a page without pixels is an error, not a page of nothing."""
    with pytest.raises(ValueError, match="page 1"):
        prepared(None, folder)


def test_page_workers_need_neither_torch_nor_vllm():
    """This test ensures that what runs in a page worker imports no library of the engine, and none for settings."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'vllm', 'numpy', 'pydantic', 'httpx']))\n"  # importing them fails
        "import dsocr_loaders.engines.vllm.prepare\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
