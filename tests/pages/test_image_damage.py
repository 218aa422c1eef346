from __future__ import annotations

import io
from contextlib import closing

import pytest
from PIL import Image, ImageFile

from dsocr_loaders.errors import SourceDamaged
from dsocr_loaders.pages.image_backend import ImageSource
from dsocr_loaders.settings import Limits


def striped():
    """Noise with a black bar at the top and one at the bottom."""
    picture = Image.effect_noise((400, 400), 60).convert("RGB")
    picture.paste((0, 0, 0), (0, 20, 400, 60))
    picture.paste((0, 0, 0), (0, 340, 400, 380))
    return picture


def written(picture, image_format, **options):
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


def shown(source):
    with closing(ImageSource(source, Limits())) as opened:
        image = opened.render(1, 144)
        notes = opened.notes
    return Image.frombytes("RGB", (image.width_px, image.height_px), image.data), notes


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw", "tiffinfo": {278: 16}}),
    ],
)
def test_cut_off(take, image_format, options):
    """This test ensures that of a cut off image everything that is there is read, the rest is white, and it is said."""
    content = written(
        striped().transpose(Image.Transpose.FLIP_TOP_BOTTOM) if image_format == "BMP" else striped(),
        image_format,
        **options,
    )
    # The directory of a TIFF may stand at the end: the places of its strips are kept, the data are not.
    content = _without_last_strips(content) if image_format == "TIFF" else content[: len(content) // 2]
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    picture, notes = shown(take(content, "half"))

    assert (400, 400) == picture.size
    rows = (45, 350) if image_format != "BMP" else (354, 50)
    assert max(picture.getpixel((200, rows[0]))) < 20
    assert (255, 255, 255) == picture.getpixel((200, rows[1]))
    assert 1 == len(notes)
    share = int(notes[0].partition("cut off: ")[2].partition("%")[0])
    assert 40 <= share <= 60
    assert before is ImageFile.LOAD_TRUNCATED_IMAGES


def _without_last_strips(content):
    image = Image.open(io.BytesIO(content))
    offsets = image.tag_v2[273]
    if len(offsets) > 1:
        cut = offsets[len(offsets) // 2]
        directory = int.from_bytes(content[4:8], "little")
        return content[:cut] + b"\xff" * (directory - cut) + content[directory:] if directory > cut else content[:cut]
    return content[: offsets[0] + 400 * 400 * 3 // 2]


def test_progressive(take):
    """This test ensures that of a cut off progressive JPEG the coarse picture that is there is read, and it is said."""
    content = written(striped(), "JPEG", quality=90, progressive=True)
    picture, notes = shown(take(content[: len(content) // 2]))

    assert max(picture.getpixel((200, 40))) < 60
    assert max(picture.getpixel((200, 360))) < 60
    assert ("The image file is cut off; what is there of it shows the page, but without fine detail.",) == notes


@pytest.mark.parametrize(("image_format", "kept"), [("JPEG", 640), ("PNG", 60)])
def test_nothing_is_left(take, image_format, kept):
    """This test ensures that an image of which no row can be read is damaged, not a white page."""
    with pytest.raises(SourceDamaged, match=r"stub, page 1: .*cut off, and nothing"):
        shown(take(written(striped(), image_format)[:kept], "stub"))


def test_one_frame_of_many(take):
    """This test ensures that a cut off TIFF costs the pages that are cut off and no other."""
    file = io.BytesIO()
    pages = [striped() for _ in range(3)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    content = file.getvalue()
    with closing(ImageSource(take(content[: len(content) * 2 // 3 + 100_000]), Limits())) as opened:
        states = []
        for number in range(1, opened.total_pages + 1):
            opened.render(number, 144)
            states.append(bool(opened.notes))

    assert [False, False] == states[:2]
    assert all(states[2:])


def test_cut_off_gif(take):
    """This test ensures that the frames before the cut are whole, and the one that was cut is said to be."""
    frames = [Image.effect_noise((200, 200), 50 + number) for number in range(3)]
    content = written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with closing(ImageSource(take(content[: len(content) // 2]), Limits())) as opened:
        total = opened.total_pages
        opened.render(1, 144)
        first = opened.notes
        opened.render(total, 144)

        assert (2, ()) == (total, first)
        assert 1 == len(opened.notes)
