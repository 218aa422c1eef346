"""How deep a heading is: bookmarks, then numbers, then what the page marks, refined by size.

Everything is put on one scale: the document's title is 1, a section is 2. Headings are levelled in order, with a stack
of those that are open, and with a view of the headings that follow, as far as they are known.

* A bookmark with the same title on the same page decides.
* A numbered heading is one deeper than what its number says that it belongs to (`3.2` to `3`, `（一）` to `一、`); the
  first of a style opens the style's level, and the rest of the document keeps it.
* A heading without a number has the level of its mark, unless the marks say nothing since all are the same: then
  clearly smaller letters, or small letters beside capitals, are deeper.
* A heading without a number never closes a section that goes on behind it: between `3.2` and `3.3` it is deeper than
  both, and sections like "References" stand beside the outermost numbers.
"""  # noqa: RUF002 - full-width brackets

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from dsocr_loaders.structure.headings import is_outer_section
from dsocr_loaders.values import RegionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.structure.bookmarks import Bookmarks
    from dsocr_loaders.structure.headings import Heading
    from dsocr_loaders.structure.numbering import Numbering
    from dsocr_loaders.values import HeadingSource

__all__ = ["DEEPEST_LEVEL", "SECTION_LEVEL", "Leveller"]

TITLE_LEVEL = 1
SECTION_LEVEL = 2
DEEPEST_LEVEL = 6
CLEARLY_LARGER = 1.15  # two sizes of one document's headings differ by more; sizes from boxes are good to a twentieth
_AS_LARGE = 1.07  # two that differ by less are of one size
_MOST_SIZES = 4
_MOST_AHEAD = 200  # headings looked through for the next number
_CHAPTERS = ("chapter", "appendix", "part")
_HOLDS_DECIMALS = frozenset({"decimal", "letter", "chapter", "appendix"})
_UNIFORM = 0.8  # share of the unnumbered headings with one mark from which marks say little


@dataclass(frozen=True, slots=True)
class _Open:
    heading: Heading
    level: int


