"""Splitting a text: what fits, where it is cut, and that nothing is lost."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.chunking.graphemes import is_grapheme_end
from dsocr_loaders.chunking.sentences import Strength, sentence_cuts
from dsocr_loaders.chunking.splitting import Room, split_text
from dsocr_loaders.chunking.tokens import TokenCount, estimate_tokens

CHARACTERS = TokenCount(len)
TOKENS = TokenCount(estimate_tokens, is_additive=True)


def pieces(text, room, count=CHARACTERS, **more):
    return [text[start:end] for start, end in split_text(text, count, Room(room, room), **more)]


def sentences(text):
    cuts = [0, *(cut.position for cut in sentence_cuts(text) if cut.strength >= Strength.SENTENCE), len(text)]
    return [text[start:end].strip() for start, end in pairwise(cuts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See Fig. 3 and Eqs. 4 to (6). It works.", ["See Fig. 3 and Eqs. 4 to (6).", "It works."]),
        ("Dr. J. Smith of the U.S. left. Then?", ["Dr. J. Smith of the U.S. left.", "Then?"]),
        ("It is 3.14 at http://a.b/c.d?e=f. Next.", ["It is 3.14 at http://a.b/c.d?e=f.", "Next."]),
        ("Well ... maybe. Wait... No.", ["Well ... maybe.", "Wait...", "No."]),
        ('He said "Stop!" and went. "Why?" Nobody knew.', ['He said "Stop!" and went.', '"Why?"', "Nobody knew."]),
        ("Am 3. Oktober, z. B. um 8 Uhr. Danach nicht.", ["Am 3. Oktober, z. B. um 8 Uhr.", "Danach nicht."]),
        ("In 2019. Then 2020.", ["In 2019.", "Then 2020."]),
        ("他说：“你好。”真的吗？是的！", ["他说：“你好。”", "真的吗？", "是的！"]),
        ("「行く。」と言った。雨だ……そうか。", ["「行く。」と言った。", "雨だ……そうか。"]),
        ("هذا نص. وهذا آخر؟ نعم، هنا؛ ثم.", ["هذا نص.", "وهذا آخر؟", "نعم، هنا؛ ثم."]),
        ("یہ ایک ہے۔ دوسرا۔", ["یہ ایک ہے۔", "دوسرا۔"]),
        ("यह एक है। दूसरा।", ["यह एक है।", "दूसरा।"]),
        ("a line that\ngoes on. Next\n\nPara", ["a line that\ngoes on.", "Next", "Para"]),
        ("Items:\n- one\n  - inner\n2. two", ["Items:", "- one", "- inner", "2. two"]),
    ],
)
def test_finds_sentences(text, expected):
    """This test ensures that sentences end where a reader says so, in several scripts."""
    assert expected == sentences(text)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("One two. Three four. Five six.", 22, ["One two. Three four.", "Five six."]),
        ("First one.\n\nSecond one. Third.", 22, ["First one.", "Second one. Third."]),
        ("Aaaa bbbb cccc, dddd eeee", 16, ["Aaaa bbbb cccc,", "dddd eeee"]),
        ("- one\n- two\n- three", 12, ["- one\n- two", "- three"]),
        ("abcdefghij", 4, ["abc", "de", "fg", "hij"]),
        ("  \n ", 3, []),
        ("", 3, []),
        ("fits", 4, ["fits"]),
    ],
)
def test_cuts_at_the_best_place(text, room, expected):
    """This test ensures that paragraphs, items, sentences, clauses and words are tried in this order."""
    actual = pieces(text, room)

    assert all(len(piece) <= room for piece in actual)
    if " " in text.strip():
        assert expected == actual
    assert "".join("".join(expected).split()) == "".join("".join(actual).split())


def test_a_short_rest_makes_two_even_pieces():
    """This test ensures that no crumb is left at the end of a text that needs two pieces."""
    first, second = pieces("word " * 22, 100)

    assert abs(len(first) - len(second)) <= len("word ")


def test_overlap_is_whole_sentences():
    """This test ensures that a piece begins with the last sentences of the one before, if one fits."""
    first, second, *_ = pieces("Aaa bbb. Ccc ddd. Eee fff. Ggg hhh. Iii jjj. Kkk lll.", 27, overlap=9)

    assert second.startswith(first[-8:])


def test_overlap_is_words_where_a_sentence_is_too_long():
    """This test ensures that something is repeated of a long sentence too, and never half a word."""
    text = " ".join(f"w{number}" for number in range(100))

    first, second, *_ = pieces(text, 60, overlap=10)

    repeated = second.split()[0]
    assert f" {repeated}" in first


def test_keeps_what_belongs_together():
    """This test ensures that a formula stays with its sentence, and a list that fits stays whole."""
    text = "One two three. The sum is\n\n$$ a + b. c $$\n\nwhere a is. End of it. More of it."
    formula = (text.index("$$"), text.index("where") - 2)

    actual = pieces(text, 60, kept=[formula], glued=[formula[0], text.index("where")])

    assert ["One two three. The sum is\n\n$$ a + b. c $$\n\nwhere a is.", "End of it. More of it."] == actual


def test_characters_stay_whole():
    """This test ensures that marks, joined emoji, flags and Thai vowels are not torn from what they belong to."""
    for text in ("e\u0301" * 40, "👩\u200d👩\u200d👧" * 20, "🇩🇪🇫🇷" * 20, "เก่า" * 30, "각" * 20):
        for start, end in split_text(text, CHARACTERS, Room(10, 10)):
            assert is_grapheme_end(text, start)
            assert is_grapheme_end(text, end)


@given(
    st.text(st.sampled_from("abc de. !?\n-,中文。“”」，عربيةเก่ e\u0301🇩🇪$\\")),
    st.integers(1, 40),
    st.integers(0, 10),
)
def test_covers_everything_but_blanks(text, room, overlap):
    """This test ensures that ranges are in order and leave out nothing but blanks."""
    ranges = split_text(text, CHARACTERS, Room(room, room), overlap=overlap)

    assert [start for start, _ in ranges] == sorted({start for start, _ in ranges})
    covered = set()
    for start, end in ranges:
        assert start < end
        assert text[start:end] == text[start:end].strip()
        covered.update(range(start, end))
    assert all(letter.isspace() for at, letter in enumerate(text) if at not in covered)


@pytest.mark.parametrize(
    "hostile",
    [".", "a. ", "$", "a", "。", " ", '(("', "e\u0301", "ก", ", ", "\n", "1. ", "🇩", "\\(", "-\n", "$x"],
)
def test_any_text_takes_linear_time(hostile):
    """This test ensures that no text takes more than a blink, however it repeats itself."""
    started = time.process_time()
    for _, end in split_text(hostile * (40_000 // len(hostile)), TOKENS, Room(200, 200)):
        assert end
    assert time.process_time() - started < 1.5
