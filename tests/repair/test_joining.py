from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.geometry import Box
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.repair import Framing, joined
from dsocr_loaders.repair.joining import BETWEEN
from dsocr_loaders.repair.overlap import joined_rows, joined_texts
from dsocr_loaders.values import AnswerFault, PageStatus

UPPER, LOWER = Framing(Box(0.0, 0.0, 1.0, 0.55)), Framing(Box(0.0, 0.45, 1.0, 1.0))
BAND = (0.45, 0.55)


def region(text, top, bottom, label="text", left=100, right=900):
    """Return a region of an answer, by fractions of the half's height."""
    return (
        f"<|ref|>{label}<|/ref|><|det|>[[{left}, {round(top * 999)}, {right}, {round(bottom * 999)}]]<|/det|>\n{text}"
    )


def both(reading, upper, lower):
    return joined(reading("\n\n".join(upper), framing=UPPER), reading("\n\n".join(lower), framing=LOWER), BAND)


def test_a_paragraph_over_the_cut_is_one():
    """This test ensures that the shared words are there once, and torn lines at either edge give way to whole ones."""
    first = "The rain began in May. It fell on the hills for a week, and the rvr rse"
    second = "fll on he hlls It fell on the hills for a week, and the river rose by a metre."

    expected = "The rain began in May. It fell on the hills for a week, and the river rose by a metre."
    assert expected == joined_texts(first, second)


def test_texts_that_share_nothing_are_two():
    """This test ensures that a word or two in common join no texts, however short these are."""
    assert joined_texts("In the year of the rain", "of the snow and the wind they sang") is None
    assert joined_texts("3", "2 4 3 9") is None
    assert joined_texts("", "words") is None
    many = " ".join(f"word{number}" for number in range(40))
    assert joined_texts(f"It rained on the hill. {many}", "It rained on the hill.") is None
    assert joined_texts("It rained on the hill.", f"{many} It rained on the hill.") is None
    assert joined_texts("12 %", "12 %") == "12 %"


def test_scripts_without_blanks():
    """This test ensures that a Chinese text is joined by its characters."""
    assert "\u6c34\u7ad9\u5e74\u5ea6\u62a5\u544a\u7b2c\u4e00\u7ae0" == joined_texts(
        "\u6c34\u7ad9\u5e74\u5ea6\u62a5\u544a", "\u5e74\u5ea6\u62a5\u544a\u7b2c\u4e00\u7ae0"
    )


@given(
    st.lists(st.sampled_from(["rain", "snow", "wind", "hail", "fog", "sun", "storm"]), min_size=12, max_size=60),
    st.data(),
)
def test_words_are_neither_lost_nor_doubled(words, data):
    """This test ensures that numbered words, of which the halves share some, are there once and in order."""
    numbered = [f"{word}{number}" for number, word in enumerate(words)]
    end = data.draw(st.integers(8, len(words)))
    begin = data.draw(st.integers(max(0, end - 8), end - 4))

    assert " ".join(numbered) == joined_texts(" ".join(numbered[:end]), " ".join(numbered[begin:]))


def table(*rows):
    return "<table>" + "".join(f"<tr><td>{one}</td><td>{two}</td></tr>" for one, two in rows) + "</table>"


def test_a_table_over_the_cut_is_one():
    """This test ensures that rows that both halves show are there once, also where the edge of an image tears a row."""
    rows = [(f"row {number}", number * number) for number in range(12)]

    assert table(*rows) == joined_rows(table(*rows[:8]), table(*rows[5:]))
    assert table(*rows) == joined_rows(table(*rows[:7], ("rw 7", 4)), table(("ow 5", ""), *rows[6:]))
    assert joined_rows(table(*rows[:4]), table(*rows[6:])) is None
    assert table(*rows[:8]) == joined_rows(table(*rows[:8]), table(*rows[5:8]))


