"""Displayed formulas: which runs of a column are one."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.layer import Run, rectangle_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["formula_order", "formulas_of"]

_OVERLAP = 0.25  # of the lower one's height: a fraction and what stands beside it are one band, two lines are not
_INDENT = 1.0  # of the font size, from the edge of the column
_LONGEST = 240  # characters
_WORD = re.compile(r"[^\W\d_]{4,}")
_FUNCTIONS = frozenset(
    [
        "sinh",
        "cosh",
        "tanh",
        "arcsin",
        "arccos",
        "arctan",
        "argmax",
        "argmin",
        "softmax",
        "sign",
        "rank",
        "diag",
        "trace",
        "grad",
        "otherwise",
        "where",
        "with",
    ]
)
_LONGEST_PRODUCT = 6  # letters
_WORDY = 0.3  # of the letters at most stand in words
_NUMBER = re.compile(r"\(\s*[A-Z]?\d+(?:[.\-]\d+)*\s*[a-z]?\s*\)$")
_GAP = 0.5  # of the font size: bands this close are one formula
_SMALL, _LONGEST_LIMIT = 0.85, 12  # of the formula's font size, and characters
_MOST_RUNS = 3_000  # of a column that is searched


def formulas_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs of each displayed formula among those of a column, from top to bottom.

    A formula stands in a band of its own, set in from the column's edge or with a number at its end, and has a sign of
    mathematics, something slanted or of an alphabet of symbols, and hardly a word.
    """
    if not runs or len(runs) > _MOST_RUNS or not any(map(_has_sign, runs)):
        return []
    left = min(run.place.x0 for run in runs)
    found: list[list[Run]] = []
    bands = _bands(runs)
    flags = [_is_formula(band, left) for band in bands]
    for index in [at for at, flag in enumerate(flags) if flag]:
        for beside in (index - 1, index + 1):
            # The limits of a sum may stand apart from it.
            if 0 <= beside < len(bands) and not flags[beside] and _are_limits(bands[beside], bands[index]):
                flags[beside] = True
    previous = -2
    for index, band in enumerate(bands):
        if not flags[index]:
            continue
        if previous == index - 1 and found and _are_close(found[-1], band):
            found[-1] += band
        else:
            found.append(list(band))
        previous = index
    return found


def _are_limits(band: Sequence[Run], formula: Sequence[Run]) -> bool:
    first, second = (rectangle_around(run.place for run in each) for each in (band, formula))
    size = max(run.size for run in formula)
    return (
        all(run.size <= _SMALL * size and len(run.text.strip()) <= _LONGEST_LIMIT for run in band)
        and first.x0 >= second.x0
        and first.x1 <= second.x1
        and max(first.y0 - second.y1, second.y0 - first.y1) <= _GAP * size
    )


def formula_order(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of a formula from left to right, what stands above each other from top to bottom."""
    stacks: list[list[Run]] = []
    for run in sorted(runs, key=lambda each: each.place.x0):
        reach = max((each.place.x1 for each in stacks[-1]), default=0.0) if stacks else float("-inf")
        if run.place.x0 < reach - 0.2 * run.size:
            stacks[-1].append(run)
        else:
            stacks.append([run])
    return [run for stack in stacks for run in sorted(stack, key=lambda each: (each.baseline, each.place.x0))]


def _bands(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the runs in stretches that overlap in height, from top to bottom."""
    bands: list[list[Run]] = []
    reach = float("-inf")
    for run in sorted(runs, key=lambda each: each.place.y0):
        if bands and reach - run.place.y0 > _OVERLAP * run.place.height:
            bands[-1].append(run)
            reach = max(reach, run.place.y1)
        else:
            bands.append([run])
            reach = run.place.y1
    return bands


def _has_sign(run: Run) -> bool:
    text = run.text
    if text.isascii():
        return "=" in text or "<" in text or ">" in text or "+" in text
    return any(unicodedata.category(character) == "Sm" for character in text)


def _is_formula(band: Sequence[Run], left: float) -> bool:
    if not any(map(_has_sign, band)) or not any(run.slanted or _is_symbolic(run.text) for run in band):
        return False
    text = " ".join(run.text.strip() for run in formula_order(band))
    letters = sum(map(str.isalpha, text))
    found = [word for word in _WORD.findall(text) if word.casefold() not in _FUNCTIONS]
    # Symbols side by side look like one short word.
    words = 0 if len(found) == 1 and len(found[0]) <= _LONGEST_PRODUCT else sum(map(len, found))
    if len(text) > _LONGEST or not letters or words > _WORDY * letters:
        return False
    is_set_in = min(run.place.x0 for run in band) - left >= _INDENT * max(run.size for run in band)
    return is_set_in or (_NUMBER.search(text) is not None and len(band) > 1)


def _is_symbolic(text: str) -> bool:
    return not text.isascii() and any(
        unicodedata.category(character) == "Sm" or "\u0370" <= character <= "\u03ff" for character in text
    )


def _are_close(above: Sequence[Run], below: Sequence[Run]) -> bool:
    first, second = (rectangle_around(run.place for run in band) for band in (above, below))
    return second.y0 - first.y1 <= _GAP * max(run.size for run in below)
