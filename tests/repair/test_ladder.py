"""Which rung is for what, what it asks, which answer is better, and how many reads there are."""

from __future__ import annotations

import pytest

from dsocr_loaders.models import decoding_for
from dsocr_loaders.repair import (
    DEFAULT_LADDER,
    Framing,
    Question,
    RepairBudget,
    is_better,
    ladder_of,
    mends,
    plans_for,
)
from dsocr_loaders.repair.budget import FREE_READS
from dsocr_loaders.repair.plans import upright_turns
from dsocr_loaders.repair.ranking import GRAVITY, covered_ink
from dsocr_loaders.repair.rungs import MENDED
from dsocr_loaders.settings import Settings
from dsocr_loaders.values import AnswerFault, InkGrid, Task

LOOP, SIDEWAYS, TRUNCATED, EMPTY = AnswerFault.LOOP, AnswerFault.SIDEWAYS, AnswerFault.TRUNCATED, AnswerFault.EMPTY
MODEL = "deepseek-ai/DeepSeek-OCR"
TEXT = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, {}]]<|/det|>\n{}"


def first(model=MODEL, task=Task.DOCUMENT, resolution="gundam"):
    return Question(task, "Read.", resolution, decoding_for(model))


def test_each_rung_has_its_faults():
    """This test ensures that every rung mends something, and every fault weighs something."""
    assert set(DEFAULT_LADDER) == set(MENDED)
    assert all(MENDED.values())
    assert set(AnswerFault) == set(GRAVITY)
    assert set(AnswerFault) - {AnswerFault.STRIPPED_TAGS} == frozenset().union(*MENDED.values())


def test_a_page_on_its_side_is_turned_and_nothing_else():
    """This test ensures that no read is spent on the page as it lies when that is what is wrong with it."""
    assert ["trim", "rotate", "text_layer"] == [rung for rung in DEFAULT_LADDER if mends(rung, {LOOP, SIDEWAYS})]
    assert ["halves", "text_layer"] == [rung for rung in DEFAULT_LADDER if mends(rung, {TRUNCATED})]
    assert [] == [rung for rung in DEFAULT_LADDER if mends(rung, {AnswerFault.STRIPPED_TAGS})]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, DEFAULT_LADDER),
        ({"repair": False}, ()),
        ({"repair": ["halves", "trim"]}, ("halves", "trim")),
        ({"task": "free"}, DEFAULT_LADDER),
        ({"task": "figure"}, ()),
        ({"task": "describe"}, ()),
        ({"task": "locate", "prompt": "rain"}, ()),
        ({"prompt": "Translate it."}, ("trim",)),
        ({"prompt": "Translate it.", "repair": ["ngram"]}, ()),
    ],
)
def test_the_ladder_that_is_chosen(settings, expected):
    """This test ensures that a ladder has the user's rungs in his order, and none for what nobody can judge."""
    assert expected == ladder_of(Settings(**settings))


@pytest.mark.parametrize(
    ("model", "size", "window"), [(MODEL, 40, 400), (f"{MODEL}-2", 40, 400), ("baidu/Unlimited-OCR", 35, 1024)]
)
def test_other_ngrams_reach_farther_and_except_nothing(model, size, window, reading):
    """This test ensures that the second values see what the first cannot: long rounds and empty cells."""
    (((question),),) = plans_for("ngram", first(model), model, reading("text"))

    decoding = question.decoding
    assert (size, window, ()) == (decoding.ngram_size, decoding.ngram_window, decoding.ngram_whitelist)
    assert decoding_for(model).ngram_window < window


def test_a_page_is_turned_by_where_its_caption_stands(reading):
    """This test ensures that clockwise comes first, unless the caption shows that the text reads downwards."""

    def side(table, caption):
        return reading(
            f"<|ref|>table<|/ref|><|det|>[[{table}, 100, {table + 500}, 900]]<|/det|>\n"
            f"<|ref|>table_caption<|/ref|><|det|>[[{caption}, 100, {caption + 30}, 900]]<|/det|>\nTable 1"
        ).regions

    assert (90, 270) == upright_turns(())
    assert (90, 270) == upright_turns(side(200, 150))
    assert (270, 90) == upright_turns(side(200, 720))
    plans = plans_for("rotate", first(), MODEL, reading("text"))
    assert [Framing(turn=90), Framing(turn=270)] == [question.framing for (question,) in plans]


