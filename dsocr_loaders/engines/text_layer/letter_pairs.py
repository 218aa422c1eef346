"""How surprising it is, in languages as a whole, that one letter follows another.

`letter_pairs.txt` has a block for each script: a line with its name and the most that honest text costs on the average
for a pair, in bits; a line with its letters, accents left out, most frequent first; and for each letter a line of
digits, one for each letter that may follow: the bits of that pair, 9 for 9 and more. Every language counts the same,
however much text of it there was, and a hundredth of every probability is for pairs that were never seen.

Counted over the translations of free programs' messages into 120 languages; `benchmarks/legibility.py` does that
again, and measures how much honest text is accused and how much nonsense is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LetterTable", "letter_tables"]


@dataclass(frozen=True, slots=True)
class LetterTable:
    """A script's table.

    Attributes:
        most_bits: what a pair of long honest text costs at most on the average.
        bits: what each pair costs.
    """

    most_bits: float
    bits: Mapping[tuple[str, str], int]


@cache
def letter_tables() -> Mapping[str, LetterTable]:
    """Return the table of each script, by the first word of its letters' Unicode names."""
    lines = files("dsocr_loaders.engines.text_layer").joinpath("letter_pairs.txt").read_text("utf-8").splitlines()
    tables = {}
    at = 0
    while at < len(lines):
        script, most_bits = lines[at].split()
        letters = lines[at + 1]
        rows = lines[at + 2 : at + 2 + len(letters)]
        bits = {
            (first, second): int(digit)
            for first, row in zip(letters, rows, strict=True)
            for second, digit in zip(letters, row, strict=True)
        }
        tables[script] = LetterTable(float(most_bits), MappingProxyType(bits))
        at += 2 + len(letters)
    return MappingProxyType(tables)