class Leveller:
    """Gives the headings of one document their levels, in order.

    What it keeps does not grow with the document: the open headings, a level for each style of numbers, a few sizes.

    Args:
        bookmarks: the PDF's own.
    """

    def __init__(self, bookmarks: Bookmarks) -> None:
        self._bookmarks = bookmarks
        self._open: list[_Open] = []
        self._style_levels: dict[str, int] = {}
        self._last_values: dict[str, int] = {}
        self._marks: Counter[int] = Counter()
        self._sizes: dict[int, list[tuple[float, bool]]] = {}
        self._has_title = False

    def observe(self, headings: Sequence[Heading]) -> None:
        """Learn from headings that come next and are not levelled yet."""
        for heading in headings:
            if heading.number is None and heading.type is RegionType.HEADING and not is_outer_section(heading):
                mark = heading.marked_level or SECTION_LEVEL
                self._marks[mark] += 1
                self._learn_size(mark, heading)

    def level(self, heading: Heading, ahead: Sequence[Heading]) -> tuple[int, HeadingSource]:
        """Return the level of the next heading, 1 to `DEEPEST_LEVEL`, and where it comes from.

        Args:
            heading: the one that follows the last one that was asked for.
            ahead: those behind it, as far as they are known.
        """
        level, source = self._found(heading, ahead)
        level = min(DEEPEST_LEVEL, max(TITLE_LEVEL, level))
        while self._open and self._open[-1].level >= level:
            self._open.pop()
        self._open.append(_Open(heading, level))
        if heading.type is RegionType.TITLE:
            self._has_title = True
        if heading.number is not None and len(heading.number.values) == 1:
            self._last_values[heading.number.style] = heading.number.values[0]
        return level, source

    def _found(self, heading: Heading, ahead: Sequence[Heading]) -> tuple[int, HeadingSource]:
        bookmark = self._bookmarks.level(heading)
        if bookmark is not None:
            if heading.number is not None:
                self._style_levels.setdefault(heading.number.style, bookmark - len(heading.number.values) + 1)
            return bookmark, "bookmark"
        number = self._number(heading)
        if self._is_title(heading, number, ahead):
            return heading.marked_level or TITLE_LEVEL, "markup"
        if number is not None:
            return self._numbered(heading, number, ahead), "number"
        return self._unnumbered(heading, ahead)

    def _number(self, heading: Heading) -> Numbering | None:
        """Return the number; a Roman one that goes on a row of letters (H., I.) is not read as Roman."""
        number = heading.number
        if number is not None and number.style == "roman" and heading.text[1:2] in {".", ")", " ", ""}:
            value = ord(heading.text[0]) - ord("A") + 1
            if self._last_values.get("letter") == value - 1:
                return type(number)("letter", number.rank, (value,), number.end)
        return number

    def _is_title(self, heading: Heading, number: Numbering | None, ahead: Sequence[Heading]) -> bool:
        """Whether a heading is the document's title: the first that is marked so, in front of all numbers."""
        return (
            heading.type is RegionType.TITLE
            and not self._has_title
            and not self._style_levels
            and not _begins_sections(number, ahead)
        )

    def _numbered(self, heading: Heading, number: Numbering, ahead: Sequence[Heading]) -> int:
        if len(number.values) > 1:
            return self._dotted(number)
        known = self._style_levels.get(number.style)
        if known is None and number.style == "appendix":
            known = self._style_levels.get("chapter") or self._style_levels.get("decimal")
        innermost = self._open[-1] if self._open else None
        if known is None:
            known = self._first_of_style(heading, number, ahead)
        elif (
            number.values == (1,)
            and innermost is not None
            and innermost.heading.number is None
            and self._is_above(innermost, heading)
        ):
            known = innermost.level + 1  # the numbers begin anew, below another heading
        self._style_levels[number.style] = known
        return known

    def _dotted(self, number: Numbering) -> int:
        for size in range(len(number.values) - 1, 0, -1):
            for each in reversed(self._open):
                other = each.heading.number
                if other and other.style in _HOLDS_DECIMALS and other.values == number.values[:size]:
                    return each.level + len(number.values) - size
        styles = ("appendix", "letter", "decimal") if number.style == "letter" else ("decimal", "chapter")
        outer = next((self._style_levels[style] for style in styles if style in self._style_levels), None)
        if outer is None:
            outer = self._style_levels[number.style] = SECTION_LEVEL
        return outer + len(number.values) - 1

    def _first_of_style(self, heading: Heading, number: Numbering, ahead: Sequence[Heading]) -> int:
        outranked = None
        for each in reversed(self._open):
            other = each.heading
            if other.type is RegionType.TITLE and each.level == TITLE_LEVEL:
                break
            if other.number is not None:
                if other.number.style == number.style:
                    outranked = each.level + 2 - len(other.number.values)
                elif other.number.rank <= number.rank:
                    return each.level + 1
                else:
                    outranked = each.level
            elif self._is_above(each, heading) or (number.values == (1,) and _restarts(number.style, ahead)):
                return each.level + 1
        return SECTION_LEVEL if outranked is None else max(TITLE_LEVEL, outranked - 1)

    def _is_above(self, above: _Open, heading: Heading) -> bool:
        """Whether a heading without a number holds the numbered one behind it."""
        if is_outer_section(above.heading):
            return False
        mark, own = above.heading.marked_level, heading.marked_level
        return 0 < mark < own or (mark == own and _is_larger(above.heading, heading))

    def _unnumbered(  # noqa: PLR0911 - one line for each rule, in the order in which they hold
        self, heading: Heading, ahead: Sequence[Heading]
    ) -> tuple[int, HeadingSource]:
        after = next((each for each in islice(ahead, _MOST_AHEAD) if each.number is not None), None)
        before = next((each for each in reversed(self._open) if each.heading.number is not None), None)
        if is_outer_section(heading):
            level = self._outer_level(before, after)
            if level is not None:
                return level, "neighbours"
        level, source = self._marked(heading)
        if before is None:
            return level, source
        if after is not None and _starts_again(after, before.heading):
            if after.marked_level > heading.marked_level:
                return level, source
            return max(SECTION_LEVEL, min(level, self._style_levels.get(_style(after), level) - 1)), source
        lowest, is_inside = self._lowest_level(before, after)
        says_little = heading.marked_level == before.heading.marked_level or heading.type is RegionType.TITLE
        if is_inside and says_little and before.level >= lowest:
            return before.level + 1, "neighbours"
        if says_little and before.level > lowest and not _is_larger(heading, before.heading):
            return before.level, "neighbours"
        if level < lowest:
            return lowest, "neighbours"
        if says_little and level == before.level and _is_larger(before.heading, heading):
            return level + 1, "size"
        return level, source

    def _outer_level(self, before: _Open | None, after: Heading | None) -> int | None:
        """Return the level of "References" and the like among numbers, None if there are none around it."""
        if before is None and after is None:
            return None
        styles = self._style_levels
        if before is not None and after is not None and after.number and after.number.style == "chapter":
            chapter = next((each for each in self._open if _has_style(each.heading, "chapter")), None)
            if chapter is not None:
                return chapter.level + 1  # each chapter has its own
        known = [styles[style] for style in (*_CHAPTERS[:2], "decimal", "roman", "cjk", "letter") if style in styles]
        return min(known, default=SECTION_LEVEL)

    def _lowest_level(self, before: _Open, after: Heading | None) -> tuple[int, bool]:
        """Return the highest place that a heading may take without closing what goes on behind it.

        The second value tells whether `after` stands beside or below `before`, which is dotted or goes on counting.
        """
        number, own = after.number if after else None, before.heading.number
        if number is None or own is None:
            outermost = next(each for each in self._open if each.heading.number is not None)
            return outermost.level, False
        holders = [
            each
            for each in self._open
            if each.heading.number is not None and each.heading.number.values == number.values[: len(number.values) - 1]
        ]
        if len(number.values) > 1:
            if holders:
                return holders[-1].level + 1, holders[-1] is before or len(own.values) >= len(number.values)
            return self._dotted(number), False
        known = self._style_levels.get(number.style)
        if known is not None and (number.values[0] > 1 or number.style != own.style):
            return known, number.rank > own.rank
        return TITLE_LEVEL, False

    def _marked(self, heading: Heading) -> tuple[int, HeadingSource]:
        mark = heading.marked_level or SECTION_LEVEL
        if heading.type is RegionType.TITLE:
            return heading.marked_level or TITLE_LEVEL, "markup"
        if heading.is_of_text_layer:
            return mark, "size"
        count = self._marks.total()
        if count and self._marks[mark] >= _UNIFORM * count:
            deeper = self._rank_of_size(mark, heading)
            if deeper:
                return mark + deeper, "size"
        return mark, "markup"

    def _learn_size(self, mark: int, heading: Heading) -> None:
        """Keep one size for each kind of heading, the largest first."""
        kinds = self._sizes.setdefault(mark, [])
        if heading.size and len(kinds) < _MOST_SIZES:
            kind = (heading.size, heading.is_capitals)
            if not any(_is_same_kind(kind, other) for other in kinds):
                kinds.append(kind)
                kinds.sort(reverse=True)

    def _rank_of_size(self, mark: int, heading: Heading) -> int:
        """Return how many kinds of headings with this mark are clearly larger, or as large and in capitals."""
        if not heading.size:
            return 0
        own = (heading.size, heading.is_capitals)
        larger = [kind for kind in self._sizes.get(mark, ()) if _outdoes(kind, own)]
        return sum(1 for index, kind in enumerate(larger) if not index or _outdoes(larger[index - 1], kind))


