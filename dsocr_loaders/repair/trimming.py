"""Cutting loops out of an answer, and finding the way back into the answer as it came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dsocr_loaders.values import AnswerFault, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsocr_loaders.values import HealthFinding, RawAnswer, Region

__all__ = ["Trim", "trim_of"]


@dataclass(frozen=True, slots=True)
class Trim:
    """What is cut out of an answer.

    The characters that are cut belong to no region; everything else keeps its place: regions and findings of the
    shorter answer refer to the whole one after `regions` and `findings`.

    Attributes:
        answer: the shorter one; reason and token counts are those of the whole.
        cuts: what was cut, as ranges of the whole answer, in order, none touching another.
    """

    answer: RawAnswer
    cuts: tuple[Span, ...]

    @property
    def size(self) -> int:
        """How many characters were cut."""
        return sum(cut.end - cut.start for cut in self.cuts)

    @property
    def words(self) -> str:
        """What was cut, for people."""
        ranges = ", ".join(f"{cut.start} to {cut.end}" for cut in self.cuts)
        return f"cut {self.size} repeated characters out of the answer ({ranges})"

    def regions(self, regions: Iterable[Region]) -> tuple[Region, ...]:
        """Return regions of the shorter answer with spans in the whole one; one that spans a cut is in two."""
        return tuple(
            replace(region, spans=tuple(whole for span in region.spans for whole in self._whole(span)))
            for region in regions
        )

    def findings(self, findings: Iterable[HealthFinding]) -> tuple[HealthFinding, ...]:
        """Return findings about the shorter answer with their ranges in the whole one."""
        return tuple(
            replace(finding, start=self._behind(finding.start), end=self._before(finding.end, finding.start))
            for finding in findings
        )

    def _whole(self, span: Span) -> tuple[Span, ...]:
        start, end = self._behind(span.start), self._before(span.end, span.start)
        pieces = []
        for cut in self.cuts:
            if start < cut.start < end:
                pieces.append(Span(start, cut.start))
                start = cut.end
        return (*pieces, Span(start, end))

    def _behind(self, position: int) -> int:
        """Return where the character at `position` was; behind a cut that ends there."""
        for cut in self.cuts:
            if cut.start > position:
                break
            position += cut.end - cut.start
        return position

    def _before(self, end: int, start: int) -> int:
        """Return where a range that ends at `end` ended; before a cut that begins there."""
        return self._behind(start) if end <= start else self._behind(end - 1) + 1


def trim_of(answer: RawAnswer, findings: Iterable[HealthFinding]) -> Trim | None:
    """Return the answer without its loops, as far as `findings` say where they are; None if they name none."""
    ranges = sorted(
        (max(0, finding.start), min(len(answer.text), finding.end))
        for finding in findings
        if finding.fault is AnswerFault.LOOP and finding.start < finding.end
    )
    cuts: list[Span] = []
    for start, end in ranges:
        if cuts and start <= cuts[-1].end:
            cuts[-1] = Span(cuts[-1].start, max(cuts[-1].end, end))
        elif start < end:
            cuts.append(Span(start, end))
    if not cuts:
        return None
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(answer.text)]
    kept = "".join(answer.text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    return Trim(replace(answer, text=kept), tuple(cuts))
