"""Readings of a page without an engine behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.repair import WHOLE, Reading
from dsocr_loaders.testing import sample_page
from dsocr_loaders.values import Decoding, HealthFinding, InkGrid, RawAnswer, TextSource


@pytest.fixture
def reading():
    """Return a function that makes the reading of a page from an answer about it, framed or whole."""

    def make(text, *faults, framing=WHOLE, ink=None, finish_reason="stop", examined=False):
        page = replace(sample_page(), image=None, ink=ink or InkGrid(32, 44, bytes([40]) * (32 * 44)))
        answer = RawAnswer(text, finish_reason, 900, 100, "model", "engine")
        parsed = parse_answer(text, finish_reason=finish_reason)
        findings = examine(answer, parsed, framing.page(page), Decoding()) if examined else ()
        findings += tuple(HealthFinding(fault, "as a test says") for fault in faults)
        return Reading(page, answer, framing.on_page(parsed.regions), findings, TextSource.OCR, parsed)

    return make
