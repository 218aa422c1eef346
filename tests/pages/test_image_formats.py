from __future__ import annotations

import io
import struct
from contextlib import closing

import pillow_heif
import pytest
from PIL import Image, ImageCms, features

from dsocr_loaders.errors import LimitExceeded, MissingDependency, SourceDamaged
from dsocr_loaders.pages.image_backend import ImageSource
from dsocr_loaders.settings import Limits

SIZE = (64, 48)


def drawn():
    """White, with a black bar and a red square at known places."""
    picture = Image.new("RGB", SIZE, "white")
    picture.paste((0, 0, 0), (8, 8, 40, 16))
    picture.paste((255, 0, 0), (40, 30, 56, 46))
    return picture


def written(picture, image_format, **options):
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


def shown(source, page_number=1, **limits):
    with closing(ImageSource(source, Limits(**limits))) as opened:
        image = opened.render(page_number, 144)
        frame = opened.frame(page_number)
    assert ((image.width_px, image.height_px, "px"), ()) == ((frame.width, frame.height, frame.unit), opened.notes)
    return Image.frombytes("RGB", (image.width_px, image.height_px), image.data)


def close(expected, actual, tolerance=12):
    return all(abs(one - other) <= tolerance for one, other in zip(expected, actual, strict=True))


@pytest.mark.parametrize(
    ("image_format", "media_type", "options"),
    [
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"quality": 95}),
        ("BMP", "image/bmp", {}),
        ("GIF", "image/gif", {}),
        ("JPEG2000", "image/jp2", {}),
        ("JPEG2000", "image/jp2", {"no_jp2": True}),
        ("PNG", "image/png", {}),
        ("JPEG", "image/jpeg", {"quality": 95, "subsampling": 0, "progressive": True}),
    ],
)
def test_formats(take, image_format, media_type, options):
    """This test ensures that each format is told by its bytes, whatever its name, and gives its pixels."""
    source = take(written(drawn(), image_format, **options), "misnamed.txt")
    picture = shown(source)

    assert (media_type, SIZE) == (source.media_type, picture.size)
    assert close((0, 0, 0), picture.getpixel((20, 12)))
    assert close((255, 0, 0), picture.getpixel((48, 38)))
    assert close((255, 255, 255), picture.getpixel((4, 40)))


COMPRESSIONS = [None, "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg"]


@pytest.mark.parametrize(
    ("compression", "mode"),
    [(each, mode) for each in COMPRESSIONS for mode in ("RGB", "L", "P") if (each, mode) != ("jpeg", "P")],
)
def test_tiff_compressions(take, compression, mode):
    """This test ensures that TIFFs of all common compressions are read, in colour, grey and with a palette."""
    picture = shown(take(written(drawn().convert(mode), "TIFF", compression=compression)))

    assert close((0, 0, 0), picture.getpixel((20, 12)))
    assert close((255, 255, 255), picture.getpixel((4, 40)))


@pytest.mark.parametrize("compression", [None, "group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_tiff_bitonal(take, compression, photometric):
    """This test ensures that fax compressions are read, and that white is white whichever value means it."""
    drawing = drawn().convert("1", dither=Image.Dither.NONE)  # Pillow turns it round for 0
    content = written(drawing, "TIFF", compression=compression, tiffinfo={262: photometric})
    picture = shown(take(content))

    assert ((0, 0, 0), (255, 255, 255)) == (picture.getpixel((20, 12)), picture.getpixel((4, 40)))


def raw_tiff(width, height, bits, data, *, photometric=1, sample_format=1, order="<"):
    """A TIFF of one uncompressed strip, grey."""
    tags = [
        (256, 3, width),
        (257, 3, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8 + 2 + 10 * 12 + 4),
        (277, 3, 1),
        (278, 3, height),
        (279, 4, len(data)),
        (339, 3, sample_format),
    ]
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, kind, 1)
        + (struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value))
        for tag, kind, value in tags
    )
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(f"{order}IH", 8, len(tags))
    return head + entries + struct.pack(f"{order}I", 0) + data


