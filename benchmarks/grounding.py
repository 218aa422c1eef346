"""How well and how fast answers become regions: prints three tables.

    python benchmarks/grounding.py [--docling PYTHON]

1. **Kept**: the share of letters and digits of each answer, outside its tags, that stand in some region's text.
2. **Boxes**: on the pages with a known layout, the best overlap (IoU) of each true box with a region's box or the hull
   of its boxes. Read beside the same boxes divided by 1000 instead of 999.
3. **Time**: how much longer twice the text takes, at worst, on hostile texts; and the time for all answers next to
   docling's parser of the same answers, if `--docling` names a Python that has it (`pip install docling-slim
   docling-core lxml`; `docling.utils.deepseekocr_utils`).

The answers are read from the folder that the environment variable `DSOCR_RECORDED_ANSWERS` names: `NNN.txt`,
`pages/NNN.jpg` and `layout_truth.json`. They are not part of the repository; without them only the hostile texts run.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from dsocr_loaders.geometry import Box, box_from_pixels, hull, intersection_over_union
from dsocr_loaders.grounding import parse_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TRUE_CATEGORIES = {"text_block", "title", "table", "figure"}
SPECIAL_TAG = re.compile(
    r"<\|ref\|>\w+<\|/ref\|><\|det\|>[^\n<]*<\|/det\|>|<\|det\|>\w+ \[[\d, ]+\]<\|/det\|>|<PAGE>"
    # Damaged: a part is missing, or the line ends inside the box.
    r"|<\|ref\|>\w+<\|/ref\|>\[[\d, ]+\]*<\|/det\|>|<\|ref\|>\w+(?:<\|/ref\|><\|det\|>(?:\[\[[\d, ]*$)?)?",
    re.MULTILINE,
)
LAYOUT = re.compile(r"</?center>|\\coloneqq|\\eqqcolon|(?:<br>)+(?=<table>)")
STRIPPED_TAG = re.compile(r"^\w+\[\[[\d, ]+\]\]", re.MULTILINE)
TAG = "<|ref|>{}<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
HOSTILE = {
    "unclosed tags": "<|ref|>text<|/ref|><|det|>[[1, 2",
    "restarted tags": "<|ref|>text<|/ref|><|det|>[[1,\n",
    "brackets": "[[",
    "cells": "<td></td>",
    "unclosed tables": "\n<table>",
    "captions without owner": TAG.format("image_caption"),
    "tables without rows": TAG.format("table"),
    "one long line": "[0.5ex] ",
    "stripped tags": "text[[1, 2, 3, 4]]\n",
    "pipes": "| a |\n",
    "phrases": "again and again ",
}
LONG = 35_000

# Runs in docling's own environment: reads paths from stdin, prints the seconds for all of them.
DOCLING = """
import gc, sys, time
from pathlib import Path
from docling.utils.deepseekocr_utils import parse_deepseekocr_markdown
from docling_core.types.doc import Size
texts = [Path(path).read_text(encoding="utf-8") for path in sys.stdin.read().split("\\n") if path]
def seconds():
    started = time.perf_counter()
    for text in texts:
        parse_deepseekocr_markdown(text, Size(width=612, height=792), 1)
    return time.perf_counter() - started
