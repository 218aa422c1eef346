"""Loops: what an answer says again and again, and what of it can be cut away."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.health.block_loops import find_block_loops
from dsocr_loaders.health.repetition import find_stretches
from dsocr_loaders.health.table_loops import find_table_loops
from dsocr_loaders.health.tokens import tokens_of
from dsocr_loaders.values import AnswerFault, HealthFinding, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.health.repetition import Stretch
    from dsocr_loaders.health.tokens import Tokens
    from dsocr_loaders.values import ParsedAnswer

__all__ = ["find_loops"]


@dataclass(frozen=True, slots=True)
class _Least:
    """How many tokens have to recur to be a loop; a page that a person wrote has less.

    Attributes:
        words: of tokens that say something: thirty identical labels of ten words, a sheet of address stickers, have
            290. Every recorded loop of words has over 500; an honest recorded page has up to 100.
        marks: of any tokens: the options `[A] [B] [C] [D]` of fifty questions have 600. Formulas repeat their commands:
            honest recorded pages have up to 216 such tokens.
        counted: of any tokens of a stretch that counts: the numbers and options of two hundred questions have 2,600.
        in_table: of any tokens of a table: forty rows of twenty zeros have 1,600. What loops there is mostly found by
            its rows and cells (`table_loops`).
    """

    words: int
    marks: int
    counted: int
    in_table: int


_FINISHED: Final = _Least(words=330, marks=800, counted=2800, in_table=3000)
_UNFINISHED: Final = _Least(words=100, marks=330, counted=400, in_table=3000)
"""For the end of an answer that was cut off: to have come that far, and to end like this, is evidence as well."""

_LEAST_ROUNDS: Final = 12
"""Rounds of a loop. Recorded ones have 40 and more; pages whose sentences share their words have up to 8."""
_LEAST_STEADY_ROUNDS: Final = 5
_LEAST_STEADY_ROUNDS_UNFINISHED: Final = 2
"""The same where every round says the same to the letter; a page may show two or three copies of a receipt."""
_STEADY: Final = 0.9

_TEXT_IN_TAG: Final = frozenset({Task.OCR, Task.LOCATE})
_CELLS_OF_TABLE: Final = 10  # fewer than one token in so many begins a cell: it is no table, though it may be in one
_ENDS: Final = frozenset(".,;:!?)]}。，、；：！？）」』”’»।؟،")  # noqa: RUF001 - of many scripts
_COUNTS_FROM: Final = 20  # numbers that go on in steps; an honest stretch may have some by chance
_MOST_IN_RUN: Final = 500  # of one character: a leader that fills a line has up to about 250
_NEAR_END: Final = 1000  # characters behind a loop that are still part of it where the answer was cut off


def find_loops(
    text: str, parsed: ParsedAnswer, *, task: Task = Task.DOCUMENT, is_unfinished: bool
) -> list[HealthFinding]:
    """Return a finding for each loop, in order, none overlapping another.

    `start` is where the first round ends, `end` where the repetition does: what stands between can be cut away.

    Args:
        text: the answer.
        parsed: what `parse_answer` makes of it.
        task: what was asked. For `ocr` and `locate` the text stands inside the tags.
        is_unfinished: whether the answer was cut off; then less repetition at its end is enough.
    """
    tokens = tokens_of(text, is_text_in_tag=task in _TEXT_IN_TAG)
    found = [
        *_token_loops(text, tokens, is_unfinished=is_unfinished),
        *find_table_loops(text, is_unfinished=is_unfinished),
        *find_block_loops(parsed),
    ]
    united = _united(found, tokens)
    if united and is_unfinished and _is_near_end(text, united[-1].end):
        united[-1] = _loop(united[-1].detail, united[-1].start, len(text))
    return united


def _token_loops(text: str, tokens: Tokens, *, is_unfinished: bool) -> list[HealthFinding]:
    found = []
    for stretch in find_stretches(tokens, _UNFINISHED.words):
        start, end = tokens.starts[_first_of_round(stretch, tokens)], tokens.ends[stretch.last]
        is_tail = is_unfinished and _is_near_end(text, end)
        steady = _LEAST_STEADY_ROUNDS_UNFINISHED if is_tail else _LEAST_STEADY_ROUNDS
        least_rounds = steady if stretch.steadiness >= _STEADY else _LEAST_ROUNDS
        if stretch.rounds >= least_rounds and _is_loop(stretch, _UNFINISHED if is_tail else _FINISHED):
            found.append(_loop(_told(stretch), start, end))
    start, end = tokens.longest_run
    if end - start > _MOST_IN_RUN:
        found.append(_loop(f"{text[start]!r} stands {end - start} times in a row", start + 1, end))
    return found


def _first_of_round(stretch: Stretch, tokens: Tokens) -> int:
    """Return the stretch's first token behind what ends the first round: its full stop is part of that."""
    first = stretch.first
    while first < stretch.last and tokens.kinds[first] in _ENDS:
        first += 1
    return first


def _is_loop(stretch: Stretch, least: _Least) -> bool:
    if _CELLS_OF_TABLE * stretch.cells >= stretch.recurring:
        return stretch.recurring >= least.in_table
    if stretch.counted >= _COUNTS_FROM:
        return stretch.recurring >= least.counted
    if 2 * stretch.words > stretch.recurring and stretch.words >= least.words:
        return True
    return stretch.recurring >= least.marks


def _told(stretch: Stretch) -> str:
    counting = f", {stretch.counted} of them numbers that count on" if stretch.counted >= _COUNTS_FROM else ""
    return f"{stretch.recurring} words and marks repeat those before them, in {stretch.rounds:.0f} rounds{counting}"


def _loop(detail: str, start: int, end: int) -> HealthFinding:
    return HealthFinding(AnswerFault.LOOP, detail, start, end)


def _is_near_end(text: str, end: int) -> bool:
    """Whether the answer has nothing behind `end` but a few characters without a whole tag."""
    rest = text[end : end + _NEAR_END + 1]
    return len(rest) <= _NEAR_END and "<|/det|>" not in rest


def _united(loops: Sequence[HealthFinding], tokens: Tokens) -> list[HealthFinding]:
    """Return loops in order, those that overlap or have but tags between them as one, told as the longer one."""
    united: list[HealthFinding] = []
    for loop in sorted(loops, key=lambda one: (one.start, -one.end)):
        last = united[-1] if united else None
        if last is None or (loop.start > last.end and _has_token(tokens, last.end, loop.start)):
            united.append(loop)
            continue
        longer = max(last, loop, key=lambda one: one.end - one.start)
        united[-1] = _loop(longer.detail, last.start, max(last.end, loop.end))
    return united


def _has_token(tokens: Tokens, start: int, end: int) -> bool:
    at = bisect_left(tokens.starts, start)
    return at < len(tokens.starts) and tokens.starts[at] < end
