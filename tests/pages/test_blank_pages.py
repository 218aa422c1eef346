"""Synthetic scans with and without something to read on them: paper, lamp, grain, dirt, borders and holes by marks."""

from __future__ import annotations

import io
import random
from functools import cache

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont

from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.values import RgbImage

DPI = 100
SIZE = (827, 1169)
MM = DPI / 25.4

PAPERS = {
    "white": (255, 255, 255),
    "grey": (222, 222, 224),
    "yellowed": (238, 226, 196),
    "recycled": (196, 190, 178),
    "blue": (170, 200, 235),
    "pink": (245, 190, 200),
    "black": (12, 12, 14),
}


def sheet(colour, *, lamp=0, grain=0.0, quality=None, size=SIZE):
    """Paper as a scanner sees it: darker by `lamp` levels to the right, with noise, through JPEG."""
    picture = Image.new("RGB", size, colour)
    if lamp:
        shade = Image.linear_gradient("L").rotate(90).resize(size).point(lambda value: value * lamp // 255)
        picture = ImageChops.subtract(picture, Image.merge("RGB", (shade, shade, shade)))
    if grain:
        noise = noise_of(size, grain)
        shifts = ((0, 0), (311, 97), (149, 503))
        bands = [
            ImageChops.add(band, ImageChops.offset(noise, *shift), 1, -128)
            for band, shift in zip(picture.split(), shifts, strict=True)
        ]
        picture = Image.merge("RGB", bands)
    return picture if quality is None else through_jpeg(picture, quality)


@cache
def noise_of(size, grain):
    return Image.effect_noise(size, grain)  # around 128


def through_jpeg(picture, quality):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def dusty(picture, specks, seed=1):
    choice = random.Random(seed)  # noqa: S311 - no secret
    draw = ImageDraw.Draw(picture)
    for _ in range(specks):
        x, y = choice.randrange(picture.width), choice.randrange(picture.height)
        side = choice.choice((0, 0, 1, 1, 2)) * picture.width // SIZE[0]
        level = choice.randrange(20, 180)
        draw.ellipse((x, y, x + side, y + side), fill=(level, level, level))
    return picture


def bordered(picture, skew=6):
    """The black beside a sheet that lies a little askew, at the right and below."""
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    deep = 9 * MM
    draw.polygon(
        [(width - deep, 0), (width, 0), (width, height), (width - deep - skew * MM, height)], fill=(14, 12, 12)
    )
    draw.polygon(
        [(0, height - deep), (width, height - deep - skew * MM), (width, height), (0, height)], fill=(10, 10, 10)
    )
    return picture


def punched(picture, holes=2):
    draw = ImageDraw.Draw(picture)
    for number in range(holes):
        x, y = 12 * MM, picture.height / 2 + (number - (holes - 1) / 2) * 80 * MM
        draw.ellipse((x - 3 * MM, y - 3 * MM, x + 3 * MM, y + 3 * MM), fill=(16, 16, 16))
    return picture


def streaked(picture):
    ImageDraw.Draw(picture).line((300, 0, 302, picture.height), fill=(150, 150, 150), width=2)
    return picture


def edged(picture):
    """The thin grey shadow of a sheet's own edge."""
    ImageDraw.Draw(picture).line((2, 0, 5, picture.height), fill=(120, 120, 120), width=2)
    return picture


def numbered(picture, text="7", size_pt=7, colour=(60, 60, 60), place=None):
    font = ImageFont.load_default(size_pt * DPI / 72 * picture.width / SIZE[0])
    ImageDraw.Draw(picture).text(place or (picture.width / 2, picture.height * 0.95), text, fill=colour, font=font)
    return picture


def stamped(picture, colour):
    """A pale round stamp of 18 mm with three bars in it."""
    draw = ImageDraw.Draw(picture)
    left, top, side = picture.width * 0.6, picture.height * 0.2, 18 * MM * picture.width / SIZE[0]
    draw.ellipse((left, top, left + side, top + side), outline=colour, width=2)
    for row in range(3):
        draw.line((left + 10, top + 20 + 12 * row, left + side - 10, top + 20 + 12 * row), fill=colour, width=2)
    return picture


def is_blank(picture, dpi=DPI):
    return measure_ink(RgbImage(*picture.size, picture.tobytes()), dpi).is_blank


SCANS = {
    "clean": {},
    "fine grain": {"grain": 3},
    "coarse grain": {"grain": 9},
    "lamp": {"lamp": 45},
    "lamp and grain": {"lamp": 30, "grain": 5},
    "poor JPEG": {"grain": 4, "quality": 50},
    "lamp, grain and JPEG": {"lamp": 60, "grain": 4, "quality": 60},
}


@pytest.mark.parametrize("paper", ["white", "recycled", "pink", "black"])
@pytest.mark.parametrize("scan", ["clean", "coarse grain", "lamp and grain", "lamp, grain and JPEG"])
def test_paper(paper, scan):
    """This test ensures that empty paper is blank however it was scanned, and that a small number on it is seen."""
    lamp_fits = paper != "black"
    options = {name: value for name, value in SCANS[scan].items() if lamp_fits or name != "lamp"}
    picture = sheet(PAPERS[paper], **options)
    ink = (220, 220, 220) if paper == "black" else (60, 60, 60)

    assert is_blank(picture)
    assert not is_blank(numbered(picture, colour=ink))


def everything(picture):
    return dusty(edged(streaked(punched(bordered(picture), 4))), 60)


@pytest.mark.parametrize(
    "flaw",
    [dusty, bordered, punched, streaked, edged, everything],
    ids=["dust", "borders", "holes", "streak", "edge", "everything"],
)
@pytest.mark.parametrize("scan", ["clean", "lamp and grain", "poor JPEG"])
@pytest.mark.parametrize("paper", ["white", pytest.param("recycled", marks=pytest.mark.slow)])
def test_flaws(flaw, scan, paper):
    """This test ensures that dirt and what scanners add is nothing to read, and hides no number and no stamp."""
    spoilt = dusty(sheet(PAPERS[paper], grain=0), 40) if flaw is dusty else flaw(sheet(PAPERS[paper]))
    noisy = _scanned(spoilt, **SCANS[scan])
    number = _scanned(numbered(spoilt.copy(), place=(400, 1020)), **SCANS[scan])
    stamp = _scanned(stamped(spoilt.copy(), (190, 90, 90)), **SCANS[scan])

    assert (True, False, False) == (is_blank(noisy), is_blank(number), is_blank(stamp))


def _scanned(picture, *, lamp=0, grain=0, quality=None):
    light = sheet((255, 255, 255), lamp=lamp, grain=grain, size=picture.size)
    seen = ImageChops.multiply(picture, light)
    return seen if quality is None else through_jpeg(seen, quality)


@pytest.mark.parametrize(
    ("text", "size_pt", "colour"),
    [("1", 5, 0), ("i", 6, 60), ("3", 6, 150), ("12", 8, 190), ("- 4 -", 9, 215), ("Seite 3", 7, 120)],
)
@pytest.mark.parametrize("scan", ["clean", "fine grain"])
def test_smallest_marks(text, size_pt, colour, scan):
    """This test ensures that numbers down to 5 pt black and pale ones of 8 pt are seen."""
    assert not is_blank(_scanned(numbered(sheet(PAPERS["white"]), text, size_pt, (colour,) * 3), **SCANS[scan]))


@pytest.mark.parametrize("dpi", [72, 100, 144, 200, 300])
def test_resolutions(dpi):
    """This test ensures that what counts is the size on paper, whatever the resolution."""
    size = tuple(side * dpi // DPI for side in SIZE)
    empty = dusty(sheet(PAPERS["grey"], grain=5, size=size), 40)

    assert is_blank(empty, dpi)
    assert not is_blank(numbered(empty, size_pt=8), dpi)


@pytest.mark.parametrize(
    "draw",
    [
        lambda draw: draw.ellipse((400, 500, 424, 524), fill=(0, 0, 0)),
        lambda draw: draw.ellipse((35, 500, 59, 524), fill=(0, 0, 0)),
        lambda draw: draw.line((100, 600, 700, 600), fill=(90, 90, 90), width=1),
        lambda draw: [draw.point((300 + 3 * x, 400 + 3 * y), fill=(0, 0, 0)) for x in range(9) for y in range(3)],
        lambda draw: draw.rectangle((0, 0, 826, 300), fill=(20, 30, 60)),
        lambda draw: draw.line((200, 300, 240, 280), fill=(90, 110, 200), width=2),
    ],
    ids=["a bullet", "one disc in the margin", "a rule", "dotted print", "a band", "a tick in pen"],
)
def test_not_taken_for_dirt(draw):
    """This test ensures that what resembles a flaw and is none keeps a page from being blank."""
    picture = sheet(PAPERS["white"])
    draw(ImageDraw.Draw(picture))

    assert not is_blank(picture)


def test_grid_without_flaws():
    """This test ensures that the grid of a page with text has no border in it, and grain and lamp are no ink."""
    picture = sheet(PAPERS["recycled"])
    for line in range(20):
        numbered(picture, "The quick brown fox jumps over the lazy dog", 11, (20, 20, 20), (120, 150 + 30 * line))
    grid = measure_ink(RgbImage(*SIZE, _scanned(bordered(picture), lamp=40, grain=4).tobytes()), DPI)
    rows = [grid.shares[row * grid.columns : (row + 1) * grid.columns] for row in range(grid.rows)]

    assert 0 == sum(max(row) for row in rows[32:])
    assert 0 == max(row[-2] for row in rows)
    assert all(sum(row) for row in rows[7:26])


def test_picture_is_ink():
    """This test ensures that a dark picture with a hard edge is ink, not paper in the shade."""
    picture = sheet(PAPERS["white"], lamp=40)
    picture.paste((60, 70, 90), (200, 300, 600, 700))
    shares = measure_ink(RgbImage(*SIZE, picture.tobytes()), DPI).shares

    assert 255 == shares[16 * 32 + 16]
    assert 0.09 < sum(shares) / 255 / len(shares) < 0.25
