"""Where a quotation stands in a document: its pages and boxes, also when the reading has a few wrong letters.

A citation that a language model writes quotes words, not places. `locate_quote` finds them again: case, line breaks,
hyphens within words, kinds of quotation marks, table markup and delimiters of formulas do not matter, and neither do a
few misread letters. What goes on over a page break is one text, as in chunks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.provenance import place_of_range
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.structure import FURNITURE, with_figure_texts
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.geometry import Box
    from dsocr_loaders.values import Document, Region

__all__ = ["Quotation", "QuotePlace", "locate_quote"]

_SHORTEST_NOISY = 8  # letters; anything resembles a shorter quotation
_LONGEST_WHOLE = 400  # letters that are aligned at once; time grows with the square beyond
_EDGE = 3  # letters by which an alignment may miss the beginning or end of a word

_TAG = re.compile(r"<[^<>]*>")
# Within a word (the model writes "co- author"), or at the end of a line. Begins with a character, which is fast.
_HYPHEN = re.compile(r"-(?:(?<=[^\W\d_]-)\s*(?=[^\W\d_])|(?<=\w-)[ \t]*\n\s*(?=\w))")
_MARKS = ("\\(", "\\)", "\\[", "\\]", "|", "$")  # of formulas and tables; a chunk and its region have different ones
_MARK = re.compile("|".join(map(re.escape, _MARKS)))
_SOFT_HYPHEN = re.compile("\u00ad\\s*")
_HYPHENS = "-\u00ad\u2010"
_BLANK = re.compile(r"\s+")
_LIKE = dict(
    zip(
        "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2212",
        '\'\'\'\'""""""------',
        strict=True,
    )
)
_FANCY = re.compile(f"[{''.join(_LIKE)}]")


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """The part of a quotation that lies in one region.

    Attributes:
        page_number: from 1.
        region: the region's `order` on its page.
        start, end: the range of the region's text; of a figure that was read, as `with_figure_texts` gives it.
        boxes: where it is; empty if the region's boxes are not known.
        is_exact: False if the boxes are a share of the region's, because its lines are not known.
    """

    page_number: int
    region: int
    start: int
    end: int
    boxes: tuple[Box, ...]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation that was found.

    Attributes:
        text: the document's own words, those of several regions joined by a space, or as `Region.continues` says.
        score: 100 for the same letters, else how many of them agree, in percent.
        places: where it is, in reading order; more than one if it runs over several regions or pages.
    """

    text: str
    score: float
    places: tuple[QuotePlace, ...]


def locate_quote(document: Document, quote: str, *, min_score: float = 80.0, most: int = 5) -> tuple[Quotation, ...]:
    """Return where `quote` stands in `document`, the best first, those of the same score in reading order.

    Where the same letters occur, only such places are returned; else those that are alike by at least `min_score`.
    Headers, footers and page numbers do not interrupt a text that goes on over a page; they are searched as well.
    Takes about as long for the first as for every later quotation: nothing is kept between calls.

    Args:
        document: as `read` returns it.
        quote: some words; 8 letters at least if they may be misread.
        min_score: 0 to 100.
        most: most places.

    Raises:
        SettingsError: `quote` holds no letter or digit, or a number is out of range.
    """
    if not any(map(str.isalnum, quote)):
        raise SettingsError(f"quote={quote[:80]!r} holds no letter or digit to look for.")
    if not 0 <= min_score <= 100 or most < 1:  # noqa: PLR2004 - a percentage
        raise SettingsError(f"min_score={min_score} and most={most} are not allowed; allowed: 0 to 100, and 1 or more.")
    haystack = _Haystack(document)
    needle = _normalised(quote, is_table=False)
    found = [(100.0, start, start + len(needle)) for start in _occurrences(haystack.text, needle, most)]
    if not found and len(needle) >= _SHORTEST_NOISY:
        found = _alike(haystack.text, needle, min_score, most)
    return tuple(haystack.quotation(*each) for each in found)


@dataclass(frozen=True, slots=True)
class _Part:
    """One region in the haystack: its normalised text, where that begins, and what stands in front of it."""

    page_number: int
    region: Region
    text: str
    start: int
    seam: str


class _Haystack:
    """The document's text in one piece, normalised, and the way back to its regions."""

    def __init__(self, document: Document) -> None:
        self._parts: list[_Part] = []
        position = 0
        for text in _texts(document):
            seam = " " if self._parts else ""
            for index, (page_number, region) in enumerate(text):
                if index:
                    seam = _seam(region)
                words = _normalised(region.text, is_table=region.type is RegionType.TABLE)
                if index + 1 < len(text) and not _seam(text[index + 1][1]):
                    words = words.rstrip(_HYPHENS)
                if words:
                    position += len(seam)
                    self._parts.append(_Part(page_number, region, words, position, seam))
                    position += len(words)
        self._starts = [part.start for part in self._parts]
        self.text = "".join(piece for part in self._parts for piece in (part.seam, part.text))

    def quotation(self, score: float, start: int, end: int) -> Quotation:
        """Return what `start <= i < end` of the text is."""
        places: list[QuotePlace] = []
        words: list[str] = []
        for number in range(max(0, bisect_right(self._starts, start) - 1), len(self._parts)):
            part = self._parts[number]
            if part.start >= end:
                break
            first, last = max(0, start - part.start), min(len(part.text), end - part.start)
            if first < last:
                region = part.region
                origins = _origins(region.text, is_table=region.type is RegionType.TABLE)
                begin, stop = origins[first], origins[last - 1] + 1
                place = place_of_range(region, begin, stop)
                if places and region.continues is not None and region.continues.how == "none":
                    words.append(_hyphen_at_end(self._parts[number - 1].region))
                words += [part.seam] * bool(places) + [region.text[begin:stop]]
                places.append(QuotePlace(part.page_number, region.order, begin, stop, place.boxes, place.is_exact))
        return Quotation("".join(words), score, tuple(places))


