"""Finished pages without a file or an engine behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.answer_store import FinishedPage
from dsocr_loaders.engines.protocol import Prepared
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.values import InkGrid, PagePlace, PageStatus, RawAnswer, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def finished() -> Callable[..., FinishedPage]:
    """Return a function that makes the finished page of a number; an empty text makes a blank one."""

    def make(number: int = 1, text: str | None = None, *, name: str = "sample.png", digest: str | None = None):
        page = replace(sample_page(number, name=name), image=None, ink=InkGrid(2, 1, b"\x00\x07"))
        place = PagePlace(page.source, SourceInfo(99, tuple(map(str, range(1, 100))), (), "pymupdf"), number)
        if text == "":
            return FinishedPage(place, page, PageStatus.BLANK)
        text = text or f"<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\npage {number}"
        answer = RawAnswer(text, "stop", 900, 10, "served", "scripted 1")
        request = sample_request(page)
        prepared = Prepared(digest or f"digest {number}", None)
        return FinishedPage(place, page, PageStatus.OK, prepared, request, answer, parse_answer(text))

    return make
