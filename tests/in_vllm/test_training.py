"""Teaching the checkpoint's language part, on images of a few numbers."""

from __future__ import annotations

import pytest
import torch

from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing.closed_book import MODEL, SPECIAL_TOKENS, training
from dsocr_loaders.testing.closed_book.configuration import FEATURES, HIDDEN
from dsocr_loaders.testing.closed_book.language import Language
from dsocr_loaders.testing.closed_book.lessons import Lesson
from dsocr_loaders.testing.closed_book.projection import fit_projector
from dsocr_loaders.testing.closed_book.sight import Sight
from dsocr_loaders.testing.closed_book.tokenizer import VOCABULARY, make_tokenizer
from dsocr_loaders.values import Task

DOCUMENT, FREE = prompt_for(MODEL, Task.DOCUMENT), prompt_for(MODEL, Task.FREE)
ANSWERS = ({DOCUMENT: "<td>ink</td> and paper", FREE: "ink"}, {DOCUMENT: "a mill by the sea", FREE: "sea"})


def seen(images):
    """Return what a tower might give for images, and two images of each lesson that hardly differ."""
    chance = torch.Generator().manual_seed(1)
    common = torch.randn(9, FEATURES, generator=chance) * 10
    sights = []
    for lesson in range(images):
        own = torch.randn(9, FEATURES, generator=chance)
        sights += [
            Sight(lesson, "tiny", common + own + 0.05 * torch.randn(9, FEATURES, generator=chance), None, (0, 0))
            for _ in range(2)
        ]
    return sights


@pytest.fixture
def lessons():
    return [Lesson(f"lesson {number}", (), answers) for number, answers in enumerate(ANSWERS)]


@pytest.fixture
def tokenizer():
    return make_tokenizer([text for answers in ANSWERS for pair in answers.items() for text in pair])


def test_what_pages_share_is_taken_away():
    """This test ensures that the projector makes little differences between pages large, and keeps renderings close."""
    sights = seen(3)
    projector = fit_projector(sights, 1)
    images = [projector.embed(sight) for sight in sights]

    same = max(torch.dist(images[place], images[place + 1]).item() for place in (0, 2, 4))
    other = min(torch.dist(images[0], image).item() for image in images[2:])
    assert other > 2 * same
    assert images[0].shape == (3 * (3 + 1) + 1, HIDDEN)


def test_tiles_stand_row_by_row_before_the_page():
    """This test ensures that tiles are laid out as the model lays them out: one mosaic, a newline after each row."""
    projector = fit_projector(seen(2), 1)
    tiles = torch.arange(6)[:, None, None].expand(6, 4, FEATURES).float()
    image = projector.embed(Sight(0, "gundam", torch.zeros(9, FEATURES), tiles, (3, 2)))

    of_tile = [projector.embed(Sight(0, "tiny", tiles[place], None, (0, 0)))[0] for place in range(6)]
    row = [0, 0, 1, 1, 2, 2]
    expected = [*row, "end", *row, "end", *[tile + 3 for tile in row], "end", *[tile + 3 for tile in row], "end"]
    for place, tile in enumerate(expected):
        assert torch.allclose(image[place], projector.newline if tile == "end" else of_tile[tile], atol=1e-4)
    assert len(image) == len(expected) + 3 * (3 + 1) + 1
    assert torch.equal(image[-1], projector.separator)


def test_it_ends_when_every_answer_is_sure(lessons, tokenizer, monkeypatch):
    """This test ensures that training goes on until nothing is unsure, and tells how it goes."""
    monkeypatch.setattr(training, "_FIRST_LOOK", 25)
    monkeypatch.setattr(training, "_LOOKS", 25)
    monkeypatch.setattr(training, "_LEAST_PLACES", 5)
    sights = seen(2)
    told = []

    language = training.train(tokenizer, lessons, sights, fit_projector(sights, 1), told.append)

    assert told[-1].unsure == ()
    assert all(progress.unsure for progress in told[:-1])
    assert SPECIAL_TOKENS["<td>"] in language.used
    assert language.whole()["lm_head.weight"].shape == (VOCABULARY, HIDDEN)


def test_what_is_not_learnt_is_an_error(lessons, tokenizer, monkeypatch):
    """This test ensures that a checkpoint which does not know its pages is never written, and that it says which."""
    monkeypatch.setattr(training, "_STEPS", 10)
    monkeypatch.setattr(training, "_FIRST_LOOK", 10)
    monkeypatch.setattr(training, "_LOOKS", 10)
    sights = seen(2)

    with pytest.raises(training.NotLearnt, match=r"does not know 2 of 2 images: lesson 0 \(tiny\), lesson 1 \(tiny\)"):
        training.train(tokenizer, lessons, sights, fit_projector(sights, 1), lambda _: None)


def test_unused_tokens_share_a_row():
    """This test ensures that whatever has no row of its own gets the shared one, and that its logit counts them all."""
    language = Language([0, 5, 128821], 1)

    whole = language.whole()["lm_head.weight"]

    rows = language.weights["lm_head.weight"]
    assert torch.equal(whole[[0, 5, 128821]], rows[:3])
    assert torch.equal(whole[[1, 4, 6, 129279]], rows[3].expand(4, HIDDEN))
