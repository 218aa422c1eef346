"""Pages and documents as Markdown.

The model writes Markdown, so texts are taken as they are. Two things change: marks that the type of a region asks
for are put around it, and HTML that a browser would obey is shown instead (`inert_markup`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from dsocr_loaders.chunking.units import units_of
from dsocr_loaders.tables import inert_markup, parse_tables, table_html, table_markdown
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import Document, PageResult, Region

__all__ = ["document_markdown", "page_markdown"]

_BETWEEN = "\n\n"
_DEEPEST_HEADING = 6
_IN_ADDRESS = "%:/?#@!$&'*+,;=~"  # stays as it is in an address; brackets and blanks would end the link
_LEVEL_OF_NONE = {RegionType.TITLE: 1, RegionType.HEADING: 2}

# A line break of a matrix, `\\[2pt]`, is no delimiter.
_DISPLAY_DELIMITER = re.compile(r"(?<!\\)\\([\[\]])")


def document_markdown(document: Document, *, table_format: Literal["markdown", "html"] = "markdown") -> str:
    """Return the Markdown of all pages in order, a blank line between two; see `page_markdown`."""
    pages = (page_markdown(page, table_format=table_format) for page in document.pages)
    return _BETWEEN.join(page for page in pages if page)


def page_markdown(page: PageResult, *, table_format: Literal["markdown", "html"] = "markdown") -> str:
    r"""Return the page's regions as Markdown in reading order, a blank line between two, no line end behind the last.

    * a title or heading is one line behind `#` to `######`, by its level; one without a level counts as 1 or 2;
    * paragraphs, lists and footnotes stand as they are;
    * a table is a pipe table, or HTML if `table_format` is `"html"`, with what else its text holds;
    * a formula stands in `$$ ... $$`, whether or not it came in `\[ ... \]`; inline `\( ... \)` is left alone;
    * a caption is in italics, right above or below its table or figure, as on the page; a figure is its caption;
    * headers, footers and page numbers are left out;
    * what leads to an address is a link: `[text](address)`; not in an HTML table.

    A page without regions (blank, skipped, failed) is `""`: what went wrong is never content.
    """
    return _BETWEEN.join(block for block in _blocks(page, table_format) if block)


def _blocks(page: PageResult, table_format: Literal["markdown", "html"]) -> Iterator[str]:
    for unit in units_of(page):
        for region in (*unit.above, unit.region, *unit.below):
            if region.type is RegionType.TABLE:
                shown = table_html if table_format == "html" else table_markdown
                text = region.text if table_format == "html" else _with_links(region)
                yield _BETWEEN.join(map(shown, parse_tables(text)))
            else:
                yield inert_markup(_block(region))


def _block(region: Region) -> str:
    text = _with_links(region).strip()
    if not text:
        return ""
    match region.type:
        case RegionType.TITLE | RegionType.HEADING:
            level = min(_DEEPEST_HEADING, region.level or _LEVEL_OF_NONE[region.type])
            return f"{'#' * level} {_one_line(text)}"
        case RegionType.CAPTION:
            return f"*{_one_line(text)}*"
        case RegionType.FORMULA:
            return _formula(text)
        case _:
            return text


def _with_links(region: Region) -> str:
    """Return the text, with `[text](address)` where a range of it leads somewhere."""
    text, position = "", 0
    for link in region.links:
        shown = region.text[link.start : link.end].replace("[", "\\[").replace("]", "\\]")
        text += f"{region.text[position : link.start]}[{shown}]({quote(link.url, safe=_IN_ADDRESS)})"
        position = link.end
    return text + region.text[position:]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _formula(text: str) -> str:
    found = list(_DISPLAY_DELIMITER.finditer(text))
    if not found:
        return text if "$" in text or "\\(" in text else _displayed(text)
    blocks = []
    position, is_inside = 0, False
    for delimiter in found:
        is_end = delimiter[1] == "]"
        piece = text[position : delimiter.start()]
        blocks.append(_displayed(piece) if is_inside or is_end else piece.strip())
        position, is_inside = delimiter.end(), not is_end
    rest = text[position:]
    blocks.append(_displayed(rest) if is_inside else rest.strip())
    return _BETWEEN.join(block for block in blocks if block)


def _displayed(formula: str) -> str:
    """Return `formula` between `$$`; without blank lines, which would end it."""
    lines = [line.rstrip() for line in formula.strip().split("\n") if line.strip()]
    if not lines:
        return ""
    return f"$$ {lines[0]} $$" if len(lines) == 1 else "\n".join(("$$", *lines, "$$"))
