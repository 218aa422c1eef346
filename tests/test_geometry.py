from __future__ import annotations

import math
from itertools import pairwise

import pymupdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.geometry import (
    FULL_PAGE,
    MODEL_SCALE,
    Box,
    PdfFrame,
    box_from_model,
    box_from_pixels,
    box_from_points,
    box_to_model,
    box_to_pixels,
    box_to_points,
    hull,
    intersection_over_union,
    rotate_box,
)

TURNS = (0, 90, 180, 270)

fractions = st.floats(0, 1)
model_numbers = st.integers(0, MODEL_SCALE)
any_numbers = st.floats(-1e300, 1e300)
sizes_px = st.integers(1, 30_000)
sizes_pt = st.floats(1, 15_000)
turns = st.sampled_from(TURNS)


@st.composite
def boxes(draw, numbers=fractions):
    x0, x1 = sorted((draw(numbers), draw(numbers)))
    y0, y1 = sorted((draw(numbers), draw(numbers)))
    return Box(x0, y0, x1, y1)


@st.composite
def model_corners(draw):
    x0, x1 = sorted((draw(model_numbers), draw(model_numbers)))
    y0, y1 = sorted((draw(model_numbers), draw(model_numbers)))
    return x0, y0, x1, y1


def edges(box):
    return (box.x0, box.y0, box.x1, box.y1)


def converters():
    """Return every way from numbers to a box, each on a page of 200 by 100."""
    return {
        "model": (box_from_model, (MODEL_SCALE, MODEL_SCALE)),
        "pixels": (lambda *numbers: box_from_pixels(*numbers, width_px=200, height_px=100), (200, 100)),
        "points": (lambda *numbers: box_from_points(*numbers, width_pt=200.0, height_pt=100.0), (200, 100)),
        "user space": (PdfFrame(0, 0, 200, 100).box_from_user_space, (200, 100)),
    }


every_converter = pytest.mark.parametrize(
    ("convert", "size"), [pytest.param(*value, id=name) for name, value in converters().items()]
)


class TestBox:
    @pytest.mark.parametrize(
        "numbers",
        [
            (-0.001, 0, 1, 1),
            (0, 0, 1.001, 1),
            (0.6, 0, 0.5, 1),
            (0, 0.6, 1, 0.5),
            (math.nan, 0, 1, 1),
            (0, math.nan, 1, 1),
            (0, 0, math.nan, 1),
            (0, 0, 1, math.nan),
            (0, 0, math.inf, 1),
            (-math.inf, 0, 1, 1),
        ],
    )
    def test_refuses_what_is_no_box(self, numbers):
        """This test ensures that no box exists that lies outside its page, has swapped corners or is not finite."""
        with pytest.raises(ValueError, match="not a box"):
            Box(*numbers)

    def test_measures_itself(self):
        """This test ensures that width, height and area are shares of the page."""
        box = Box(0.25, 0.5, 0.75, 0.625)

        assert (box.width, box.height, box.area) == (0.5, 0.125, 0.0625)

    def test_full_page_is_all_of_it(self):
        """This test ensures that the whole page has the whole area."""
        assert edges(FULL_PAGE) == (0, 0, 1, 1)
        assert FULL_PAGE.area == 1


