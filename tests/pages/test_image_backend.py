from __future__ import annotations

import io
import struct
import zlib
from contextlib import closing

import pytest
from PIL import Image

from dsocr_loaders.errors import LimitExceeded, SettingsError, SourceDamaged
from dsocr_loaders.pages.image_backend import ImageSource
from dsocr_loaders.pages.opened import PageFrame
from dsocr_loaders.settings import Limits


def written(picture, image_format="PNG", **options):
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


def shown(source):
    """What `source` looks like, as a picture."""
    with closing(ImageSource(source, Limits())) as opened:
        image = opened.render(1, 144)
        frame = opened.frame(1)
    assert (image.width_px, image.height_px, "px") == (frame.width, frame.height, frame.unit)
    return Image.frombytes("RGB", (image.width_px, image.height_px), image.data)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width_px, height_px):
    size = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("orientation", "rotation", "corner"),
    [
        (1, 0, (0, 0)),
        (2, 0, (39, 0)),
        (3, 180, (39, 19)),
        (4, 180, (0, 19)),
        (5, 270, (0, 0)),
        (6, 90, (19, 0)),
        (7, 90, (19, 39)),
        (8, 270, (0, 39)),
        (9, 0, (0, 0)),
    ],
)
@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_exif_orientation(take, orientation, rotation, corner, image_format):
    """This test ensures that a photograph stands upright and the turn is recorded; the mark was at the top left."""
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("black", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = take(written(picture, image_format, exif=exif))
    upright = shown(source)

    width, height = (20, 40) if orientation in {5, 6, 7, 8} else (40, 20)
    with closing(ImageSource(source, Limits())) as opened:
        assert PageFrame(width, height, "px", rotation) == opened.frame(1)
    assert (width, height) == upright.size
    corners = [(x, y) for x in (0, width - 1) for y in (0, height - 1)]
    assert [corner] == [place for place in corners if upright.getpixel(place) < (60, 60, 60)]


def transparent():
    picture = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    picture.putpixel((1, 0), (255, 0, 0, 128))
    return picture


def palette(transparency=None):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 0])
    picture.putpixel((1, 0), 1)
    return written(picture) if transparency is None else written(picture, transparency=transparency)


def sixteen_bits(*values):
    return written(Image.frombytes("I;16", (len(values), 1), struct.pack(f"<{len(values)}H", *values)))


@pytest.mark.parametrize(
    ("content", "pixels"),
    [
        (written(transparent()), [(255, 255, 255), (255, 127, 127)]),
        (written(Image.frombytes("LA", (2, 1), bytes([0, 0, 0, 255]))), [(255, 255, 255), (0, 0, 0)]),
        (palette(), [(10, 20, 30), (200, 100, 0)]),
        (palette(transparency=1), [(10, 20, 30), (255, 255, 255)]),
        (sixteen_bits(0, 257, 32896, 65535), [(0, 0, 0), (1, 1, 1), (128, 128, 128), (255, 255, 255)]),
        (written(Image.frombytes("1", (8, 1), b"\x0f")), [(0, 0, 0)] * 4 + [(255, 255, 255)] * 4),
        (written(Image.frombytes("L", (2, 1), bytes([7, 250]))), [(7, 7, 7), (250, 250, 250)]),
    ],
    ids=["alpha", "grey with alpha", "palette", "transparent palette", "16 bits", "1 bit", "grey"],
)
def test_colour_modes(take, content, pixels):
    """This test ensures that every kind of PNG becomes plain RGB on white, 16 bits scaled rather than cut off."""
    picture = shown(take(content))

    assert pixels == [picture.getpixel((x, 0)) for x in range(picture.width)]


@pytest.mark.parametrize(("ink", "colour"), [((0, 0, 0, 0), (255, 255, 255)), ((0, 255, 255, 0), (255, 0, 0))])
def test_cmyk_jpeg(take, ink, colour):
    """This test ensures that a JPEG in CMYK, inverted as Adobe writes it, has its colours the right way round."""
    picture = shown(take(written(Image.new("CMYK", (16, 16), ink), "JPEG", quality=95)))

    assert all(abs(one - other) < 5 for one, other in zip(picture.getpixel((8, 8)), colour, strict=True))


def test_first_frame(take):
    """This test ensures that the first frame of an animated PNG is the page."""
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    source = take(written(frames[0], save_all=True, append_images=frames[1:]))

    assert (255, 0, 0) == shown(source).getpixel((0, 0))
    with closing(ImageSource(source, Limits())) as opened:
        assert (1, ("1",), (), "pillow") == (opened.total_pages, opened.labels, opened.bookmarks, opened.backend)


def test_broken_header(take):
    """This test ensures that a file that only begins like an image is damaged."""
    with pytest.raises(SourceDamaged, match=r"x\.png"):
        shown(take(b"\x89PNG\r\n\x1a\n and nothing else", "x.png"))


def test_broken_exif(take):
    """This test ensures that a broken EXIF block costs the orientation and not the picture."""
    source = take(written(Image.new("RGB", (4, 2)), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"))

    assert (4, 2) == shown(source).size


@pytest.mark.parametrize("side", [10_001, 60_000])
def test_too_large(take, side):
    """This test ensures that an image above the limit is refused before it is decoded, and Pillow's guard is on."""
    assert side**2 > Limits().page_pixels
    with pytest.raises(LimitExceeded, match=r"bomb\.png"):
        shown(take(png_header(side, side), "bomb.png"))


def test_no_second_page(take):
    """This test ensures that an image has one page."""
    source = take(written(Image.new("L", (1, 1))))

    with closing(ImageSource(source, Limits())) as opened, pytest.raises(SettingsError, match="page=2"):
        opened.render(2, 144)
