"""Loops of whole blocks: one after the other with the same box, or in even steps with the same words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import MODEL_SCALE, box_to_model
from dsocr_loaders.health.repetition import repeated_parts
from dsocr_loaders.values import AnswerFault, HealthFinding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dsocr_loaders.values import ParsedAnswer

__all__ = ["find_block_loops"]

_LEAST_IN_PLACE: Final = 5
"""Blocks at one place with the same words or none; two or three come about where a figure is named twice."""
_NEAR: Final = 5  # of 999: boxes at one place differ by so much
_BACK: Final = 4  # blocks between which a box comes again

_LEAST_IN_STEP: Final = 16
"""Blocks with the same words, each as far from the one before: ticks of a list have texts beside them."""
_LEAST_COUNTING: Final = 40
"""Blocks that count: a page with numbered lines has up to 32 numbers beside its text."""
_LITTLE_ELSE: Final = 10
"""Where all other blocks have no more than so many characters for each of them, there is nothing else on the page:
counting and uneven steps are enough there. It is ruled paper."""
_COLUMN: Final = 10  # of 999: blocks of a column begin so near each other
_LEAST_TEXTLESS: Final = 48
"""Small pictures of one size, one behind the other."""
_SMALL: Final = 30  # of 999: side of such a picture
_SLACK: Final = 1  # of 999: a step that differs by so much is the same


@dataclass(frozen=True, slots=True)
class _Placed:
    label: str
    words: str
    box: tuple[int, int, int, int]
    start: int
    end: int

    def is_at(self, other: _Placed) -> bool:
        return all(abs(mine - its) <= _NEAR for mine, its in zip(self.box, other.box, strict=True))

    @property
    def size(self) -> tuple[int, int]:
        return self.box[2] - self.box[0], self.box[3] - self.box[1]


def find_block_loops(parsed: ParsedAnswer) -> list[HealthFinding]:
    """Return the runs of blocks that repeat, in the order of the answer; findings may overlap."""
    blocks = [
        _Placed(
            region.label,
            " ".join(region.text.split()),
            box_to_model(region.boxes[0]),
            min(span.start for span in region.spans),
            max(span.end for span in region.spans),
        )
        for region in parsed.regions
        if len(region.boxes) == 1 and region.spans
    ]
    return [*_at_one_place(blocks), *_in_step(blocks), *_textless(blocks)]


def _at_one_place(blocks: Sequence[_Placed]) -> Iterator[HealthFinding]:
    marks = bytearray(len(blocks))
    for index, block in enumerate(blocks):
        if not _has_place(block):
            continue
        for earlier in blocks[max(0, index - _BACK) : index]:
            if earlier.label == block.label and earlier.words == block.words and block.is_at(earlier):
                marks[index] = 1
                break
    for first, last in repeated_parts(marks, gap=0):
        count = last - first + 2
        if count >= _LEAST_IN_PLACE:
            detail = f"{count} blocks with the same words, or none, stand at one place of the page"
            yield HealthFinding(AnswerFault.LOOP, detail, blocks[first].start, blocks[last].end)


def _has_place(block: _Placed) -> bool:
    """Whether the box is one at all, and not just the page's."""
    width, height = block.size
    return 0 < width * height < (MODEL_SCALE - 2 * _NEAR) ** 2


def _in_step(blocks: Sequence[_Placed]) -> Iterator[HealthFinding]:
    """Yield runs of blocks with the same words, or numbers that count, in even steps over the page."""
    marks = bytearray(len(blocks))
    for index in range(2, len(blocks)):
        marks[index] = _step(*blocks[index - 2 : index + 1])
    size = sum(len(block.words) for block in blocks)
    for first, last in repeated_parts(marks, gap=0):
        begin = first - 1
        count = last - begin + 2
        steps = marks[first : last + 1]
        others = size - sum(len(block.words) for block in blocks[begin - 1 : last + 1])
        is_page = others <= _LITTLE_ELSE * count
        if 2 * steps.count(_COUNTING) > count and not is_page:
            is_loop = count >= _LEAST_COUNTING
        else:
            is_loop = count >= _LEAST_IN_STEP and (is_page or 2 * steps.count(_UNEVEN) <= count)
        if is_loop:
            detail = f"{count} blocks with the same words, or that count, follow one below the other"
            yield HealthFinding(AnswerFault.LOOP, detail, blocks[begin].start, blocks[last].end)


_EVEN: Final = 1
_COUNTING: Final = 2
_UNEVEN: Final = 3


def _step(first: _Placed, second: _Placed, third: _Placed) -> int:
    """Return how the third block follows the other two: 0 if it says something else, or stands somewhere else."""
    if first.label != second.label or second.label != third.label or not third.words:
        return 0
    is_even = all(
        abs((one - two) - (two - three)) <= _SLACK
        for one, two, three in zip(first.box, second.box, third.box, strict=True)
    )
    if third.words == second.words == first.words:
        is_column = abs(third.box[0] - second.box[0]) <= _COLUMN and second.box[1] < third.box[1]
        return _EVEN if is_even else _UNEVEN if is_column else 0
    return _COUNTING if is_even and _counts(first.words, second.words, third.words) else 0


def _counts(first: str, second: str, third: str) -> bool:
    if not (first.isdecimal() and second.isdecimal() and third.isdecimal()) or len(third) > 9:  # noqa: PLR2004 - digits
        return False
    return int(third) - int(second) == int(second) - int(first)


def _textless(blocks: Sequence[_Placed]) -> Iterator[HealthFinding]:
    marks = bytearray(
        not after.words
        and after.label == before.label
        and max(after.size) <= _SMALL
        and abs(after.size[0] - before.size[0]) <= _SLACK
        for before, after in pairwise(blocks)
    )
    for first, last in repeated_parts(marks, gap=0):
        count = last - first + 2
        if count >= _LEAST_TEXTLESS:
            detail = f"{count} small blocks of one size and without text follow each other"
            yield HealthFinding(AnswerFault.LOOP, detail, blocks[first + 1].start, blocks[last + 1].end)
