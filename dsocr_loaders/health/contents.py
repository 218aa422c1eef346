"""What an answer holds, and what it should: words at all, its special tokens, the rows of its tables, boxes."""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from dsocr_loaders.geometry import MODEL_SCALE
from dsocr_loaders.values import AnswerFault, Dialect, HealthFinding, RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.values import AnswerIssue, ParsedAnswer, Region

__all__ = ["boxes_out_of_range", "empty", "stripped_tags", "table_without_body"]

_STRIPPED: Final = frozenset({Dialect.STRIPPED, Dialect.DET_LABEL_STRIPPED})
_BOX_CODES: Final = frozenset({"box_out_of_range", "box_reversed", "box_without_area"})
_LEAST_WRONG_BOXES: Final = 2  # one alone is a slip that costs a few millimetres
_WRONG_SHARE: Final = 20  # and one in so many at least
_ROUNDING: Final = 9  # of 999: 1,000 and -1 are meant for the page's edge
_NUMBER: Final = re.compile(r"-?\d{1,9}")
_LOOPED_SHARE: Final = 10  # all but one in so many characters of what a table says are a loop


def empty(parsed: ParsedAnswer) -> HealthFinding | None:
    """Return that neither words nor a picture are in the answer, or None."""
    if any(region.text.strip() or region.type is RegionType.FIGURE for region in parsed.regions):
        return None
    return HealthFinding(AnswerFault.EMPTY, "the engine's answer is empty although the page has ink")


def stripped_tags(parsed: ParsedAnswer) -> HealthFinding | None:
    """Return that the server removed the special tokens, those of blocks or those of table cells, or None."""
    lost = [issue for issue in parsed.issues if issue.code in {"tags_stripped", "table_structure_lost"}]
    if not lost and parsed.dialect not in _STRIPPED:
        return None
    detail = "the server removed the model's special tokens, so that boxes are loose text and table cells are gone"
    return HealthFinding(AnswerFault.STRIPPED_TAGS, detail)


def table_without_body(parsed: ParsedAnswer, loops: Sequence[HealthFinding]) -> HealthFinding | None:
    """Return that tables say nothing, or nothing but a loop, with the place of the first; None if each says something.

    The rows of a table may stand behind its caption: `parse_answer` has given them back to it.
    """
    lost = [
        region
        for region in parsed.regions
        if region.type is RegionType.TABLE and region.spans and _says_nothing(region, loops)
    ]
    if not lost:
        return None
    tables = "a table is" if len(lost) == 1 else f"{len(lost)} tables are"
    spans = lost[0].spans
    detail = f"{tables} marked without what stands there"
    return HealthFinding(AnswerFault.TABLE_WITHOUT_BODY, detail, spans[0].start, spans[-1].end)


def _says_nothing(region: Region, loops: Sequence[HealthFinding]) -> bool:
    if region.text.startswith(("<", "|")):
        return False
    if not region.text.strip():
        return True
    last = region.spans[-1]
    at = bisect_right(loops, last.end - 1, key=attrgetter("start")) - 1
    if at < 0:
        return False
    looped = min(loops[at].end, last.end) - max(loops[at].start, last.start)
    return _LOOPED_SHARE * looped >= (_LOOPED_SHARE - 1) * (last.end - last.start)


def boxes_out_of_range(text: str, parsed: ParsedAnswer) -> HealthFinding | None:
    """Return that several boxes lie beyond the page, are turned around or have no area; None for a stray one."""
    wrong = {issue.span.start for issue in parsed.issues if issue.code in _BOX_CODES and not _is_rounded(text, issue)}
    count = sum(len(region.boxes) for region in parsed.regions)
    if len(wrong) < _LEAST_WRONG_BOXES or _WRONG_SHARE * len(wrong) < count:
        return None
    detail = f"{len(wrong)} of {count} boxes lie beyond the page, are turned around, or have no area"
    return HealthFinding(AnswerFault.BOXES_OUT_OF_RANGE, detail)


def _is_rounded(text: str, issue: AnswerIssue) -> bool:
    if issue.code != "box_out_of_range":
        return False
    numbers = [int(number) for number in _NUMBER.findall(text[issue.span.start : issue.span.end])]
    return bool(numbers) and min(numbers) >= -_ROUNDING and max(numbers) <= MODEL_SCALE + _ROUNDING
