"""What a line of an answer is made of: tags, cuts, and content between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dsocr_loaders.values import Span

if TYPE_CHECKING:
    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import AnswerIssue, Dialect

__all__ = ["Content", "Cut", "Mark", "Tag"]


@dataclass(frozen=True, slots=True)
class Tag:
    """The beginning of a region: a label and boxes, in one of the dialects.

    Attributes:
        span: the whole tag.
        label: without blanks around it; `""` where there is none, or where `words` stands in its place.
        words: the part of the tag that is text, not markup: the line under the tasks ocr and locate.
        boxes: may be empty.
        dialect: the form of this tag.
        issues: oddities of this tag.
    """

    span: Span
    label: str
    words: Content | None
    boxes: tuple[Box, ...]
    dialect: Dialect
    issues: tuple[AnswerIssue, ...] = ()

    @property
    def is_cut_off(self) -> bool:
        """Whether the tag breaks off, so that the next one may be a second try."""
        return bool(self.issues) and any(issue.code == "tag_cut_off" for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Cut:
    """Markup that is no tag: an end of answer, a page marker, or a marker that is part of no tag.

    Attributes:
        begins_page: whether a page marker also stands before the first page, and not only between two.
    """

    span: Span
    kind: Literal["end_marker", "page_marker", "stray_tag"]
    begins_page: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """Characters that are text (or blank), and where in the answer they begin."""

    start: int
    text: str

    @property
    def span(self) -> Span:
        """Where in the answer it stands."""
        return Span(self.start, self.start + len(self.text))


Mark = Tag | Cut | Content
