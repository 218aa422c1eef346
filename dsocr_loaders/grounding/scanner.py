"""`AnswerScanner`: an answer's characters as they come -> its regions as they are settled."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from dsocr_loaders.grounding.blocks import Section
from dsocr_loaders.grounding.clusters import CLUSTERED, Cluster
from dsocr_loaders.grounding.issues import issue
from dsocr_loaders.grounding.lines import LineReader
from dsocr_loaders.grounding.marks import Content, Cut, Tag
from dsocr_loaders.grounding.wording import region_of
from dsocr_loaders.values import Dialect, Drop, ParsedAnswer, Span, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dsocr_loaders.grounding.clusters import Settled
    from dsocr_loaders.grounding.marks import Mark
    from dsocr_loaders.values import AnswerIssue, Region

__all__ = ["AnswerScanner"]

_TEXT_IN_TAG = frozenset({Task.OCR, Task.LOCATE})
_STRIPPED = frozenset({Dialect.STRIPPED, Dialect.DET_LABEL_STRIPPED})


class AnswerScanner:
    """Reads an answer while it is being written.

    `feed` takes the next characters, cut anywhere, and returns the regions that nothing later can change: those
    before the last tag, but for a cluster of tables, figures, captions and footnotes that is still open. `finish`
    returns the whole answer; it equals what `parse_answer` returns for all the characters at once.

    Never raises for any text. Time is linear in the length of the text, however it is cut.

    Args:
        task: what was asked. For `ocr` and `locate` the text stands inside `<|ref|>`.
    """

    def __init__(self, *, task: Task | str = Task.DOCUMENT) -> None:
        self._reader = LineReader(is_text_in_tag=Task(task) in _TEXT_IN_TAG)
        self._unread: list[str] = []
        self._length = 0
        self._section = Section(None, 0)
        self._cluster = Cluster()
        self._page_index = 0
        self._is_inked = False
        self._is_stripped = False
        self._regions: list[Region] = []
        self._drops: list[Drop] = []
        self._issues: list[AnswerIssue] = []
        self._kept_size = 0  # characters that are no blanks
        self._lost_size = 0

    def feed(self, text: str) -> list[Region]:
        """Take the next characters; return the regions that are settled since the last call, in order."""
        settled = len(self._regions)
        last_break = text.rfind("\n") + 1
        if last_break:
            lines = "".join([*self._unread, text[:last_break]])
            self._unread = []
            self._read(lines, is_last=False)
        if last_break < len(text):
            self._unread.append(text[last_break:])
        return self._regions[settled:]

    def finish(self, *, finish_reason: str | None = None) -> ParsedAnswer:
        """Return the answer; nothing may be fed afterwards.

        Args:
            finish_reason: `"length"` marks an answer that was cut off.
        """
        rest = "".join(self._unread)
        self._unread = []
        if rest:
            self._read(rest, is_last=True)
        self._end_section()
        self._settle(self._cluster.close())
        if finish_reason == "length":
            self._issues.append(issue("truncated", Span(self._length, self._length)))
        return ParsedAnswer(
            regions=tuple(self._regions),
            drops=tuple(sorted(self._drops, key=attrgetter("span.start"))),
            text_coverage=self._kept_size / (self._kept_size + self._lost_size) if self._lost_size else 1.0,
            dialect=self._reader.dialect or Dialect.PLAIN,
            issues=tuple(sorted(self._issues, key=attrgetter("span.start"))),
        )

    def _read(self, lines: str, *, is_last: bool) -> None:
        """Read whole lines; the last one has no line break if `is_last`."""
        for mark in self._reader.read(lines, self._length, is_last=is_last):
            self._take(mark)
        self._length += len(lines)

    def _take(self, mark: Mark) -> None:
        if isinstance(mark, Content):
            self._is_inked = self._is_inked or not mark.text.isspace()
            self._section.add(mark)
        elif isinstance(mark, Tag):
            self._open(mark)
        else:
            self._cut(mark)

    def _open(self, tag: Tag) -> None:
        if tag.dialect in _STRIPPED and not self._is_stripped:
            self._is_stripped = True
            self._issues.append(issue("tags_stripped", tag.span))
        self._is_inked = True
        if self._section.is_restarted_by(tag):
            self._issues.append(issue("tag_restarted", tag.span))
            self._drops += [Drop(span, "blank") for span in self._section.restart_with(tag)]
            return
        self._end_section()
        self._section = Section(tag, self._page_index)
        if self._section.type not in CLUSTERED:
            self._settle(self._cluster.close())

    def _cut(self, cut: Cut) -> None:
        self._drops.append(Drop(cut.span, cut.kind))
        if cut.kind == "stray_tag":
            self._issues.append(issue("stray_tag", cut.span))
        elif cut.kind == "page_marker":
            self._end_section()
            self._settle(self._cluster.close())
            # <PAGE> before anything else begins the first page and ends none.
            if not (cut.begins_page and self._page_index == 0 and not self._is_inked):
                self._page_index += 1
            self._is_inked = True
            self._section = Section(None, self._page_index)

    def _end_section(self) -> None:
        blocks, blanks, lost = self._section.cut()
        self._lost_size += lost
        self._drops += [Drop(span, "blank") for span in blanks]
        self._settle(self._cluster.add(blocks))

    def _settle(self, settled: Sequence[Settled]) -> None:
        for block, distance in settled:
            order = len(self._regions)
            self._issues += block.issues
            self._kept_size += sum(map(len, block.text.split()))
            self._regions.append(region_of(block, order, None if distance is None else order + distance))
