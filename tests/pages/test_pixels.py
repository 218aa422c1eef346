from __future__ import annotations

import math
from hashlib import sha256

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.pages import pixel_digest
from dsocr_loaders.pages.pixels import fitting_zoom, page_size_px
from dsocr_loaders.values import RgbImage

SIDES = st.floats(1, 2000, width=32)
DPIS = st.integers(36, 600)
MOST_PIXELS = 100_000_000


@given(SIDES, SIDES, DPIS)
def test_rule_is_that_of_mupdf(width_pt, height_pt, dpi):
    """This test ensures that the size in pixels is the one that MuPDF gives a page, whatever its size."""
    zoom = dpi / 72
    pixels = (pymupdf.Rect(0, 0, width_pt, height_pt) * pymupdf.Matrix(zoom, zoom)).irect

    assert (pixels.width, pixels.height) == page_size_px(width_pt, height_pt, zoom)


@pytest.mark.parametrize(
    ("size_pt", "dpi", "size_px"),
    [
        ((595.276, 841.89), 144, (1191, 1684)),
        ((612, 792), 144, (1224, 1584)),
        ((72.0005, 72.002), 72, (72, 73)),
        ((0.2, 0.2), 36, (1, 1)),
    ],
)
def test_known_sizes(size_pt, dpi, size_px):
    """This test ensures that A4 and letter have the sizes of the official scripts, and no page has none."""
    assert size_px == page_size_px(*size_pt, dpi / 72)


@given(st.floats(0.1, 1e7), st.floats(0.1, 1e7), DPIS)
def test_zoom_fits(width_pt, height_pt, dpi):
    """This test ensures that no page is rendered with more pixels than the limit, nor smaller than it needs."""
    zoom = fitting_zoom(width_pt, height_pt, dpi, MOST_PIXELS)
    one_step_larger = page_size_px(width_pt, height_pt, zoom * 1.03)

    assert math.prod(page_size_px(width_pt, height_pt, zoom)) <= MOST_PIXELS
    assert zoom == dpi / 72 or math.prod(one_step_larger) > MOST_PIXELS


def test_digest():
    """This test ensures that the digest names shape and content, as sha256 over the documented bytes."""
    pixels = bytes(range(18))

    assert sha256(b"RGB 3x2 " + pixels).hexdigest() == pixel_digest(RgbImage(3, 2, pixels))
    assert pixel_digest(RgbImage(3, 2, pixels)) != pixel_digest(RgbImage(2, 3, pixels))
