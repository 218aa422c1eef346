"""Loops are found and can be cut out; pages that repeat themselves honestly are left alone."""

from __future__ import annotations

import runpy
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.values import AnswerFault, Decoding, HealthFinding, RawAnswer, Task

MADE = runpy.run_path(str(Path(__file__).with_name("cases.py")))
FUZZ = runpy.run_path(str(Path(__file__).parents[1] / "grounding" / "fuzz_answer.py"))
PHRASES = MADE["PHRASES"]
PIECES = [
    *FUZZ["WORDS"],
    *(" <td></td>", "<tr>", "<table>", "| a | b |\n", "1.01 ", "2 ", ". . .", "\\[", "again and again ", "河南省、"),
]


def examined(text: str, finish_reason: str | None = "stop", task: str = "document") -> tuple[HealthFinding, ...]:
    parsed = parse_answer(text, task=task, finish_reason=finish_reason)
    answer = RawAnswer(text, finish_reason, None, None, "model", "engine")
    return examine(answer, parsed, None, Decoding(), task=Task(task))


def without_loops(text: str, findings: tuple[HealthFinding, ...]) -> str:
    for finding in reversed(findings):
        if finding.fault is AnswerFault.LOOP:
            text = text[: finding.start] + text[finding.end :]
    return text


@pytest.mark.parametrize("case", MADE["HONEST"], ids=lambda case: case.title)
def test_leaves_honest_repetition_alone(case) -> None:
    """This test ensures that forms, lists, tables of zeros, refrains and the like are no loops, nor anything else."""
    assert () == examined(case.answer, case.finish_reason, case.task)


@pytest.mark.parametrize("case", MADE["LOOPS"], ids=lambda case: case.title)
def test_finds_each_loop_and_what_can_be_cut(case) -> None:
    """This test ensures that a loop is found, and that cutting it out leaves one round and what stands around it."""
    findings = examined(case.answer, case.finish_reason, case.task)
    rest = without_loops(case.answer, findings)

    assert set(case.faults) == {finding.fault.value for finding in findings}
    assert len(rest) < 0.5 * len(case.answer)
    assert not case.kept or 1 == rest.count(case.kept)


@pytest.mark.parametrize("language", PHRASES)
def test_keeps_the_first_round_and_what_follows(language: str) -> None:
    """This test ensures that of a loop in any script, one round is left, with the words before and behind it whole."""
    phrase, first = PHRASES[language]
    last = MADE["sentence"](7)
    text = MADE["text"](f"{first} {phrase * 150}") + MADE["text"](last)

    rest = without_loops(text, examined(text))

    assert 1 == rest.count(phrase.strip())
    assert (1, 1) == (rest.count(first), rest.count(last))


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([1, 1, 1, 2, 40, 400])), max_size=12))
@settings(max_examples=60, deadline=None)
def test_takes_any_text(pieces: list[tuple[str, int]]) -> None:
    """This test ensures that nothing raises, and that loops are in order, apart, and inside of the text."""
    text = "".join(piece * times for piece, times in pieces)
    for task in Task:
        findings = examined(text, None, task.value)
        ranges = [(each.start, each.end) for each in findings if each.fault is AnswerFault.LOOP]

        assert sorted(ranges) == ranges
        assert all(start < end for start, end in ranges)
        assert all(end <= start for (_, end), (start, _) in pairwise(ranges))
        assert all(0 <= each.start <= each.end <= len(text) for each in findings)


SLOWEST = {
    "empty cells": "<td></td>",
    "open tags": "<|ref|>text<|/ref|><|det|>[[",
    "same boxes": "<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n",
    "captions": "<|ref|>table_caption<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nTable 1\n",
    "counting": "= \\frac{1}{7} ",
    "dots": ".",
    "brackets": "[[",
    "letters": "e",
    "pipes": "|",
    "angles": "<a ",
    "breaks": "\n",
}


@pytest.mark.parametrize("name", SLOWEST)
def test_takes_time_in_proportion_to_the_length(name: str) -> None:
    """This test ensures that sixteen times the text takes about as many times as long, and no square of that."""
    piece = SLOWEST[name]
    short, long = (piece * (size // len(piece)) for size in (4_000, 64_000))

    def seconds(text: str) -> float:
        parsed = parse_answer(text)
        answer = RawAnswer(text, None, None, None, "model", "engine")
        times = []
        for _ in range(2):
            began = time.process_time()
            examine(answer, parsed, None, Decoding())
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(long) < 60 * max(seconds(short), 0.0005)
