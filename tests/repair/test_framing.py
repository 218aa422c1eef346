from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dsocr_loaders.geometry import FULL_PAGE, Box, box_from_pixels, box_to_pixels
from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.pages.pixels_wanted import PixelsWanted
from dsocr_loaders.repair import WHOLE, Framing, prepare_framed, prepare_part
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.values import InkGrid, Line, Region, RegionType, RgbImage

UPPER = Framing(Box(0.0, 0.0, 1.0, 24 / 44))
LOWER = Framing(Box(0.0, 20 / 44, 1.0, 1.0))


def rendered(mark):
    """Return an A4 page at 144 dots per inch with a red mark on it, in points."""
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        page.insert_text((72, 100), "An upright page")
        page.draw_rect(pymupdf.Rect(*mark), fill=(1, 0, 0), color=None)
        pixels = page.get_pixmap(dpi=144)
        return RgbImage(pixels.width, pixels.height, pixels.samples)


def red_box(image):
    """Return where the red pixels of an image are."""
    picture = Image.frombytes("RGB", (image.width_px, image.height_px), image.data)
    red, green, _ = picture.split()
    mask = Image.composite(
        Image.new("L", picture.size, 0), red.point(lambda v: 255 * (v > 200)), green.point(lambda v: 255 * (v > 60))
    )
    return box_from_pixels(*mask.getbbox(), width_px=image.width_px, height_px=image.height_px)


@pytest.mark.parametrize(
    "framing", [Framing(turn=90), Framing(turn=180), Framing(turn=270), UPPER, LOWER, Framing(LOWER.part, 90)]
)
def test_a_mark_is_found_where_it_is_on_the_page(framing):
    """This test ensures that a box read off a turned or cut page leads back to the very pixels of the page as shown."""
    image = rendered((100, 400, 180, 436))
    page = replace(sample_page(), image=image, width=595.0, height=842.0)

    framed = framing.page(page)
    found = framing.box_on_page(red_box(framed.image))

    expected = red_box(image)
    width, height = image.width_px, image.height_px
    within_px = 0.001 if framing.part == FULL_PAGE else 1.0
    for name, size in (("x0", width), ("y0", height), ("x1", width), ("y1", height)):
        assert getattr(expected, name) * size == pytest.approx(getattr(found, name) * size, abs=within_px)
    assert (framed.image.width_px > framed.image.height_px) is (framed.width > framed.height)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_ink_turns_with_the_page(turn):
    """This test ensures that the ink of a turned page is what would be measured on its pixels."""
    image = rendered((100, 60, 500, 300))
    page = replace(sample_page(), image=image, ink=measure_ink(image, 144))
    framed = Framing(turn=turn).page(page)

    back = Framing(turn=360 - turn).page(framed)

    assert page.ink == back.ink
    assert page.image == back.image
    assert ((44, 32) if turn % 180 else (32, 44)) == (framed.ink.columns, framed.ink.rows)
    box = red_box(framed.image)
    column, row = int((box.x0 + box.x1) / 2 * framed.ink.columns), int((box.y0 + box.y1) / 2 * framed.ink.rows)
    assert framed.ink.shares[row * framed.ink.columns + column] > 200


def test_the_ink_of_a_part_is_its_rows():
    """This test ensures that a half that is cut at rows of the ink grid has exactly these rows."""
    ink = InkGrid(2, 44, bytes(range(88)))

    page = UPPER.page(replace(sample_page(), image=None, ink=ink, height=440.0))

    assert (24, bytes(range(48)), 240.0) == (page.ink.rows, page.ink.shares, pytest.approx(page.height))


@given(
    st.tuples(*[st.integers(0, 999)] * 4),
    st.sampled_from([0, 90, 180, 270]),
    st.tuples(st.integers(0, 20), st.integers(24, 44)),
)
def test_boxes_stay_on_their_part(numbers, turn, rows):
    """This test ensures that whatever a model says about a part lies on that part, and the part itself is all of it."""
    framing = Framing(Box(0.0, rows[0] / 44, 1.0, rows[1] / 44), turn)
    x0, x1, y0, y1 = (*sorted(numbers[:2]), *sorted(numbers[2:]))

    box = framing.box_on_page(Box(x0 / 999, y0 / 999, x1 / 999, y1 / 999))

    assert framing.part.y0 - 1e-9 <= box.y0 <= box.y1 <= framing.part.y1 + 1e-9
    assert framing.box_on_page(FULL_PAGE).height == pytest.approx(framing.part.height)


