from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.repair import trim_of
from dsocr_loaders.values import AnswerFault, HealthFinding, RawAnswer

HEAD = "<|ref|>text<|/ref|><|det|>[[10, 20, 500, 40]]<|/det|>\nIt rains in spring. "
TAIL = "And then it stops.\n\n<|ref|>text<|/ref|><|det|>[[10, 50, 500, 70]]<|/det|>\nIt snows in winter."


def raw(text):
    return RawAnswer(text, "stop", 1, 2, "model", "engine")


def loop(start, end):
    return HealthFinding(AnswerFault.LOOP, "it repeats itself", start, end)


def test_what_stands_around_a_loop_stays():
    """This test ensures that a loop is cut out, and the regions refer to the whole answer, around the cut."""
    text = HEAD + "Rain, " * 50 + TAIL
    start, end = len(HEAD) + 6, len(HEAD) + 300

    trim = trim_of(raw(text), [loop(start, end)])

    assert HEAD + "Rain, " + TAIL == trim.answer.text
    first, second = trim.regions(parse_answer(trim.answer.text).regions)
    assert "It rains in spring. Rain, And then it stops." == first.text
    assert [start, end] == [first.spans[-2].end, first.spans[-1].start]
    assert "It snows in winter." in "".join(text[span.start : span.end] for span in second.spans)
    assert (294, "cut 294 repeated characters out of the answer") == (trim.size, trim.words.split(" (")[0])


def test_findings_of_the_rest_have_their_place_in_the_whole():
    """This test ensures that what is still wrong behind a cut is found in the answer as it came."""
    text = HEAD + "x" * 100 + TAIL
    trim = trim_of(raw(text), [loop(len(HEAD), len(HEAD) + 100)])
    place = trim.answer.text.index("stops")
    finding = HealthFinding(AnswerFault.TRUNCATED, "odd", place, place + 5)

    (moved,) = trim.findings([finding])

    assert "stops" == text[moved.start : moved.end]


def test_loops_that_touch_are_one_cut():
    """This test ensures that ranges may overlap, come in any order, and reach beyond the answer."""
    trim = trim_of(raw("0123456789"), [loop(6, 99), loop(2, 4), loop(3, 5), loop(7, 7)])

    assert ("015", [(2, 5), (6, 10)]) == (trim.answer.text, [(cut.start, cut.end) for cut in trim.cuts])


def test_nothing_to_cut():
    """This test ensures that an answer without a loop, or of which nobody knows where it is, is left alone."""
    assert trim_of(raw("abc"), [HealthFinding(AnswerFault.TRUNCATED, "odd", 0, 2), loop(1, 1)]) is None


@given(st.text("ab\n<|>", max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_cut_and_kept_make_the_answer(text, ranges):
    """This test ensures that every character is cut, dropped or in a region, once, and what is kept is in order."""
    trim = trim_of(raw(text), [loop(*each) for each in ranges])
    if trim is None:
        return
    parsed = parse_answer(trim.answer.text)
    regions = trim.regions(parsed.regions)

    for region, moved in zip(parsed.regions, regions, strict=True):
        kept = "".join(trim.answer.text[span.start : span.end] for span in region.spans)
        assert kept == "".join(text[span.start : span.end] for span in moved.spans)
    covered = sorted((span.start, span.end) for region in regions for span in region.spans) + [
        (cut.start, cut.end) for cut in trim.cuts
    ]
    positions = [position for start, end in covered for position in range(start, end)]
    assert len(positions) == len(set(positions))
    assert len(text) == len(trim.answer.text) + trim.size
