from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.resolution import MODES, mode_for, tile_grid, vision_tokens
from dsocr_loaders.tasks import family_of

MODEL, MODEL_2, UNLIMITED = "deepseek-ai/DeepSeek-OCR", "deepseek-ai/DeepSeek-OCR-2", "baidu/Unlimited-OCR"
EVERY_MODE = [mode for modes in MODES.values() for mode in modes.values()]
TILED_MODES = [mode for mode in EVERY_MODE if mode.tile_px]

sides_px = st.integers(1, 8000)


def grid_as_the_official_scripts_say(mode, width_px, height_px):
    """Return the grid by comparing all of them at once: nearest, and of the nearest the largest that is half full."""
    if width_px <= mode.tile_px and height_px <= mode.tile_px:
        return 0, 0
    numbers = range(1, mode.max_tiles + 1)
    grids = [(i, j) for i in numbers for j in numbers if mode.min_tiles <= i * j <= mode.max_tiles]
    nearest = min(abs(width_px / height_px - i / j) for i, j in grids)
    nearest_grids = sorted(
        (grid for grid in grids if abs(width_px / height_px - grid[0] / grid[1]) == nearest),
        key=lambda grid: grid[0] * grid[1],
    )
    half_full = [(i, j) for i, j in nearest_grids[1:] if width_px * height_px > 0.5 * mode.tile_px**2 * i * j]
    return half_full[-1] if half_full else nearest_grids[0]


@pytest.mark.parametrize(
    ("resolution", "expected"), [("tiny", 73), ("small", 111), ("base", 273), ("large", 421), ("gundam", 273)]
)
def test_tokens_of_a_page_that_fits_one_view(resolution, expected):
    """This test ensures that each mode costs what the paper's table of modes says, separators counted in."""
    assert vision_tokens(mode_for(MODEL, resolution), 640, 640) == expected


@pytest.mark.parametrize("resolution", ["tiny", "small", "base", "large"])
def test_a_mode_without_tiles_costs_the_same_for_every_page(resolution):
    """This test ensures that the size of the page plays no part where there is one view only."""
    mode = mode_for(MODEL, resolution)

    assert tile_grid(mode, 5000, 300) == (0, 0)
    assert vision_tokens(mode, 5000, 300) == vision_tokens(mode, 1, 1)


@pytest.mark.parametrize(
    ("width_px", "height_px", "grid", "tokens"),
    [
        (1224, 1584, (2, 3), 903),  # US letter at 144 dpi
        (1191, 1684, (2, 3), 903),  # A4
        (1684, 1191, (3, 2), 893),  # A4 on its side
        (1000, 1000, (2, 2), 693),
        (600, 5000, (1, 6), 933),
        (640, 640, (0, 0), 273),
        (641, 640, (2, 2), 693),
        (640, 641, (2, 2), 693),
    ],
)
def test_gundam_tiles_and_tokens(width_px, height_px, grid, tokens):
    """This test ensures that well-known page sizes get the tiles and tokens that the official scripts give them."""
    mode = mode_for(MODEL, "gundam")

    assert tile_grid(mode, width_px, height_px) == grid
    assert vision_tokens(mode, width_px, height_px) == tokens


@given(st.sampled_from(TILED_MODES), sides_px, sides_px)
@example(MODES["unlimited-ocr"]["gundam"], 700, 1400)
@example(MODES["unlimited-ocr"]["gundam"], 2000, 4000)
@example(MODES["unlimited-ocr"]["gundam"], 6000, 6000)
@example(MODES["unlimited-ocr"]["gundam"], 700, 700)
def test_grid_is_the_official_one(mode, width_px, height_px):
    """This test ensures that the grid agrees with an independent reading of `find_closest_aspect_ratio`."""
    assert tile_grid(mode, width_px, height_px) == grid_as_the_official_scripts_say(mode, width_px, height_px)


