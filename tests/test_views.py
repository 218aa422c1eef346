from __future__ import annotations

import random

import pytest
from PIL import Image, ImageChops

from dsocr_loaders.resolution import MODES, mode_for, vision_tokens
from dsocr_loaders.views import PAD_COLOUR, page_views

MODEL, MODEL_2, UNLIMITED = "deepseek-ai/DeepSeek-OCR", "deepseek-ai/DeepSeek-OCR-2", "baidu/Unlimited-OCR"


def noise(width_px, height_px):
    """Return a picture in which no two places look alike."""
    return Image.frombytes("RGB", (width_px, height_px), random.Random(7).randbytes(3 * width_px * height_px))  # noqa: S311 - the same picture each time


def read_by_the_rules(page, model, resolution):
    """Return view, tiles and number of tokens as the published descriptions of the modes say, mode by mode."""
    sides = {"tiny": 512, "small": 640, "base": 1024, "large": 1280, "gundam-m": 1280}
    side = sides.get(resolution, 1024)
    if resolution in {"tiny", "small"}:
        return page.resize((side, side)), [], (side // 64) * (side // 64 + 1) + 1
    view = Image.new("RGB", (side, side), (127, 127, 127))
    longer = max(page.size)
    width, height = (max(1, round(length / longer * side)) for length in page.size)
    view.paste(page.resize((width, height)), (round((side - width) / 2), round((side - height) / 2)))
    row_token = 0 if model == MODEL_2 else 1
    tokens = (side // 64) * (side // 64 + row_token) + 1
    tile = {"base": 0, "large": 0, "gundam-m": 1024}.get(resolution, 768 if model == MODEL_2 else 640)
    if not tile or longer <= tile:
        return view, [], tokens
    most = int(resolution[-1]) if resolution[-1].isdigit() else 32 if model == UNLIMITED else 6
    shape, pixels = page.width / page.height, page.width * page.height
    found = (0, 0)
    for number in range(2, most + 1):  # from few tiles to many
        for columns in [count for count in range(1, number + 1) if number % count == 0]:
            rows = number // columns
            far = abs(shape - columns / rows)
            nearest = abs(shape - found[0] / found[1]) if found[0] else float("inf")
            if far < nearest or (far == nearest and pixels > number * tile * tile / 2):
                found = (columns, rows)
    columns, rows = found
    large = page.resize((columns * tile, rows * tile))
    places = [(column * tile, row * tile) for row in range(rows) for column in range(columns)]
    tiles = [large.crop((left, top, left + tile, top + tile)) for left, top in places]
    return view, tiles, tokens + rows * tile // 64 * (columns * tile // 64 + row_token)


def is_same(one, other):
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


SMALL_PAGES = [(1, 1), (1, 640), (640, 640), (639, 2), (300, 500)]
LARGE_PAGES = [
    (641, 640),  # one pixel too wide for a single view
    (640, 641),
    (1025, 1024),
    (1191, 1684),  # A4
    (999, 700),
    (900, 720),  # between one column and two: a tie for two crops and for three
    (1250, 1000),
    (1280, 1280),
    (3000, 40),  # wider than any grid
    (641, 1),
    (1, 5000),  # so narrow that nothing would be left of it in the view
    (5000, 2),
]


@pytest.mark.parametrize("mode", [modes[name] for modes in MODES.values() for name in modes if "-" not in name])
def test_views_have_the_sizes_of_their_mode(mode):
    """This test ensures that an A4 page becomes one square view, and as many square tiles as its grid has."""
    views = page_views(Image.new("RGB", (1191, 1684), "white"), mode)

    assert (mode.base_px, mode.base_px) == views.view.size
    assert views.grid[0] * views.grid[1] == len(views.tiles)
    assert all((mode.tile_px, mode.tile_px) == tile.size for tile in views.tiles)


@pytest.mark.parametrize(
    ("model", "resolution", "page"),
    [
        *((MODEL, resolution, page) for resolution in ("small", "base", "gundam") for page in SMALL_PAGES),
        *((MODEL, resolution, page) for resolution in ("gundam", "gundam-2") for page in LARGE_PAGES),
        *((MODEL, resolution, (700, 1800)) for resolution in ("small", "large", "gundam-3", "gundam-9", "gundam-m")),
        *((MODEL, resolution, (2, 3000)) for resolution in ("tiny", "large")),
        *((MODEL_2, "gundam", page) for page in [(768, 768), (769, 768), (1191, 1684)]),
        (MODEL_2, "gundam-4", (1000, 1300)),
        *((UNLIMITED, resolution, (900, 700)) for resolution in ("base", "gundam", "gundam-3")),
    ],
)
def test_pixels_and_tokens_are_those_of_the_published_rules(model, resolution, page):
    """This test ensures that each pixel and the count of tokens agree with an independent reading of the rules."""
    mode = mode_for(model, resolution)
    picture = noise(*page)

    views = page_views(picture, mode)

    view, tiles, tokens = read_by_the_rules(picture, model, resolution)
    assert is_same(view, views.view)
    assert [True] * len(tiles) == [is_same(one, other) for one, other in zip(tiles, views.tiles, strict=True)]
    assert tokens == vision_tokens(mode, *page)


@pytest.mark.parametrize(("resolution", "corner"), [("small", (255, 255, 255)), ("base", PAD_COLOUR)])
def test_a_page_is_stretched_or_padded_as_its_mode_says(resolution, corner):
    """This test ensures that small modes fill the square with the page, and large ones keep its shape in grey."""
    views = page_views(Image.new("RGB", (400, 1000), "white"), mode_for(MODEL, resolution))

    assert corner == views.view.getpixel((0, 0))


def test_tiles_come_row_by_row():
    """This test ensures that the tiles of a page stand in the order in which the model was taught to read them."""
    page = Image.new("RGB", (1280, 1920))
    colours = [(10 * number, 0, 200) for number in range(6)]
    for number, colour in enumerate(colours):
        page.paste(colour, (640 * (number % 2), 640 * (number // 2), 640 * (number % 2 + 1), 640 * (number // 2 + 1)))

    views = page_views(page, mode_for(MODEL, "gundam"))

    assert (2, 3) == views.grid
    assert colours == [tile.getpixel((320, 320)) for tile in views.tiles]