@pytest.mark.parametrize(
    ("content", "levels"),
    [
        (raw_tiff(8, 1, 1, b"\x0f"), [0] * 4 + [255] * 4),
        (raw_tiff(8, 1, 1, b"\x0f", photometric=0), [255] * 4 + [0] * 4),
        (raw_tiff(4, 1, 2, b"\x1b"), [0, 85, 170, 255]),
        (raw_tiff(2, 1, 4, b"\x0f"), [0, 255]),
        (raw_tiff(2, 1, 8, b"\x10\xf0"), [16, 240]),
        (raw_tiff(2, 1, 8, b"\x10\xf0", photometric=0), [239, 15]),
        (raw_tiff(2, 1, 12, b"\x00\x0f\xff"), [0, 255]),
        (raw_tiff(3, 1, 16, struct.pack("<3H", 0, 32896, 65535)), [0, 128, 255]),
        (raw_tiff(3, 1, 16, struct.pack(">3H", 0, 32896, 65535), order=">"), [0, 128, 255]),
        (raw_tiff(3, 1, 16, struct.pack("<3H", 0, 32896, 65535), photometric=0), [255, 127, 0]),
        (raw_tiff(3, 1, 16, struct.pack("<3h", -500, 0, 500), sample_format=2), [0, 127, 255]),
        (raw_tiff(3, 1, 32, struct.pack("<3I", 0, 50_000, 100_000)), [0, 127, 255]),
        (raw_tiff(3, 1, 32, struct.pack("<3f", -1.0, 0.0, 1.0), sample_format=3), [0, 127, 255]),
        (raw_tiff(2, 1, 32, struct.pack("<2f", 200.0, 200.0), sample_format=3), [200, 200]),
    ],
)
def test_tiff_depths(take, content, levels):
    """This test ensures that grey of 1 to 32 bits and floats is scaled to 8 bits, never cut off."""
    picture = shown(take(content))
    found = [picture.getpixel((x, 0)) for x in range(picture.width)]

    assert len(levels) == len(found)
    assert all(close((level,) * 3, pixel, 1) for level, pixel in zip(levels, found, strict=True))


@pytest.mark.parametrize("order", ["<", ">"])
def test_tiff_of_sixteen_bit_colour(take, order):
    """This test ensures that colour of 16 bits a channel keeps its high bytes."""
    data = struct.pack(f"{order}6H", 0, 32896, 65535, 65535, 0, 257)
    tags = [(256, 3, 2), (257, 3, 1), (258, 3, 16), (259, 3, 1), (262, 3, 2), (277, 3, 3), (278, 3, 1)]
    body = struct.pack(f"{order}3H", 16, 16, 16) + data
    start = 8 + 2 + 9 * 12 + 4
    entries = b""
    for tag, kind, value in sorted([*tags, (273, 4, start + 6), (279, 4, len(data))]):
        if tag == 258:
            entries += struct.pack(f"{order}HHII", 258, 3, 3, start)
        else:
            packed = struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value)
            entries += struct.pack(f"{order}HHI", tag, kind, 1) + packed
    magic = b"II*\0" if order == "<" else b"MM\0*"
    content = magic + struct.pack(f"{order}IH", 8, 9) + entries + bytes(4) + body
    picture = shown(take(content))

    assert close((0, 128, 255), picture.getpixel((0, 0)), 1)
    assert close((255, 0, 1), picture.getpixel((1, 0)), 1)


def test_tiff_colour_spaces(take):
    """This test ensures that CMYK and CIELAB TIFFs have their colours."""
    lab = ImageCms.profileToProfile(
        drawn(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    for picture in (drawn().convert("CMYK"), lab):
        found = shown(take(written(picture, "TIFF")))

        assert close((255, 0, 0), found.getpixel((48, 38)), 40)
        assert close((255, 255, 255), found.getpixel((4, 40)))


@pytest.mark.parametrize("image_format", ["GIF", "TIFF", "WEBP"])
def test_frames_are_pages(take, image_format):
    """This test ensures that each frame is a page, in whatever order they are asked for."""
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 0, 128)]
    frames = [Image.new("RGB", (20, 10), colour) for colour in colours]
    options = {"lossless": True} if image_format == "WEBP" else {}
    content = written(frames[0], image_format, save_all=True, append_images=frames[1:], **options)
    with closing(ImageSource(take(content), Limits())) as opened:
        assert (4, ("1", "2", "3", "4"), "pillow") == (opened.total_pages, opened.labels, opened.backend)
        for number in (1, 3, 2, 4, 4, 1):
            assert close(colours[number - 1], opened.render(number, 144).data[:3], 2)