def test_lines_move_with_their_region():
    """This test ensures that exact sub-boxes are mapped as the region's own boxes are."""
    box = Box(0.1, 0.2, 0.3, 0.9)
    region = Region(RegionType.TEXT, "text", (box,), "a", lines=(Line(box, 0, 1),))

    (moved,) = Framing(turn=90).on_page((region,))

    (turned,) = moved.boxes
    assert pytest.approx((0.2, 0.7, 0.9, 0.9)) == (turned.x0, turned.y0, turned.x1, turned.y1)
    assert turned == moved.lines[0].box
    assert (region,) == WHOLE.on_page((region,))


def prepare(page, request):
    return (page.image and (page.image.width_px, page.image.height_px), request.page.width, request.page.image)


def prepare_on_demand(page, request):
    return prepare(page, request) if page.image else PixelsWanted(prepare)


@pytest.mark.parametrize("of_engine", [prepare, prepare_on_demand])
def test_an_engine_prepares_what_it_is_shown(of_engine):
    """This test ensures that the engine's own function gets the turned page, and may ask for pixels at first."""
    page = sample_page()
    framed = partial(prepare_framed, prepare=of_engine, framing=Framing(turn=90))
    request = sample_request(replace(page, image=None))

    prepared = framed(page if of_engine is prepare else replace(page, image=None), request)
    if isinstance(prepared, PixelsWanted):
        prepared = prepared.prepare(page, request)

    assert ((page.image.height_px, page.image.width_px), page.height, None) == prepared


def test_a_framed_prepare_travels_to_a_page_worker():
    """This test ensures that it is picklable by name, framing and all."""
    travelled = pickle.loads(pickle.dumps(partial(prepare_framed, prepare=len, framing=UPPER)))  # noqa: S301 - made here

    assert {"prepare": len, "framing": UPPER} == travelled.keywords


def test_crops_are_whole_pixels():
    """This test ensures that the rule for cutting is the one that crops use, so that no pixel of a part is lost."""
    image = rendered((0, 0, 10, 10))

    framed = UPPER.page(replace(sample_page(), image=image))

    left, top, right, bottom = box_to_pixels(UPPER.part, width_px=image.width_px, height_px=image.height_px)
    assert (right - left, bottom - top) == (framed.image.width_px, framed.image.height_px)


def sizes_of(page, request):
    """Return what an engine's `prepare` gets."""
    return page.width, page.height, page.image, request.page.width, request.page.image


def test_a_part_that_is_rendered_alone():
    """This test ensures that a worker is asked for the part's pixels, and an engine gets these with the part's size."""
    whole = sample_page(width_px=96, height_px=64)
    part = Framing(Box(0.25, 0.5, 0.75, 1.0))
    cut = RgbImage(480, 320, bytes(3 * 480 * 320))
    blind = replace(whole, image=None)

    wish = prepare_part(blind, sample_request(blind), prepare=sizes_of, framing=part, dpi=300)

    assert pickle.dumps(wish)
    assert (PixelsWanted, part.part, 300) == (type(wish), wish.part, wish.dpi)
    assert (48.0, 32.0, cut, 48.0, None) == wish.prepare(replace(whole, image=cut), sample_request(blind))


def test_a_part_that_is_turned_behind_its_rendering():
    """This test ensures that a part of a page that lies on its side reaches the engine upright."""
    blind = replace(sample_page(width_px=96, height_px=64), image=None)
    cut = RgbImage(2, 1, b"lllrrr")
    framing = Framing(Box(0.25, 0.5, 0.75, 1.0), 90)

    wish = prepare_part(blind, sample_request(blind), prepare=sizes_of, framing=framing, dpi=300)

    turned = RgbImage(1, 2, b"lllrrr")
    assert (32.0, 48.0, turned, 32.0, None) == wish.prepare(replace(blind, image=cut), sample_request(blind))
