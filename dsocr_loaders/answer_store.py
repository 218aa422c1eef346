"""Where answers are kept, as the pipeline sees it: what a journal has to be.

The pipeline asks three times. Before a page is rendered: is it known what it is and what was answered? Before it takes
a slot of the engine: was this very image answered before? And when an answer is there: keep it. Further questions about
a page, for its repair, are looked up and kept by their own image and request, beside the page's first answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dsocr_loaders.engines.protocol import Prepared
    from dsocr_loaders.values import (
        HealthFinding,
        PageImage,
        PagePlace,
        PageStatus,
        ParsedAnswer,
        RawAnswer,
        ReadRequest,
    )

__all__ = ["AnswerStore", "FinishedPage", "KnownPage", "NoStore"]


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page whose result can be made without rendering it.

    Attributes:
        page: its size, label and ink; no pixels.
        answer: what was answered; None for a page that is blank.
    """

    page: PageImage
    answer: RawAnswer | None


@dataclass(frozen=True, slots=True)
class FinishedPage:
    """A page as it is known once its answer is there, and taken apart.

    Attributes:
        place: which page.
        page: its size, label and ink; no pixels.
        status: never `failed`.
        prepared: what the engine got, whose digest names the pixels; its payload may be dropped. None for a blank page.
        request: what the engine was asked; None for a blank page.
        answer: what it answered; None for a blank page.
        parsed: the answer's regions, dialect and issues; None for a blank page.
        health: what is wrong with the answer.
    """

    place: PagePlace
    page: PageImage
    status: PageStatus
    prepared: Prepared | None = None
    request: ReadRequest | None = None
    answer: RawAnswer | None = None
    parsed: ParsedAnswer | None = None
    health: tuple[HealthFinding, ...] = ()


class AnswerStore(Protocol):
    """Keeps answers. One is made for each run, for one engine and one set of settings.

    Every method is awaited on the engine's loop, so it must not block it, and several run side by side. An error that
    one raises ends the run and reaches its caller: a store that can do without an answer returns None instead.
    """

    async def find_page(self, place: PagePlace) -> KnownPage | None:
        """Return what is known of the page as these settings render it, or None."""
        ...

    async def lookup(self, prepared: Prepared, request: ReadRequest) -> RawAnswer | None:
        """Return what this engine answered to this request for this very image, or None."""
        ...

    async def record(self, page: FinishedPage) -> None:
        """Keep a page that was read by the engine, or found blank; it is handed over once this returns.

        A page whose answer came from the store is recorded too if it had to be rendered: next time it need not be.
        """
        ...

    async def record_answer(self, page: FinishedPage) -> None:
        """Keep an answer to a further question about a page: for `lookup` alone, what is known of the page stays."""
        ...


class NoStore:
    """Knows nothing and keeps nothing."""

    async def find_page(self, place: PagePlace) -> KnownPage | None:
        """Return None."""
        del place
        return None

    async def lookup(self, prepared: Prepared, request: ReadRequest) -> RawAnswer | None:
        """Return None."""
        del prepared, request
        return None

    async def record(self, page: FinishedPage) -> None:
        """Do nothing."""

    async def record_answer(self, page: FinishedPage) -> None:
        """Do nothing."""