def _is_same_kind(one: tuple[float, bool], other: tuple[float, bool]) -> bool:
    return one[1] == other[1] and max(one[0], other[0]) < CLEARLY_LARGER * min(one[0], other[0])


def _outdoes(one: tuple[float, bool], other: tuple[float, bool]) -> bool:
    """Whether one kind of headings is outside another: clearly larger, or as large and in capitals."""
    return one[0] >= CLEARLY_LARGER * other[0] or (one[1] and not other[1] and one[0] * _AS_LARGE > other[0])


def _is_larger(one: Heading, other: Heading) -> bool:
    return bool(one.size and other.size and one.size >= CLEARLY_LARGER * other.size)


def _style(heading: Heading) -> str:
    return heading.number.style if heading.number else ""


def _starts_again(after: Heading, before: Heading) -> bool:
    """Whether a row of numbers begins anew behind a heading: steps 1, 2, then the next task with steps 1, 2."""
    number = after.number
    return number is not None and number.values == (1,) and number.style == _style(before)


def _has_style(heading: Heading, style: str) -> bool:
    return _style(heading) == style


def _begins_sections(number: Numbering | None, ahead: Sequence[Heading]) -> bool:
    """Whether what is marked as the title is the first of numbered sections: the next number goes on from it."""
    if number is None:
        return False
    following = next((each.number for each in islice(ahead, _MOST_AHEAD) if each.number is not None), None)
    if following is None:
        return False
    counts_on = following.style == number.style and following.values == (*number.values[:-1], number.values[-1] + 1)
    return counts_on or following.values == (*number.values, 1)


def _restarts(style: str, ahead: Sequence[Heading]) -> bool:
    """Whether another heading without a number is followed by another number 1 of the same style."""
    known = list(islice(ahead, _MOST_AHEAD))
    numbered = list(takewhile(lambda each: each.number is not None, known))
    return any(
        one.number is None
        and not is_outer_section(one)
        and other.number is not None
        and (other.number.style, other.number.values) == (style, (1,))
        for one, other in zip(known[len(numbered) :], known[len(numbered) + 1 :], strict=False)
    )
