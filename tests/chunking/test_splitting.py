"""Splitting a text that does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.chunking import estimate_tokens
from dsocr_loaders.chunking.splitting import split_text


def pieces(text: str, most: int) -> list[str]:
    return [text[start:end] for start, end in split_text(text, lambda start, end: end - start <= most)]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("One two. Three four. Five.", 22, ["One two. Three four.", "Five."]),
        ("First.\n\nSecond one. Third.", 20, ["First.\n\nSecond one.", "Third."]),
        ("Aaaa bbbb\n\nCccc dddd eeee", 16, ["Aaaa bbbb", "Cccc dddd eeee"]),
        ("- one\n- two\n- three", 12, ["- one\n- two", "- three"]),
        ("第一句话。第二句话。第三句话。", 11, ["第一句话。第二句话。", "第三句话。"]),
        ("كلمة أولى؟ كلمة ثانية. ثالثة", 12, ["كلمة أولى؟", "كلمة ثانية.", "ثالثة"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("word " * 4, 9, ["word word", "word word"]),
        ("  \n ", 3, []),
        ("", 3, []),
    ],
)
def test_cuts_at_the_coarsest_place_that_helps(text: str, most: int, expected: list[str]) -> None:
    """Paragraphs, lines, sentences and words are kept whole as long as that wastes less than half."""
    assert expected == pieces(text, most)


@given(st.text(alphabet="ab .\n。中", max_size=400), st.integers(min_value=1, max_value=50))
def test_covers_everything_but_blanks(text: str, most: int) -> None:
    """The pieces hold all inked characters in order, and each of them fits."""
    actual = pieces(text, most)

    assert "".join(text.split()) == "".join("".join(piece.split()) for piece in actual)
    assert all(0 < len(piece) <= most for piece in actual)


def test_asks_rarely_about_a_long_text() -> None:
    """Splitting a long text looks at each place a few times, not at all that follows."""
    looked_at = 0

    def fits(start: int, end: int) -> bool:
        nonlocal looked_at
        looked_at += end - start
        return end - start <= 100

    text = "word " * 20_000

    split_text(text, fits)

    assert looked_at < 30 * len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("word", 1), ("internationalisation", 4), ("12345678", 3), ("a, b", 3), ("中文字", 3), ("a\n\nb", 3)],
)
def test_estimates_tokens(text: str, expected: int) -> None:
    """The estimate counts as its docstring says."""
    assert expected == estimate_tokens(text)
