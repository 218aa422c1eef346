"""An engine without a model: answers and faults from a script, and a memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from dsocr_loaders.engines.loop import EngineLoop
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.errors import engine_error
from dsocr_loaders.pages.digest import pixel_digest
from dsocr_loaders.values import LayoutAnswer, RawAnswer, ReadRequest, TextSource

if TYPE_CHECKING:
    from dsocr_loaders.values import Answer, PageImage

__all__ = ["Reply", "ScriptedEngine", "scripted_prepare"]

Reply = str | RawAnswer | LayoutAnswer | Exception
"""What happens to one read: a text is a whole answer, an exception is raised."""

Answers = Callable[[ReadRequest], Reply] | Mapping[int, Reply | Sequence[Reply]] | Reply


def scripted_prepare(page: PageImage, request: ReadRequest) -> Prepared:
    """Return the digest of the page's pixels, or for a page without pixels one of its file and number."""
    del request
    if page.image is not None:
        return Prepared(pixel_digest(page.image), None)
    return Prepared(hashlib.sha256(f"{page.source.sha256} {page.page_number}".encode()).hexdigest(), None)


class ScriptedEngine:
    """An engine for tests; it lives in the process that reads, its `prepare` works in page workers.

    Args:
        answers: the same reply for every page; or by page number, where a list has one reply for each attempt and
            its last one stays; or what a callable returns for the request.
        capacity: pages at the same time.
        text_source: what it says about its text.
        needs_image: whether it asks for rendered pages.
        delay_s: how long a read takes: seconds, or by request.
        prepare: instead of `scripted_prepare`; a function of an importable module.

    Attributes:
        requests: what it was asked, in order.
        digests: of the pages it was asked, in order.
        in_flight, most_in_flight: reads that run now, and at most so far.
        is_closed: whether `close` was called.
    """

    def __init__(
        self,
        answers: Answers = "",
        *,
        capacity: int = 4,
        text_source: TextSource = TextSource.OCR,
        needs_image: bool = True,
        delay_s: float | Callable[[ReadRequest], float] = 0.0,
        prepare: Callable[[PageImage, ReadRequest], Prepared] = scripted_prepare,
    ) -> None:
        self.capacity = capacity
        self.fingerprint = "scripted 1"
        self.text_source = text_source
        self.needs_image = needs_image
        self.loop = EngineLoop("scripted")
        self.prepare = prepare
        self.requests: list[ReadRequest] = []
        self.digests: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.is_closed = False
        self._answers = answers
        self._delay_s = delay_s

    async def read(self, prepared: Prepared, request: ReadRequest) -> Answer:
        """Return the scripted answer, or raise the scripted error.

        Raises:
            EngineRejected: cause `no_answer`, the script has nothing for this page.
            EngineDead: the engine was closed.
        """
        self.requests.append(request)
        self.digests.append(prepared.digest)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._delay_s(request) if callable(self._delay_s) else self._delay_s)
        except asyncio.CancelledError:
            if self.is_closed:
                raise engine_error("died", "The engine was closed while it read a page.") from None
            raise
        finally:
            self.in_flight -= 1
        reply = self._reply(request)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            return RawAnswer(reply, "stop", None, None, "scripted", self.fingerprint)
        return reply

    def _reply(self, request: ReadRequest) -> Reply:
        if isinstance(self._answers, str | RawAnswer | LayoutAnswer | Exception):
            return self._answers
        if callable(self._answers):
            return self._answers(request)
        number = request.page.page_number
        replies = self._answers.get(number)
        if replies is None:
            return engine_error("no_answer", f"The script has no answer for page {number}.")
        if isinstance(replies, Sequence) and not isinstance(replies, str):
            return replies[min(request.attempt, len(replies)) - 1]
        return replies

    def close(self) -> None:
        """End the loop. Safe to call twice; reads that still run end with `EngineDead`."""
        self.is_closed = True
        self.loop.close()
