"""The example scripts run as their docstrings say and find what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "question", "place", "words"),
    [
        (
            "rag_llamaindex.py",
            "Which pressure logger had its sensor replaced?",
            "letter.pdf, page 1, text in",
            "number 4480 had suffered from frost",
        ),
        (
            "rag_langchain.py",
            "How many samples were taken at taps?",
            "annual-report.pdf, page 3, text in",
            "1 288 samples",
        ),
    ],
)
def test_answers_with_passage_page_and_box(script: str, question: str, place: str, words: str) -> None:
    """The best passage holds the answer and is named with its file, page, type and box."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, question], capture_output=True, text=True, timeout=100, check=True
    )

    passage = done.stdout.split("\n\n", 1)[1]
    assert passage.startswith(place)
    assert words in passage
    assert re.match(r".* in \[0\.\d\d, 0\.\d\d, 0\.\d\d, 0\.\d\d\]\n", passage)
