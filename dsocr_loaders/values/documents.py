"""What became of a page, and the document that the pages make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values.answers import Answer, Region
    from dsocr_loaders.values.health import HealthFinding, RepairStep
    from dsocr_loaders.values.sources import OutlineEntry, Source
    from dsocr_loaders.values.vocabulary import PageStatus, PageUnit, TextSource

__all__ = ["Document", "LocatedWords", "PageError", "PageResult"]


@dataclass(frozen=True, slots=True)
class PageError:
    """Why a page failed.

    Attributes:
        kind: class name of the error, such as `"EngineRejected"`.
        cause: its key in the table of `dsocr_loaders.errors`, `""` for a source's error.
        message: what happened and what to do.
    """

    kind: str
    cause: str
    message: str


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one page. Every page of a run has exactly one.

    Attributes:
        source: the file.
        page_number: from 1.
        status: how it ended.
        regions: in reading order; empty for a blank, skipped or failed page. Boxes are on the page as shown.
        answer: what the engine said, as it came, or None; of a repaired page, what it said in the reading that the
            regions come from. The spans of regions are ranges of it. Where loops were cut out, it still holds them;
            where two halves of the page were read, it is both answers with a page marker between them; and the numbers
            in its tags are those of the page, or part of it, that the engine was shown.
        attempts: reads that were made, those for repairs and figures counted in; 0 if none.
        repairs: names of the second ways that led to this result, see `dsocr_loaders.repair`.
        error: set exactly when the status is `failed`.
        width, height: of the page as shown, in `unit`; 0 if the page could not be opened.
        unit: `"pt"` or `"px"`.
        label: the PDF's own page label, else the number.
        text_source: who read the text.
        total_pages: number of pages of the source.
        route: which way the page went and why, where each page may go another way (`prefer_text_layer`):
            `"text_layer: ..."` or `"model: ..."`; else `""`, as for a blank page and one that a journal knew.
        notes: what a reader should know about the page as it was shown: a file that is cut off, so that a part of the
            page is missing; a page that was scaled down to a limit; a figure that `read_figures` could not read. The
            status tells how the reading of what was there ended. A sentence each; empty for nearly every page.
        health: what is wrong with the answer that the regions come from; empty where nothing was found.
        repair_steps: the rungs of the ladder of repairs that were tried, in order; `repairs` names those that helped.
    """

    source: Source
    page_number: int
    status: PageStatus
    regions: tuple[Region, ...]
    answer: Answer | None
    attempts: int
    repairs: tuple[str, ...]
    error: PageError | None
    width: float
    height: float
    unit: PageUnit
    label: str
    text_source: TextSource
    total_pages: int
    route: str = ""
    notes: tuple[str, ...] = ()
    health: tuple[HealthFinding, ...] = ()
    repair_steps: tuple[RepairStep, ...] = ()

    @property
    def is_recalled(self) -> bool:
        """Whether its answer came from the journal, so that nothing was asked of an engine."""
        return self.attempts == 0 and self.answer is not None


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Attributes:
        source: the file.
        pages: one result for each page that was asked for, in page order.
        outline: the headings: the PDF's bookmarks where it has any, else those found on the pages.
        pdf_backend: which library rendered it: `"pymupdf"`, `"pdfium"` or `"pillow"`.
        total_pages: pages of the file, whether asked for or not.
    """

    source: Source
    pages: tuple[PageResult, ...]
    outline: tuple[OutlineEntry, ...]
    pdf_backend: str
    total_pages: int


@dataclass(frozen=True, slots=True)
class LocatedWords:
    """Where a model sees some words, or what they name, on one page.

    Attributes:
        source: the file.
        page_number: from 1.
        words: what was looked for.
        boxes: each place, in the model's order; at least one. Fractions of the page as shown.
    """

    source: Source
    page_number: int
    words: str
    boxes: tuple[Box, ...]
