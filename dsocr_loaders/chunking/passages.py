"""Passages: running text as a chunk shows it, which knows for each character the region that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.formulas import with_dollars
from dsocr_loaders.chunking.provenance import Place, place_of_range
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import JoinKind, PageResult, Region

__all__ = ["Band", "Passage", "Piece", "glued_passage", "joined_passage", "passage_of", "pieces_of"]

_HYPHENS = "-\u00ad\u2010"
_SEAMS: dict[str, str] = {"hyphen": "", "none": "", "space": " "}
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start <= i < end` of a passage, which show those of a region's text from `origin` to `origin_end`.

    Where both ranges are equally long they hold the same characters.
    """

    page: PageResult
    region: Region
    start: int
    end: int
    origin: int
    origin_end: int


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Text of one region, or of several that belong together.

    Attributes:
        text: as it is shown.
        stretches: in order; what they leave out are seams and blanks.
        kept: ranges that should not be cut.
        glued: where no piece should begin.
    """

    text: str
    stretches: tuple[Stretch, ...]
    kept: tuple[tuple[int, int], ...] = ()
    glued: tuple[int, ...] = ()

    @property
    def page(self) -> PageResult:
        """Where it begins."""
        return self.stretches[0].page


@dataclass(frozen=True, slots=True)
class Band:
    """Rows of a piece of a table: their range in the part's text and their place."""

    start: int
    end: int
    place: Place


@dataclass(frozen=True, slots=True)
class Piece:
    """What a part has of one region.

    Attributes:
        page, region: which.
        type: the region's type, or that of a text that stood around a table in its region.
        start, end: characters of the part's text.
        origin, origin_end: characters of the region's text; of a table, which of its rows.
        place: where that is on the page.
        bands: of a table, its rows, which share the piece's range and place among them; empty if they are not told
            apart.
    """

    page: PageResult
    region: Region
    type: RegionType
    start: int
    end: int
    origin: int
    origin_end: int
    place: Place
    bands: tuple[Band, ...] = ()


def passage_of(page: PageResult, region: Region) -> Passage:
    """Return the text of a region that has some, without blanks around it."""
    text = region.text
    pieces = with_dollars(text, is_display=region.type is RegionType.FORMULA)
    if len(pieces) == 1:
        start = len(text) - len(text.lstrip())
        shown = text.strip()
        return Passage(shown, (Stretch(page, region, 0, len(shown), start, start + len(shown)),))
    stretches: list[Stretch] = []
    at = 0
    for piece in pieces:
        stretches.append(Stretch(page, region, at, at + len(piece.text), piece.start, piece.end))
        at += len(piece.text)
    return _trimmed(Passage("".join(piece.text for piece in pieces), tuple(stretches)))


def joined_passage(earlier: Passage, how: JoinKind, later: Passage) -> Passage:
    """Return both as one running text, put together as `dsocr_loaders.values.JoinKind` says."""
    if how == "repeated":
        return earlier
    if how == "hyphen":
        earlier = _clipped(earlier, 0, len(earlier.text.rstrip(_HYPHENS)))
    return _joined(earlier, _SEAMS.get(how, "\n"), later)


def glued_passage(earlier: Passage, later: Passage, *, is_kept: bool) -> Passage:
    """Return both, as paragraphs that are parted only if they have to be.

    Args:
        earlier: what comes first.
        later: what follows.
        is_kept: whether the later one is cut only if it does not fit alone.
    """
    seam = len(earlier.text) + len(_BETWEEN)
    joined = _joined(earlier, _BETWEEN, later)
    kept = (*joined.kept, (seam, len(joined.text))) if is_kept else joined.kept
    return replace(joined, kept=kept, glued=(*joined.glued, seam))


def pieces_of(passage: Passage, start: int, end: int) -> tuple[Piece, ...]:
    """Return the pieces of a range of the passage, whose own ranges begin at 0: one for each region."""
    runs: list[tuple[int, int, int, int]] = []
    owners: list[Stretch] = []
    for one in _between(passage, start, end):
        first, last = max(start, one.start), min(end, one.end)
        is_verbatim = one.end - one.start == one.origin_end - one.origin
        origin = one.origin + (first - one.start if is_verbatim else 0)
        origin_end = origin + last - first if is_verbatim else one.origin_end
        if owners and owners[-1].region is one.region:
            runs[-1] = (runs[-1][0], last - start, runs[-1][2], origin_end)
        else:
            owners.append(one)
            runs.append((first - start, last - start, origin, origin_end))
    return tuple(
        Piece(owner.page, owner.region, owner.region.type, *run, place_of_range(owner.region, run[2], run[3]))
        for owner, run in zip(owners, runs, strict=True)
    )


def _between(passage: Passage, start: int, end: int) -> Iterator[Stretch]:
    stretches = passage.stretches
    low, high = 0, len(stretches)
    while low < high:  # the first that ends behind `start`
        middle = (low + high) // 2
        if stretches[middle].end <= start:
            low = middle + 1
        else:
            high = middle
    for number in range(low, len(stretches)):
        if stretches[number].start >= end:
            break
        yield stretches[number]


def _joined(earlier: Passage, seam: str, later: Passage) -> Passage:
    offset = len(earlier.text) + len(seam)
    moved = tuple(replace(one, start=one.start + offset, end=one.end + offset) for one in later.stretches)
    return Passage(
        f"{earlier.text}{seam}{later.text}",
        (*earlier.stretches, *moved),
        (*earlier.kept, *((start + offset, end + offset) for start, end in later.kept)),
        (*earlier.glued, *(place + offset for place in later.glued)),
    )


def _trimmed(passage: Passage) -> Passage:
    text = passage.text
    return _clipped(passage, len(text) - len(text.lstrip()), len(text.rstrip()))


def _clipped(passage: Passage, start: int, end: int) -> Passage:
    """Return the range of a passage as a passage."""
    if start == 0 and end == len(passage.text):
        return passage
    stretches = []
    for one in _between(passage, start, end):
        first, last = max(start, one.start), min(end, one.end)
        is_verbatim = one.end - one.start == one.origin_end - one.origin
        origin = one.origin + (first - one.start if is_verbatim else 0)
        origin_end = origin + last - first if is_verbatim else one.origin_end
        stretches.append(Stretch(one.page, one.region, first - start, last - start, origin, origin_end))
    return Passage(
        passage.text[start:end],
        tuple(stretches),
        tuple((max(first, start) - start, min(last, end) - start) for first, last in passage.kept if first < end),
        tuple(place - start for place in passage.glued if start < place < end),
    )
