"""`AnswerScanner`, and what holds for every text: nothing raises, nothing is lost, any cut gives the same."""

from __future__ import annotations

import gc
import os
import runpy
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.grounding import AnswerScanner, parse_answer
from dsocr_loaders.grounding.lines import LineReader
from dsocr_loaders.values import ParsedAnswer, RegionType, Task

RECORDED = Path(os.environ.get("DSOCR_RECORDED_ANSWERS", "/nowhere"))
FUZZ = runpy.run_path(str(Path(__file__).with_name("fuzz_answer.py")))
CORPUS = Path(__file__).with_name("corpus")
TASKS = st.sampled_from(list(Task))
TEXTS = st.lists(st.sampled_from(FUZZ["WORDS"]), max_size=40).map("".join) | st.text(max_size=200)
MARKUP = {"stray_tag", "end_marker", "page_marker"}


def tag(label: str, box: str = "[[0, 0, 999, 999]]") -> str:
    return f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>"


def scanned(text: str, cuts: list[int], task: Task) -> tuple[list, ParsedAnswer]:
    """Feed `text` cut at `cuts`; return what `feed` gave and the whole."""
    scanner = AnswerScanner(task=task)
    borders = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    early = []
    for start, end in pairwise(borders):
        early += scanner.feed(text[start:end])
    return early, scanner.finish()


def assert_nothing_lost(text: str, parsed: ParsedAnswer) -> None:
    """The spans partition the answer, and no letter is in a drop that is no markup."""
    FUZZ["check_partition"](text, parsed)
    assert 1.0 == parsed.text_coverage
    for drop in parsed.drops:
        assert drop.kind in MARKUP or not text[drop.span.start : drop.span.end].strip()


@given(TEXTS, TASKS)
def test_accounts_for_every_character_of_any_text(text: str, task: Task) -> None:
    """Spans of regions and drops partition any text whatsoever, and drops hold nothing but blanks and markup."""
    assert_nothing_lost(text, parse_answer(text, task=task))


@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12), TASKS)
def test_reads_the_same_however_the_text_is_cut(text: str, cuts: list[int], task: Task) -> None:
    """What `feed` gives is final, and `finish` equals the reading of the whole."""
    early, actual = scanned(text, cuts, task)

    assert parse_answer(text, task=task) == actual
    assert list(actual.regions[: len(early)]) == early


def test_gives_a_region_as_soon_as_the_next_tag_opens() -> None:
    """A paragraph is there when the tag behind it is whole; a table waits until its cluster has ended."""
    scanner = AnswerScanner()

    assert [] == scanner.feed(f"{tag('text')}\nIt rains.\n\n")
    assert ["It rains."] == [region.text for region in scanner.feed(f"{tag('table')}\n")]
    assert [] == scanner.feed(f"{tag('table_caption')}\nTable 1\n\n<table><tr><td>1</td></tr></table>\n\n")
    assert [] == scanner.feed(f"{tag('text')}")
    assert [RegionType.TABLE, RegionType.CAPTION] == [region.type for region in scanner.feed("\n")]
    assert 4 == len(scanner.finish().regions)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_holds_for_the_inputs_of_the_fuzzer(path: Path) -> None:
    """Inputs that once broke a promise, or that reach far into the grammar, hold all promises."""
    FUZZ["check"](path.read_bytes())


@pytest.mark.parametrize("task", [Task.DOCUMENT, Task.OCR])
@pytest.mark.parametrize(
    "unit",
    [
        "<|ref|>", "<|det|>[[", "<|ref|>a<|/ref|><|det|>[[1,2", "<|ref|>text<|/ref|><|det|>[[1,\n", "<|/det|>",
        "<|det|>text ", f"{tag('text')}x\n", f"{tag('image_caption')}\n", f"{tag('table')}\n",
        f"{tag('table')}\n{tag('table_caption')}<table>\n", "<table>", "\n<table>", "</table>", "<table></table>a",
        "<table><br>", "<table></tr>\n\n", "<td></td>", "| a\n", "|-|\n", "[[", "[1, 2, 3, 4]", "text[[1, 2, 3, 4]]\n",
        "text[[1,2\n", "[0.5ex] ", "- a.- b", "# a\n\n", "<PAGE>\n", "\n", " ",
    ],
)  # fmt: skip
def test_takes_linear_time(unit: str, task: Task) -> None:
    """Four times the hostile text takes about four times the time."""

    def seconds(text: str) -> float:
        started = time.thread_time()
        parse_answer(text, task=task)
        return time.thread_time() - started

    text = unit * (20_000 // len(unit))
    # The smallest of several ratios: a disturbed measurement is larger, never smaller.
    gc.disable()  # a collection of the whole test session's objects would be measured along
    try:
        ratio = min(seconds(text * 4) / seconds(text) for _ in range(5))
    finally:
        gc.enable()

    assert ratio < 4 * 1.6


def test_copies_no_rest_of_the_answer_at_each_tag() -> None:
    """All the pieces that are cut out of a line of broken tags are a few times as long as the line."""
    copied = 0

    class Watched(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            nonlocal copied
            piece = super().__getitem__(key)
            copied += len(piece)
            return piece

    text = Watched("<|ref|>a<|/ref|>b<|det|>[[1, 2, 3, 4]]<|/det|>" * 200)

    list(LineReader(is_text_in_tag=False).read(text, 0, is_last=True))

    assert 0 < copied < 10 * len(text)


@pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason="DSOCR_RECORDED_ANSWERS names no folder of recorded answers; they are not part of the repository",
)
class TestRecordedAnswers:
    """Real answers, whole and damaged."""

    answers: tuple[str, ...] = tuple(
        path.read_text(encoding="utf-8") for path in (sorted(RECORDED.glob("*.txt")) if RECORDED.is_dir() else ())
    )

    def test_are_read_without_loss(self) -> None:
        """Every letter and digit that real answers hold outside their tags is in a region."""
        assert self.answers
        for text in self.answers:
            assert_nothing_lost(text, parse_answer(text))

    @given(st.data())
    def test_are_read_without_loss_when_damaged(self, data: st.DataObject) -> None:
        """The same holds after pieces were cut out, doubled, or replaced by something hostile."""
        text = data.draw(st.sampled_from(self.answers), label="answer")
        begin = data.draw(st.integers(0, len(text)))
        text = text[begin : begin + 3_000]
        for _ in range(data.draw(st.integers(1, 6))):
            start = data.draw(st.integers(0, len(text)))
            end = min(len(text), start + data.draw(st.integers(0, 40)))
            middle = data.draw(st.sampled_from([*FUZZ["WORDS"], "", text[start:end] * 2]))
            text = text[:start] + middle + text[end:]
        cuts = data.draw(st.lists(st.integers(0, 3_000), max_size=5))

        parsed = parse_answer(text)

        assert_nothing_lost(text, parsed)
        assert parsed == scanned(text, cuts, Task.DOCUMENT)[1]
