"""An answer held against the ink of its page: what has ink, and is not in the answer."""

from __future__ import annotations

from itertools import accumulate
from math import ceil, floor
from statistics import median
from typing import TYPE_CHECKING, Final

from dsocr_loaders.values import AnswerFault, HealthFinding, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import InkGrid, ParsedAnswer

__all__ = ["little_text", "picture_only"]

_INKED: Final = 5  # of 255: share of ink in a cell that something stands in; noise of a scan has less
_TEXT: Final = 110  # of 255: text has less ink in a cell; photographs and filled areas have more
_LEAST_CELLS: Final = 120
"""Cells with ink that are worth another read: of 1,408, about five full lines of text."""
_RULES: Final = 23
"""Of 255: half of the cells that thin rules alone run through have less ink, in forms, on ruled and on squared paper
(up to 21 for rules of 0.8 pt); of those with text, sparse or in light scripts, half have more (from 27)."""
_COVERED: Final = 0.5
"""Share of the cells with text that lie in boxes. The model leaves out running heads, page numbers and small print in
figures."""
_LEAST_A_CELL: Final = 0.1
"""Characters for each cell with text in a text's box: a title in letters as high as three cells has about 0.2,
handwriting 0.8, text of 10 pt about 4."""
_MOST_A_CELL: Final = 8
"""Characters that a cell holds at 8 pt. What a box has beyond that stands elsewhere: the model gave a paragraph no box
of its own."""
_USUAL_A_CELL: Final = 3


class _Area:
    """Cells that boxes touch. Adding a box takes the same time whatever its size."""

    def __init__(self, ink: InkGrid) -> None:
        self._columns, self._rows = ink.columns, ink.rows
        self._steps = [[0] * (ink.columns + 1) for _ in range(ink.rows + 1)]

    def add(self, box: Box) -> None:
        left, right = floor(box.x0 * self._columns), ceil(box.x1 * self._columns)
        top, bottom = floor(box.y0 * self._rows), ceil(box.y1 * self._rows)
        if left < right and top < bottom:
            self._steps[top][left] += 1
            self._steps[top][right] -= 1
            self._steps[bottom][left] -= 1
            self._steps[bottom][right] += 1

    def cells(self) -> set[int]:
        """Return the cells, row by row from 0."""
        found: set[int] = set()
        above = [0] * (self._columns + 1)
        for row in range(self._rows):
            above = [one + other for one, other in zip(above, accumulate(self._steps[row]), strict=True)]
            found.update(row * self._columns + column for column in range(self._columns) if above[column])
        return found


def picture_only(parsed: ParsedAnswer, ink: InkGrid | None) -> HealthFinding | None:
    """Return that the answer names pictures alone though the page has ink like that of text; None if not.

    Nothing tells it without the page's ink: a page can be a picture. A photograph has dark cells, a page of text none.
    """
    said = [region for region in parsed.regions if region.type is not RegionType.FIGURE and region.text.strip()]
    if said or not parsed.regions or ink is None:
        return None
    inked = [share for share in ink.shares if share >= _INKED]
    if len(inked) < _LEAST_CELLS or median(inked) > _TEXT:
        return None
    detail = f"the answer names a picture and nothing else; {len(inked)} of {len(ink.shares)} cells have ink like text"
    return HealthFinding(AnswerFault.PICTURE_ONLY, detail)


def little_text(parsed: ParsedAnswer, ink: InkGrid | None) -> HealthFinding | None:
    """Return that the answer's regions cover little of the ink, or hold little text for it; None if not.

    A page of which an answer has no boxes at all is measured by its characters alone. A page with more filled cells
    than such with text, on coloured ground or with large photographs, is not measured.
    """
    if ink is None:
        return None
    text_cells = {index for index, share in enumerate(ink.shares) if _INKED <= share <= _TEXT}
    dark = sum(share > _TEXT for share in ink.shares)
    if len(text_cells) < _LEAST_CELLS or dark > len(text_cells):
        return None
    pictures, texts = _Area(ink), _Area(ink)
    characters = 0
    has_boxes = False
    for region in parsed.regions:
        size = sum(map(len, region.text.split()))
        characters += size
        has_boxes = has_boxes or bool(region.boxes)
        if size or region.type is RegionType.FIGURE:
            area = pictures if region.type in {RegionType.FIGURE, RegionType.TABLE} else texts
            for box in region.boxes:
                area.add(box)
    if has_boxes:
        in_pictures, in_texts = pictures.cells(), texts.cells()
        excess = max(0, characters - _MOST_A_CELL * len(in_texts | in_pictures))
        covered = len(text_cells & (in_pictures | in_texts)) + excess // _USUAL_A_CELL
        left_out = [ink.shares[index] for index in text_cells - in_pictures - in_texts]
        is_enough = covered < _COVERED * len(text_cells) and len(text_cells) - covered >= _LEAST_CELLS
        if is_enough and median(left_out) >= _RULES:
            return _finding(f"boxes cover {covered} of {len(text_cells)} cells of the page that have ink like text")
        text_cells &= in_texts - in_pictures
        if len(text_cells) < _LEAST_CELLS:
            return None
    if characters < _LEAST_A_CELL * len(text_cells):
        return _finding(f"the answer has {characters} characters for {len(text_cells)} cells that have ink like text")
    return None


def _finding(detail: str) -> HealthFinding:
    return HealthFinding(AnswerFault.LITTLE_TEXT, detail)
