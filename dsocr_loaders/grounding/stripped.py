"""Tags that a server left without their special tokens: `text[[61, 113, 429, 364]]`, `text [61, 113, 429, 364]It`.

Nothing but their form tells them from text, so they count only at the start of a line, only with a label that is
known, and only where no marker was seen before in the answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.boxes import ReadBoxes, is_cut_off_box, read_leading_boxes
from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.labels import is_known
from dsocr_loaders.grounding.marks import Content, Tag
from dsocr_loaders.values import Dialect, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_stripped_tag"]

_LABEL = re.compile(r"(?P<label>[a-z][a-z_]{2,39})(?P<blank> ?)(?P<bracket>\[{1,2})")
# Behind the four numbers of a citation ("table [1, 2, 3, 4] shows") comes a blank or a stop; a tag's text does not.
_CITATION = re.compile(r"[ \t]+\S|[.,;:)\]]")


def read_stripped_tag(
    line: str, position: int, limit: int, start: int, *, is_text_in_tag: bool, is_last: bool
) -> Tag | None:
    """Return the stripped tag at `position` of `line`, None if there is none.

    Args:
        line: the line.
        position: where in it the tag would begin.
        limit: where in it the tag must end.
        start: where in the answer the line begins.
        is_text_in_tag: whether any text may stand where the label would.
        is_last: whether the answer ends with this line.
    """
    if is_text_in_tag:
        return _words_tag(line, position, limit, start)
    match = _LABEL.match(line, position, limit)
    if match is None or not is_known(match["label"]):
        return None
    bracket = match.start("bracket")
    is_double = len(match["bracket"]) > 1
    codes = []
    read = read_leading_boxes(line, bracket, limit, is_flat=not is_double)
    if read is None and is_double and is_last and is_cut_off_box(line[bracket:limit]):
        read = ReadBoxes((), (), limit)
        codes.append("tag_cut_off")
    if read is None or (not is_double and _CITATION.match(line, read.end, limit)):
        return None
    dialect = Dialect.STRIPPED if is_double else Dialect.DET_LABEL_STRIPPED
    return _tag(Span(start + position, start + read.end), match["label"], None, read, dialect, codes)


def _words_tag(line: str, position: int, limit: int, start: int) -> Tag | None:
    bracket = line.find("[[", position, limit)
    read = read_leading_boxes(line, bracket, limit) if bracket > position else None
    if read is None or not line[position:bracket].strip():
        return None
    words = Content(start + position, line[position:bracket])
    return _tag(Span(start + position, start + read.end), "", words, read, Dialect.STRIPPED)


def _tag(
    span: Span, label: str, words: Content | None, read: ReadBoxes, dialect: Dialect, codes: Sequence[str] = ()
) -> Tag:
    issues = tuple(issue(code, span) for code in (*codes, *read.codes))
    return Tag(span, label, words, read.boxes, dialect, issues)
