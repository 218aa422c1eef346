from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles.modes import TRIAL_PAGE_PX, mode_read, modes_of_trial, same_as_gundam
from dsocr_loaders.models import MODELS
from dsocr_loaders.resolution import tile_grid, vision_tokens

FAMILY = MODELS["deepseek-ocr"]
PROMPT = "<|grounding|>Convert the document to markdown."
EVERY_MODE = [(family, name) for family in MODELS.values() for name in family.modes]
A4 = EncodedImage(b"", "image/png", 1191, 1684)


def cost(family, name, image=A4):
    return vision_tokens(family.modes[name], image.width_px, image.height_px)


@given(
    st.sampled_from(EVERY_MODE),
    st.text(min_size=1),
    st.integers(1, 4000),
    st.integers(1, 4000),
    st.floats(0, 1),
)
def test_the_mode_that_was_asked_for_is_never_denied(mode, prompt, width_px, height_px, share):
    """This test ensures that a right count is taken for right, whatever number of tokens the prompt has."""
    family, name = mode
    image = EncodedImage(b"", "image/png", width_px, height_px)
    words = 1 + round(share * (len(prompt.encode()) + 1))

    assert mode_read([family], name, image, prompt, cost(family, name, image) + words) == ""


@pytest.mark.parametrize("asked", FAMILY.modes)
def test_another_mode_is_seen(asked):
    """This test ensures that an A4 page read in a mode with other pixels than the one asked for is noticed."""
    costs = {name: cost(FAMILY, name) for name in FAMILY.modes}

    found = {name: mode_read([FAMILY], asked, A4, PROMPT, costs[name] + 10) for name in FAMILY.modes}

    others = {name for name in costs if costs[name] != costs[asked]}
    assert others == {name for name in found if found[name]}
    assert [costs[name] for name in others] == [costs[found[name]] for name in others]


@pytest.mark.parametrize("count", [None, 0, 12, 5000])
def test_a_count_that_fits_no_mode_says_nothing(count):
    """This test ensures that a gateway which counts otherwise is not accused."""
    assert mode_read([FAMILY], "base", A4, PROMPT, count) == ""


def test_a_count_that_fits_one_of_the_models_is_right():
    """This test ensures that a page of a model whose name leaves two possible is right if it is right for one."""
    families = [MODELS["deepseek-ocr"], MODELS["deepseek-ocr-2"]]

    assert mode_read(families, "gundam", A4, PROMPT, cost(families[1], "gundam") + 10) == ""


def test_a_small_page_has_the_same_pixels_in_base_and_gundam():
    """This test ensures that a page without tiles is not said to be read in the wrong one of two equal modes."""
    image = EncodedImage(b"", "image/png", 500, 600)

    assert mode_read([FAMILY], "base", image, PROMPT, cost(FAMILY, "gundam", image) + 10) == ""


@pytest.mark.parametrize(("family", "name"), EVERY_MODE)
@pytest.mark.parametrize("words", [1, 3, 20])
def test_the_trial_tells_every_mode(family, name, words):
    """This test ensures that the trial's picture costs something else in each mode but those that are the same."""
    told = modes_of_trial(family, vision_tokens(family.modes[name], *TRIAL_PAGE_PX) + words)

    assert name in told
    assert {family.modes[name]} == {family.modes[each] for each in told}


@pytest.mark.parametrize("count", [None, 0, 5, 73, 155, 100_000])
def test_a_trial_that_tells_nothing(count):
    """This test ensures that a count without the picture's tokens is not taken for a mode."""
    assert modes_of_trial(FAMILY, count) == ()


def test_names_of_one_mode():
    """This test ensures that gundam with as many crops as it has by default counts as gundam."""
    assert same_as_gundam(FAMILY) == ("gundam", "gundam-6")
    assert same_as_gundam(MODELS["unlimited-ocr"]) == ("gundam",)
    assert tile_grid(FAMILY.modes["gundam"], *TRIAL_PAGE_PX) == (6, 1)