class TestConversions:
    def test_model_scale_ends_at_999(self):
        """This test ensures that 999 is the far edge of the page, as in the model's own drawing code."""
        assert box_from_model(0, 0, 999, 999) == FULL_PAGE
        assert box_from_model(500, 0, 999, 999).x0 == 500 / 999

    @given(model_corners())
    def test_model_units_round_trip(self, corners):
        """This test ensures that the model's numbers come back as they were."""
        assert box_to_model(box_from_model(*corners)) == corners

    @given(boxes())
    def test_model_units_are_at_most_half_a_step_off(self, box):
        """This test ensures that a box is written in the nearest of the model's numbers."""
        moved = box_from_model(*box_to_model(box))

        assert edges(moved) == pytest.approx(edges(box), abs=0.5 / MODEL_SCALE + 1e-12)

    @given(boxes(), sizes_pt, sizes_pt)
    def test_points_round_trip(self, box, width_pt, height_pt):
        """This test ensures that a box survives the way to points and back."""
        numbers = box_to_points(box, width_pt=width_pt, height_pt=height_pt)

        assert edges(box_from_points(*numbers, width_pt=width_pt, height_pt=height_pt)) == pytest.approx(
            edges(box), abs=1e-12
        )

    def test_points_are_fractions_of_the_page(self):
        """This test ensures that points are measured from the top left corner of the page."""
        assert box_to_points(Box(0.5, 0.25, 1, 0.5), width_pt=600, height_pt=800) == (300, 200, 600, 400)

    @given(st.data(), sizes_px, sizes_px)
    def test_whole_pixels_round_trip(self, data, width_px, height_px):
        """This test ensures that a box on pixel edges gives back those pixels and not one more."""
        left, right = sorted(data.draw(st.lists(st.integers(0, width_px), min_size=2, max_size=2, unique=True)))
        top, bottom = sorted(data.draw(st.lists(st.integers(0, height_px), min_size=2, max_size=2, unique=True)))
        box = box_from_pixels(left, top, right, bottom, width_px=width_px, height_px=height_px)

        assert box_to_pixels(box, width_px=width_px, height_px=height_px) == (left, top, right, bottom)

    @given(boxes(), sizes_px, sizes_px)
    def test_pixels_cover_the_box_and_no_more(self, box, width_px, height_px):
        """This test ensures that a crop has every part of its box, at least one pixel, and none outside the image."""
        left, top, right, bottom = box_to_pixels(box, width_px=width_px, height_px=height_px)

        for start, end, first, last, size in (
            (box.x0, box.x1, left, right, width_px),
            (box.y0, box.y1, top, bottom, height_px),
        ):
            assert 0 <= first < last <= size
            assert first <= start * size + 1e-5
            assert last >= end * size - 1e-5
            assert last - first == 1 or (first > start * size - 1 and last < end * size + 1)

    @pytest.mark.parametrize("edge", [0.0, 0.5, 1.0])
    def test_a_box_without_area_has_one_pixel(self, edge):
        """This test ensures that a point gives a crop that can be saved, also in the last corner."""
        left, top, right, bottom = box_to_pixels(Box(edge, edge, edge, edge), width_px=10, height_px=4)

        assert (right - left, bottom - top) == (1, 1)
        assert 0 <= left < 10
        assert 0 <= top < 4

    @given(*[any_numbers] * 4)
    def test_finite_numbers_always_make_a_box(self, x0, y0, x1, y1):
        """This test ensures that numbers far off the page are clamped, whichever unit they come in."""
        for convert, (width, height) in converters().values():
            xs = sorted(min(1, max(0, x / width)) for x in (x0, x1))
            found = edges(convert(x0, y0, x1, y1))

            assert [found[0], found[2]] == xs
            assert 0 <= found[1] <= found[3] <= 1
            assert found[3] - found[1] == pytest.approx(
                abs(min(1, max(0, y1 / height)) - min(1, max(0, y0 / height))), abs=1e-12
            )

    @every_converter
    def test_swapped_corners_are_put_in_order(self, convert, size):
        """This test ensures that any two opposite corners name the same box."""
        width, height = size
        x0, y0, x1, y1 = width * 0.1, height * 0.2, width * 0.6, height * 0.9
        expected = convert(x0, y0, x1, y1)

        assert convert(x1, y1, x0, y0) == expected
        assert convert(x1, y0, x0, y1) == expected
        assert convert(x0, y1, x1, y0) == expected

    @every_converter
    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
    def test_numbers_that_are_not_finite_are_refused(self, convert, size, place, odd):
        """This test ensures that a NaN never becomes a box, wherever it stands."""
        numbers = [0.0, 0.0, float(size[0]), float(size[1])]
        numbers[place] = odd

        with pytest.raises(ValueError, match="not finite"):
            convert(*numbers)

    @every_converter
    def test_negative_zero_becomes_zero(self, convert, size):
        """This test ensures that no exported number reads "-0.0"."""
        for numbers in ((-0.0, -0.0, *size), (-1e-320, -5.0, -0.0, -0.0)):
            assert "-" not in str(edges(convert(*numbers)))


