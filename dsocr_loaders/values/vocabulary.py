"""The closed vocabularies: every word that a status, a type or a source may be."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = [
    "BoxSource",
    "Dialect",
    "HeadingSource",
    "JoinKind",
    "PageStatus",
    "PageUnit",
    "RegionType",
    "Task",
    "TextSource",
    "worst_status",
]

PageUnit = Literal["pt", "px"]

HeadingSource = Literal["", "bookmark", "number", "size", "markup", "neighbours"]
"""Where a heading's level comes from.

* `bookmark`: a bookmark of the PDF has this title on this page;
* `number`: its numbering, such as `3.2`, `Chapter 3`, `第三章`, `§ 5`, `IV.`;
* `size`: how large its letters are beside other headings;
* `markup`: how the page marks it: as the title, or by the number of `#`;
* `neighbours`: it is unnumbered and stands among numbered headings: "References" behind "7 Outlook";
* `""`: no heading, or a page that no `Structurer` has seen.
"""

JoinKind = Literal["hyphen", "none", "space", "line", "rows", "rows_after_header", "repeated"]
"""How a region goes on from the one that it continues.

* `hyphen`: a word was divided: drop the hyphen that ends the earlier text, then put nothing between;
* `none`: put nothing between (Chinese, Japanese; a hyphen that is part of the word and stays);
* `space`, `line`: put one blank, or one line break (a list that goes on with its next item), between;
* `rows`: the table's rows are further rows of the earlier table;
* `rows_after_header`: so are those behind its first `header_rows` rows, which repeat the earlier table's;
* `repeated`: the text says again what the earlier region said ("Table 3 (continued)"): leave it out when joining.
"""


class RegionType(StrEnum):
    """What a region of a page is. A label that none of these covers is `text`, and the region keeps the label."""

    TITLE = "title"
    HEADING = "heading"
    TEXT = "text"
    LIST = "list"
    TABLE = "table"
    FIGURE = "figure"
    FORMULA = "formula"
    CAPTION = "caption"
    FOOTNOTE = "footnote"
    HEADER = "header"
    FOOTER = "footer"
    PAGE_NUMBER = "page_number"
    OTHER = "other"


class PageStatus(StrEnum):
    """How reading a page ended, from best to worst in the order of definition.

    * `ok`: read, nothing found wrong;
    * `blank`: no ink, so nothing was asked of an engine;
    * `skipped`: left out on purpose;
    * `repaired`: read at a second try or by another way, named in `PageResult.repairs`;
    * `truncated`: the answer stopped before the page did;
    * `failed`: no text; `PageResult.error` says why.
    """

    OK = "ok"
    BLANK = "blank"
    SKIPPED = "skipped"
    REPAIRED = "repaired"
    TRUNCATED = "truncated"
    FAILED = "failed"


class TextSource(StrEnum):
    """Who read the text: the model, or the text layer of a born-digital PDF."""

    OCR = "ocr"
    TEXT_LAYER = "text_layer"


class BoxSource(StrEnum):
    """How a box is known: from the model, the text layer, estimated for a piece of a region, or just the page."""

    MODEL = "model"
    TEXT_LAYER = "text_layer"
    ESTIMATED = "estimated"
    PAGE = "page"


class Task(StrEnum):
    """What the model is asked for; `dsocr_loaders.tasks` has the prompts."""

    DOCUMENT = "document"
    OCR = "ocr"
    FREE = "free"
    FIGURE = "figure"
    DESCRIBE = "describe"
    LOCATE = "locate"


class Dialect(StrEnum):
    """The five forms of an answer, told apart by their tags.

    * `grounded`: `<|ref|>label<|/ref|><|det|>[[x0, y0, x1, y1]]<|/det|>` and text;
    * `stripped`: the same after a server removed the special tokens, `label[[x0, y0, x1, y1]]`;
    * `det_label`: `<|det|>label [x0, y0, x1, y1]<|/det|>text` (Unlimited-OCR);
    * `det_label_stripped`: that form without its special tokens;
    * `plain`: no tags.
    """

    GROUNDED = "grounded"
    STRIPPED = "stripped"
    DET_LABEL = "det_label"
    DET_LABEL_STRIPPED = "det_label_stripped"
    PLAIN = "plain"


_SEVERITY = {status: rank for rank, status in enumerate(PageStatus)}


def worst_status(statuses: Iterable[PageStatus]) -> PageStatus:
    """Return the worst of `statuses`, `ok` if there are none."""
    return max(statuses, key=_SEVERITY.__getitem__, default=PageStatus.OK)
