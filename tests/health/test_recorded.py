"""Recorded answers of the real model, against the truth that a person read out of them.

The answers are no part of the repository; `recorded_truth.csv` has, for each, the faults that it has and why.
"""

from __future__ import annotations

import csv
import gc
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.health import examine
from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.testing.pages import report_source
from dsocr_loaders.values import Decoding, HealthFinding, PageImage, RawAnswer, RgbImage

RECORDED = Path(os.environ.get("DSOCR_RECORDED_ANSWERS", "/nowhere"))
TRUTH = Path(__file__).with_name("recorded_truth.csv")
LONGEST_PX = 1600

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason="DSOCR_RECORDED_ANSWERS names no folder of recorded answers; they are not part of the repository",
)


def page_of(recording: str) -> PageImage | None:
    """Return the page with its ink, None where no image was recorded."""
    path = RECORDED / "pages" / f"{recording}.jpg"
    if not path.exists():
        return None
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    image.thumbnail((LONGEST_PX, LONGEST_PX))
    ink = measure_ink(RgbImage(image.width, image.height, image.tobytes()))
    return PageImage(report_source(), 1, "1", image.width, image.height, "px", ink=ink)


def examined(recording: str) -> tuple[str, tuple[HealthFinding, ...]]:
    text = (RECORDED / f"{recording}.txt").read_text(encoding="utf-8")
    answer = RawAnswer(text, None, None, None, "model", "engine")
    return text, examine(answer, parse_answer(text), page_of(recording), Decoding())


def truth() -> dict[str, set[str]]:
    with TRUTH.open(encoding="utf-8") as file:
        return {row["recording"]: set(row["faults"].split()) for row in csv.DictReader(file)}


def test_every_recording_has_its_truth() -> None:
    """This test ensures that the table has a line for each recorded answer that is here."""
    assert {path.stem for path in RECORDED.glob("*.txt")} <= set(truth())


def test_finds_what_a_person_found() -> None:
    """This test ensures that every loop and truncation is found, and at most two accusations are false."""
    wanted = truth()
    found = {
        recording: {finding.fault.value for finding in examined(recording)[1]}
        for recording in wanted
        if (RECORDED / f"{recording}.txt").exists()
    }
    missed = {(recording, fault) for recording, faults in found.items() for fault in wanted[recording] - faults}
    false = {(recording, fault) for recording, faults in found.items() for fault in faults - wanted[recording]}

    assert set() == {(recording, fault) for recording, fault in missed if fault in {"loop", "truncated"}}
    assert {("064", "picture_only")} >= missed  # its page was not recorded, and without it nothing tells
    assert len(false) <= 2, false


def test_what_is_left_without_loops_is_no_loop() -> None:
    """This test ensures that cutting out what the findings name leaves an answer that does not loop any more."""
    for recording, faults in truth().items():
        if "loop" not in faults or not (RECORDED / f"{recording}.txt").exists():
            continue
        text, findings = examined(recording)
        for finding in reversed([each for each in findings if each.fault == "loop"]):
            text = text[: finding.start] + text[finding.end :]
        answer = RawAnswer(text, "stop", None, None, "model", "engine")

        assert "loop" not in [each.fault for each in examine(answer, parse_answer(text), None, Decoding())], recording


def test_is_quick() -> None:
    """This test ensures that an answer is examined in at most eight times the time that taking it apart takes."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(RECORDED.glob("*.txt"))]

    def seconds() -> tuple[float, float]:
        parsing = examining = 0.0
        for text in texts:
            began = time.thread_time()
            parsed = parse_answer(text)
            between = time.thread_time()
            examine(RawAnswer(text, None, None, None, "model", "engine"), parsed, None, Decoding())
            parsing, examining = parsing + between - began, examining + time.thread_time() - between
        return parsing, examining

    gc.collect()  # what other tests have left behind is looked through in the middle of one of these, else
    rounds = [seconds() for _ in range(3)]

    assert min(examining for _, examining in rounds) < 8 * min(parsing for parsing, _ in rounds)
