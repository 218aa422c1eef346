"""Page results as an engine would have left them, for tests of what comes behind the pipeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.values import (
    PageError,
    PageResult,
    PageStatus,
    RawAnswer,
    Region,
    Source,
    TextSource,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["failed_page", "page_from_answer", "page_from_regions", "report_source"]


def report_source(name: str = "report.pdf") -> Source:
    """Return a source that looks like a PDF; no such file exists."""
    return Source(
        name=name,
        path=f"/nowhere/{name}",
        sha256="0" * 64,
        media_type="application/pdf",
        size_bytes=1,
        canonical=f"/nowhere/{name}",
    )


def page_from_regions(
    regions: Sequence[Region],
    *,
    page_number: int = 1,
    source: Source | None = None,
    status: PageStatus = PageStatus.OK,
    text_source: TextSource = TextSource.OCR,
    total_pages: int = 1,
) -> PageResult:
    """Return the result of an A4 page with these regions; their `order` is set to their position."""
    return PageResult(
        source=source or report_source(),
        page_number=page_number,
        status=status,
        regions=tuple(replace(region, order=order) for order, region in enumerate(regions)),
        answer=None,
        attempts=1,
        repairs=(),
        error=None,
        width=595.0,
        height=842.0,
        unit="pt",
        label=str(page_number),
        text_source=text_source,
        total_pages=max(total_pages, page_number),
    )


def page_from_answer(
    answer: str, *, page_number: int = 1, source: Source | None = None, total_pages: int = 1
) -> PageResult:
    """Return the result of an A4 page for which the model answered `answer`."""
    page = page_from_regions(
        parse_answer(answer).regions, page_number=page_number, source=source, total_pages=total_pages
    )
    return replace(page, answer=RawAnswer(answer, "stop", None, None, "model", "engine"))


def failed_page(*, page_number: int = 1, source: Source | None = None, message: str = "broken") -> PageResult:
    """Return the result of a page that failed."""
    page = page_from_regions((), page_number=page_number, source=source, status=PageStatus.FAILED)
    return replace(page, error=PageError("SourceDamaged", "", message))
