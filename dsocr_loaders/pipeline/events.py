"""What happens in a run, for whoever looks on.

A page's events come in this order: `PageStarted`, then `PageRendered` and `PageRead`, or `PageRetried` and again from
rendering, then `PageFinished`. Before that, each rung of the ladder of repairs that is tried renders and reads again,
with further numbers of attempts, and ends with `PageRepairTried`; then, with `read_figures`, each figure that is asked
about does, side by side, and ends with `FigureRead`. A page that a store knows is finished right after it
was started, a blank one after it was rendered. Pages are side by side, so events of different pages mix. All are told
on the engine's loop, in the moment they happen, whatever the order in which results are handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsocr_loaders.errors import EngineError
    from dsocr_loaders.values import Answer, PagePlace, PageResult, RepairStep, Source, SourceFailure, SourceInfo

__all__ = [
    "FigureRead",
    "PageFinished",
    "PageRead",
    "PageRendered",
    "PageRepairTried",
    "PageRetried",
    "PageStarted",
    "RunEvent",
    "SourceDone",
    "SourceOpened",
    "SourceRefused",
    "Tell",
    "tell_nobody",
]


@dataclass(frozen=True, slots=True)
class SourceOpened:
    """A source that can be read; its pages follow.

    Attributes:
        source: the file.
        info: what it says about itself. As observers are told it, without bookmarks, which are read meanwhile.
        page_numbers: the pages that will follow, in order.
    """

    source: Source
    info: SourceInfo
    page_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceRefused:
    """A source that cannot be read."""

    failure: SourceFailure


@dataclass(frozen=True, slots=True)
class SourceDone:
    """All pages of the source have been handed over."""

    source: Source


@dataclass(frozen=True, slots=True)
class PageStarted:
    """The page's turn has come: it is looked up, or rendered as soon as a worker is free."""

    place: PagePlace


@dataclass(frozen=True, slots=True)
class PageRendered:
    """A page worker has rendered the page and prepared it for the engine.

    Attributes:
        place: which page.
        attempt: from 1; a second try renders again.
        is_blank: there is nothing on it to read.
        took_s: seconds, the wait for a free worker counted in.
    """

    place: PagePlace
    attempt: int
    is_blank: bool
    took_s: float


@dataclass(frozen=True, slots=True)
class PageRead:
    """The engine has answered.

    Attributes:
        place: which page.
        attempt: from 1.
        answer: what it said.
        waited_s: seconds for a slot of the engine.
        took_s: seconds for the answer.
    """

    place: PagePlace
    attempt: int
    answer: Answer
    waited_s: float
    took_s: float


@dataclass(frozen=True, slots=True)
class PageRetried:
    """A try failed with something that may pass; the page is tried again later.

    Attributes:
        place: which page.
        attempt: the one that failed, from 1.
        error: why.
        delay_s: seconds until the next one.
    """

    place: PagePlace
    attempt: int
    error: EngineError
    delay_s: float


@dataclass(frozen=True, slots=True)
class PageRepairTried:
    """A rung of the ladder of repairs was tried on a page whose answer is damaged.

    Attributes:
        place: which page.
        step: the rung, its extra reads, and whether the page is better for it up to now. Another rung may be better
            still: what the page owes to which is in `PageFinished.result`.
    """

    place: PagePlace
    step: RepairStep


@dataclass(frozen=True, slots=True)
class FigureRead:
    """A figure was asked about, in a second look at the page.

    Attributes:
        place: which page.
        region: the figure's `order` on it.
        is_read: whether anything was read in it.
        reads: how often the engine was asked; 0 where a store knew the answer.
        detail: why nothing was read, else `""`.
    """

    place: PagePlace
    region: int
    is_read: bool
    reads: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PageFinished:
    """The page has its result.

    Attributes:
        place: which page.
        result: as it will be handed over.
        is_known: the answer came from the store, and nothing was asked of the engine.
    """

    place: PagePlace
    result: PageResult
    is_known: bool


RunEvent = (
    SourceOpened
    | SourceRefused
    | SourceDone
    | PageStarted
    | PageRendered
    | PageRead
    | PageRetried
    | PageRepairTried
    | FigureRead
    | PageFinished
)

Tell = Callable[[RunEvent], None]
"""Takes an event, quickly and without raising: it is called on the engine's loop."""


def tell_nobody(event: RunEvent) -> None:
    """Do nothing."""