class TestHull:
    @given(st.lists(boxes(), min_size=1, max_size=8))
    def test_touches_the_outermost_boxes(self, every):
        """This test ensures that the hull contains all boxes and that each of its sides lies on one of them."""
        found = hull(every)

        assert all(
            found.x0 <= box.x0 and found.y0 <= box.y0 and box.x1 <= found.x1 and box.y1 <= found.y1 for box in every
        )
        for side in ("x0", "y0", "x1", "y1"):
            assert getattr(found, side) in {getattr(box, side) for box in every}

    def test_takes_an_iterator(self):
        """This test ensures that boxes may come from a generator, which can be read only once."""
        assert hull(iter([Box(0, 0, 0.1, 0.1), Box(0.5, 0.5, 1, 1)])) == FULL_PAGE

    def test_of_nothing_is_refused(self):
        """This test ensures that no boxes are not silently the whole page."""
        with pytest.raises(ValueError, match="no boxes"):
            hull([])


class TestIntersectionOverUnion:
    @given(boxes(), boxes())
    def test_is_symmetric_and_a_share(self, first, second):
        """This test ensures that the order does not matter and that the result lies between 0 and 1."""
        found = intersection_over_union(first, second)

        assert 0 <= found <= 1
        assert found == pytest.approx(intersection_over_union(second, first))

    @given(boxes())
    def test_with_itself_is_one(self, box):
        """This test ensures that a box with an area equals itself, and one without gives 0."""
        if box.area > 1e-300 or box.area == 0:
            assert intersection_over_union(box, box) == (1 if box.area else 0)

    @given(boxes(), boxes())
    def test_is_at_most_the_smaller_over_the_larger(self, first, second):
        """This test ensures that boxes of different areas cannot pass as equal."""
        small, large = sorted((first.area, second.area))

        if large > 1e-300:
            assert intersection_over_union(first, second) <= small / large + 1e-9

    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            (Box(0, 0, 0.5, 0.5), Box(0.25, 0.25, 0.75, 0.75), 1 / 7),
            (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1), 0),
            (Box(0, 0, 0.25, 0.25), Box(0.5, 0.5, 1, 1), 0),
            (Box(0, 0, 1, 1), Box(0.25, 0.25, 0.75, 0.75), 0.25),
            (Box(0.5, 0, 0.5, 1), Box(0, 0, 1, 1), 0),
        ],
        ids=["overlap", "shared edge", "apart", "inside", "no area"],
    )
    def test_worked_examples(self, first, second, expected):
        """This test ensures that results computed by hand are met."""
        assert intersection_over_union(first, second) == pytest.approx(expected)


class TestRotateBox:
    def test_turns_clockwise(self):
        """This test ensures that what was at the top left is at the top right after a quarter turn."""
        corner = Box(0, 0, 0.25, 0.125)

        assert rotate_box(corner, 90) == Box(0.875, 0, 1, 0.25)
        assert rotate_box(corner, 180) == Box(0.75, 0.875, 1, 1)
        assert rotate_box(corner, 270) == Box(0, 0.75, 0.125, 1)

    @given(boxes(), turns)
    def test_four_times_is_identity(self, box, degrees):
        """This test ensures that four equal turns bring a box back."""
        turned = box
        for _ in range(4):
            turned = rotate_box(turned, degrees)

        assert edges(turned) == pytest.approx(edges(box), abs=1e-12)

    @given(model_corners(), turns)
    def test_turning_back_undoes_it(self, corners, degrees):
        """This test ensures that the model's numbers survive a turn and the turn back."""
        box = box_from_model(*corners)

        assert box_to_model(rotate_box(rotate_box(box, degrees), -degrees)) == corners

    @given(boxes(), turns, turns)
    def test_turns_add_up(self, box, first, second):
        """This test ensures that two turns are the turn by their sum."""
        assert edges(rotate_box(rotate_box(box, first), second)) == pytest.approx(
            edges(rotate_box(box, first + second)), abs=1e-12
        )

    @given(boxes(), turns)
    def test_keeps_the_area(self, box, degrees):
        """This test ensures that a turn neither grows nor shrinks a box."""
        assert rotate_box(box, degrees).area == pytest.approx(box.area, abs=1e-12)

    @pytest.mark.parametrize("degrees", [1, 45, 89, -30, 100])
    def test_other_angles_are_refused(self, degrees):
        """This test ensures that a page is not turned by half a quarter."""
        with pytest.raises(ValueError, match=str(degrees)):
            rotate_box(FULL_PAGE, degrees)