def _texts(document: Document) -> Iterator[list[tuple[int, Region]]]:
    """Yield each text, in reading order, as its regions and their pages: several if it goes on over a page break."""
    texts: list[list[tuple[int, Region]]] = []
    by_place: dict[tuple[int, int], list[tuple[int, Region]]] = {}
    for page_number, region in _in_reading_order(document):
        join = region.continues
        text = None if join is None or join.how == "repeated" else by_place.get((join.page_number, join.order))
        if text is None:
            text = []
            texts.append(text)
        text.append((page_number, region))
        by_place[page_number, region.order] = text
    yield from texts


def _hyphen_at_end(region: Region) -> str:
    text = region.text.rstrip()
    return text[len(text.rstrip(_HYPHENS)) :]


def _seam(region: Region) -> str:
    return "" if region.continues is not None and region.continues.how in {"hyphen", "none"} else " "


def _in_reading_order(document: Document) -> Iterator[tuple[int, Region]]:
    """Yield page numbers and regions; what may stand between the halves of a sentence comes last."""
    aside = FURNITURE | {RegionType.FOOTNOTE}
    for is_aside in (False, True):
        for page in document.pages:
            for region in with_figure_texts(page).regions:
                if (region.type in aside) is is_aside:
                    yield page.page_number, region


def _normalised(text: str, *, is_table: bool) -> str:
    text = _plain(text)
    if is_table:
        text = _TAG.sub(" ", text)
    for mark in _MARKS if "\\" in text else "|$":
        text = text.replace(mark, " ")
    if "\u00ad" in text:
        text = _SOFT_HYPHEN.sub("", text)
    if "-" in text:
        text = _HYPHEN.sub("", text)
    return " ".join(text.split())


def _plain(text: str) -> str:
    """Return the text in small letters and with plain marks, character for character."""
    lowered = text.lower()
    if text.isascii():
        return lowered
    if len(lowered) != len(text):
        lowered = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    return _FANCY.sub(_plain_mark, lowered)


def _plain_mark(found: re.Match[str]) -> str:
    return _LIKE[found[0]]


def _origins(text: str, *, is_table: bool) -> list[int]:
    """Return for each character of `_normalised(text)` its position in `text`."""
    kept = list(range(len(text)))
    current = _plain(text)
    for pattern, is_used in ((_TAG, is_table), (_MARK, True), (_SOFT_HYPHEN, True), (_HYPHEN, True), (_BLANK, True)):
        if not is_used:
            continue
        positions: list[int] = []
        letters: list[str] = []
        last = 0
        for match in pattern.finditer(current):
            positions += kept[last : match.start()]
            letters.append(current[last : match.start()])
            if pattern in {_TAG, _MARK, _BLANK}:
                positions.append(kept[match.start()])
                letters.append(" ")
            last = match.end()
        kept = positions + kept[last:]
        current = "".join((*letters, current[last:]))
    lead = len(current) - len(current.lstrip())
    return kept[lead : len(current.rstrip())]


def _occurrences(text: str, needle: str, most: int) -> list[int]:
    starts: list[int] = []
    start = text.find(needle)
    while start >= 0 and len(starts) < most:
        starts.append(start)
        start = text.find(needle, start + len(needle))
    return starts


def _alike(text: str, needle: str, min_score: float, most: int) -> list[tuple[float, int, int]]:
    """Return score, start and end of the places that are most like `needle`, none over another."""
    found: list[tuple[float, int, int]] = []
    waiting = [(0, len(text))]
    while waiting and len(found) < most:
        begin, stop = waiting.pop()
        best = _best(text[begin:stop], needle, min_score) if stop - begin >= len(needle) // 2 else None
        if best is None:
            continue
        score, first, last = best[0], begin + best[1], begin + best[2]
        if last > first:
            found.append((score, *_whole_words(text, first, last)))
            waiting += [(begin, first), (last, stop)]
    return sorted(found, key=lambda each: (-each[0], each[1]))


def _best(text: str, needle: str, min_score: float) -> tuple[float, int, int] | None:
    from rapidfuzz import fuzz  # noqa: PLC0415 - who never looks for a quotation does not wait for its import

    start, end = 0, len(text)
    if len(needle) > _LONGEST_WHOLE:  # its beginning says where to look
        head = fuzz.partial_ratio_alignment(needle[:_LONGEST_WHOLE], text, score_cutoff=min_score)
        if head is None:
            return None
        slack = len(needle) // 10 + _LONGEST_WHOLE
        start, end = max(0, head.dest_start - slack), min(len(text), head.dest_start + len(needle) + slack)
    found = fuzz.partial_ratio_alignment(needle, text[start:end], score_cutoff=min_score)
    if found is None:
        return None
    if end - start < len(needle):  # then it is the text that was looked for in the quotation
        return found.score, start, end
    return found.score, start + found.dest_start, start + found.dest_end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range, moved outwards to the edges of words that it nearly reaches."""
    for _ in range(_EDGE):
        if start > 0 and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        if end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
            end += 1
    while start < end and text[start] == " ":
        start += 1
    while end > start and text[end - 1] == " ":
        end -= 1
    return start, end