gc.disable()
print(min(seconds() for _ in range(5)))
"""


def letters(text: str) -> Counter[str]:
    """Return how often each letter and digit stands in `text`."""
    return Counter(filter(str.isalnum, text))


def print_kept(answers: dict[str, str]) -> None:
    """Print the share of letters and digits that regions keep."""
    kept = total = 0
    shares = {}
    for name, answer in answers.items():
        # Found here by patterns of its own, so that a fault of the parser's grammar cannot hide itself.
        outside = SPECIAL_TAG.sub("", LAYOUT.sub("", answer))
        wanted = letters(STRIPPED_TAG.sub("", answer) if outside == answer else outside)
        found = letters("".join(region.text for region in parse_answer(answer).regions))
        here = sum((wanted & found).values())
        kept, total = kept + here, total + sum(wanted.values())
        shares[name] = here / sum(wanted.values()) if wanted else 1.0
    least = min(shares, key=shares.__getitem__)
    print(f"kept     {kept} of {total} letters and digits = {kept / total:.4%}; least: {shares[least]:.4%} in {least}")


def best_overlaps(truth: Iterable[dict], folder: Path, scale: float) -> list[float]:
    """Return the best overlap of each true box with a region's; the read boxes are multiplied by `scale` first."""
    overlaps = []
    for page in truth:
        with Image.open(folder / "pages" / f"{page['page']}.jpg") as image:
            width_px, height_px = image.size
        parsed = parse_answer((folder / f"{page['page']}.txt").read_text(encoding="utf-8"))
        found = [box for region in parsed.regions for box in region.boxes]
        found += [hull(region.boxes) for region in parsed.regions if len(region.boxes) > 1]
        found = [Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale) for box in found]
        for item in page["layout"]:
            if item["category"] not in TRUE_CATEGORIES:
                continue
            xs, ys = item["poly"][::2], item["poly"][1::2]
            true = box_from_pixels(min(xs), min(ys), max(xs), max(ys), width_px=width_px, height_px=height_px)
            overlaps.append(max((intersection_over_union(true, box) for box in found), default=0.0))
    return overlaps


def print_boxes(folder: Path) -> None:
    """Print how well boxes agree with the known layout."""
    truth = json.loads((folder / "layout_truth.json").read_text(encoding="utf-8"))
    for name, scale in (("/999", 1.0), ("/1000", 0.999)):
        overlaps = best_overlaps(truth, folder, scale)
        median, mean = statistics.median(overlaps), statistics.mean(overlaps)
        print(f"boxes    {name:6} {len(overlaps)} true boxes: IoU median {median:.3f}, mean {mean:.3f}")


def seconds(read: Callable[[], object]) -> float:
    """Return how long `read` takes."""
    started = time.perf_counter()
    read()
    return time.perf_counter() - started


def print_growth() -> None:
    """Print how the time grows with the length of hostile texts."""
    for name, unit in HOSTILE.items():
        once, twice = (best_time(unit * (length // len(unit))) for length in (LONG, 2 * LONG))
        print(f"growth   {name:24} t(2n)/t(n) = {twice / once:.2f}")


def best_time(text: str) -> float:
    """Return the time to read `text`: the least of several, since a disturbed measurement is longer, never shorter."""
    return min(seconds(lambda: parse_answer(text)) for _ in range(9))


def print_against_docling(answers: dict[str, str], folder: Path, python: str) -> None:
    """Print the time for all answers, ours and docling's."""
    paths = "\n".join(str(folder / name) for name in answers)
    ours, theirs = [], []
    for _ in range(3):  # side by side, and in turn
        ours.append(min(seconds(lambda: [parse_answer(answer) for answer in answers.values()]) for _ in range(5)))
        command = [python, "-c", DOCLING]
        theirs.append(float(subprocess.check_output(command, input=paths, text=True)))  # noqa: S603 - the user's own
    ratios = ", ".join(f"{their / our:.2f}" for our, their in zip(ours, theirs, strict=True))
    print(f"speed    ours {min(ours) * 1e3:.1f} ms, docling {min(theirs) * 1e3:.1f} ms; docling/ours {ratios}")


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description="Measures dsocr_loaders.grounding.")
    parser.add_argument("--docling", metavar="PYTHON", help="a Python that has docling")
    arguments = parser.parse_args()
    folder = Path(os.environ.get("DSOCR_RECORDED_ANSWERS", "/nowhere"))
    answers = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9]*.txt"))}
    gc.disable()  # as in docling's run
    if answers:
        print(f"{len(answers)} recorded answers")
        print_kept(answers)
        print_boxes(folder)
    else:
        print("no recorded answers: set DSOCR_RECORDED_ANSWERS", file=sys.stderr)
    print_growth()
    if answers and arguments.docling:
        print_against_docling(answers, folder, arguments.docling)


if __name__ == "__main__":
    main()
