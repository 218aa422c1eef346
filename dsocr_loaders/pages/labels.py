"""Page labels: what a PDF calls its pages, such as `iv` or `A-3`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LabelRule", "clean_text", "labels_from_rules"]

_LONGEST_TEXT = 200  # characters of a label or a bookmark that are kept
_CONTROLS = frozenset({"Cc", "Cs"})
_LARGEST_ROMAN = 3999
_LARGEST_LETTER = 26 * 20
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")),
    *((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How a run of pages is labelled (ISO 32000-1, 12.4.2).

    Attributes:
        first_index: the page that the run starts with, from 0.
        style: `"D"`, `"R"`, `"r"`, `"A"`, `"a"`, or `""` for the prefix alone.
        prefix: stands before each number.
        first_number: the number of the run's first page.
    """

    first_index: int
    style: str
    prefix: str
    first_number: int


def clean_text(text: str) -> str:
    """Return `text` as one line of at most 200 characters, without control characters and broken surrogates."""
    kept = "".join(" " if category(character) in _CONTROLS else character for character in text[: 2 * _LONGEST_TEXT])
    return " ".join(kept.split())[:_LONGEST_TEXT]


def labels_from_rules(rules: Iterable[LabelRule], total_pages: int) -> tuple[str, ...]:
    """Return one label for each page; a page without a rule, or with an empty label, is labelled with its number."""
    labels = [str(number) for number in range(1, total_pages + 1)]
    ordered = sorted((rule for rule in rules if 0 <= rule.first_index < total_pages), key=lambda rule: rule.first_index)
    ends = (*(rule.first_index for rule in ordered), total_pages)
    for rule, end in zip(ordered, ends[1:], strict=True):
        for index in range(rule.first_index, end):
            number = _numbered(rule.style, rule.first_number + index - rule.first_index)
            labels[index] = clean_text(rule.prefix + number) or labels[index]
    return tuple(labels)


def _numbered(style: str, number: int) -> str:
    match style:
        case "D":
            return str(number)
        case "R" | "r" if 1 <= number <= _LARGEST_ROMAN:
            return _roman(number) if style == "R" else _roman(number).lower()
        case "A" | "a" if 1 <= number <= _LARGEST_LETTER:
            # After z comes aa, then bb: the letter is repeated.
            return chr(ord(style) + (number - 1) % 26) * ((number - 1) // 26 + 1)
        case "R" | "r" | "A" | "a":
            return str(number)
        case _:
            return ""


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written
