"""Reads PDFs with pymupdf4llm (legacy mode) and with pdfplumber, in whatever Python has them.

    python peers.py read < paths > readings.json     python peers.py time PEER FILE > seconds

Stands alone, since that Python need not have this package. pymupdf4llm 1.28 uses its layout model by default;
`use_layout(False)` is the legacy mode, which goes by fonts and positions alone.

Neither says where its paragraphs are. pymupdf4llm's words come in the order of its Markdown, so each paragraph gets the
hull of its words, and tables, images and graphics their own boxes. pdfplumber's plain text has lines: each is a box,
and so is each table and image that it finds.
"""

# ruff: noqa: PLC0415, FBT003 - each peer is imported where it is needed, and takes its switch by position

from __future__ import annotations

import json
import re
import sys
import time

_KEPT = re.compile(r"[\W_]+")
_SEEK = 24  # letters by which a paragraph's start and end are found among the words


def _letters(text: str) -> str:
    return _KEPT.sub("", text)


def _hull(boxes: list) -> list:
    return [
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    ]


def _paragraph_boxes(markdown: str, words: list) -> list:
    """Return the hull of the words of each paragraph of Markdown."""
    every = ""
    owner = []
    for index, word in enumerate(words):
        letters = _letters(word[4])
        every += letters
        owner += [index] * len(letters)
    boxes = []
    position = 0
    for block in re.split(r"\n\s*\n", re.sub(r"\]\([^)]*\)", "]", markdown)):
        letters = _letters(re.sub(r"<[^>]*>", "", block))
        start = every.find(letters[:_SEEK], position) if letters else -1
        if start < 0:
            continue
        last = every.find(letters[-_SEEK:], start)
        end = last + len(letters[-_SEEK:]) if last >= 0 else start + len(letters)
        boxes.append(_hull([words[index] for index in sorted(set(owner[start:end]))]))
        position = end
    return boxes


def read_with_pymupdf4llm(path: str) -> list:
    """Return text, region boxes and line boxes of each page, boxes as fractions."""
    import pymupdf
    import pymupdf4llm

    pymupdf4llm.use_layout(False)
    with pymupdf.open(path) as document:
        pages = pymupdf4llm.to_markdown(document, page_chunks=True, extract_words=True, show_progress=False)
        sizes = [(page.rect.width, page.rect.height) for page in document]
    readings = []
    for page, (width, height) in zip(pages, sizes, strict=True):
        boxes = _paragraph_boxes(page["text"], page["words"])
        for kind in ("tables", "images", "graphics"):
            boxes += [list(item["bbox"]) for item in page[kind] if item.get("bbox")]
        lines = {}
        for word in page["words"]:
            lines.setdefault((word[5], word[6], round(word[3])), []).append(word)
        readings.append(_reading(page["text"], boxes, [_hull(line) for line in lines.values()], width, height))
    return readings


def read_with_pdfplumber(path: str) -> list:
    """Return text, region boxes and line boxes of each page, boxes as fractions."""
    import pdfplumber

    readings = []
    with pdfplumber.open(path) as document:
        for page in document.pages:
            lines = [[line["x0"], line["top"], line["x1"], line["bottom"]] for line in page.extract_text_lines()]
            boxes = lines + [list(table.bbox) for table in page.find_tables()]
            boxes += [[image["x0"], image["top"], image["x1"], image["bottom"]] for image in page.images]
            readings.append(_reading(page.extract_text(), boxes, lines, float(page.width), float(page.height)))
    return readings


def _reading(text: str, boxes: list, lines: list, width: float, height: float) -> dict:
    def fractions(box: list) -> list:
        return [box[0] / width, box[1] / height, box[2] / width, box[3] / height]

    return {"text": text, "boxes": list(map(fractions, boxes)), "lines": list(map(fractions, lines))}


READERS = {"pymupdf4llm": read_with_pymupdf4llm, "pdfplumber": read_with_pdfplumber}


def main() -> None:
    """Read the paths of standard input, or time one file."""
    if sys.argv[1] == "read":
        paths = sys.stdin.read().split()
        json.dump({peer: {path: read(path) for path in paths} for peer, read in READERS.items()}, sys.stdout)
        return
    import pymupdf4llm

    pymupdf4llm.use_layout(False)
    started = time.perf_counter()
    pymupdf4llm.to_markdown(sys.argv[2], show_progress=False)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
