"""The closed list of oddities: a stable code for programs, a sentence for people."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dsocr_loaders.values import AnswerIssue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.values import Span

__all__ = ["ISSUES", "issue"]

ISSUES: Mapping[str, str] = MappingProxyType(
    {
        "box_misspelt": "brackets or commas of the box are missing or too many; its numbers are clear",
        "box_missing": "no box follows the label",
        "box_out_of_range": "a number of the box lies outside 0 to 999 and was clamped",
        "box_reversed": "the corners of the box were swapped and are put in order",
        "box_unreadable": "the box is no list of four numbers; its characters are kept as text",
        "box_with_fractions": "the box has numbers that are not whole; they are read as they are",
        "box_with_words": "words stand between the numbers of the box; they are no text of the region",
        "box_without_area": "the box has no area",
        "det_unclosed": "<|/det|> is missing",
        "det_unopened": "<|det|> is missing",
        "label_is_text": "text stands where the label should be; it is the region's text",
        "label_missing": "the box has no label",
        "label_unclosed": "<|/ref|> is missing",
        "stray_tag": "a marker that is part of no tag; it is dropped and the text around it kept",
        "table_structure_lost": "the table has no rows: a server that skips special tokens removes its cells too",
        "table_unclosed": "</table> is missing; the rows up to there are kept",
        "table_without_body": "the table's rows are missing",
        "tag_cut_off": "the tag breaks off",
        "tag_restarted": "the tag was begun again; both beginnings belong to one region",
        "tags_stripped": "the special tokens of the tags are missing: serve with skip_special_tokens=False",
        "truncated": "the answer reached its token limit",
    }
)
"""Code -> what it means. Codes are stable: a later release may add some, never rename one."""


def issue(code: str, span: Span) -> AnswerIssue:
    """Return the oddity `code` at `span`."""
    return AnswerIssue(code, span, ISSUES[code])
