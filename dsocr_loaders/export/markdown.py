"""Pages and documents as Markdown.

The model writes Markdown, so texts are taken as they are. Three things change: marks that the type of a region asks
for are put around it, formulas stand between dollars, and HTML that a browser would obey is shown instead
(`inert_markup`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from dsocr_loaders.chunking.units import Unit, units_of
from dsocr_loaders.structure import HEADINGS, joined, normalised_latex, with_figure_texts
from dsocr_loaders.tables import inert_markup, parse_tables, table_html, table_markdown
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dsocr_loaders.tables import Table
    from dsocr_loaders.values import Document, Join, PageResult, Region

__all__ = ["document_markdown", "page_markdown"]

TableFormat = Literal["markdown", "html"]

_BETWEEN = "\n\n"
_DEEPEST_HEADING = 6
_IN_ADDRESS = "%:/?#@!$&'*+,;=~"  # stays as it is in an address; brackets and blanks would end the link
_LEVEL_OF_NONE = {RegionType.TITLE: 1, RegionType.HEADING: 2}
_PLAIN_PATH = re.compile(r"[^\s()<>\\]+")

# A line break of a matrix, `\\[2pt]`, is no delimiter.
_DISPLAY_DELIMITER = re.compile(r"(?<!\\)\\([\[\]])")


def document_markdown(document: Document, *, table_format: TableFormat = "markdown", join_pages: bool = True) -> str:
    """Return the Markdown of all pages in order, a blank line between two; see `page_markdown`.

    With `join_pages` a paragraph, list or table that goes on over a page break is one again, where it begins, and a
    caption that is repeated there is left out.
    """
    units = (unit for page in document.pages for unit in _units(with_figure_texts(page, table_format)))
    return _shown(units, table_format, join_pages=join_pages)


def page_markdown(page: PageResult, *, table_format: TableFormat = "markdown") -> str:
    r"""Return the page's regions as Markdown in reading order, a blank line between two, no line end behind the last.

    * a title or heading is one line behind `#` to `######`, by its level; one without a level counts as 1 or 2; one
      that came apart into number and words is one line again;
    * paragraphs, lists and footnotes stand as they are, formulas in them between `$`;
    * a table is a pipe table, or HTML if `table_format` is `"html"`, with what else its text holds;
    * a formula stands in `$$ ... $$`, whether or not it came in `\[ ... \]`;
    * a caption is in italics, right above or below its table or figure, as on the page; a figure is its saved crop,
      `![caption](path)`, if there is one, what was read in it (`read_figures`), and its caption;
    * headers, footers and page numbers are left out;
    * what leads to an address is a link: `[text](address)`; not in an HTML table.

    A page without regions (blank, skipped, failed) is `""`: what went wrong is never content.
    """
    return _shown(_units(with_figure_texts(page, table_format)), table_format, join_pages=False)


@dataclass(slots=True)
class _Block:
    """A region and the texts that it goes on with; of a table its tables, the first of a later page already joined."""

    unit: Unit
    text: str
    tables: list[Table]


def _units(page: PageResult) -> Iterator[Unit]:
    units = {unit.region.order: unit for unit in units_of(page)}
    for region in page.regions:
        unit = units.get(region.order)
        if unit is not None:
            yield unit
        elif region.image_path and region.type is RegionType.FIGURE:
            yield Unit(page, region)


def _shown(units: Iterable[Unit], table_format: TableFormat, *, join_pages: bool) -> str:
    blocks: list[_Block] = []
    by_place: dict[tuple[int, int], _Block] = {}
    for unit in units:
        region = unit.region
        join = region.continues
        earlier = by_place.get((join.page_number, join.order)) if join is not None else None
        block = None
        if join is not None and earlier is not None and (join_pages or join.page_number == unit.page.page_number):
            block = _extended(earlier, unit, join, table_format)
        if block is None:
            block = _Block(unit, _with_links(region), _tables(region, table_format))
            blocks.append(block)
        elif block is not earlier:
            blocks.append(block)
        by_place[unit.page.page_number, region.order] = block
    shown = (piece for block in blocks for piece in _pieces(block, table_format, join_pages=join_pages))
    return _BETWEEN.join(piece for piece in shown if piece)


def _tables(region: Region, table_format: TableFormat) -> list[Table]:
    if region.type is not RegionType.TABLE:
        return []
    return list(parse_tables(region.text if table_format == "html" else _with_links(region)))


def _extended(earlier: _Block, unit: Unit, join: Join, table_format: TableFormat) -> _Block | None:
    """Let a block go on with a further region; None if the two cannot be put together."""
    region = unit.region
    if join.how == "repeated":
        return earlier
    if earlier.tables or region.type is RegionType.TABLE:
        tables = _tables(region, table_format)
        if not earlier.tables or not tables or earlier.tables[-1].after or tables[0].before:
            return None
        last = earlier.tables[-1]
        rows = tables[0].rows[join.header_rows :]
        whole = replace(last, rows=last.rows + rows, after=tables[0].after)
        earlier.tables = [*earlier.tables[:-1], whole, *tables[1:]]
        earlier.unit = replace(
            earlier.unit, above=earlier.unit.above + unit.above, below=earlier.unit.below + unit.below
        )
        return earlier
    earlier.text = joined(earlier.text, join.how, _with_links(region))
    if region.type in HEADINGS and earlier.unit.region.type not in HEADINGS:  # a number that was taken for text
        earlier.unit = replace(earlier.unit, region=region)
    return earlier


def _pieces(block: _Block, table_format: TableFormat, *, join_pages: bool) -> Iterator[str]:
    unit = block.unit
    for caption in unit.above:
        yield _caption(caption, join_pages=join_pages)
    if unit.region.type is RegionType.TABLE:
        shown = table_html if table_format == "html" else table_markdown
        yield normalised_latex(_BETWEEN.join(map(shown, block.tables)))
    elif unit.region.type is RegionType.FIGURE and unit.region.image_path:
        words = next((caption.text for caption in (*unit.above, *unit.below) if caption.type is RegionType.CAPTION), "")
        yield _image(words, unit.region.image_path)
        yield _block(unit.region, block.text)
    else:
        yield _block(unit.region, block.text)
    for caption in unit.below:
        yield _caption(caption, join_pages=join_pages)


def _caption(caption: Region, *, join_pages: bool) -> str:
    join = caption.continues
    is_repeated = join_pages and join is not None and join.how == "repeated"
    return "" if is_repeated else _block(caption, _with_links(caption))


def _image(words: str, path: str) -> str:
    shown = inert_markup(normalised_latex(_one_line(words))).replace("[", "\\[").replace("]", "\\]")
    target = path.replace("\\", "/").replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A")
    return f"![{shown}]({target if _PLAIN_PATH.fullmatch(target) else f'<{target}>'})"


def _block(region: Region, text: str) -> str:
    return inert_markup(_marked(region, text.strip()))


def _marked(region: Region, text: str) -> str:
    if not text:
        return ""
    match region.type:
        case RegionType.TITLE | RegionType.HEADING:
            level = min(_DEEPEST_HEADING, region.level or _LEVEL_OF_NONE[region.type])
            return f"{'#' * level} {normalised_latex(_one_line(text))}"
        case RegionType.CAPTION:
            return f"*{normalised_latex(_one_line(text))}*"
        case RegionType.FORMULA:
            return _formula(text)
        case _:
            return normalised_latex(text)


def _with_links(region: Region) -> str:
    """Return the text, with `[text](address)` where a range of it leads somewhere."""
    text, position = "", 0
    for link in region.links:
        # Entities, since escaped brackets are the delimiters of LaTeX.
        shown = region.text[link.start : link.end].replace("[", "&#91;").replace("]", "&#93;")
        text += f"{region.text[position : link.start]}[{shown}]({quote(link.url, safe=_IN_ADDRESS)})"
        position = link.end
    return text + region.text[position:]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _formula(text: str) -> str:
    found = list(_DISPLAY_DELIMITER.finditer(text))
    if not found:
        return normalised_latex(text) if "$" in text or "\\(" in text else _displayed(text)
    blocks = []
    position, is_inside = 0, False
    for delimiter in found:
        is_end = delimiter[1] == "]"
        piece = text[position : delimiter.start()]
        blocks.append(_displayed(piece) if is_inside or is_end else normalised_latex(piece.strip()))
        position, is_inside = delimiter.end(), not is_end
    rest = text[position:]
    blocks.append(_displayed(rest) if is_inside else normalised_latex(rest.strip()))
    return _BETWEEN.join(block for block in blocks if block)


def _displayed(formula: str) -> str:
    """Return `formula` between `$$`; without blank lines, which would end it."""
    lines = [line.rstrip() for line in formula.strip().split("\n") if line.strip()]
    if not lines:
        return ""
    return f"$$ {lines[0]} $$" if len(lines) == 1 else "\n".join(("$$", *lines, "$$"))