def plainly_shown(x, y, frame):
    """Return where a point of user space is shown, in fractions: turned about the centre by sine and cosine."""
    centre_x, centre_y = (frame.x0 + frame.x1) / 2, (frame.y0 + frame.y1) / 2
    width, height = abs(frame.x1 - frame.x0), abs(frame.y1 - frame.y0)
    sine, cosine = round(math.sin(math.radians(frame.rotate))), round(math.cos(math.radians(frame.rotate)))
    right = (x - centre_x) * cosine + (y - centre_y) * sine
    up = -(x - centre_x) * sine + (y - centre_y) * cosine
    shown_width = abs(width * cosine) + abs(height * sine)
    shown_height = abs(width * sine) + abs(height * cosine)
    return (shown_width / 2 + right) / shown_width, (shown_height / 2 - up) / shown_height


@st.composite
def frames(draw):
    left, bottom = draw(st.floats(-2000, 2000)), draw(st.floats(-2000, 2000))
    width, height = draw(st.floats(10, 5000)), draw(st.floats(10, 5000))
    corners = draw(
        st.sampled_from(
            [
                (left, bottom, left + width, bottom + height),
                (left + width, bottom + height, left, bottom),
                (left, bottom + height, left + width, bottom),
            ]
        )
    )
    return PdfFrame(*corners, rotate=draw(st.sampled_from([-90, *TURNS, 360, 450])))


class TestPdfFrame:
    @given(frames(), boxes())
    def test_agrees_with_a_plain_rotation(self, frame, share):
        """This test ensures that a rectangle is shown where turning its corners about the centre puts it."""
        left, right = sorted((frame.x0, frame.x1))
        bottom, top = sorted((frame.y0, frame.y1))
        x0, x1 = left + share.x0 * (right - left), left + share.x1 * (right - left)
        y0, y1 = bottom + share.y0 * (top - bottom), bottom + share.y1 * (top - bottom)
        corners = [plainly_shown(x, y, frame) for x, y in ((x0, y0), (x1, y1))]
        expected = (*map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True)))

        assert edges(frame.box_from_user_space(x0, y0, x1, y1)) == pytest.approx(expected, abs=1e-9)

    @given(frames(), boxes())
    def test_round_trips(self, frame, box):
        """This test ensures that an annotation made from a box lies on that box."""
        rectangle = frame.box_to_user_space(box)

        assert edges(frame.box_from_user_space(*rectangle)) == pytest.approx(edges(box), abs=1e-9)
        assert rectangle[0] <= rectangle[2] + 1e-9
        assert rectangle[1] <= rectangle[3] + 1e-9

    @given(frames())
    def test_crop_box_is_the_full_page(self, frame):
        """This test ensures that the CropBox is all of the page, and the full page is the CropBox."""
        left, right = sorted((frame.x0, frame.x1))
        bottom, top = sorted((frame.y0, frame.y1))

        assert frame.box_from_user_space(frame.x0, frame.y0, frame.x1, frame.y1) == FULL_PAGE
        assert frame.box_to_user_space(FULL_PAGE) == pytest.approx((left, bottom, right, top), abs=1e-9)

    @pytest.mark.parametrize(
        ("rotate", "expected"), [(0, (300, 380)), (90, (380, 300)), (180, (300, 380)), (-90, (380, 300))]
    )
    def test_size_is_the_one_shown(self, rotate, expected):
        """This test ensures that a page on its side is as wide as its CropBox is high."""
        assert PdfFrame(50, 80, 350, 460, rotate).size_pt == expected


