"""The numbers of a tag -> boxes.

No pattern here nests one quantifier in another, and each looks at a bounded number of characters, so the time for a
tag is bounded whatever it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.geometry import MODEL_SCALE, Box, box_from_model

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ReadBoxes", "is_cut_off_box", "read_boxes", "read_leading_boxes", "read_numbers"]

MOST_BOXES = 64
"""More boxes than this in one tag are noise; real answers have up to four."""

_NUMBERS_A_BOX = 4
_LONGEST = 32 * MOST_BOXES
_LONGEST_CUT_OFF = 80
_LONGEST_NUMBER = 16
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BOX_CHARACTERS = re.compile(r"[\[\](), \t0-9.\-]*")
# A glitch of the model's: one or two short words between good numbers, as in [[44, raw 666, 501, 707]].
_WORD = re.compile(r"[^\W\d_]{1,12}")
_MOST_WORDS = 2
# What the model writes nearly always, read without a second look.
_USUAL = re.compile(r"\[\[(\d{1,3}), (\d{1,3}), (\d{1,3}), (\d{1,3})\]\]")
_GAP = r"[, \t]{1,4}"
_LEADING_BOX = re.compile(
    r"[, \t]{0,4}(?P<opening>[\[(]{1,3})[ \t]{0,4}"
    + _GAP.join([r"-?\d{1,9}(?:\.\d{1,6})?"] * _NUMBERS_A_BOX)
    + r"[ \t]{0,4}(?P<closing>[\])]{1,3})"
)


@dataclass(frozen=True, slots=True)
class ReadBoxes:
    """What the inside of a box tag says.

    Attributes:
        boxes: in order; empty if the text cannot be read as boxes.
        codes: oddities, each once: `box_unreadable`, or `box_with_words`, `box_misspelt` (brackets and commas),
            `box_with_fractions`, `box_out_of_range` (clamped), `box_reversed` (corners put in order) and
            `box_without_area`.
        end: where in the text the boxes end.
    """

    boxes: tuple[Box, ...]
    codes: tuple[str, ...]
    end: int


def read_boxes(text: str, *, is_flat: bool = False) -> ReadBoxes:
    """Return the boxes of `text`, which is all that stands inside a tag: `[[61, 113, 429, 364]]`.

    Brackets and commas may be missing or doubled: what counts is that there are four numbers for each box.

    Args:
        text: the inside of the tag.
        is_flat: whether a single box is also well written without the outer brackets, as Unlimited-OCR has it.
    """
    usual = _USUAL.fullmatch(text)
    if usual:
        return read_numbers([float(number) for number in usual.groups()], [], len(text))
    unreadable = ReadBoxes((), ("box_unreadable",), 0)
    if len(text) > _LONGEST:
        return unreadable
    codes: list[str] = []
    digits = text
    if not _BOX_CHARACTERS.fullmatch(text):
        digits, count = _WORD.subn(" ", text)
        if count > _MOST_WORDS or not _BOX_CHARACTERS.fullmatch(digits) or not text.lstrip().startswith("[["):
            return unreadable
        codes.append("box_with_words")
    numbers = _NUMBER.findall(digits)
    if not numbers or len(numbers) % _NUMBERS_A_BOX or len(numbers) > MOST_BOXES * _NUMBERS_A_BOX:
        return unreadable
    if max(map(len, numbers)) > _LONGEST_NUMBER:
        return unreadable
    return read_numbers([float(number) for number in numbers], codes or _spelling(text, is_flat=is_flat), len(text))


def read_leading_boxes(text: str, start: int, end: int, *, is_flat: bool = False) -> ReadBoxes | None:
    """Return the boxes that `text` has right at `start`, where no `<|/det|>` says where they end.

    Each needs its brackets, and another one is read only inside an outer bracket that is still open; what follows is
    text. None if no box stands there.
    """
    numbers: list[float] = []
    position, depth = start, 0
    while len(numbers) < MOST_BOXES * _NUMBERS_A_BOX:
        match = _LEADING_BOX.match(text, position, end)
        if match is None:
            break
        numbers += (float(number) for number in _NUMBER.findall(match[0]))
        depth += len(match["opening"]) - len(match["closing"])
        position = match.end()
        if depth <= 0:
            break
    return read_numbers(numbers, _spelling(text[start:position], is_flat=is_flat), position) if numbers else None


def is_cut_off_box(text: str) -> bool:
    """Whether `text` is the beginning of a box: an open bracket, numbers, and no bracket that closes."""
    text = text.strip()
    return (
        len(text) <= _LONGEST_CUT_OFF
        and (not text or text[0] in "[(")
        and _BOX_CHARACTERS.fullmatch(text) is not None
        and (text.count("[") + text.count("(") > text.count("]") + text.count(")") or not text)
    )


def _spelling(text: str, *, is_flat: bool) -> list[str]:
    """Return what is odd about the form of `text`, in which boxes were found."""
    form = "".join(_NUMBER.sub("0", text).split())
    well_formed = {"[" + ",".join(["[0,0,0,0]"] * (form.count("0") // _NUMBERS_A_BOX)) + "]"}
    if is_flat:
        well_formed.add("[0,0,0,0]")
    codes = [] if form in well_formed else ["box_misspelt"]
    return [*codes, "box_with_fractions"] if "." in text else codes


def read_numbers(numbers: Sequence[float], codes: Sequence[str] = (), end: int = 0) -> ReadBoxes:
    """Return the boxes of `numbers`, four for each, in the model's units.

    Args:
        numbers: finite.
        codes: oddities that are known already.
        end: where in the text the boxes end.
    """
    if len(numbers) == _NUMBERS_A_BOX and not codes:
        x0, y0, x1, y1 = numbers
        if 0 <= x0 < x1 <= MODEL_SCALE and 0 <= y0 < y1 <= MODEL_SCALE:
            return ReadBoxes((box_from_model(x0, y0, x1, y1),), (), end)  # as nearly all are
    boxes = []
    found = dict.fromkeys(codes)  # an ordered set
    for first in range(0, len(numbers), _NUMBERS_A_BOX):
        x0, y0, x1, y1 = numbers[first : first + _NUMBERS_A_BOX]
        if min(x0, y0, x1, y1) < 0 or max(x0, y0, x1, y1) > MODEL_SCALE:
            found["box_out_of_range"] = None
        if x0 > x1 or y0 > y1:
            found["box_reversed"] = None
        box = box_from_model(x0, y0, x1, y1)
        if box.x0 == box.x1 or box.y0 == box.y1:
            found["box_without_area"] = None
        boxes.append(box)
    return ReadBoxes(tuple(boxes), tuple(found), end)
