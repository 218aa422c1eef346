"""Every fault but loops, each by answers that have it and answers that nearly do."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.values import AnswerFault, Decoding, RawAnswer, Task

MADE = runpy.run_path(str(Path(__file__).with_name("cases.py")))
Case, tag, text, table, blocks, sentence, prose, NAMES = (
    MADE[name] for name in ("Case", "tag", "text", "table", "blocks", "sentence", "prose", "NAMES")
)

CASES = (
    Case("cut off by the limit", text(prose(40)), ("truncated",), "length"),
    Case("cut off in a tag", text(prose(5)) + "<|ref|>text<|/ref|><|det|>[[200, 910", ("truncated",), None),
    Case("cut off in a label", text(prose(5)) + "<|ref|>equat", ("truncated",), None),
    Case(
        "cut off in a table",
        text(prose(5)) + table([[name, 7] for name in NAMES[:20]], is_closed=False)[:-20],
        ("truncated",),
        None,
    ),
    Case("cut off in a formula", text(prose(60)) + tag("equation") + r"\[ x = \frac{1}{", ("truncated",), None),
    Case("a short answer with an open formula", text(prose(5)) + tag("equation") + r"\[ x = \frac{1}{2}", (), None),
    Case(
        "a table of zeros cut off",
        table([[name, *[0] * 12] for name in NAMES[:60]], is_closed=False)[:-12],
        ("truncated",),
        "length",
    ),
    Case("a formula left open", text(prose(5)) + tag("equation") + r"\[ x = 1", ()),
    Case("nothing", "", ("empty",)),
    Case("blanks", " \n\n ", ("empty",)),
    Case("a tag without text", tag("text"), ("empty",)),
    Case("a picture", tag("image")),
    Case(
        "tags stripped",
        "title[[100, 50, 899, 90]]\n# Rain\n\ntext[[61, 113, 429, 364]]\nIt rains.\n",
        ("stripped_tags",),
    ),
    Case("cells stripped", "Rain\n\n<table>JanuaryFebruary1213</table>", ("stripped_tags",), task="free"),
    Case("a table without rows", text(prose(5)) + tag("table") + "\n" + text("After."), ("table_without_body",)),
    Case(
        "rows behind the caption",
        tag("table", "[[60, 200, 900, 800]]")
        + tag("table_caption", "[[60, 150, 900, 190]]")
        + "Table 1\n\n<table><tr><td>1</td></tr></table>\n",
    ),
    Case("a stray box", tag("image", "[[0, 0, 999, 1300]]") + text("words")),
    Case(
        "boxes a little too large",
        "".join(tag("text", f"[[0, {i}, 1000, {i + 9}]]") + sentence(i) + "\n\n" for i in range(0, 100, 10)),
    ),
    Case(
        "boxes in pixels",
        "".join(tag("text", f"[[100, {i}, 2400, {i + 90}]]") + sentence(i) + "\n\n" for i in range(0, 3000, 300)),
        ("boxes_out_of_range",),
    ),
    Case(
        "boxes without area",
        blocks([sentence(i) for i in range(8)]) + "\n" + (tag("text", "[[0, 0, 0, 0]]") + "more\n\n") * 3,
        ("boxes_out_of_range",),
    ),
    Case(
        "a caption beside its table",
        tag("table", "[[160, 100, 700, 950]]")
        + tag("table_caption", "[[115, 270, 150, 760]]")
        + "Table 1. Rain in the valley\n\n<table><tr><td>1</td><td>2</td></tr></table>\n",
        ("sideways",),
    ),
    Case(
        "a caption above its table",
        tag("table", "[[100, 160, 950, 700]]")
        + tag("table_caption", "[[270, 115, 760, 150]]")
        + "Table 1. Rain in the valley\n\n<table><tr><td>1</td><td>2</td></tr></table>\n",
    ),
    Case(
        "lines on their side",
        "".join(
            tag("text", f"[[{x}, 100, {x + 14}, 880]]") + sentence(x).replace("sold", "internationally sold") + "\n\n"
            for x in range(100, 400, 20)
        ),
        ("sideways",),
    ),
    Case(
        "columns from top to bottom",
        "".join(
            tag("text", f"[[{x}, 100, {x + 24}, 880]]") + "春は曙やうやう白くなりゆく山際少し明かりて" + "\n\n"
            for x in range(100, 400, 30)
        ),
    ),
    Case(
        "a narrow column of numbers",
        "".join(
            tag("text", f"[[{x}, 100, {x + 24}, 880]]") + " ".join(str(x + i) for i in range(20)) + "\n\n"
            for x in range(100, 400, 60)
        ),
    ),
    Case(
        "a lost table on its side",
        tag("table", "[[250, 50, 700, 950]]") + "\n<table>" + f"<tr><td>Goods</td>{'<td></td>' * 24}</tr>" * 120,
        ("loop", "truncated", "sideways"),
        None,
        kept="Goods",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_finds_what_is_wrong_and_nothing_else(case) -> None:
    """This test ensures that each fault is found by itself, and not where an answer only looks like it."""
    parsed = parse_answer(case.answer, task=case.task, finish_reason=case.finish_reason)
    answer = RawAnswer(case.answer, case.finish_reason, None, None, "model", "engine")

    findings = examine(answer, parsed, None, Decoding(), task=Task(case.task))

    assert set(case.faults) == {finding.fault.value for finding in findings}


def test_every_fault_is_shown() -> None:
    """This test ensures that the documentation has a row for each fault, in their order, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "health.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]

    assert {fault.value for fault in AnswerFault} == set(rows)
    assert len(rows) == len(set(rows))


def test_tells_the_gravest_first() -> None:
    """This test ensures that findings are in order of weight, and a table's place is told."""
    case = CASES[-1]
    parsed = parse_answer(case.answer)

    findings = examine(RawAnswer(case.answer, None, None, None, "model", "engine"), parsed, None, Decoding())

    assert ["loop", "truncated", "sideways"] == [finding.fault.value for finding in findings]


@pytest.mark.parametrize(("prompt_tokens", "faults"), [(900, {"truncated"}), (901, set()), (899, set()), (None, set())])
def test_knows_the_context_of_the_model(prompt_tokens: int | None, faults: set[str]) -> None:
    """This test ensures that an answer that fills the model's context is cut off, whatever the server says."""
    words = text(prose(20))
    answer = RawAnswer(words, "stop", prompt_tokens, 8192 - 900, "deepseek-ai/DeepSeek-OCR", "engine")

    findings = examine(answer, parse_answer(words), None, Decoding())

    assert faults == {finding.fault.value for finding in findings}


def test_tells_which_table_has_no_body() -> None:
    """This test ensures that the finding names the characters of the table's tag."""
    lost = tag("table")
    words = text(prose(5)) + lost + text("Between.") + lost

    (finding,) = examine(RawAnswer(words, "stop", None, None, "model", "engine"), parse_answer(words), None, Decoding())

    assert lost.strip() == words[finding.start : finding.end]
    assert words.find(lost) == finding.start
    assert finding.detail.startswith("2 tables are")
