"""What an engine is asked about a page, and how the page is put before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsocr_loaders.repair.framing import WHOLE
from dsocr_loaders.values import ReadRequest

if TYPE_CHECKING:
    from dsocr_loaders.repair.framing import Framing
    from dsocr_loaders.values import Decoding, PageImage, Task

__all__ = ["Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one page.

    Attributes:
        task: what is asked; it also says how the answer is taken apart.
        prompt: the words, without the image token.
        resolution: name of the mode.
        decoding: how to decode.
        framing: how the page is turned or cut.
        dpi: dots per inch at which the part that `framing` cuts out is rendered, where that differs from the whole
            page's; it is then rendered alone. None: as all pages are.
        words: what is special about it, for people; `""` for a page's first question.
    """

    task: Task
    prompt: str
    resolution: str
    decoding: Decoding
    framing: Framing = WHOLE
    dpi: int | None = None
    words: str = ""

    def request(self, page: PageImage, attempt: int) -> ReadRequest:
        """Return the request that asks it.

        Args:
            page: as shown; the request's is framed. Pixels that are there are left out.
            attempt: from 1.
        """
        return ReadRequest(
            page=self.framing.page(page),
            task=self.task,
            prompt=self.prompt,
            resolution=self.resolution,
            decoding=self.decoding,
            attempt=attempt,
        )
