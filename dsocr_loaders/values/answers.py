"""What an engine answers, and the regions that the answer holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values.health import HealthFinding
    from dsocr_loaders.values.vocabulary import Dialect, HeadingSource, JoinKind, RegionType

__all__ = [
    "Answer",
    "AnswerIssue",
    "Drop",
    "FigurePart",
    "FigureReading",
    "Join",
    "LayoutAnswer",
    "Line",
    "Link",
    "ParsedAnswer",
    "RawAnswer",
    "Reference",
    "Region",
    "Span",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of characters, `start <= i < end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """An exact box inside a region, with the range of the region's text that it holds."""

    box: Box
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Join:
    """The region that a region goes on from.

    Attributes:
        page_number, order: that region: on an earlier page, or earlier on the same one where a heading came apart
            into its number and its words. It is the last piece before this one, and may continue a third.
        how: how the two texts are put together; `dsocr_loaders.structure.joined` does it for texts.
        header_rows: rows at the top of this table that repeat the earlier one's; for `rows_after_header` alone.
    """

    page_number: int
    order: int
    how: JoinKind
    header_rows: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of a figure, table or formula: "see Figure 3".

    Attributes:
        page_number, order: the region at the other end: what is mentioned, or who mentions it.
        start, end: where the words stand, in the text of the region that mentions.
    """

    page_number: int
    order: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """An address that a range of a region's text leads to."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What a model answered.

    Attributes:
        text: exactly as it came, tags included.
        finish_reason: `"stop"`, `"length"`, or None where the server does not say.
        prompt_tokens, output_tokens: as counted by the server, or None.
        model: the model's name as the server gives it.
        engine: the engine's fingerprint.
    """

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    output_tokens: int | None
    model: str
    engine: str


@dataclass(frozen=True, slots=True)
class FigurePart:
    """One block of what a model read in a figure.

    Attributes:
        type: what it is: a chart comes as a table.
        text: derived from the answer's characters at `spans`; HTML for a table as the model writes it.
        boxes: where it is on the page as shown; empty where the model names no place, as it mostly does in figures.
        spans: ranges of the reading's answer.
    """

    type: RegionType
    text: str
    boxes: tuple[Box, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureReading:
    """What a model read in a figure when it was asked about the figure's crop alone (`read_figures`).

    Attributes:
        parts: the answer's blocks that hold text, in order; at least one.
        answer: the answer as it came. The numbers in its tags are those of the crop; loops that were cut are still
            there.
        health: what is wrong with it; ranges are those of the answer.
    """

    parts: tuple[FigurePart, ...]
    answer: RawAnswer
    health: tuple[HealthFinding, ...] = ()

    @property
    def text(self) -> str:
        """The texts of its parts, a blank line between two."""
        return "\n\n".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Region:
    """One block of a page: a paragraph, a heading, a table, a figure.

    Attributes:
        type: what it is.
        label: the word the model used, `""` where there was none.
        boxes: where it is; several if it flows over columns; empty if not known.
        text: derived from the answer's characters at `spans`. HTML for a table as the model writes it.
        spans: ranges of the raw answer that hold the region's tags and text; empty for a text layer.
        page_index: which page of an answer that holds several pages, from 0.
        lines: exact sub-boxes where they are known.
        order: position on the page, from 0; `regions[order]` is this region.
        level: depth of a heading, 1 is the highest; 0 for everything else. A title with a deeper level than 1 is a
            section that was marked as a title.
        caption_of: `order` of the table or figure that this caption or footnote belongs to.
        links: addresses that the text leads to, in order, none overlapping another; from a text layer alone.

    What follows is empty until a `dsocr_loaders.structure.Structurer` has seen the page. It changes no text, no box
    and no order, so that everything below can be ignored, or undone with `dsocr_loaders.structure.unstructured`.

        heading_source: where the level comes from; `""` for what is no heading.
        marked_level: the level that the page itself marks, which `level` was before; 0 where it marks none.
        original_type: what the region was before it was recognised as a header, footer or page number by standing
            at the same place on neighbouring pages; None for every other region.
        continues: the region that this one goes on from, or None.
        number: of a table, figure or formula, as its caption or itself says: `"3"`, `"A.1"`.
        refers_to: tables, figures and formulas that this text mentions, in order.
        referred_from: texts that mention this table, figure or formula, in order. While pages stream, those on the
            pages before it and on the few pages behind it that a look-ahead holds; in a `Document`, all.
        image_path: file of the figure's crop if it was saved, else `""`.
        reading: of a figure, what a second look at it read (`read_figures`); None where there was none. It is no part
            of `text`; `dsocr_loaders.structure.with_figure_texts` puts it where chunks, Markdown and quotations look.
    """

    type: RegionType
    label: str
    boxes: tuple[Box, ...]
    text: str
    spans: tuple[Span, ...] = ()
    page_index: int = 0
    lines: tuple[Line, ...] = ()
    order: int = 0
    level: int = 0
    caption_of: int | None = None
    links: tuple[Link, ...] = ()
    heading_source: HeadingSource = ""
    marked_level: int = 0
    original_type: RegionType | None = None
    continues: Join | None = None
    number: str = ""
    refers_to: tuple[Reference, ...] = ()
    referred_from: tuple[Reference, ...] = ()
    image_path: str = ""
    reading: FigureReading | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Characters of an answer that are markup or blank and belong to no region.

    `kind` is one of `"blank"`, `"end_marker"`, `"page_marker"` and `"stray_tag"`, a marker that is part of no tag.
    """

    span: Span
    kind: str


@dataclass(frozen=True, slots=True)
class AnswerIssue:
    """Something odd in an answer: a stable code, where, and in words. `dsocr_loaders.grounding.ISSUES` lists them."""

    code: str
    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """An answer taken apart.

    Attributes:
        regions: in the order of the answer.
        drops: what belongs to no region. Spans of regions and drops partition the answer's characters exactly.
        text_coverage: share of the characters that are neither markup nor blank that lie in a region, with a box or
            without; 1.0 for an empty answer.
        dialect: which form the answer has.
        issues: oddities, in order.
    """

    regions: tuple[Region, ...]
    drops: tuple[Drop, ...]
    text_coverage: float
    dialect: Dialect
    issues: tuple[AnswerIssue, ...]


@dataclass(frozen=True, slots=True)
class LayoutAnswer:
    """Regions that an engine read without a model: the text layer of a born-digital page."""

    regions: tuple[Region, ...]
    engine: str


Answer = RawAnswer | LayoutAnswer
