"""Formulas in texts."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.structure import formulas_in, normalised_latex


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("with \\( x_1 \\) and \\[ y \\] in it", "with $x_1$ and $$ y $$ in it"),
        ("$x$ and $$y$$", "$x$ and $$y$$"),
        ("财税 \\[ 2015 \\] 4号, \\[1995\\]", "财税 [2015] 4号, [1995]"),
        ("costs $5 and $6", "costs $5 and $6"),
        ("costs $5, \\(x\\) and $6", "costs \\$5, $x$ and \\$6"),
        ("\\$5 and \\(x\\)", "\\$5 and $x$"),
        ("\\begin{matrix} a \\\\[2pt] b \\end{matrix}", "\\begin{matrix} a \\\\[2pt] b \\end{matrix}"),
        ("line\\\\ \\[ y \\]", "line\\\\ $$ y $$"),
        ("only \\( opened", "only \\( opened"),
        ("\\[\\[\\]\\]", "\\[\\[\\]\\]"),
        ("\\(\\text{for $x$}\\)", "\\(\\text{for $x$}\\)"),
        ("only closed \\]", "only closed \\]"),
        ("\\( twice \\( opened \\)", "\\( twice $opened$"),
        ("no formulas", "no formulas"),
    ],
)
def test_delimiters(text, shown):
    """This test ensures that formulas stand between dollars, that mere numbers do not, and that the rest stays."""
    assert shown == normalised_latex(text)


def test_formulas_in():
    """This test ensures that formulas are found with their ranges, so that nobody cuts into one."""
    text = "a \\( x \\) b \\[\ny\n\\] c $z$ d"
    found = formulas_in(text)

    assert ["\\( x \\)", "\\[\ny\n\\]", "$z$"] == [text[each.start : each.end] for each in found]
    assert [("x", False), ("y", True), ("z", False)] == [(each.latex, each.is_display) for each in found]


marks = ["\\(", "\\)", "\\[", "\\]", "$", "$$", "\\", "x", " ", "1", "\n"]
orderly = ["\\( x \\)", "\\[x\n\\]", "\\[1\\]", "$x$ ", "$$x$$", "\\)", "\\]", "costs $5 ", "\\\\ ", *"x 1\n"]


@given(st.lists(st.sampled_from(marks), max_size=14))
def test_any_text(drawn):
    """This test ensures that formulas lie in order and hold something, and that no letter is lost or doubled."""
    text = "".join(drawn)
    found = formulas_in(text)

    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(each.latex for each in found)
    assert text.count("x") == normalised_latex(text).count("x")


@given(st.lists(st.sampled_from(orderly), max_size=14))
def test_twice_is_once(drawn):
    """This test ensures that formulas that stand side by side get their form once and for all."""
    shown = normalised_latex("".join(drawn))

    assert shown == normalised_latex(shown)


@pytest.mark.parametrize("piece", ["\\(", "\\[", "$", "$$", "\\( \\[ ", "$ \\(", "\\(x\\)", "$x$ ", "\\[1 "])
def test_time_is_linear(piece):
    """This test ensures that a hostile text of 80,000 characters is done at once."""
    text = piece * (80_000 // len(piece)) + "\\)\\]$"
    start = time.process_time()
    normalised_latex(text)

    assert time.process_time() - start < 1
