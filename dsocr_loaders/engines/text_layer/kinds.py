"""What a block is: heading and of which level, caption, list item, or text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.engines.text_layer.blocks import ends_sentence
from dsocr_loaders.engines.text_layer.sizes import LARGER
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from dsocr_loaders.engines.text_layer.blocks import Block
    from dsocr_loaders.engines.text_layer.sizes import SizeProfile

__all__ = ["CaptionStart", "caption_start", "heading_level"]

_MOST_HEADING_ROWS = 4
_LONGEST_HEADING = 200  # characters
_LONGEST_BOLD_HEADING = 120  # characters, for one in the body's size
_DEEPEST_BY_SIZE = 3
_DEEPEST = 5
_LONGEST_SENTENCE = 60  # characters: a longer one in larger type is a lead paragraph
_NUMBERING = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*|[A-Z](?:\.\d{1,2})+)(?=\.?\s+[^\W\d_])")
_CAPTION = re.compile(
    r"(?:(?P<figure>figure|fig\.|abbildung|abb\.|chart|\u56fe|\u5716|(?:\u0627\u0644)?\u0634\u0643\u0644)"
    r"|(?P<table>table|tab\.|tabelle|tableau|\u8868|(?:\u0627\u0644)?\u062c\u062f\u0648\u0644))"
    r"\s*(?:[A-Z]\.?)?\d+(?:[.\-]\d+)*(?:(?P<mark>[.:\uff1a\u3000]|\s*[|\u2013\u2014])|(?![0-9A-Za-z]))",
    re.IGNORECASE,
)


def heading_level(block: Block, text: str, sizes: SizeProfile) -> int:
    """Return the level of a heading, 1 to 5 from the sections down, or 0 for a block that is none.

    A heading is short and larger than the body, or bold where the body is not. Numbering tells its level ("3.2" is
    2), else the rank of its size among the document's headings, at most 3.
    """
    letters = sum(map(str.isalpha, text))
    if len(block.rows) > _MOST_HEADING_ROWS or len(text) > _LONGEST_HEADING or not letters or block.is_spread:
        return 0
    is_larger = block.size >= LARGER * sizes.body
    is_bolder = (
        block.is_bold
        and not sizes.body_is_bold
        and block.size * LARGER >= sizes.body
        and len(text) <= _LONGEST_BOLD_HEADING
        and not text.endswith((",", ";"))
    )
    marker = block.rows[0].marker
    is_bullet = marker is not None and marker.is_bullet
    # A short sentence in larger type is a heading all the same; a bold one is an emphasised sentence.
    is_sentence = ends_sentence(text)
    if is_sentence and len(text) > _LONGEST_SENTENCE:
        return 0
    if is_bullet or not (is_larger or (is_bolder and not is_sentence)):
        return 0
    numbering = _NUMBERING.match(text)
    if numbering is not None:
        return min(_DEEPEST, 1 + numbering[0].count("."))
    return min(_DEEPEST_BY_SIZE, sizes.rank(block.size))


@dataclass(frozen=True, slots=True)
class CaptionStart:
    """The words that a caption starts with.

    Attributes:
        type: what it is a caption of, figure or table.
        is_marked: whether a colon, full stop or dash follows its number, which "Figure 3 shows" has not.
    """

    type: RegionType
    is_marked: bool


def caption_start(text: str) -> CaptionStart | None:
    """Return how a text starts as a caption, or None if it does not."""
    found = _CAPTION.match(text)
    if found is None:
        return None
    kind = RegionType.FIGURE if found["figure"] else RegionType.TABLE
    return CaptionStart(kind, is_marked=found["mark"] is not None or found.end() == len(text))
