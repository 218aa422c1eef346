"""A text that is too long -> ranges that fit, cut where a reader would."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from dsocr_loaders.chunking.graphemes import is_good_cut, is_grapheme_end
from dsocr_loaders.chunking.sentences import Cut, Strength, clause_cuts, sentence_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from dsocr_loaders.chunking.tokens import TokenCount

__all__ = ["Room", "split_text"]

# A formula in a line is one word. Prices are not: the closing dollar has no blank before it.
_WORDS = re.compile(r"\$(?![\s$])[^$\n]{0,400}+(?<!\s)\$\S*+\s*+|\S++\s*+")
_PARTS_OF_WORD = re.compile(r"[/\\_&=?.,:;|#%+~-]++")
_LONGEST_SLICE = 8
_MOST_EXTENSION = 8


class Room(NamedTuple):
    """How many tokens a piece may have: the first, and each further one."""

    first: int
    further: int


class _Atom(NamedTuple):
    """A part of the text that is not cut: its range without blanks, its tokens, and how good a cut behind it is."""

    start: int
    end: int
    tokens: int
    strength: Strength


def split_text(
    text: str,
    count: TokenCount,
    room: Room,
    *,
    overlap: int = 0,
    kept: Sequence[tuple[int, int]] = (),
    glued: Collection[int] = (),
) -> list[tuple[int, int]]:
    """Return ranges `(start, end)` that cover all of `text` but the blanks between them, in order.

    A range takes as much as fits, and ends at the best place in its second half: a paragraph, a line or item, a
    sentence. What is longer than that is cut between clauses, then words; a word or a run of Chinese that does not
    fit alone is cut between characters. A single character may not fit. If two ranges are enough for the rest, they
    are about equal.

    Each text is counted once, and once more with its neighbours if the counter is not additive.

    Args:
        text: what to split.
        count: counts tokens.
        room: the tokens a range may have; 1 where it is less.
        overlap: most tokens by which a range begins before the end of the one before it: sentences, or else words.
        kept: ranges that are cut only if they do not fit alone: formulas, lists.
        glued: places where no range should begin: between a sentence and its formula.
    """
    return _Splitter(text, count, room, kept, glued).ranges(overlap)


class _Splitter:
    def __init__(
        self,
        text: str,
        count: TokenCount,
        room: Room,
        kept: Sequence[tuple[int, int]],
        glued: Collection[int],
    ) -> None:
        self._text = text
        self._count = count
        self._first_room, self._room = max(1, room.first), max(1, room.further)
        self._most = min(self._first_room, self._room)
        every = sentence_cuts(text)
        kept = [(start, _next_inked(text, end)) for start, end in kept]
        self._seams: list[Cut] = []
        self._inner: list[Cut] = []
        self._atoms: list[_Atom] = []
        shown: list[Cut] = []
        for cut in _with_edges(every, kept, glued):
            if any(start < cut.position < end for start, end in kept):
                self._inner.append(cut)
            else:
                (self._seams if cut.position in glued else shown).append(cut)
        self._atoms = list(self._atoms_of(0, len(text), shown, Strength.PARAGRAPH, 0))

    def _atoms_of(self, start: int, end: int, cuts: Sequence[Cut], strength: Strength, stage: int) -> Iterator[_Atom]:
        """Yield the atoms between `start` and `end`, cut at `cuts`; what does not fit is cut more finely.

        `strength` is that of a cut at `end`.
        """
        for cut in (*cuts, Cut(end, strength)):
            first, last = _trimmed(self._text, start, cut.position)
            if first < last:
                # With the blanks before it, as most vocabularies have words.
                tokens = self._count.count(self._text[start:last])
                if tokens <= self._most or stage == len(_STAGES):
                    yield _Atom(first, last, tokens, cut.strength)
                else:
                    finer = _STAGES[stage](self, first, last)
                    yield from self._atoms_of(start, last, finer, cut.strength, stage + 1)
                start = last

    def seams(self, start: int, end: int) -> Sequence[Cut]:
        return _inside(self._seams, start, end)

    def inner_cuts(self, start: int, end: int) -> Sequence[Cut]:
        return _inside(self._inner, start, end)

    def clause_cuts(self, start: int, end: int) -> list[Cut]:
        return clause_cuts(self._text, start, end)

    def word_cuts(self, start: int, end: int) -> list[Cut]:
        return _word_cuts(self._text, start, end)

    def slices(self, start: int, end: int) -> list[Cut]:
        """Return cuts inside a word, or in a run of a script without blanks, a few characters apart."""
        size = max(1, min(_LONGEST_SLICE, self._most // 4))
        cuts: list[Cut] = []
        at = start
        for found in _PARTS_OF_WORD.finditer(self._text, start, end):
            at = self._sliced(cuts, at, found.end(), size)
            if start < at < end and (not cuts or cuts[-1].position < at):
                cuts.append(Cut(at, Strength.CHARACTER))
        self._sliced(cuts, at, end, size)
        return cuts

    def _sliced(self, cuts: list[Cut], at: int, end: int, size: int) -> int:
        while at + size < end:
            at = _near_cut(self._text, at + size, end)
            if at < end:
                cuts.append(Cut(at, Strength.CHARACTER))
        return end

    def ranges(self, overlap: int) -> list[tuple[int, int]]:
        atoms = self._atoms
        sums = [0]
        for atom in atoms:
            sums.append(sums[-1] + atom.tokens)
        ranges: list[tuple[int, int]] = []
        first = 0
        while first < len(atoms):
            room = self._room if ranges else self._first_room
            start, repeated = atoms[first].start, 0
            if ranges and overlap:
                start, repeated = self._repeated(sums, ranges[-1][0], first, min(overlap, room // 2))
                if atoms[first].tokens + repeated > room:
                    start, repeated = atoms[first].start, 0
            behind = self._end(sums, first, room - repeated)
            if not self._count.is_additive:
                while behind > first + 1 and self._count.count(self._text[start : atoms[behind - 1].end]) > room:
                    behind -= 1
            ranges.append((start, atoms[behind - 1].end))
            first = behind
        return ranges

    def _end(self, sums: Sequence[int], first: int, room: int) -> int:
        """Return the number of the atom behind the range that begins with the atom `first`."""
        total = sums[-1] - sums[first]
        if total <= room:
            return len(self._atoms)
        furthest = max(first + 1, bisect_right(sums, sums[first] + room) - 1)
        is_last_but_one = total <= room + self._room
        if is_last_but_one:
            lowest, wanted = max(total - self._room, total / 3), total / 2
        else:
            lowest = (sums[furthest] - sums[first]) / 2
            wanted = float(room)
        best, best_key = furthest, (-1, 0.0)
        for behind in range(furthest, first, -1):
            taken = sums[behind] - sums[first]
            if taken < lowest:
                break
            key = (int(self._atoms[behind - 1].strength), -abs(taken - wanted))
            if key > best_key:
                best, best_key = behind, key
        return best

    def _repeated(self, sums: Sequence[int], lowest: int, first: int, overlap: int) -> tuple[int, int]:
        """Return where a range begins that repeats the end of the one before it, and the tokens that it repeats.

        Whole atoms, if one fits; otherwise the last words of the last one. Never all of the range before.
        """
        atoms = self._atoms
        at = first
        while at and sums[first] - sums[at - 1] <= overlap and atoms[at - 1].start > lowest:
            at -= 1
        if at < first:
            return atoms[at].start, sums[first] - sums[at]
        last = atoms[first - 1]
        best = (atoms[first].start, 0)
        for cut in reversed(_word_cuts(self._text, last.start, last.end)):
            tokens = self._count.count(self._text[cut.position : last.end])
            if tokens > overlap:
                break
            best = (cut.position, tokens)
        return best


_STAGES: tuple[Callable[[_Splitter, int, int], Sequence[Cut]], ...] = (
    _Splitter.seams,
    _Splitter.inner_cuts,
    _Splitter.clause_cuts,
    _Splitter.word_cuts,
    _Splitter.slices,
)
"""What is tried in turn on what does not fit."""


def _inside(cuts: Sequence[Cut], start: int, end: int) -> Sequence[Cut]:
    """Return the cuts of a sorted list that are inside a range."""
    return cuts[bisect_right(cuts, start, key=_position) : bisect_left(cuts, end, key=_position)]


def _position(cut: Cut) -> int:
    return cut.position


def _with_edges(cuts: Sequence[Cut], kept: Sequence[tuple[int, int]], glued: Collection[int]) -> list[Cut]:
    """Return the cuts, and those at the edges of `kept` and at `glued`, which are lines at least."""
    edges = {edge for pair in kept for edge in pair} | set(glued)
    if not edges:
        return list(cuts)
    known = {cut.position: cut for cut in cuts}
    for edge in edges:
        known.setdefault(edge, Cut(edge, Strength.LINE))
    return [known[position] for position in sorted(known)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without blanks at both ends."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _next_inked(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _word_cuts(text: str, start: int, end: int) -> list[Cut]:
    found = (match.end() for match in _WORDS.finditer(text, start, end))
    return [Cut(position, Strength.WORD) for position in found if start < position < end]


def _near_cut(text: str, position: int, end: int) -> int:
    """Return a place at or behind `position` where characters may be parted, if possible one that looks well."""
    at = position
    for at in range(position, min(end, position + _MOST_EXTENSION)):
        if is_grapheme_end(text, at) and is_good_cut(text, at):
            return at
    at = position
    while at < end and not is_grapheme_end(text, at):
        at += 1
    return at
