from __future__ import annotations

import io

import pymupdf
import pytest
from PIL import Image

from dsocr_loaders.errors import SettingsError, SourceError
from dsocr_loaders.geometry import Box
from dsocr_loaders.pages import crop
from dsocr_loaders.settings import Limits


@pytest.fixture
def path(tmp_path):
    document = pymupdf.open()
    page = document.new_page(width=100, height=200)
    page.draw_rect((50, 0, 100, 100), fill=(1, 0, 0), color=None)
    document.save(tmp_path / "a.pdf")
    document.close()
    return tmp_path / "a.pdf"


def test_crop(path, take):
    """This test ensures that one call cuts a box out of a page, given as a path or as a source."""
    box = Box(0.5, 0, 1, 0.5)
    cut = crop(path, 1, box, dpi=72, pdf_backend="pdfium")
    picture = Image.open(io.BytesIO(cut))

    assert ("PNG", (50, 100), [(5000, (255, 0, 0))]) == (picture.format, picture.size, picture.getcolors())
    assert cut == crop(take(path), 1, box, dpi=72, pdf_backend="pdfium")


def test_crop_fails(path):
    """This test ensures that a missing file and a missing page are errors that name them."""
    with pytest.raises(SourceError, match=r"nowhere\.pdf: There is no such file"):
        crop("nowhere.pdf", 1, Box(0, 0, 1, 1))
    with pytest.raises(SettingsError, match="page=2"):
        crop(path, 2, Box(0, 0, 1, 1), pdf_backend="pdfium")


def test_crop_within_limits(path):
    """This test ensures that the user's own limits hold, for the file and for the pixels."""
    small = Image.open(
        io.BytesIO(crop(path, 1, Box(0, 0, 1, 1), pdf_backend="pdfium", limits=Limits(page_pixels=5000)))
    )

    assert (50, 100) == small.size
    with pytest.raises(SourceError, match=r"limits\.source_bytes=10"):
        crop(path, 1, Box(0, 0, 1, 1), limits=Limits(source_bytes=10))
