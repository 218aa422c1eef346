"""Halves of real pages: where they are cut, and what becomes of their answers when they are joined."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.pages.ink import measure_ink
from dsocr_loaders.repair import WHOLE, joined
from dsocr_loaders.repair.halves import halves_of
from dsocr_loaders.values import InkGrid, RgbImage

EXAMPLES = Path(__file__).parents[2] / "examples" / "documents"
PAGES = [("paper.pdf", 2), ("paper.pdf", 3), ("manual.pdf", 1), ("chinese.pdf", 1), ("arabic.pdf", 1)]


def grid(rows, columns=4):
    return InkGrid(columns, len(rows), bytes(share for share in rows for _ in range(columns)))


def band_of(halves):
    return halves[1].part.y0, halves[0].part.y1


def test_the_cut_is_in_a_light_band():
    """This test ensures that a page is cut between two blocks rather than in the middle of one, with little overlap."""
    rows = [0] * 4 + [90] * 18 + [0] * 3 + [90] * 15 + [0] * 4

    upper, lower = halves_of(grid(rows))

    assert (0.0, 1.0) == (upper.part.y0, lower.part.y1)
    assert lower.part.y0 < upper.part.y1
    assert not any(rows[round(lower.part.y0 * 44) : round(upper.part.y1 * 44)])


def test_a_page_without_a_light_band_is_cut_in_its_middle_with_lines_to_spare():
    """This test ensures that both halves of a dense page show two to three lines of what is cut."""
    upper, lower = halves_of(grid([80] * 44))

    assert (24 / 44, 20 / 44) == (upper.part.y1, lower.part.y0)


def test_halves_are_of_what_is_inked():
    """This test ensures that no half is blank where the text fills the top of a page alone."""
    rows = [0] * 2 + [70] * 16 + [0] * 26

    upper, lower = halves_of(grid(rows))

    for half in (upper, lower):
        inked = rows[round(half.part.y0 * 44) : round(half.part.y1 * 44)]
        assert sum(map(bool, inked)) >= 7


@pytest.mark.parametrize("rows", [[0] * 44, [0] * 20 + [90] * 4 + [0] * 20])
def test_little_is_not_cut(rows):
    """This test ensures that a page with a line or two is not read in halves; nor one of which the ink is not known."""
    assert halves_of(grid(rows)) is None
    assert halves_of(None) is None


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60))
def test_halves_cover_the_page_and_overlap(rows):
    """This test ensures that nothing lies between the halves, whatever is on the page."""
    halves = halves_of(grid(rows))

    if halves is not None:
        upper, lower = halves
        assert 0.0 == upper.part.y0 <= lower.part.y0 < upper.part.y1 <= lower.part.y1 == 1.0


def answer_about(page, part):
    """Return what a model that reads well would answer about a part of a page; lines that are cut are garbled."""
    width, top, bottom = page.rect.width, part.y0 * page.rect.height, part.y1 * page.rect.height
    regions = []
    for block in page.get_text("dict")["blocks"]:
        lines = []
        for line in block.get("lines", ()):
            text = "".join(span["text"] for span in line["spans"]).strip()
            x0, y0, x1, y1 = line["bbox"]
            share = (min(y1, bottom) - max(y0, top)) / (y1 - y0)
            if text and share >= 0.35:
                lines.append((x0, max(y0, top), x1, min(y1, bottom), text if share > 0.8 else text[::2]))
        if lines:
            edges = [
                pick(each) for pick, each in zip((min, min, max, max), list(zip(*lines, strict=True))[:4], strict=True)
            ]
            height = bottom - top
            scaled = (edges[0] / width, (edges[1] - top) / height, edges[2] / width, (edges[3] - top) / height)
            box = [max(0, min(999, round(999 * edge))) for edge in scaled]
            words = " ".join(line[4] for line in lines)
            regions.append(f"<|ref|>text<|/ref|><|det|>[{box}]<|/det|>\n{words}")
    return "\n\n".join(regions)


@pytest.mark.parametrize(("name", "number"), PAGES)
def test_joined_halves_hold_the_text_of_the_page_once(name, number, reading):
    """This test ensures that every word of a real page is there exactly once, in boxes where it stands on the page."""
    with pymupdf.open(EXAMPLES / name) as document:
        page = document[number - 1]
        pixels = page.get_pixmap(dpi=100)
        ink = measure_ink(RgbImage(pixels.width, pixels.height, pixels.samples), 100)
        halves = halves_of(ink)
        upper, lower = (reading(answer_about(page, half.part), framing=half, ink=ink) for half in halves)
        whole = reading(answer_about(page, WHOLE.part), ink=ink)

    both = joined(upper, lower, band_of(halves))

    assert words_of(whole) == words_of(both)
    assert len(upper.regions) + len(lower.regions) > len(both.regions)
    by_text = {region.text: region.boxes[0] for region in whole.regions}
    for region in both.regions:
        if region.text in by_text:
            box, expected = region.boxes[0], by_text[region.text]
            assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(
                (expected.x0, expected.y0, expected.x1, expected.y1), abs=0.02
            )


def test_columns_go_on_over_the_cut(reading):
    """This test ensures that a page of two columns is in the order in which it is read, and not half by half."""
    with pymupdf.open(EXAMPLES / "paper.pdf") as document:
        page = document[1]
        pixels = page.get_pixmap(dpi=100)
        ink = measure_ink(RgbImage(pixels.width, pixels.height, pixels.samples), 100)
        halves = halves_of(ink)
        upper, lower = (reading(answer_about(page, half.part), framing=half, ink=ink) for half in halves)
        whole = reading(answer_about(page, WHOLE.part), ink=ink)

    both = joined(upper, lower, band_of(halves))

    expected = [
        region.text for region in whole.regions if region.boxes[0].width > 0.3
    ]  # neither labels nor page number
    assert expected == [region.text for region in both.regions if region.boxes[0].width > 0.3]
    assert list(range(len(both.regions))) == [region.order for region in both.regions]


def words_of(reading):
    return Counter(re.findall(r"\w+", " ".join(region.text for region in reading.regions)))
