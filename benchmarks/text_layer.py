"""How well and how fast the text layer is read: prints tables, side by side with pymupdf4llm and pdfplumber.

    python benchmarks/text_layer.py [--peers PYTHON] [--speed] [--pages] [--keep FOLDER]

The documents and the truth about them are built by `layout_set`, two thirds to look at while working, one third kept
apart: other texts, other sizes, other recipes. Measures, as means over pages (`layout_set/measures.py`):

* **order**: share of pairs of lines that come in the wrong order; **text**: edit distance by letters and digits, as a
  share of the longer text. Less is better.
* **boxes**, **lines**: the best overlap (IoU) of each true region's and each true line's box with one that was read.
  More is better. How those who have no boxes of regions get them is told in `layout_set/peers.py`.

`--peers` names a Python with pymupdf4llm and pdfplumber; pymupdf4llm 1.28 needs onnxruntime, so it is no part of this
package's own tools:

    python -m venv peers && peers/bin/pip install "pymupdf4llm==1.28.*" pdfplumber
    python benchmarks/text_layer.py --peers peers/bin/python --speed

`--speed` reads a document of 500 pages to chunks, worker processes and all, and has pymupdf4llm make Markdown of it, in
turn and each alone, three times; it prints the ratio of the fastest. `--floors` ends with status 1 if the text layer is
worse than the floors below, which a test asks for.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from layout_set import build
from layout_set.measures import Reading, Scores, mean_scores, overlap, scores_of

from dsocr_loaders import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layout_set import Entry

    from dsocr_loaders.values import PageResult, Region

PEERS = Path(__file__).parent / "layout_set" / "peers.py"
OURS = "text layer"
FLOORS = Scores(order=0.01, text=0.02, boxes=0.92, lines=0.86)
SPEED_PAGES = 500
SPEED_DOCUMENTS = ("article-two", "article-one", "book", "magazine", "newsletter", "report", "manual", "problems")
_ALIKE = 0.5  # IoU from which a region that was read stands for a true one


def reading_of(page: PageResult) -> Reading:
    """Return what the text layer read on a page."""
    return Reading(
        text="\n".join(region.text for region in page.regions),
        boxes=tuple((box.x0, box.y0, box.x1, box.y1) for region in page.regions for box in region.boxes),
        lines=tuple(
            (line.box.x0, line.box.y0, line.box.x1, line.box.y1) for region in page.regions for line in region.lines
        ),
    )


def read_with_peers(python: str, paths: Sequence[Path]) -> dict[str, dict[str, list[Reading]]]:
    """Return the readings of the other packages, by name and path."""
    named = "\n".join(map(str, paths))
    # A Python that the user names.
    done = subprocess.run([python, PEERS, "read"], input=named, capture_output=True, text=True, check=True)  # noqa: S603 - see above
    # pymupdf4llm prints remarks to standard output before the answer.
    found = json.loads(done.stdout[done.stdout.index('{"pymupdf4llm"') :])
    return {
        peer: {
            path: [
                Reading(page["text"], tuple(map(tuple, page["boxes"])), tuple(map(tuple, page["lines"])))
                for page in pages
            ]
            for path, pages in files.items()
        }
        for peer, files in found.items()
    }


def print_scores(title: str, scores: dict[str, list[Scores]]) -> None:
    """Print one table."""
    count = len(next(iter(scores.values())))
    print(f"\n{title} ({count} pages)\n{'':24}{'order':>9}{'text':>9}{'boxes':>9}{'lines':>9}")
    for name, pages in scores.items():
        mean = mean_scores(pages)
        print(f"{name:24}{mean.order:9.4f}{mean.text:9.4f}{mean.boxes:9.4f}{mean.lines:9.4f}")


def count_types(truth: Sequence[dict], page: PageResult, counts: Counter[tuple[str, bool]], grids: list[bool]) -> None:
    """Count, for each true region, whether the region there has its type, and for tables whether all cells agree."""
    for region in truth:
        best = _best(region["boxes"], page.regions)
        counts[region["type"], best is not None and best.type == region["type"]] += 1
        if region["type"] == "table":
            grids.append(best is not None and _cells(best.text) == _cells(region["html"]))


def _best(boxes: Sequence[Sequence[float]], regions: Sequence[Region]) -> Region | None:
    def likeness(region: Region) -> float:
        return max(
            (overlap(box, (own.x0, own.y0, own.x1, own.y1)) for own in region.boxes for box in boxes), default=0.0
        )

    best = max(regions, key=likeness, default=None)
    return best if best is not None and likeness(best) >= _ALIKE else None


def _cells(html: str) -> list[tuple[str, str, str]]:
    return [
        (rows or "1", columns or "1", text)
        for rows, columns, text in re.findall(
            r'<td(?: rowspan="(\d+)")?(?: colspan="(\d+)")?>(.*?)</td>', html.replace("<th", "<td")
        )
    ]


def print_types(title: str, counts: Counter[tuple[str, bool]], grids: Sequence[bool]) -> None:
    """Print which share of the true regions have their type."""
    print(f"\n{title}: true regions that are read as what they are")
    for kind in sorted({name for name, _ in counts}):
        right, wrong = counts[kind, True], counts[kind, False]
        print(f"  {kind:14}{right:5} of {right + wrong}")
    print(f"  tables with every cell and span right: {sum(grids)} of {len(grids)}")


def measure(documents: Sequence[tuple[Entry, Path]], peers: str | None, *, shows_pages: bool) -> dict[bool, Scores]:
    """Print all tables; return the text layer's means, of the known documents and of those kept apart."""
    others = read_with_peers(peers, [path for _, path in documents]) if peers else {}
    means = {}
    with Reader("text_layer") as reader:
        pages = {path: list(reader.iter_pages(path)) for _, path in documents}
    for is_apart in (False, True):
        scores: dict[str, list[Scores]] = {name: [] for name in (OURS, *others)}
        counts: Counter[tuple[str, bool]] = Counter()
        grids: list[bool] = []
        for entry, path in documents:
            if entry.is_apart is not is_apart:
                continue
            truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            for index, (regions, page) in enumerate(zip(truth, pages[path], strict=True)):
                scores[OURS].append(scores_of(regions, reading_of(page)))
                count_types(regions, page, counts, grids)
                for name, files in others.items():
                    scores[name].append(scores_of(regions, files[str(path)][index]))
                if shows_pages:
                    shown = (f"{getattr(s[-1], m):.3f}" for m in Scores.__slots__ for s in scores.values())
                    print(f"{entry.name:18}{index + 1:3}  {'  '.join(shown)}")
        title = "Documents kept apart" if is_apart else "Documents to work with"
        if scores[OURS]:
            print_scores(title, scores)
            print_types(title, counts, grids)
            means[is_apart] = mean_scores(scores[OURS])
    return means


