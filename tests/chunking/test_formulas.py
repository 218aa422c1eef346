"""LaTeX delimiters as Markdown has them, with the way back to the region's characters."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.chunking.formulas import with_dollars
from dsocr_loaders.chunking.passages import passage_of, pieces_of
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Region, RegionType

texts = st.lists(st.sampled_from(["\\(", "\\)", "\\[", "\\]", "$", "$$", "\\", "x", " ", "1", "\n"]), max_size=14).map(
    "".join
)


@settings(max_examples=60)
@given(texts, st.booleans())
def test_pieces_are_the_text(text, is_display):
    """This test ensures that the pieces' ranges are the whole text in order, and that only delimiters change."""
    pieces = with_dollars(text, is_display=is_display)

    assert text == "".join(text[piece.start : piece.end] for piece in pieces)
    assert text.count("x") == sum(piece.text.count("x") for piece in pieces)


@settings(max_examples=60)
@given(texts.filter(str.strip), st.integers(0, 20), st.integers(1, 20))
def test_ranges_lead_back(text, start, length):
    """This test ensures that what a range of a passage shows is at the range of the region that it says."""
    page = page_from_regions([Region(RegionType.TEXT, "text", (), text)])
    passage = passage_of(page, page.regions[0])
    end = min(len(passage.text), start + length)

    for piece in pieces_of(passage, start, end) if start < end else ():
        shown = passage.text[start:end][piece.start : piece.end]
        assert shown.count("x") == text[piece.origin : piece.origin_end].count("x")


def test_shows_a_bare_formula_between_dollars():
    """This test ensures that a formula without delimiters gets some, and that a tabular and a year get none."""
    shown = ["".join(piece.text for piece in with_dollars(text, is_display=True)) for text in ("a + b ", "\\[ a \\]")]

    assert ["$$ a + b $$", "$$ a $$"] == shown
    assert "\\begin{tabular}" == with_dollars("\\begin{tabular}", is_display=True)[0].text


def test_a_number_in_brackets():
    """This test ensures that a year that the model put between delimiters of formulas stands in plain brackets."""
    text = "Nr. \\[ 1995 \\] 28, \\( a \\[1\\] \\) and [1996]"

    pieces = with_dollars(text)

    assert "Nr. [1995] 28, $a \\[1\\]$ and [1996]" == "".join(piece.text for piece in pieces)
    assert [(0, 4), (4, 7), (7, 11), (11, 14)] == [(piece.start, piece.end) for piece in pieces[:4]]
