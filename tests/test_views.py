from __future__ import annotations

import pytest
from PIL import Image

from dsocr_loaders.resolution import MODES, mode_for
from dsocr_loaders.views import PAD_COLOUR, page_views

MODEL = "deepseek-ai/DeepSeek-OCR"


@pytest.mark.parametrize("mode", [mode for modes in MODES.values() for mode in modes.values()])
def test_views_have_the_sizes_of_their_mode(mode):
    """This test ensures that an A4 page becomes one square view, and as many square tiles as its grid has."""
    views = page_views(Image.new("RGB", (1191, 1684), "white"), mode)

    assert (mode.base_px, mode.base_px) == views.view.size
    assert views.grid[0] * views.grid[1] == len(views.tiles)
    assert all((mode.tile_px, mode.tile_px) == tile.size for tile in views.tiles)


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