def long_document(folder: Path) -> Path:
    """Write a document of 500 pages and return its path."""
    import pymupdf  # noqa: PLC0415 - needed for this alone

    path = folder / "long.pdf"
    parts = [pymupdf.open(part) for _, part in build(folder / "parts", frozenset(SPEED_DOCUMENTS))]
    with pymupdf.open() as whole:
        while whole.page_count < SPEED_PAGES:
            for part in parts:
                room = SPEED_PAGES - whole.page_count
                if room > 0:
                    whole.insert_pdf(part, to_page=min(part.page_count, room) - 1)
        whole.save(path, deflate=True)
    return path


def seconds_to_chunks(path: Path) -> float:
    """Return how long a reader takes from its making to the last chunk, in a Python of its own."""
    code = (
        "import sys, time\nfrom dsocr_loaders import Reader\nstarted = time.perf_counter()\n"
        "with Reader('text_layer') as reader:\n    count = sum(1 for _ in reader.load(sys.argv[1]))\n"
        "print(time.perf_counter() - started)"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very Python
    return float(done.stdout)


def measure_speed(folder: Path, peers: str) -> float:
    """Print and return how many times faster the text layer makes chunks than pymupdf4llm makes Markdown."""
    path = long_document(folder)
    ours, theirs = [], []
    for _ in range(3):
        ours.append(seconds_to_chunks(path))
        command = [peers, PEERS, "time", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - the user named it
        theirs.append(float(done.stdout.split()[-1]))
        time.sleep(1)
    ratio = min(theirs) / min(ours)
    print(f"\n{SPEED_PAGES} pages: to chunks {min(ours):.1f} s, pymupdf4llm {min(theirs):.1f} s: {ratio:.1f} x")
    return ratio


def main() -> int:
    """Build the set, measure, print; return the status."""
    parser = argparse.ArgumentParser(description="Measure the text layer.")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python with pymupdf4llm 1.28 and pdfplumber")
    parser.add_argument("--speed", action="store_true", help="also time a document of 500 pages (needs --peers)")
    parser.add_argument("--pages", action="store_true", help="print every page")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="build the documents there and leave them")
    parser.add_argument("--floors", action="store_true", help="end with status 1 below the floors")
    parser.add_argument("--skip-quality", action="store_true", help="with --speed: time alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        means = {}
        if not options.skip_quality:
            means = measure(build(folder), options.peers, shows_pages=options.pages)
        if options.speed:
            if not options.peers:
                parser.error("--speed needs --peers")
            measure_speed(folder, options.peers)
    is_low = any(
        mean.order > FLOORS.order or mean.text > FLOORS.text or mean.boxes < FLOORS.boxes or mean.lines < FLOORS.lines
        for mean in means.values()
    )
    return 1 if options.floors and is_low else 0


if __name__ == "__main__":
    sys.exit(main())