CROP_BOXES = {
    "at the origin": (0, 0, 300, 380),
    "inside the page": (50, 80, 350, 460),
    "negative origin": (-30, -20, 270, 360),
}
MARK = (110, 200, 170, 230)


def marked_pdf(crop_box, rotate):
    """Return a PDF page with one black rectangle at `MARK` of its user space, and nothing else."""
    with pymupdf.open() as document:
        page = document.new_page()
        document.xref_set_key(page.xref, "MediaBox", "[-40 -50 500 600]")
        document.xref_set_key(page.xref, "CropBox", "[{} {} {} {}]".format(*crop_box))
        document.xref_set_key(page.xref, "Rotate", str(rotate))
        x0, y0, x1, y1 = MARK
        stream = document.get_new_xref()
        document.update_object(stream, "<<>>")
        document.update_stream(stream, f"0 g {x0} {y0} {x1 - x0} {y1 - y0} re f".encode())
        document.xref_set_key(page.xref, "Contents", f"{stream} 0 R")
        return document.tobytes()


def dark_hull(image):
    """Return the edges of the dark pixels of a grey image, as fractions."""
    box = image.point(lambda level: 255 if level < 128 else 0).getbbox()
    return edges(box_from_pixels(*box, width_px=image.width, height_px=image.height))


every_page = pytest.mark.parametrize(
    ("crop_box", "rotate"),
    [pytest.param(box, turn, id=f"{name}, {turn}") for name, box in CROP_BOXES.items() for turn in TURNS],
)


class TestPdfFrameAgainstLibraries:
    @every_page
    def test_agrees_with_pymupdf(self, crop_box, rotate):
        """This test ensures that a mark is shown where PyMuPDF's own matrix says it is."""
        frame = PdfFrame(*crop_box, rotate=rotate)

        with pymupdf.open(stream=marked_pdf(crop_box, rotate)) as document:
            page = document[0]
            drawn = page.get_drawings()[0]["rect"] * page.rotation_matrix
            size = (page.rect.width, page.rect.height)

        assert frame.size_pt == size
        assert box_to_points(frame.box_from_user_space(*MARK), width_pt=size[0], height_pt=size[1]) == pytest.approx(
            tuple(drawn), abs=1e-3
        )

    @every_page
    def test_agrees_with_what_pymupdf_renders(self, crop_box, rotate):
        """This test ensures that PyMuPDF's pixels of a mark lie in its box."""
        expected = PdfFrame(*crop_box, rotate=rotate).box_from_user_space(*MARK)

        with pymupdf.open(stream=marked_pdf(crop_box, rotate)) as document:
            image = document[0].get_pixmap(dpi=144).pil_image().convert("L")

        assert dark_hull(image) == pytest.approx(edges(expected), abs=1 / min(image.size))

    @every_page
    def test_agrees_with_what_pdfium_renders(self, crop_box, rotate):
        """This test ensures that PDFium's pixels of a mark lie in its box."""
        frame = PdfFrame(*crop_box, rotate=rotate)

        document = pypdfium2.PdfDocument(marked_pdf(crop_box, rotate))
        page = document[0]
        size = page.get_size()
        image = page.render(scale=2).to_pil().convert("L")
        page.close()
        document.close()

        assert frame.size_pt == pytest.approx(size)
        assert dark_hull(image) == pytest.approx(edges(frame.box_from_user_space(*MARK)), abs=1 / min(image.size))

    @pytest.mark.parametrize("crop_box", CROP_BOXES.values(), ids=CROP_BOXES)
    def test_the_turns_are_told_apart(self, crop_box):
        """This test ensures that the mark is not in a place where a wrong turn would go unseen."""
        shown = [edges(PdfFrame(*crop_box, rotate=turn).box_from_user_space(*MARK)) for turn in TURNS]

        assert all(
            max(abs(a - b) for a, b in zip(first, second, strict=True)) > 0.05
            for first, second in [*pairwise(shown), (shown[0], shown[2]), (shown[1], shown[3])]
        )