@pytest.mark.parametrize(("side_px", "expected"), [(700, (2, 2)), (1810, (3, 3)), (1811, (4, 4)), (4000, (5, 5))])
def test_of_equally_close_grids_the_fuller_page_takes_the_larger(side_px, expected):
    """This test ensures that a square page gets as many tiles as it has more than half of the pixels for."""
    assert tile_grid(mode_for(UNLIMITED, "gundam"), side_px, side_px) == expected


@given(st.sampled_from(TILED_MODES), sides_px, sides_px)
def test_grid_keeps_its_bounds(mode, width_px, height_px):
    """This test ensures that a page has no tiles or a number within the mode's bounds, and none if it fits one."""
    columns, rows = tile_grid(mode, width_px, height_px)

    if max(width_px, height_px) <= mode.tile_px:
        assert (columns, rows) == (0, 0)
    else:
        assert mode.min_tiles <= columns * rows <= mode.max_tiles


@pytest.mark.parametrize(
    ("resolution", "grid"), [("gundam-2", (1, 2)), ("gundam-5", (1, 2)), ("gundam-6", (2, 3)), ("gundam-9", (2, 3))]
)
def test_the_number_of_crops_can_be_chosen(resolution, grid):
    """This test ensures that an A4 page is cut into at most as many tiles as the name of the mode says."""
    assert grid == tile_grid(mode_for(MODEL, resolution), 1191, 1684)


@pytest.mark.parametrize(("model", "most"), [(MODEL, 9), (MODEL_2, 6), (UNLIMITED, 9)])
def test_crops_can_be_chosen_from_two(model, most):
    """This test ensures that each model has gundam with 2 crops and more, as many as its own code is made for."""
    modes = MODES[family_of(model)]
    chosen = {f"gundam-{number}": number for number in range(2, most + 1)}

    assert chosen == {name: mode.max_tiles for name, mode in modes.items() if name[-1].isdigit()}
    assert all(replace(modes["gundam"], max_tiles=number) == modes[name] for name, number in chosen.items())


@given(sides_px, sides_px)
def test_ocr_2_stays_within_its_tokens(width_px, height_px):
    """This test ensures that a page of DeepSeek-OCR-2 takes 256 tokens, 144 for each tile and one separator."""
    mode = mode_for(MODEL_2, "gundam")
    columns, rows = tile_grid(mode, width_px, height_px)

    assert vision_tokens(mode, width_px, height_px) == 256 + 144 * columns * rows + 1 <= 1120 + 1


@given(sides_px, sides_px)
def test_ocr_tokens_follow_the_official_formula(width_px, height_px):
    """This test ensures that tiles cost ten tokens a side and each of their rows a newline token."""
    columns, rows = tile_grid(mode_for(MODEL, "gundam"), width_px, height_px)

    assert vision_tokens(mode_for(MODEL, "gundam"), width_px, height_px) == (
        16 * 17 + 1 + (10 * rows * (10 * columns + 1) if columns else 0)
    )


@pytest.mark.parametrize(
    ("model", "resolution"),
    [(MODEL, "huge"), (MODEL_2, "tiny"), (MODEL_2, "base"), (UNLIMITED, "small"), (UNLIMITED, "gundam-m")],
)
def test_a_mode_that_the_model_does_not_have_is_refused(model, resolution):
    """This test ensures that the message names the mode, the model and the modes that it has."""
    with pytest.raises(SettingsError) as caught:
        mode_for(model, resolution)

    assert f"resolution='{resolution}'" in str(caught.value)
    assert model in str(caught.value)
    assert "gundam" in str(caught.value)


@pytest.mark.parametrize(
    ("resolution", "fit"), [("tiny", "stretch"), ("small", "stretch"), ("base", "pad"), ("large", "pad")]
)
def test_small_modes_stretch_and_large_ones_pad(resolution, fit):
    """This test ensures that a page gets into its view as the official scripts put it there."""
    assert mode_for(MODEL, resolution).fit == fit