def test_rows_that_are_alike_are_not_taken_for_the_same():
    """This test ensures that columns of numbers, in which neighbours look alike, are joined at the rows that agree."""
    rows = [(f"20{number:02}", f"{number}.5") for number in range(30)]

    assert table(*rows) == joined_rows(table(*rows[:17]), table(*rows[14:]))


def test_regions_are_matched_by_their_place(reading):
    """This test ensures that what both halves show at one place is one region, and the same words elsewhere stay."""
    upper = [region("Rain fell on the hills all day long.", 0.1, 0.2), region("A heading of four words", 0.9, 0.94)]
    lower = [
        region("A heading of four words", 0.08, 0.12),
        region("Rain fell on the hills all day long.", 0.5, 0.6),
    ]

    page = both(reading, upper, lower)

    assert [
        "Rain fell on the hills all day long.",
        "A heading of four words",
        "Rain fell on the hills all day long.",
    ] == [each.text for each in page.regions]
    assert [0, 1, 2] == [each.order for each in page.regions]


def test_figures_and_their_captions(reading):
    """This test ensures that a figure over the cut is one with both parts of its box, and its caption belongs to it."""
    upper = [region("", 0.7, 1.0, "image")]
    lower = [region("", 0.0, 0.4, "image"), region("Figure 1: rain", 0.42, 0.46, "image_caption")]

    figure, caption = both(reading, upper, lower).regions

    assert (0.385, 0.67) == (round(figure.boxes[0].y0, 3), round(figure.boxes[0].y1, 3))
    assert figure.order == caption.caption_of


def test_no_text_is_lost_that_has_no_partner(reading):
    """This test ensures that text in what both halves show stays if one half alone read it."""
    page = both(reading, [region("Only above the cut was this seen.", 0.9, 0.95)], [region("Below.", 0.3, 0.4)])

    assert ["Only above the cut was this seen.", "Below."] == [each.text for each in page.regions]


def test_the_answer_of_both_halves(reading):
    """This test ensures that spans of regions lead into both answers, one behind the other, a marker between them."""
    upper, lower = [region("Rain in spring.", 0.1, 0.2)], [region("Snow in winter.", 0.6, 0.7)]

    page = both(reading, upper, lower)

    assert upper[0] + BETWEEN + lower[0] == page.answer.text
    for each in page.regions:
        assert each.text in "".join(page.answer.text[span.start : span.end] for span in each.spans)
    assert (1800, 200, "stop") == (page.answer.prompt_tokens, page.answer.output_tokens, page.answer.finish_reason)
    assert [0, 1] == [each.page_index for each in parse_answer(page.answer.text).regions]


def test_what_is_wrong_with_a_half_is_wrong_with_the_page(reading):
    """This test ensures that a half that is cut off, or says nothing, is seen on the whole page."""
    good = [region("Rain in spring.", 0.1, 0.2)]
    cut_off = joined(reading(good[0], framing=UPPER), reading(good[0], AnswerFault.TRUNCATED, framing=LOWER), BAND)
    empty = joined(reading(good[0], framing=UPPER), reading("", AnswerFault.EMPTY, framing=LOWER), BAND)

    nothing = joined(reading("", AnswerFault.EMPTY, framing=UPPER), reading("", AnswerFault.EMPTY, framing=LOWER), BAND)

    assert PageStatus.TRUNCATED is cut_off.outcome[0]
    assert ({AnswerFault.EMPTY}, PageStatus.FAILED) == (nothing.faults, nothing.outcome[0])
    assert ({AnswerFault.LITTLE_TEXT}, PageStatus.OK) == (empty.faults, empty.outcome[0])


def test_halves_without_boxes(reading):
    """This test ensures that answers without boxes are joined by their words alone."""
    upper = reading("Rain in spring.\n\nSnow falls from November on, and stays")
    lower = reading("falls from November on, and stays until March.\n\nFog in autumn.")

    page = joined(upper, lower, BAND)

    text = "\n\n".join(each.text for each in page.regions)
    assert "Rain in spring.\n\nSnow falls from November on, and stays until March.\n\nFog in autumn." == text