def test_tiff_pages_differ(take):
    """This test ensures that pages of one TIFF may differ in size, mode and orientation."""
    sideways = Image.new("L", (30, 10), 200)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    drawn().save(file, "TIFF", save_all=True, append_images=[sideways], exif=exif)
    with closing(ImageSource(take(file.getvalue()), Limits())) as opened:
        frames = [opened.frame(number) for number in (1, 2)]
        sizes = [(image.width_px, image.height_px) for image in (opened.render(1, 144), opened.render(2, 144))]

    assert [(48, 64), (10, 30)] == [(frame.width, frame.height) for frame in frames] == sizes
    assert [90, 90] == [frame.rotation for frame in frames]


@pytest.mark.parametrize("image_format", ["GIF", "TIFF", "WEBP"])
def test_too_many_frames(take, image_format):
    """This test ensures that a file with more frames than the limit is refused by the limit's name."""
    frames = [Image.new("L", (4, 4), 10 * number) for number in range(5)]
    source = take(written(frames[0], image_format, save_all=True, append_images=frames[1:]), "film")

    with pytest.raises(LimitExceeded, match=r"film: .*limits\.frames=4"):
        ImageSource(source, Limits(frames=4))
    assert 5 == ImageSource(source, Limits(frames=5)).total_pages


def gif_of(frames):
    """A GIF of many tiny frames, written by hand."""
    image = b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frames * image + b"\x3b"


def test_ten_thousand_frames(take):
    """This test ensures that a GIF of 10,000 frames is refused at once, and read where the limit is raised."""
    source = take(gif_of(10_000), "film.gif")

    with pytest.raises(LimitExceeded, match=r"film\.gif: .*limits\.frames=5000"):
        ImageSource(source, Limits())
    with closing(ImageSource(source, Limits(frames=10_000))) as opened:
        assert 10_000 == opened.total_pages
        assert 3 == len(opened.render(1_000, 144).data)


def test_tiff_that_leads_back_to_itself(take):
    """This test ensures that a chain of TIFF pages that never ends is as long as it has different pages."""
    content = bytearray(raw_tiff(2, 1, 8, b"\x10\xf0"))
    struct.pack_into("<I", content, 8 + 2 + 10 * 12, 8)

    assert (16, 16, 16) == shown(take(bytes(content))).getpixel((0, 0))


def test_heic(take):
    """This test ensures that HEIC is read with pillow-heif, orientation applied."""
    file = io.BytesIO()
    pillow_heif.from_pillow(drawn()).save(file, quality=95)
    source = take(file.getvalue())
    picture = shown(source)

    assert ("image/heic", SIZE) == (source.media_type, picture.size)
    assert close((0, 0, 0), picture.getpixel((20, 12)), 40)


def test_missing_decoders(take, monkeypatch):
    """This test ensures that a format whose decoder is not installed names it, and the command."""
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(MissingDependency, match=r"photo\.heic: .*pip install \"pillow-heif"):
        ImageSource(take(heic, "photo.heic"), Limits())
    jp2 = take(written(drawn(), "JPEG2000"), "scan.jp2")
    monkeypatch.setattr(features, "check", lambda name: name != "jpg_2000")
    with pytest.raises(MissingDependency, match=r"scan\.jp2: .*OpenJPEG"):
        ImageSource(jp2, Limits())


@pytest.mark.parametrize(
    "head",
    [b"GIF89a", b"II*\0", b"MM\0+", b"RIFF\x20\0\0\0WEBPVP8 ", b"\xff\x4f\xff\x51", b"BM" + bytes(12) + b"\x28\0\0\0"],
)
def test_nothing_but_a_head(take, head):
    """This test ensures that a file that only begins like an image is damaged, and the error names it."""
    with pytest.raises(SourceDamaged, match="stub"):
        shown(take(head + b"nothing", "stub"))
