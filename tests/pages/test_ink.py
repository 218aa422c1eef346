from __future__ import annotations

import random

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dsocr_loaders.pages.ink import INK_COLUMNS, INK_DPI, INK_ROWS, measure_ink
from dsocr_loaders.values import RgbImage


def plain(colour=(255, 255, 255), size=(640, 880)):
    return Image.new("RGB", size, colour)


def measured(picture):
    return measure_ink(RgbImage(*picture.size, picture.tobytes()))


@pytest.mark.parametrize("colour", [(255, 255, 255), (244, 235, 214), (200, 200, 200), (0, 0, 0), (20, 30, 90)])
def test_empty_paper(colour):
    """This test ensures that paper without ink is blank, whatever its colour."""
    grid = measured(plain(colour))

    assert grid.is_blank
    assert (INK_COLUMNS, INK_ROWS, INK_COLUMNS * INK_ROWS) == (grid.columns, grid.rows, len(grid.shares))


def test_grain_of_a_clean_scan():
    """This test ensures that light noise on grey paper is no ink."""
    noise = random.Random(1)  # noqa: S311 - no secret
    data = bytes(min(255, round(noise.gauss(225, 3))) for _ in range(300 * 400 * 3))

    assert measure_ink(RgbImage(300, 400, data)).is_blank


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((255, 255, 255), (0, 0, 0)),
        ((255, 255, 255), (255, 255, 0)),
        ((255, 255, 255), (225, 225, 225)),
        ((200, 190, 170), (120, 120, 120)),
        ((0, 0, 0), (255, 255, 255)),
        ((0, 0, 180), (255, 255, 255)),
        ((90, 0, 0), (0, 0, 0)),
        ((180, 180, 180), (255, 255, 255)),
    ],
)
def test_small_mark_is_seen(paper, ink):
    """This test ensures that a mark of 0.3 x 1.3 mm keeps a page from being blank, in the right cell alone."""
    picture = plain(paper)
    picture.paste(ink, (605, 26, 606, 30))
    grid = measured(picture)

    assert [(INK_COLUMNS + 30, 3)] == [(index, share) for index, share in enumerate(grid.shares) if share]


@pytest.mark.parametrize("levels", [(0, 255), (40, 140), (110, 250)])
def test_picture_all_over(levels):
    """This test ensures that a noisy picture that fills the page is not taken for very grainy paper without ink."""
    noise = random.Random(1)  # noqa: S311 - no secret
    data = bytes(noise.randint(*levels) for _ in range(300 * 400 * 3))

    assert not measure_ink(RgbImage(300, 400, data)).is_blank


def test_shares():
    """This test ensures that shares say how much of each cell is dark, rounded up, row by row."""
    picture = plain(size=(INK_COLUMNS * 10, INK_ROWS * 10))
    picture.paste((0, 0, 0), (10, 20, 20, 30))
    picture.paste((60, 60, 60), (30, 20, 35, 30))
    shares = measured(picture).shares

    row = bytes([0, 255, 0, 128]) + bytes(INK_COLUMNS - 4)
    assert bytes(2 * INK_COLUMNS) + row + bytes((INK_ROWS - 3) * INK_COLUMNS) == shares


@given(st.integers(1, 200), st.integers(1, 200), st.randoms(use_true_random=False))
def test_every_pixel_counts_once(width_px, height_px, choice):
    """This test ensures that pages of any size, even smaller than the grid, show a pixel in exactly one cell."""
    picture = plain(size=(width_px, height_px))
    if width_px * height_px > 50:
        picture.putpixel((choice.randrange(width_px), choice.randrange(height_px)), (0, 0, 0))
    shares = measured(picture).shares

    assert int(width_px * height_px > 50) == sum(1 for share in shares if share)


@pytest.mark.parametrize(("text", "colour"), [("1", 0.0), ("1", 0.8), ("i", 0.5)])
def test_lone_page_number(text, colour):
    """This test ensures that a page with nothing but a tiny page number, black or pale, is not blank."""
    page = pymupdf.open().new_page(width=595, height=842)
    page.insert_text((300, 800), text, fontsize=6, color=(colour, colour, colour))
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(INK_DPI / 72, INK_DPI / 72), alpha=False)

    assert not measure_ink(RgbImage(pixmap.width, pixmap.height, pixmap.samples)).is_blank
