"""`PageResult`s as the pipeline makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.errors import EngineError, placed
from dsocr_loaders.values import PageError, PageResult, PageStatus

if TYPE_CHECKING:
    from dsocr_loaders.repair import Reading
    from dsocr_loaders.values import Answer, HealthFinding, PageImage, PagePlace, Region, RepairStep, TextSource

__all__ = ["failed_result", "page_result", "read_result"]


def page_result(  # noqa: PLR0913 - one argument for each field of the result that varies
    place: PagePlace,
    status: PageStatus,
    *,
    attempts: int,
    text_source: TextSource,
    page: PageImage | None = None,
    regions: tuple[Region, ...] = (),
    answer: Answer | None = None,
    error: PageError | None = None,
    repairs: tuple[str, ...] = (),
    health: tuple[HealthFinding, ...] = (),
    repair_steps: tuple[RepairStep, ...] = (),
) -> PageResult:
    """Return the result of a page; its size is 0 if it was never opened."""
    return PageResult(
        source=place.source,
        page_number=place.page_number,
        status=status,
        regions=regions,
        answer=answer,
        attempts=attempts,
        repairs=repairs,
        error=error,
        width=page.width if page else 0.0,
        height=page.height if page else 0.0,
        unit=page.unit if page else "pt",
        label=place.label,
        text_source=text_source,
        total_pages=place.info.total_pages,
        notes=page.notes if page else (),
        health=health,
        repair_steps=repair_steps,
    )


def read_result(
    place: PagePlace, reading: Reading, *, attempts: int, repair_steps: tuple[RepairStep, ...] = ()
) -> PageResult:
    """Return the result of a page that was read; `repairs` are the rungs that helped."""
    status, error = reading.outcome
    repairs = tuple(dict.fromkeys(step.rung for step in repair_steps if step.helped))
    if error is not None:
        error = PageError(error.kind, error.cause, f"{place}: {error.message}")
    return page_result(
        place,
        PageStatus.REPAIRED if repairs and status is PageStatus.OK else status,
        page=reading.page,
        attempts=attempts,
        regions=reading.regions,
        answer=reading.answer,
        error=error,
        repairs=repairs,
        health=reading.findings,
        repair_steps=repair_steps,
        text_source=reading.text_source,
    )


def failed_result(place: PagePlace, error: Exception, *, attempts: int, text_source: TextSource) -> PageResult:
    """Return the result of a page that `error` has cost; the message names its file and page."""
    cause = error.cause if isinstance(error, EngineError) else ""
    message = placed(str(error) or type(error).__name__, place.source.name, place.page_number)
    return page_result(
        place,
        PageStatus.FAILED,
        attempts=attempts,
        text_source=text_source,
        error=PageError(type(error).__name__, cause, message),
    )
