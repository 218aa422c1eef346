"""`examine`: an answer, what it was taken apart into, and its page -> what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.health.contents import boxes_out_of_range, empty, stripped_tags, table_without_body
from dsocr_loaders.health.endings import cut_off, ran_out
from dsocr_loaders.health.ink import little_text, picture_only
from dsocr_loaders.health.loops import find_loops
from dsocr_loaders.health.orientation import sideways
from dsocr_loaders.values import Task

if TYPE_CHECKING:
    from dsocr_loaders.values import Decoding, HealthFinding, PageImage, ParsedAnswer, RawAnswer

__all__ = ["examine"]


def examine(
    answer: RawAnswer,
    parsed: ParsedAnswer,
    page: PageImage | None,
    decoding: Decoding,
    *,
    task: Task = Task.DOCUMENT,
) -> tuple[HealthFinding, ...]:
    """Return what is wrong with an answer of a model about a page that has ink, the gravest first.

    Never raises for any text, and takes time linear in its length: about 1 ms for a page's answer.

    Args:
        answer: as it came.
        parsed: what `parse_answer` makes of it.
        page: what it is about; what cannot be seen without the page's ink is not looked for if that is None.
        decoding: how the answer was decoded: its limit of tokens.
        task: what was asked. Only an answer to `document`, `ocr` or `free` is to hold all that the page says;
            one to `locate` may hold nothing at all.
    """
    truncated = cut_off(answer, parsed, decoding)
    loops = find_loops(answer.text, parsed, task=task, is_unfinished=truncated is not None)
    truncated = truncated or ran_out(answer, loops)
    nothing = empty(parsed) if task is not Task.LOCATE else None
    ink = page.ink if page is not None and nothing is None and task in _WHOLE_PAGE else None
    found = (
        nothing,
        *loops,
        truncated,
        picture_only(parsed, ink),
        stripped_tags(parsed),
        sideways(parsed, page, loops),
        table_without_body(parsed, loops),
        little_text(parsed, ink),
        boxes_out_of_range(answer.text, parsed),
    )
    return tuple(finding for finding in found if finding is not None)


_WHOLE_PAGE = frozenset({Task.DOCUMENT, Task.OCR, Task.FREE})
