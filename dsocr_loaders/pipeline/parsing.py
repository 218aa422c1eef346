"""Taking answers apart on an event loop without holding it up.

A page's answer takes 1 to 3 ms, one that fills the context up to 60 ms (measured), and the loop has hundreds of
requests to look after. So an answer is fed to the scanner in pieces, other work comes in between, and one answer is
taken apart at a time: in pieces of a hundred answers side by side the loop would not come round for as long.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from dsocr_loaders.grounding import AnswerScanner
from dsocr_loaders.pipeline.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dsocr_loaders.values import ParsedAnswer, RawAnswer, Task

__all__ = ["AnswerParser"]

_PIECE: Final = 512  # characters; the densest take 1 ms
_LONGEST_LINE: Final = 2048  # the scanner reads whole lines, so a longer one goes to a thread
_TURN_S: Final = 0.001


class AnswerParser:
    """Takes answers apart, one at a time. For one event loop.

    Args:
        task: what the engine is asked where nothing else is said.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._turn = asyncio.Lock()

    async def parse(self, answer: RawAnswer, task: Task | None = None) -> ParsedAnswer:
        """Return what `parse_answer` returns for the answer to `task`, giving way to others on the loop."""
        task = task or self._task
        async with self._turn:
            if any(len(line) > _LONGEST_LINE for line in answer.text.split("\n")):
                return await in_thread(lambda: _parsed_at_once(answer, task), "parse")
            scanner = AnswerScanner(task=task)
            began = time.perf_counter()
            for piece in _pieces(answer.text):
                scanner.feed(piece)
                if time.perf_counter() - began > _TURN_S:
                    await asyncio.sleep(0)
                    began = time.perf_counter()
            return scanner.finish(finish_reason=answer.finish_reason)


def _parsed_at_once(answer: RawAnswer, task: Task) -> ParsedAnswer:
    scanner = AnswerScanner(task=task)
    scanner.feed(answer.text)
    return scanner.finish(finish_reason=answer.finish_reason)


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
