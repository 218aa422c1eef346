"""What was read in figures, as their text, for whatever searches or shows a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.geometry import hull
from dsocr_loaders.tables import parse_tables, table_text
from dsocr_loaders.values import Line, RegionType

if TYPE_CHECKING:
    from dsocr_loaders.values import FigurePart, PageResult, Region

__all__ = ["with_figure_texts"]

_BETWEEN = "\n\n"


def with_figure_texts(page: PageResult, table_format: Literal["markdown", "html"] = "markdown") -> PageResult:
    """Return the page with what was read in each figure behind the figure's own text, and no readings any more.

    Tables in it are written in `table_format`. `Region.lines` says where the parts are: in their own boxes, or
    anywhere in the figure. Ranges of such a text are no ranges of the page's answer; `spans` still are those of the
    figure's tag. A page without readings is returned as it is.
    """
    if all(region.reading is None for region in page.regions):
        return page
    return replace(page, regions=tuple(_with_text(region, table_format) for region in page.regions))


def _with_text(region: Region, table_format: Literal["markdown", "html"]) -> Region:
    if region.reading is None:
        return region
    own = region.text.rstrip()
    text, lines = own, list(region.lines)
    if own and not lines and region.boxes:
        lines.append(Line(hull(region.boxes), 0, len(own)))
    for part in region.reading.parts:
        text += _BETWEEN if text else ""
        start = len(text)
        text += _shown(part, table_format)
        boxes = part.boxes or region.boxes
        if boxes:
            lines.append(Line(hull(boxes), start, len(text)))
    return replace(region, text=text, lines=tuple(lines), reading=None)


def _shown(part: FigurePart, table_format: Literal["markdown", "html"]) -> str:
    if part.type is not RegionType.TABLE:
        return part.text
    tables = parse_tables(part.text)
    if not any(table.rows for table in tables):
        return part.text
    return _BETWEEN.join(table_text(table, table_format) for table in tables)
