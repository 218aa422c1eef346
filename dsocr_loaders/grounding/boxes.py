"""The numbers inside `<|det|>...<|/det|>` -> boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsocr_loaders.geometry import MODEL_SCALE, Box, box_from_model

__all__ = ["ReadBoxes", "read_boxes"]

MOST_BOXES = 64
"""More boxes than this in one tag are noise; real answers have up to four."""

_NUMBERS_A_BOX = 4
# Nothing but brackets, commas, blanks and numbers of a sane length. No quantifier is nested in another, so matching
# is linear.
_BOX_TEXT = re.compile(r"[\[\](), \t\r\n0-9.\-]*")
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class ReadBoxes:
    """What the inside of a box tag says.

    Attributes:
        boxes: in order; empty if the text cannot be read as boxes.
        codes: oddities: `box_unreadable`, `box_out_of_range` (clamped), `box_reversed` (corners put in order),
            `box_without_area`.
    """

    boxes: tuple[Box, ...]
    codes: tuple[str, ...]


def read_boxes(text: str) -> ReadBoxes:
    """Return the boxes that `text`, such as `[[61, 113, 429, 364]]`, holds; numbers are 0 to 999."""
    if not _BOX_TEXT.fullmatch(text):
        return ReadBoxes((), ("box_unreadable",))
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if not numbers or len(numbers) % _NUMBERS_A_BOX or len(numbers) > MOST_BOXES * _NUMBERS_A_BOX:
        return ReadBoxes((), ("box_unreadable",))
    boxes = []
    codes: dict[str, None] = {}  # an ordered set
    for start in range(0, len(numbers), _NUMBERS_A_BOX):
        x0, y0, x1, y1 = numbers[start : start + _NUMBERS_A_BOX]
        if not all(0 <= number <= MODEL_SCALE for number in (x0, y0, x1, y1)):
            codes["box_out_of_range"] = None
        if x0 > x1 or y0 > y1:
            codes["box_reversed"] = None
        box = box_from_model(x0, y0, x1, y1)
        if not box.area:
            codes["box_without_area"] = None
        boxes.append(box)
    return ReadBoxes(tuple(boxes), tuple(codes))
