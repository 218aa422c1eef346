"""Text set downwards: characters that were placed one by one, each below the other, made one line again.

Some producers write vertical Chinese and Japanese as single characters in a font that runs across, and MuPDF takes even
a font that runs downwards apart where it has to replace it. Either way each character comes as a line of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.joining import is_unspaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.engines.text_layer.spans import PaintedLine

__all__ = ["unstacked"]

_FEWEST = 3  # characters of a stack; two ideographs below each other may be two short lines
_STEP = (0.7, 1.6)  # of the font size, from one character down to the next
_SHIFT = 0.3  # of the font size: a character is this far beside the one above at most

_Numbered = tuple[int, "PaintedLine"]


def unstacked(lines: Sequence[_Numbered]) -> list[_Numbered]:
    """Return the lines with stacks made lines that run downwards; all else, and the order, stay as they are."""
    joined: list[_Numbered] = []
    stack: list[_Numbered] = []
    for numbered in lines:
        if stack and not (_is_one_ideograph(numbered[1]) and _is_below(stack[-1][1], numbered[1])):
            joined += _closed(stack)
            stack = []
        if stack or _is_one_ideograph(numbered[1]):
            stack.append(numbered)
        else:
            joined.append(numbered)
    return joined + _closed(stack)


def _text(line: PaintedLine) -> str:
    span = line["spans"][0]
    return span["text"] if "text" in span else "".join(character["c"] for character in span["chars"])


def _is_one_ideograph(line: PaintedLine) -> bool:
    if len(line["spans"]) != 1:
        return False
    text = _text(line).strip()
    return len(text) == 1 and is_unspaced(text)


def _is_below(above: PaintedLine, below: PaintedLine) -> bool:
    first, second, size = above["bbox"], below["bbox"], below["spans"][0]["size"]
    shift = abs((first[0] + first[2]) - (second[0] + second[2])) / 2
    step = (second[1] + second[3] - first[1] - first[3]) / 2
    return shift <= _SHIFT * size and _STEP[0] * size <= step <= _STEP[1] * size


def _closed(stack: Sequence[_Numbered]) -> list[_Numbered]:
    if len(stack) < _FEWEST:
        return list(stack)
    number, first = stack[0]
    boxes = [line["bbox"] for _, line in stack]
    bbox = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    span = dict(first["spans"][0])
    span |= {"bbox": bbox, "origin": (bbox[0], bbox[1])}
    if "text" in span:
        span["text"] = "".join(_text(line) for _, line in stack)
    else:
        span["chars"] = [character for _, line in stack for character in line["spans"][0]["chars"]]
    return [(number, {**first, "spans": [span], "bbox": bbox, "dir": (0.0, 1.0), "wmode": 1})]  # type: ignore[list-item]  # a copy of a span
