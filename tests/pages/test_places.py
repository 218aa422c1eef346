"""Marks are drawn at known places, found in the pixels, and led back to where they were drawn."""

from __future__ import annotations

import io
from contextlib import closing

import pytest
from PIL import Image

from dsocr_loaders.geometry import PdfFrame, box_from_pixels, box_to_pixels, box_to_points, rotate_box
from dsocr_loaders.pages.opening import open_source
from dsocr_loaders.settings import Limits

MEDIA = (-20, 30, 400, 530)
DPI_OF_UNIT = {1: (72, 144, 201), 2.5: (41, 72), 0.4: (144, 301)}  # pages of a like number of pixels
MARKS = {(255, 0, 0): (60, 100, 110, 130), (0, 160, 0): (250, 380, 300, 440), (0, 0, 255): (150, 200, 190, 260)}


def pdf(crop, rotate, user_unit):
    """A page with three coloured rectangles, written by hand, since no library writes all of these."""
    drawn = b"".join(
        b"%.3f %.3f %.3f rg %d %d %d %d re f\n" % (*(level / 255 for level in colour), x0, y0, x1 - x0, y1 - y0)
        for colour, (x0, y0, x1, y1) in MARKS.items()
    )
    crop_box = "" if crop == MEDIA else "/CropBox[{} {} {} {}]".format(*crop)
    unit = "" if user_unit == 1 else f"/UserUnit {user_unit}"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[{} {} {} {}]{}/Rotate {}{}>>".format(
            *MEDIA, crop_box, rotate, unit
        ).encode(),
        b"<</Length %d>>stream\n%sendstream" % (len(drawn), drawn),
        b" 3 ",
    )
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj" % number + content + b"endobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    table = f"xref\n0 6\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size 6>>\n"
    return body + f"{table}startxref\n{len(body)}\n%%EOF\n".encode()


def shown(opened, page_number=1, dpi=144):
    image = opened.render(page_number, dpi)
    return Image.frombytes("RGB", (image.width_px, image.height_px), image.data)


def found(picture, colour):
    """The box of what has the colour, or nearly."""
    bands = picture.split()
    masks = [
        band.point([255 if abs(value - level) < 90 else 0 for value in range(256)])
        for band, level in zip(bands, colour, strict=True)
    ]
    mask = Image.merge("RGB", masks).convert("L").point([0] * 255 + [255])
    return box_from_pixels(*mask.getbbox(), width_px=picture.width, height_px=picture.height)


@pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [MEDIA, (40, 80, 333.3, 470.7)], ids=["whole", "cropped"])
@pytest.mark.parametrize("user_unit", [1, 2.5, 0.4])
def test_pdf(take, backend, rotate, crop, user_unit):
    """This test ensures that marks found in the pixels lead back to their places in user space and in points."""
    frame = PdfFrame(*crop, rotate, user_unit)
    with closing(open_source(take(pdf(crop, rotate, user_unit)), backend)) as opened:
        page = opened.frame(1)
        pictures = {dpi: shown(opened, dpi=dpi) for dpi in DPI_OF_UNIT[user_unit]}

    assert frame.size_pt == pytest.approx((page.width, page.height), abs=0.002)
    assert ("pt", rotate) == (page.unit, page.rotation)
    for dpi, picture in pictures.items():
        pixel = 72 / dpi / user_unit  # in user space
        for colour, mark in MARKS.items():
            box = found(picture, colour)
            expected = frame.box_from_user_space(*mark)
            points = box_to_points(box, width_pt=page.width, height_pt=page.height)
            expected_points = box_to_points(expected, width_pt=frame.size_pt[0], height_pt=frame.size_pt[1])

            assert mark == pytest.approx(frame.box_to_user_space(box), abs=1.6 * pixel)
            assert expected_points == pytest.approx(points, abs=1.6 * 72 / dpi)


@pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])
@pytest.mark.parametrize("rotate", [0, 90])
@pytest.mark.parametrize("dpi", [72, 300])
def test_crop_of_pdf(take, backend, rotate, dpi):
    """This test ensures that a part of a page has the very pixels that the whole page has there."""
    crop = (40, 80, 333.3, 470.7)
    frame = PdfFrame(*crop, rotate)
    with closing(open_source(take(pdf(crop, rotate, 1)), backend)) as opened:
        whole = shown(opened, dpi=dpi)
        for mark in MARKS.values():
            box = frame.box_from_user_space(mark[0] - 5, mark[1] - 5, mark[2] + 5, mark[3] + 5)
            part = opened.render(1, dpi, box)
            expected = whole.crop(box_to_pixels(box, width_px=whole.width, height_px=whole.height))

            assert (expected.size, expected.tobytes()) == ((part.width_px, part.height_px), part.data)


@pytest.mark.parametrize("backend", ["pymupdf", "pdfium"])
def test_crop_of_large_page(take, backend):
    """This test ensures that a crop has the resolution that was asked for where the whole page would be too large."""
    limits = Limits(page_pixels=200_000)
    with closing(open_source(take(pdf(MEDIA, 0, 1)), backend, limits=limits)) as opened:
        box = PdfFrame(*MEDIA).box_from_user_space(60, 100, 110, 130)
        part = opened.render(1, 144, box)

        assert (100, 60) == pytest.approx((part.width_px, part.height_px), abs=2)
        assert () == opened.notes
        assert 200_000 >= shown(opened, dpi=144).width * shown(opened, dpi=144).height


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_image(take, orientation, image_format):
    """This test ensures that a mark in an image is found where its EXIF orientation puts it, and cut out there."""
    picture = Image.new("RGB", (120, 80), "white")
    picture.paste((255, 0, 0), (16, 8, 48, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    picture.save(file, image_format, exif=exif, **({"quality": 95} if image_format != "PNG" else {}))
    upright = box_from_pixels(16, 8, 48, 24, width_px=120, height_px=80)
    is_mirrored = orientation in {2, 4, 5, 7}
    mirrored = box_from_pixels(120 - 48, 8, 120 - 16, 24, width_px=120, height_px=80)
    turn = {1: 0, 2: 0, 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}[orientation]
    expected = rotate_box(mirrored if is_mirrored else upright, turn)
    with closing(open_source(take(file.getvalue()), "pdfium")) as opened:
        frame = opened.frame(1)
        whole = shown(opened)
        part = opened.render(1, 144, expected)
    box = found(whole, (255, 0, 0))

    assert (whole.size, turn) == ((frame.width, frame.height), frame.rotation)
    actual = (box.x0, box.y0, box.x1, box.y1)
    assert (expected.x0, expected.y0, expected.x1, expected.y1) == pytest.approx(actual, abs=0.021)
    assert (32, 16) == (max(part.width_px, part.height_px), min(part.width_px, part.height_px))
    assert min(part.data[::3]) > 150


@pytest.mark.parametrize(
    ("unit", "factor"), [("0", 1), ("-2", 1), ("(a)", 1), ("5 0 R", 3), ("0.5", 0.5), ("2.0", 2), ("/Name", 1)]
)
def test_odd_user_units(take, unit, factor):
    """This test ensures that both libraries take a UserUnit that is none for 1, and follow a reference."""
    content = pdf((0, 30, 100, 230), 0, unit)
    sizes = set()
    for backend in ("pymupdf", "pdfium"):
        with closing(open_source(take(content), backend)) as opened:
            frame = opened.frame(1)
            sizes.add((frame.width, frame.height, *shown(opened, dpi=72).size))

    assert {(100 * factor, 200 * factor, 100 * factor, 200 * factor)} == sizes


def test_user_unit_in_object_stream(take):
    """This test ensures that a UserUnit is found where packing and encryption hide it."""
    pymupdf = pytest.importorskip("pymupdf")
    document = pymupdf.open(stream=pdf((0, 30, 100, 230), 0, 2.5))
    plain = document.tobytes(use_objstms=1, deflate=True)
    secret = document.tobytes(use_objstms=1, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o")
    document.close()

    for content, password in ((plain, None), (secret, "u")):
        assert b"/UserUnit" not in content
        with closing(open_source(take(content), "pdfium", password)) as opened:
            assert (250, 500) == (opened.frame(1).width, opened.frame(1).height)
