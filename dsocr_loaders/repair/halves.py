"""Where a page is cut into two halves that are read separately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import Box
from dsocr_loaders.repair.framing import Framing

if TYPE_CHECKING:
    from dsocr_loaders.values import InkGrid

__all__ = ["halves_of"]

_LEAST_ROWS: Final = 8  # of ink: on A4 about 5 cm; what is less is no page that is too much for one answer
_SEARCHED: Final = 0.2  # of the inked rows, to either side of their middle
_FAR: Final = 0.5  # how much ink, in mean rows, outweighs a cut at the end of what is searched
_OVERLAP_ROWS: Final = (
    2  # to either side: on A4 1.3 cm, two to three lines of text, so that one of them is whole in both
)
_OVERLAP_ROWS_IN_WHITE: Final = 1


def halves_of(ink: InkGrid | None) -> tuple[Framing, Framing] | None:
    """Return the upper and the lower half of a page, which overlap; None for a page with too little on it, or unknown.

    The cut runs across the page, since lines do too. It lies near the middle of what is inked, where there is least
    ink; the halves reach a few lines beyond it. Their edges are edges of the ink grid.
    """
    if ink is None:
        return None
    rows = [sum(ink.shares[row * ink.columns : (row + 1) * ink.columns]) for row in range(ink.rows)]
    inked = [row for row, share in enumerate(rows) if share]
    if not inked or inked[-1] - inked[0] + 1 < _LEAST_ROWS:
        return None
    count = inked[-1] - inked[0] + 1
    middle, reach = inked[0] + count / 2, max(1, round(_SEARCHED * count))
    mean = sum(rows) / count

    def cost(edge: int) -> float:
        return (rows[edge - 1] + rows[edge]) / (2 * mean) + _FAR * abs(edge - middle) / reach

    cut = min(range(round(middle) - reach, round(middle) + reach + 1), key=cost)
    is_white = not rows[cut - 1] and not rows[cut]
    overlap = _OVERLAP_ROWS_IN_WHITE if is_white else _OVERLAP_ROWS
    lower_edge, upper_edge = min(ink.rows, cut + overlap) / ink.rows, max(0, cut - overlap) / ink.rows
    return Framing(Box(0.0, 0.0, 1.0, lower_edge)), Framing(Box(0.0, upper_edge, 1.0, 1.0))
