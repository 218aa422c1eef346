"""Fuzzes `parse_answer` with atheris, which is not installed with the tests.

    pip install atheris
    python tests/grounding/fuzz_answer.py tests/grounding/corpus -max_total_time=600 -max_len=400

An input is a list of words for the model's own tokens and other traps, so that the fuzzer need not find `<|ref|>`
letter by letter: each byte below 128 is a character, each above names an entry of `WORDS`. `tests/grounding` runs the
committed inputs, all of them found by the fuzzer or written by hand.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.values import ParsedAnswer

WORDS = (
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<PAGE>", "<--- Page Split --->",
    "<｜end▁of▁sentence｜>",  # noqa: RUF001 - the model's token
    "[[1, 2, 3, 4]]", "[[1, 2, 3, 4], [5, 6, 7, 8]]", "[[", "]]", "[1, 2, 3, 4]", "12, ", "-1005", ".5", "1" * 20,
    "text", "title", "sub_title", "table", "table_caption", "table_footnote", "image", "image_caption", "equation",
    "caption", "footnote", "words", "<table>", "</table>", "<tr><td>1</td></tr>", "</tr>", "<td>", "<br>",
    "| a | b |\n", "|---|---|\n", "## ", "- ", ".- ", "\\[x\\]", "\\coloneqq", "<center>", "</center>", "\n", "\n\n",
    "  ", "\r\n", "é", "中", "\u2028", "\x85", "İ", "\ud800", "😀",
    "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n", "<|ref|>table<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n",
    "<|ref|>table_caption<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n", "<|det|>text [1, 2, 3, 4]<|/det|>",
    "text[[1, 2, 3, 4]]\n",
)  # fmt: skip
TASKS = ("document", "ocr", "free")


def text_of(data: bytes) -> str:
    """Return the answer that a fuzzer's input stands for."""
    return "".join(chr(byte) if byte < 128 else WORDS[(byte - 128) % len(WORDS)] for byte in data)


def check(data: bytes) -> None:
    """Raise AssertionError where the promises of `parse_answer` and `AnswerScanner` do not hold."""
    from dsocr_loaders.grounding import ISSUES, AnswerScanner, parse_answer  # noqa: PLC0415 - atheris instruments it

    task = TASKS[data[0] % len(TASKS)] if data else "document"
    text = text_of(data[1:])
    parsed = parse_answer(text, task=task)
    check_partition(text, parsed)
    assert parsed.text_coverage == 1.0
    assert ISSUES.keys() >= {issue.code for issue in parsed.issues}
    scanner = AnswerScanner(task=task)
    step = 1 + len(data) % 7
    early = [region for start in range(0, len(text), step) for region in scanner.feed(text[start : start + step])]
    assert scanner.finish() == parsed
    assert early == list(parsed.regions[: len(early)])


def check_partition(text: str, parsed: ParsedAnswer) -> None:
    """Raise AssertionError unless regions and drops own every character once, and drops no word."""
    owned = [span for region in parsed.regions for span in region.spans] + [drop.span for drop in parsed.drops]
    borders = sorted((span.start, span.end) for span in owned)
    assert all(start < end for start, end in borders)
    assert all(end == start for (_, end), (start, _) in pairwise(borders))
    assert (borders[0][0], borders[-1][1]) == (0, len(text)) if borders else not text
    assert not any(text[d.span.start : d.span.end].strip() for d in parsed.drops if d.kind == "blank")
    assert [region.order for region in parsed.regions] == list(range(len(parsed.regions)))


def main() -> None:
    import atheris  # noqa: PLC0415 - only for fuzzing

    with atheris.instrument_imports(include=["dsocr_loaders.grounding"]):
        import dsocr_loaders.grounding  # noqa: F401, PLC0415 - instrumented here
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
