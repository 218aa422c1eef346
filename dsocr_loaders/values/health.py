"""What can be wrong with an answer, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["AnswerFault", "HealthFinding", "RepairStep"]


class AnswerFault(StrEnum):
    """What is wrong with a model's answer.

    * `loop`: it repeats itself: a phrase, a count that goes on, empty cells, blocks with the same box;
    * `truncated`: it ends before the page does: by its finish reason, or with as many tokens as were allowed;
    * `picture_only`: it says that a page with much ink is a picture and nothing else;
    * `empty`: it holds nothing although the page has ink;
    * `stripped_tags`: the server removed the special tokens, so that boxes are loose text and table cells are gone;
    * `table_without_body`: it marks a table and does not say what stands in it;
    * `little_text`: its regions cover little of the page's ink, or hold little text for it;
    * `boxes_out_of_range`: boxes beyond the page, turned around or without an area, more than a stray one;
    * `sideways`: the page, or its table, lies on its side.
    """

    LOOP = "loop"
    TRUNCATED = "truncated"
    PICTURE_ONLY = "picture_only"
    EMPTY = "empty"
    STRIPPED_TAGS = "stripped_tags"
    TABLE_WITHOUT_BODY = "table_without_body"
    LITTLE_TEXT = "little_text"
    BOXES_OUT_OF_RANGE = "boxes_out_of_range"
    SIDEWAYS = "sideways"


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that is wrong with an answer.

    Attributes:
        fault: what it is.
        detail: in words, with the numbers that show it; one sentence.
        start, end: the characters of the raw answer that it is about; equal where it is about all of it. For a loop
            they are what can be cut away: from behind the first round to where the repetition ends.
    """

    fault: AnswerFault
    detail: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class RepairStep:
    """One rung of the ladder of repairs that was tried on a page.

    Attributes:
        rung: its name, see `dsocr_loaders.repair`.
        reads: how many times the engine was asked for it.
        helped: whether the page's result is, in whole or in part, what it brought.
        detail: what was tried, trimmed or won, in words.
    """

    rung: str
    reads: int
    helped: bool
    detail: str = ""
