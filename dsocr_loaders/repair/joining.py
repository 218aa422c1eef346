"""Two halves of a page, read separately, as one reading of the page, without doubling what both halves show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import hull, intersection_over_union
from dsocr_loaders.repair.columns import in_column_order
from dsocr_loaders.repair.overlap import joined_rows, joined_texts
from dsocr_loaders.repair.readings import as_truncated
from dsocr_loaders.values import AnswerFault, HealthFinding, PageStatus, RawAnswer, RegionType, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.repair.readings import Reading
    from dsocr_loaders.values import Region

__all__ = ["BETWEEN", "joined", "joined_regions"]

BETWEEN: Final = "\n<--- Page Split --->\n"
"""What stands between the answers about both halves: the page marker of the official scripts, so that the joined answer
can be taken apart as one of two pages."""

_UNBOXED: Final = 8  # regions without boxes, at the end and the beginning, that may be of the lines that both show
_MOST_IN_BAND: Final = 100  # regions that reach into what both show; a page has two or three dozen
_SIDE_BY_SIDE: Final = 0.5  # share of the narrower box's width that two pieces of one region have in common
_SAME_PLACE: Final = 0.5  # shared over joint area of two boxes of one region
_EDGE: Final = 0.004  # of the page's height: how far apart two boxes may lie that were read from two images

_BLOCKS: Final = frozenset({RegionType.TABLE, RegionType.FIGURE})
_EMPTY_HALF: Final = "nothing was answered about one half of the page although it has ink"


@dataclass(slots=True)
class _Piece:
    """A region on its way into the joined page: its place in the order of its own half, and who it became."""

    region: Region
    half: int
    order: int
    is_merged: bool = False


def joined(upper: Reading, lower: Reading, band: tuple[float, float]) -> Reading:
    """Return one reading of both halves of a page.

    Its answer is both answers with a page marker between them; the spans of regions are ranges of that, and a region
    that both halves show has the spans of both. Its findings are those of both halves: an answer about one half that is
    empty means little text on the page.

    Args:
        upper: how the upper half was read, with boxes on the page as shown.
        lower: how the lower half was read.
        band: top and bottom of what both halves show, as fractions of the page's height.
    """
    shift = len(_text(upper)) + len(BETWEEN)
    moved = tuple(
        replace(region, spans=tuple(Span(span.start + shift, span.end + shift) for span in region.spans))
        for region in lower.regions
    )
    answers = [reading.answer for reading in (upper, lower) if isinstance(reading.answer, RawAnswer)]
    reasons = {answer.finish_reason for answer in answers}
    answer = replace(
        answers[0],
        text=BETWEEN.join(answer.text for answer in answers),
        finish_reason="length" if "length" in reasons else answers[0].finish_reason,
        prompt_tokens=_sum([answer.prompt_tokens for answer in answers]),
        output_tokens=_sum([answer.output_tokens for answer in answers]),
    )
    is_empty = not upper.regions and not lower.regions
    findings = [*_findings(upper, 0, is_empty=is_empty), *_findings(lower, shift, is_empty=is_empty)]
    reading = replace(
        upper,
        answer=answer,
        regions=joined_regions(upper.regions, moved, band),
        findings=tuple(dict.fromkeys(findings)),
        parsed=None,
    )
    for half in (upper, lower):
        reading = as_truncated(reading, half)
    return reading


def _text(reading: Reading) -> str:
    return reading.answer.text if isinstance(reading.answer, RawAnswer) else ""


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _findings(half: Reading, shift: int, *, is_empty: bool) -> list[HealthFinding]:
    if half.outcome[0] is PageStatus.FAILED and not is_empty:
        return [HealthFinding(AnswerFault.LITTLE_TEXT, _EMPTY_HALF)]
    return [replace(finding, start=finding.start + shift, end=finding.end + shift) for finding in half.findings]


def joined_regions(upper: Sequence[Region], lower: Sequence[Region], band: tuple[float, float]) -> tuple[Region, ...]:
    """Return the regions of both halves in reading order; one that both show, in whole or in part, is one.

    Two regions are one if they reach into what both halves show at the same place, and a run of words or rows is in
    both; figures by their place alone, and other regions too if they lie on each other. What has no partner stays.

    Args:
        upper: of the upper half, with boxes on the page.
        lower: of the lower half.
        band: top and bottom of what both halves show.
    """
    pieces = [_Piece(region, 0, order) for order, region in enumerate(upper)]
    others = [_Piece(region, 1, order) for order, region in enumerate(lower)]
    first_unboxed = len([piece for piece in pieces if not piece.region.boxes]) - _UNBOXED
    reaching = [
        piece
        for number, piece in enumerate(pieces)
        if (_bottom(piece.region) > band[0] if piece.region.boxes else number >= first_unboxed)
    ]
    waiting = [
        other
        for number, other in enumerate(others)
        if (_top(other.region) < band[1] if other.region.boxes else number < _UNBOXED)
    ]
    reaching, waiting = reaching[-_MOST_IN_BAND:], waiting[:_MOST_IN_BAND]
    renamed: dict[tuple[int, int], _Piece] = {}
    for piece in reaching:
        for other in waiting:
            if other.is_merged:
                continue
            merged = _merged(piece.region, other.region)
            if merged is not None:
                piece.region, other.is_merged = merged, True
                renamed[1, other.order] = piece
    kept = in_column_order(pieces, [other for other in others if not other.is_merged], band, lambda piece: piece.region)
    places = {(piece.half, piece.order): position for position, piece in enumerate(kept)}
    for key, piece in renamed.items():
        places[key] = places[piece.half, piece.order]
    return tuple(
        replace(
            piece.region,
            order=position,
            page_index=0,
            caption_of=None if piece.region.caption_of is None else places.get((piece.half, piece.region.caption_of)),
        )
        for position, piece in enumerate(kept)
    )


def _merged(piece: Region, other: Region) -> Region | None:
    """Return two regions of the halves as one; None if they are two."""
    is_block = piece.type in _BLOCKS or other.type in _BLOCKS
    if bool(piece.boxes) != bool(other.boxes) or (is_block and piece.type is not other.type):
        return None
    if piece.boxes and not _is_one_place(hull(piece.boxes), hull(other.boxes)):
        return None
    if piece.type is RegionType.FIGURE:
        text = piece.text if len(piece.text) >= len(other.text) else other.text
    else:
        join = joined_rows if piece.type is RegionType.TABLE else joined_texts
        text = join(piece.text, other.text) or ""
    if not text and piece.type is not RegionType.FIGURE:
        if not piece.boxes or intersection_over_union(hull(piece.boxes), hull(other.boxes)) < _SAME_PLACE:
            return None
        text = max(piece.text, other.text, key=len)
    boxes = (hull([*piece.boxes, *other.boxes]),) if piece.boxes else ()
    return replace(piece, text=text, boxes=boxes, spans=(*piece.spans, *other.spans), lines=(), links=())


def _is_one_place(box: Box, other: Box) -> bool:
    """Return whether a box of the upper half and one of the lower half may be of the same thing."""
    shared = min(box.x1, other.x1) - max(box.x0, other.x0)
    is_at_one_height = box.y0 - _EDGE <= other.y1 and other.y0 <= box.y1 + _EDGE
    return is_at_one_height and shared >= _SIDE_BY_SIDE * min(box.width, other.width)


def _top(region: Region) -> float:
    return min(box.y0 for box in region.boxes)


def _bottom(region: Region) -> float:
    return max(box.y1 for box in region.boxes)
