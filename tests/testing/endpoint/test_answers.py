from __future__ import annotations

import hashlib

import pytest

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.testing.endpoint.answers import TokenCounts, answer_text, looping_text

NAMES = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(8000)]


def test_the_lengths():
    """This test ensures that lengths have mean 1,080, a heavy tail, and 2 % at 8,192."""
    counts = sorted(TokenCounts(seed=4).of(name) for name in NAMES)

    assert pytest.approx(1080, rel=0.04) == sum(counts) / len(counts)
    assert pytest.approx(0.02, abs=0.005) == sum(count == 8192 for count in counts) / len(counts)
    assert 16 <= counts[0]
    assert 8192 == counts[-1]
    assert 600 < counts[len(counts) // 2] < 800
    assert 2300 < counts[len(counts) * 95 // 100]


def test_the_same_page_has_the_same_length():
    """This test ensures that a length follows from the page and the seed alone."""
    first = [TokenCounts(seed=1).of(name) for name in NAMES[:50]]

    assert first == [TokenCounts(seed=1).of(name) for name in NAMES[:50]]
    assert first != [TokenCounts(seed=2).of(name) for name in NAMES[:50]]


@pytest.mark.parametrize("tokens", [1, 40, 64, 65, 1080, 8192])
def test_the_text_is_an_answer(tokens):
    """This test ensures that the text is well-formed: one region in 64 tokens, four characters a token."""
    text = answer_text(NAMES[0], tokens)
    parsed = parse_answer(text)

    assert "grounded" == parsed.dialect.value
    assert -(-tokens // 64) == len(parsed.regions)
    assert () == parsed.issues
    assert all(len(region.boxes) == 1 for region in parsed.regions)
    assert f"Page {NAMES[0][:12]}".startswith(parsed.regions[0].text[:17])
    if tokens > 1000:
        assert pytest.approx(4 * tokens, rel=0.1) == len(text)


def test_texts_of_two_pages():
    """This test ensures that the same page always says the same, and two pages do not."""
    assert answer_text(NAMES[0], 500) == answer_text(NAMES[0], 500)
    assert answer_text(NAMES[0], 500) != answer_text(NAMES[1], 500)


def test_no_line_repeats_in_an_honest_answer():
    """This test ensures that only a looping answer repeats itself."""
    honest = [line for line in answer_text(NAMES[3], 8192).splitlines() if line]
    looping = looping_text(NAMES[3], 8192).splitlines()

    assert len(honest) == len(set(honest))
    assert 800 < looping.count("the same line again and again and again")
