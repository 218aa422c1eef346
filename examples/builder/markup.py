"""From a line of light markup to lines of a given width.

`*italic*`, `**bold**`, `_{below}`, `^{above}`; a soft hyphen (U+00AD) marks where a word may break, and the words of
`texts/hyphenation.txt` get theirs here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.book import Piece
from builder.faces import face_for
from builder.texts import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Fragment", "Line", "break_lines", "fragments", "ideographs", "pieces"]

SOFT_HYPHEN = "\u00ad"
MARK = re.compile(r"(\*\*|\*|_\{|\^\{|\})")
OPENING = "（《“"  # noqa: RUF001 - full-width marks are meant
CLOSING = "，。、；：）》”！？"  # noqa: RUF001 - likewise
SLANTED = {"roman": "italic", "sans": "sans italic", "bold": "bold italic", "italic": "roman"}
STRONG = {"roman": "bold", "sans": "sans bold", "italic": "bold italic"}
HYPHENATED = {word.replace("-", ""): word.replace("-", SOFT_HYPHEN) for word in read_text("hyphenation.txt").split()}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A word or a part of one; `joined` says that the next fragment belongs to the same word."""

    pieces: tuple[Piece, ...]
    joined: bool = False

    @property
    def width(self) -> float:
        """Width in points."""
        return sum(piece.width for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its fragments, whether it ends within a word, and whether it ends the paragraph."""

    fragments: tuple[Fragment, ...]
    hyphenated: bool
    last: bool


def pieces(text: str, face: str, size: float) -> list[Piece]:
    """Pieces of one line of markup, spaces included."""
    found: list[Piece] = []
    faces, sizes, rises = [face], [size], [0.0]
    for part in MARK.split(text):
        if part in {"*", "**"}:
            changed = (SLANTED if part == "*" else STRONG).get(face, face)
            faces = faces[:1] if len(faces) > 1 else [faces[0], changed]
        elif part in {"_{", "^{"}:
            rises.append(rises[-1] + size * (0.36 if part == "^{" else -0.18))
            sizes.append(size * 0.7)
        elif part == "}" and len(rises) > 1:
            rises.pop()
            sizes.pop()
        else:
            found.extend(_by_face(Piece(part, faces[-1], sizes[-1], rises[-1])))
    return found


def _by_face(piece: Piece) -> Iterator[Piece]:
    """Split off the characters that the face lacks (a soft hyphen is never drawn, so any face will do)."""
    start = 0
    faces = [piece.face if character == SOFT_HYPHEN else face_for(character, piece.face) for character in piece.text]
    for end in range(1, len(faces) + 1):
        if end == len(faces) or faces[end] != faces[start]:
            yield replace(piece, text=piece.text[start:end], face=faces[start])
            start = end


def fragments(text: str, face: str, size: float) -> list[Fragment]:
    """The words of a paragraph, cut where they may break."""
    words: list[list[Piece]] = [[]]
    for piece in pieces(text, face, size):
        for position, part in enumerate(piece.text.split(" ")):
            if position:
                words.append([])
            if part:
                words[-1].append(replace(piece, text=part))
    return [fragment for word in words if word for fragment in _cut(word)]


def ideographs(text: str, face: str, size: float) -> list[Fragment]:
    """The characters of a Chinese paragraph; numbers stay whole, and marks stay with what they open or close."""
    found = re.findall(f"[{OPENING}]*(?:[A-Za-z0-9.%/+-]+|.)[{CLOSING}]*", text)
    return [Fragment(tuple(pieces(part, face, size))) for part in found]


def _cut(word: list[Piece]) -> list[Fragment]:
    """Fragments of a word: at soft hyphens and known syllables if it is of one piece, else whole."""
    if len(word) > 1:
        return [Fragment(tuple(replace(piece, text=piece.text.replace(SOFT_HYPHEN, "")) for piece in word))]
    text = re.sub(r"[A-Za-z]+", lambda match: HYPHENATED.get(match[0], match[0]), word[0].text)
    parts = text.split(SOFT_HYPHEN)
    return [Fragment((replace(word[0], text=part),), joined=place < len(parts) - 1) for place, part in enumerate(parts)]


def break_lines(
    words: Sequence[Fragment], width: float, *, indent: float = 0.0, space: float, shrink: float = 0.0
) -> list[Line]:
    """Break a paragraph where the sum of squared gaps is least; the last line's gap is free.

    Args:
        words: fragments in order.
        width: width of a full line, points.
        indent: how much shorter the first line is.
        space: natural width of a word space.
        shrink: the part of it that a line may give up to fit.
    """
    count = len(words)
    best = [float("inf")] * count + [0.0]
    cut = [count] * (count + 1)
    for start in range(count - 1, -1, -1):
        room = width - (indent if start == 0 else 0.0)
        used, gaps = 0.0, 0
        for end in range(start + 1, count + 1):
            if end > start + 1 and not words[end - 2].joined:
                used, gaps = used + space, gaps + 1
            used += words[end - 1].width
            split = words[end - 1].joined
            hyphen = words[end - 1].pieces[-1].size / 3 if split else 0.0
            if used + hyphen - gaps * space * shrink > room and end > start + 1:
                break
            slack = 0.0 if end == count and used <= room else (room - used - hyphen) / width * 100
            cost = slack * slack + (150.0 if split else 0.0) + best[end]
            if cost < best[start]:
                best[start], cut[start] = cost, end
    lines, start = [], 0
    while start < count:
        end = cut[start]
        lines.append(Line(tuple(words[start:end]), hyphenated=words[end - 1].joined, last=end == count))
        start = end
    return lines
