"""Where a text says the same again and again, whatever its script, and however it varies it.

A token recurs if it and the few tokens before it stood like this not long before; a number recurs as well if it goes
on counting. A loop is a stretch in which nearly everything recurs. So a loop that changes a word now and then, that
counts, or that alternates between phrases is one, and a page that uses its words again in other places is none. There
is no search for a period: each token is looked up once, so the time is linear.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsocr_loaders.health.tokens import Tokens

__all__ = ["Stretch", "find_stretches", "repeated_parts"]

_CONTEXT: Final = 5  # tokens that have to stand together again; four words in a row recur by chance in long pages
_BACK: Final = 1500  # tokens; the longest round that is recognised, about half of what a model may answer
_NOVELTY: Final = 3  # one new token outweighs so many old ones: three quarters of a stretch recur at least
_GAP: Final = 45  # the weight of new tokens that a stretch may hold at one place: about three words that vary
_REMEMBERED: Final = 4  # values of numbers in the same context: in 3, 141, 3, 142 the 3 comes again


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens `first` to `last`, both counted in, of which nearly all recur.

    Attributes:
        recurring: how many of them recur.
        words: how many of those say something.
        counted: how many of those are numbers that count on.
        cells: how many of them begin a cell of a table.
        round_size: how many tokens a round has on average: how far back what recurs stood last.
        steadiness: share of what recurs that stood last as far back as most of it; 1 where the text is the same in
            every round.
    """

    first: int
    last: int
    recurring: int
    words: int
    counted: int
    cells: int
    round_size: float
    steadiness: float

    @property
    def rounds(self) -> float:
        """How often a round comes again."""
        return self.recurring / self.round_size


def repeated_parts(marks: Sequence[int], *, novelty: int = _NOVELTY, gap: int = _GAP) -> Iterator[tuple[int, int]]:
    """Yield first and last index of each stretch in which non-zero marks prevail, in order.

    Each zero weighs `novelty` marks; a stretch ends where the balance has fallen by more than `gap`, or to nothing.
    """
    first = last = balance = best = 0
    for index, mark in enumerate(marks):
        if mark:
            if balance == 0:
                first = index
            balance += 1
            if balance >= best:
                best, last = balance, index
        elif balance:
            balance -= novelty
            if balance <= 0 or best - balance > gap:
                if best:
                    yield first, last
                balance = best = 0
    if best:
        yield first, last


def find_stretches(tokens: Tokens, least: int) -> list[Stretch]:
    """Return the stretches with at least so many tokens that recur, in order."""
    marks, distances = _recurring(tokens)
    found = []
    for first, last in repeated_parts(marks):
        part = marks[first : last + 1]
        recurring = len(part) - part.count(0)
        if recurring >= least:
            # The first token that is known to recur is the last of those that stand together again.
            begin = max(0, first - _CONTEXT + 1)
            words = sum(tokens.are_words[begin : last + 1])
            cells = sum(tokens.are_cells[begin : last + 1])
            back = [distance for distance in distances[first : last + 1] if distance]
            steadiness = Counter(back).most_common(1)[0][1] / recurring
            counted = part.count(_COUNTED)
            found.append(Stretch(begin, last, recurring, words, counted, cells, sum(back) / recurring, steadiness))
    return found


_SAME: Final = 1
_COUNTED: Final = 2


def _recurring(tokens: Tokens) -> tuple[bytearray, list[int]]:
    """Return for each token 0 if it is new, `_SAME` if it stood here before, `_COUNTED` if it counts on.

    And how many tokens before it that was, 0 for a new one.
    """
    kinds, values = tokens.kinds, tokens.values
    marks = bytearray(len(kinds))
    distances = [0] * len(kinds)
    places: dict[tuple[str, ...], int] = {}
    numbers: dict[tuple[str, ...], deque[int]] = {}
    for index, context in enumerate(zip(*(kinds[shift:] for shift in range(_CONTEXT)), strict=False), _CONTEXT - 1):
        place = places.get(context)
        places[context] = index
        value = values[index]
        if value < 0:
            if place is not None and index - place <= _BACK:
                marks[index] = _SAME
                distances[index] = index - place
            continue
        earlier = numbers.get(context)
        if earlier is None:
            numbers[context] = deque((value,), _REMEMBERED)
            continue
        if place is not None and index - place <= _BACK:
            if value in earlier:
                marks[index] = _SAME
            elif _counts_on(value, earlier):
                marks[index] = _COUNTED
            if marks[index]:
                distances[index] = index - place
        earlier.append(value)
    return marks, distances


def _counts_on(value: int, earlier: deque[int]) -> bool:
    """Whether `value` goes on from the last of `earlier` in steps of one size."""
    return len(earlier) > 1 and value - earlier[-1] == earlier[-1] - earlier[-2]
