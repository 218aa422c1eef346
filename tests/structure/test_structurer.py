"""Levels of headings and the outline."""

from __future__ import annotations

import pytest

from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.testing.pages import page_from_regions, report_source
from dsocr_loaders.values import OutlineEntry, PageResult, Region, RegionType, SourceInfo


def info(*bookmarks: OutlineEntry, pages: int = 1) -> SourceInfo:
    return SourceInfo(pages, tuple(map(str, range(1, pages + 1))), bookmarks, "pymupdf")


def heading(text: str, level: int = 2, kind: RegionType = RegionType.HEADING) -> Region:
    return Region(kind, kind.value, (), text, level=level)


def levels(page: PageResult) -> list[int]:
    return [region.level for region in page.regions]


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("3 Results", 3, 2),
        ("3. Results", 2, 2),
        ("3.2 Ablations", 2, 3),
        ("3.2.1. Details", 2, 4),
        ("1.1.1.1.1 Deep", 2, 6),
        ("Unnumbered", 4, 4),
        ("Unmarked", 0, 2),
        ("2024 was a year", 3, 3),
        ("12", 3, 3),
    ],
)
def test_numbers_tell_levels(text: str, level: int, expected: int) -> None:
    """A numbered heading is as deep as its number; any other keeps its mark."""
    (page,) = Structurer(info(), "stream").add(page_from_regions([heading(text, level)]))

    assert [expected] == levels(page)


def test_bookmarks_tell_levels_first() -> None:
    """A bookmark with the same title on the same page decides, whatever mark and number say."""
    structurer = Structurer(info(OutlineEntry(3, "1 Preface", 1, "bookmark"), pages=2), "stream")

    (first,) = structurer.add(page_from_regions([heading("1  PREFACE")]))
    (second,) = structurer.add(page_from_regions([heading("1 Preface")], page_number=2))

    assert ([4], [2]) == (levels(first), levels(second))


def test_titles_are_no_sections() -> None:
    """A number in a document's title tells nothing about its level, and a title without a mark is the highest."""
    title = heading("3 Ways to Measure", 0, RegionType.TITLE)

    (page,) = Structurer(info(), "stream").add(page_from_regions([title]))

    assert [1] == levels(page)


def test_bookmarks_go_six_levels_deep() -> None:
    """A bookmark of the ninth level is a heading of the deepest level that there is."""
    structurer = Structurer(info(OutlineEntry(9, "Deep: down!", 1, "bookmark")), "stream")

    (page,) = structurer.add(page_from_regions([heading("deep down")]))

    assert [6] == levels(page)


def test_stream_hands_pages_on_at_once_and_whole_waits() -> None:
    """`stream` keeps nothing back; `whole` keeps everything until the end and leaves no gap between levels."""
    pages = [
        page_from_regions([heading("A", 2), heading("B", 5)]),
        page_from_regions([heading("C", 4)], page_number=2),
    ]

    stream, whole = Structurer(info(pages=2), "stream"), Structurer(info(pages=2), "whole")

    assert [[[2, 5]], [[4]]] == [[levels(ready) for ready in stream.add(page)] for page in pages]
    assert [] == stream.finish()
    assert [[], []] == [whole.add(page) for page in pages]
    assert [[1, 3], [2]] == [levels(page) for page in whole.finish()]


def test_outline_is_bookmarks_or_headings() -> None:
    """A PDF's own outline wins; without one the headings of the pages make it."""
    page = page_from_regions(
        [heading("A study", 1, RegionType.TITLE), heading("1\nMethod", 2), heading("", 2)], page_number=3
    )
    bookmark = OutlineEntry(1, "Own", 1, "bookmark")

    found = build_document(report_source(), info(), [page]).outline
    own = build_document(report_source(), info(bookmark), [page]).outline

    assert (OutlineEntry(1, "A study", 3, "markup"), OutlineEntry(2, "1 Method", 3, "markup")) == found
    assert (bookmark,) == own
