"""Pages, and tables on them, that lie on their side.

The model reads a page as it is shown. Where text runs up or down, its boxes are tall and thin: about as high as a line
is long, and as wide as it is high.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import box_to_model
from dsocr_loaders.values import AnswerFault, HealthFinding, RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import PageImage, ParsedAnswer, Region

__all__ = ["sideways"]

_UPRIGHT_ASPECT: Final = 1.41  # height to width of a page of which nothing is known: A4
_THIN: Final = 3.0  # height to width
_THIN_CAPTION: Final = 90  # of 999: width of a caption of up to three lines
_OVERLAP: Final = 0.8  # of a caption's height that lies beside its table
_LEAST_LINES: Final = 4
_LINE_SHARE: Final = 0.6
_LINE: Final = 40  # of 999: width of a line that lies on its side
_LETTER: Final = 4.0  # of 999: width of a letter at 5 pt
_WORD: Final = re.compile(r"[^\W\d_\u0e00-\u109f\u1780-\u18af\u3040-\u30ff\u3400-\ud7ff\uf900-\ufaff]+")
_TALL: Final = 1.6  # height to width of a table; an upright one that fills an upright page has 1.4
_LONG: Final = 500  # of 999: height of a table that was turned because it is too wide
_COLUMNS: Final = 6  # of a table that is too wide for an upright page


@dataclass(frozen=True, slots=True)
class _Block:
    region: Region
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0


def sideways(parsed: ParsedAnswer, page: PageImage | None, loops: Sequence[HealthFinding]) -> HealthFinding | None:
    """Return that the page, or its table, lies on its side; None if nothing shows it.

    Three things show it: a tall thin caption beside its table, where those of upright tables stand above or below;
    words in boxes that are too thin for them; and a loop in a tall table that is all there is on the page.
    """
    aspect = page.height / page.width if page is not None and page.width > 0 and page.height > 0 else _UPRIGHT_ASPECT
    blocks = [_Block(region, *box_to_model(region.boxes[0])) for region in parsed.regions if len(region.boxes) == 1]
    tables = {block.region.order: block for block in blocks if block.region.type is RegionType.TABLE}
    captions = [(tables.get(block.region.caption_of or 0), block) for block in blocks]
    if any(table is not None and _lies_beside(table, caption, aspect) for table, caption in captions):
        return _finding("a table's caption is tall and thin and stands beside the table")
    lines = [block for block in blocks if block.region.type is not RegionType.TABLE and block.region.text.strip()]
    thin = [block for block in lines if _is_line_on_its_side(block, aspect)]
    if len(thin) >= _LEAST_LINES and len(thin) >= _LINE_SHARE * len(lines):
        return _finding(f"{len(thin)} of {len(lines)} texts stand in boxes that are too thin for their words")
    if any(_is_lost_in_table(block, blocks, aspect, loops) for block in blocks):
        return _finding("nothing is on the page but a tall table, and it was not read")
    return None


def _lies_beside(table: _Block, caption: _Block, aspect: float) -> bool:
    if caption.region.type is not RegionType.CAPTION or caption.region.caption_of is None:
        return False
    if caption.height * aspect < _THIN * caption.width or not 0 < caption.width <= _THIN_CAPTION:
        return False
    is_beside = caption.x1 <= table.x0 + caption.width or caption.x0 >= table.x1 - caption.width
    return is_beside and min(caption.y1, table.y1) - max(caption.y0, table.y0) >= _OVERLAP * caption.height


def _is_line_on_its_side(block: _Block, aspect: float) -> bool:
    """Whether the text's longest word does not fit into its box's width, but would along its height.

    Scripts without blanks are left out, since they are also written from top to bottom.
    """
    longest = max(map(len, _WORD.findall(block.region.text)), default=0)
    return (
        0 < block.width <= _LINE
        and block.height * aspect >= _THIN * block.width
        and longest * _LETTER > block.width
        and longest * _LETTER <= block.height * aspect
    )


def _is_lost_in_table(table: _Block, blocks: Sequence[_Block], aspect: float, loops: Sequence[HealthFinding]) -> bool:
    if table.region.type is not RegionType.TABLE or table.height * aspect < _TALL * table.width:
        return False
    first_row = table.region.text[: table.region.text.find("</tr>") + 1]
    if table.height < _LONG or first_row.count("<td") < _COLUMNS:
        return False
    others = (block for block in blocks if block is not table)
    return all(block.region.caption_of == table.region.order for block in others) and any(
        span.start <= loop.start < span.end for span in table.region.spans for loop in loops
    )


def _finding(detail: str) -> HealthFinding:
    return HealthFinding(AnswerFault.SIDEWAYS, detail)
