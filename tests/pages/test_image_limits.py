from __future__ import annotations

import io
import struct
import zlib
from contextlib import closing

import pytest
from PIL import Image

from dsocr_loaders.errors import LimitExceeded
from dsocr_loaders.pages.image_backend import ImageSource
from dsocr_loaders.settings import Limits


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side):
    """A whole PNG of one bit a pixel, all white: some hundred kilobytes for 900 million pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (side // 8)
    data = b"".join([*(packer.compress(row * 100) for _ in range(side // 100)), packer.flush()])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tiff_bomb(side):
    """A TIFF that says that it has so many pixels, and holds next to nothing."""
    tags = [(256, side), (257, side), (258, 8), (259, 8), (262, 1), (273, 200), (277, 1), (278, side), (279, 100)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4 + 200)


def written(picture, image_format, **options):
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [(png_bomb(30_000), "30000.png"), (tiff_bomb(60_000), "60000.tif"), (tiff_bomb(12_000), "12000.tif")],
    ids=["png", "tiff", "small tiff"],
)
def test_bombs(take, content, name):
    """This test ensures that an image with far too many pixels is refused before any is decoded, Pillow's guard on."""
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(LimitExceeded, match=rf"{name}: .*limits\.page_pixels"):
        ImageSource(take(content, name), Limits())

    assert before == Image.MAX_IMAGE_PIXELS is not None


@pytest.mark.parametrize(
    ("image_format", "options", "width"),
    [("JPEG", {}, 400), ("JPEG", {"progressive": True}, 400), ("JPEG2000", {}, 400)],
)
def test_scaled_down(take, image_format, options, width):
    """This test ensures that a large photograph is read smaller, which is said, and keeps its own size in pixels."""
    picture = Image.new("RGB", (1600, 1200), "white")
    picture.paste((200, 0, 0), (800, 0, 1600, 600))
    source = take(written(picture, image_format, **options))
    with closing(ImageSource(source, Limits(page_pixels=150_000))) as opened:
        frame = opened.frame(1)
        image = opened.render(1, 144)
        shown = Image.frombytes("RGB", (image.width_px, image.height_px), image.data)

    assert (1600, 1200, width, width * 3 // 4) == (frame.width, frame.height, *shown.size)
    assert shown.getpixel((300, 50))[1] < 40
    assert shown.getpixel((50, 250))[1] > 200
    note = "The image of 1600 x 1200 pixels was read at 1/4 of its size to stay within limits.page_pixels=150000."
    assert (note,) == opened.notes


@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "WEBP", "BMP", "GIF"])
def test_refused(take, image_format):
    """This test ensures that a format that would have to be decoded whole is refused above the limit, by its name."""
    source = take(written(Image.new("L", (400, 300), 255), image_format), "large")

    with pytest.raises(LimitExceeded, match=r"large: .*limits\.page_pixels"):
        ImageSource(source, Limits(page_pixels=100_000))
    with closing(ImageSource(source, Limits(page_pixels=120_000))) as opened:
        assert 360_000 == len(opened.render(1, 144).data)


def test_one_large_frame(take):
    """This test ensures that one page of a TIFF that is too large costs that page alone."""
    file = io.BytesIO()
    small, large = Image.new("L", (100, 100), 255), Image.new("L", (1000, 1000), 255)
    small.save(file, "TIFF", save_all=True, append_images=[large, small])
    with closing(ImageSource(take(file.getvalue(), "mixed.tif"), Limits(page_pixels=100_000))) as opened:
        with pytest.raises(LimitExceeded, match=r"mixed\.tif"):
            opened.render(2, 144)
        assert [30_000, 30_000] == [len(opened.render(number, 144).data) for number in (1, 3)]


def test_limits_above_pillows(take):
    """This test ensures that whoever allows more pixels than Pillow does by itself gets them."""
    source = take(png_bomb(20_000), "400 million.png")
    with closing(ImageSource(source, Limits(page_pixels=500_000_000))) as opened:
        assert 20_000 == opened.frame(1).width