def test_another_mode_is_one_that_there_is(reading):
    """This test ensures that no mode is asked for that engine or model does not have."""

    def mode(model=MODEL, modes=(), resolution="gundam"):
        plans = plans_for("resolution", first(model, resolution=resolution), model, reading("text"), modes)
        return [question.resolution for (question,) in plans]

    assert [] == mode()
    assert [] == mode(modes=("gundam",))
    assert ["large"] == mode(modes=("tiny", "base", "large", "gundam"))
    assert ["gundam"] == mode(modes=("gundam", "large"), resolution="tiny")
    assert ["base"] == mode("baidu/Unlimited-OCR", ("base", "large", "gundam"))
    assert [] == mode(f"{MODEL}-2", ("large", "gundam"))


def test_free_is_asked_where_the_model_knows_it(reading):
    """This test ensures that the prompt is the model's own, and not asked twice."""
    ((question,),) = plans_for("free", first(), MODEL, reading("text"))

    assert (Task.FREE, "Free OCR.") == (question.task, question.prompt)
    assert () == plans_for("free", first(task=Task.FREE), MODEL, reading("text"))
    assert () == plans_for("free", first(), "baidu/Unlimited-OCR", reading("text"))
    assert () == plans_for("trim", first(), MODEL, reading("text"))


def test_fewer_and_lesser_faults_are_better(reading):
    """This test ensures that the winner is the reading with the least grave faults."""
    text = TEXT.format(999, "It rains.")

    assert is_better(reading(text), reading(text, TRUNCATED))
    assert is_better(reading(text, TRUNCATED), reading(text, TRUNCATED, LOOP))
    assert is_better(reading(text, LOOP, TRUNCATED), reading("", EMPTY, TRUNCATED))
    assert not is_better(reading(text, TRUNCATED), reading(text, AnswerFault.LITTLE_TEXT))
    assert not is_better(reading(text), reading(text))
    assert not is_better(reading(""), reading("", EMPTY))


def test_with_the_same_faults_more_covered_ink_is_better(reading):
    """This test ensures that of two truncated readings the one that got farther down the page stays."""
    far, near = (reading(TEXT.format(y, "It rains."), TRUNCATED) for y in (900, 400))

    assert is_better(far, near)
    assert not is_better(near, far)


def test_text_is_not_given_up_for_a_clean_answer(reading):
    """This test ensures that hardly any text is no better than much, unless that much is what is wrong."""
    much, little = TEXT.format(999, "It rains in spring. " * 9), TEXT.format(999, "It rains.")

    assert not is_better(reading(little), reading(much, TRUNCATED))
    assert is_better(reading(little), reading(much, LOOP))


def test_boxes_are_given_up_for_more_text_alone(reading):
    """This test ensures that an answer without boxes has to say more than the one with boxes that it replaces."""
    boxed = reading(TEXT.format(300, "It rains in spring."), TRUNCATED)

    assert not is_better(reading("It rains in spring."), boxed)
    assert is_better(reading("It rains in spring, and snows in winter."), boxed)


def test_covered_ink(reading):
    """This test ensures that ink counts by its amount, and boxes without text cover none."""
    ink = InkGrid(2, 4, bytes([0, 10, 0, 30, 0, 0, 60, 0]))
    page = reading(TEXT.format(500, "It rains.") + "\n\n<|ref|>text<|/ref|><|det|>[[0, 500, 999, 999]]<|/det|>\n")

    assert 0.4 == pytest.approx(covered_ink(page.regions[:1], ink))
    assert 0.0 == covered_ink(page.regions, InkGrid(1, 1, b"\x00"))


def test_extra_reads_of_a_run_are_bounded():
    """This test ensures that a run where every page loops reads at most half as many times again, and 16."""
    budget, made = RepairBudget(), 0
    for _ in range(1000):
        budget.page_answered()
        made += sum(budget.take(reads) for reads in (1, 1)) + 2 * budget.take(2)

    assert FREE_READS + 1000 // 2 == made == budget.spent
    assert not budget.take(1)
    budget.give_back(2)
    assert (False, True) == (budget.take(3), budget.take(2))
