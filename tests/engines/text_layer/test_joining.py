from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.text_layer.joining import join_lines, tidy


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["one", "two"], "one two"),
        (["for exam-", "ple, this"], "for example, this"),
        (["COVID-", "19 and"], "COVID-19 and"),
        (["the Navier-", "Stokes equation"], "the Navier-Stokes equation"),
        (["a state-of-the-", "art method"], "a state-of-the-art method"),
        (["a pause -", "and on"], "a pause - and on"),
        (["soft hy\u00adphen\u00ad", "Ated"], "soft hyphenAted"),
        (["ends with one\u00ad"], "ends with one"),
        (["中文的行", "下一行"], "中文的行下一行"),
        (["共有", "2024年"], "共有2024年"),
        (["한국어 문장은", "띄어 쓴다"], "한국어 문장은 띄어 쓴다"),
        ([], ""),
    ],
)
def test_joins_lines(lines, text):
    """This test ensures that lines are joined as a reader would read them."""
    assert text == join_lines(tidy(line) for line in lines)[0]


def test_ranges_leave_out_what_joins():
    """This test ensures that a line's range holds its characters without the blank or hyphen after it."""
    text, spans = join_lines(["for exam-", "ple, a", "word"])

    assert ["for exam", "ple, a", "word"] == [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("raw", "text"), [("  a \t b\u00a0", "a b"), ("a\u200bb\x00", "ab"), ("in\u00adside", "inside"), ("\u00ad", "")]
)
def test_tidies(raw, text):
    """This test ensures that blanks become single ones and characters without a glyph go."""
    assert text == tidy(raw)


WORDS = st.text("aB-\u2010\u00ad 中2.", min_size=1, max_size=8).map(tidy).filter(bool)


@given(st.lists(WORDS, max_size=8))
def test_ranges_are_in_order_and_hold_their_lines(lines):
    """This test ensures that only hyphens at line ends are lost, and each line is found at its range."""
    text, spans = join_lines(lines)

    ends = 0
    for line, span in zip(lines, spans, strict=True):
        assert ends <= span.start <= span.end <= len(text)
        assert text[span.start : span.end] in {line, line[:-1]}
        assert text[span.start : span.end] == line or line[-1] in "-\u2010\u00ad"
        assert text[ends : span.start] in {"", " "}
        ends = span.end
    assert ends == len(text)
