"""Levels of headings and where they come from."""

from __future__ import annotations

import pytest

from dsocr_loaders.geometry import Box
from dsocr_loaders.structure import Structurer
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import OutlineEntry, Region, RegionType, SourceInfo, TextSource

BODY = "A paragraph of some words that ends with a full stop."


def levelled(*pages, mode="stream", bookmarks=(), text_source=TextSource.OCR):
    """Return text, level and source of the headings of pages, each a list of headings; other texts are paragraphs."""
    structurer = Structurer(SourceInfo(len(pages), ("",) * len(pages), tuple(bookmarks), "pymupdf"), mode)
    ready = []
    for number, regions in enumerate(pages, start=1):
        page = page_from_regions(
            [heading(each) if isinstance(each, str) else each for each in regions],
            page_number=number,
            total_pages=len(pages),
            text_source=text_source,
        )
        ready += structurer.add(page)
    ready += structurer.finish()
    return [
        (region.text, region.level, region.heading_source) for page in ready for region in page.regions if region.level
    ]


def heading(text, *, kind=RegionType.HEADING, size=0.0):
    """Return what the model's Markdown stands for; `size` is the height of the letters in points."""
    marks = len(text) - len(text.lstrip("#"))
    words = text.lstrip("# ")
    if not marks:
        return Region(RegionType.TEXT, "text", (), words)
    ems = sum(0.68 if each.isupper() else 0.28 if each == " " else 0.5 for each in words)
    boxes = (Box(0.1, 0.3, 0.1 + ems * size / 595, 0.3 + size / 842),) if size else ()
    return Region(RegionType.TITLE if kind == "title" else kind, kind, boxes, words, level=marks)


def title(text, *, size=0.0):
    return heading(f"# {text}", kind=RegionType.TITLE, size=size)


def levels(*pages, **settings):
    return [level for _, level, _ in levelled(*pages, **settings)]


BOTH = pytest.mark.parametrize("mode", ["stream", "whole"])

CASES = {
    # What the model marks, one string a heading, and the levels that they should have.
    "everything is ##": (
        ["## 1 Start", "## 1.1 Aim", "## 1.1.1 Deep", "## 2 Way", "## 2.1 First", "## 3 End"],
        [2, 3, 4, 2, 3, 2],
    ),
    "marks that vary and numbers": (["# 1 Start", "### 1.1 Aim", "# 2 Way"], [2, 3, 2]),
    "chapters that hold numbers": (["## Chapter 1", BODY, "## 1.1 Aim", "## Chapter 2 Ways", "## 2.1 X"], [2, 3, 2, 3]),
    "parts that hold chapters": (["## Part I Old", "## Chapter 1 A", "## 1.1 B", "## Part II New"], [2, 3, 4, 2]),
    "chapters that count anew": (["## Chapter 1 A", "## 1 X", "## 2 Y", "## Chapter 2 B", "## 1 Z"], [2, 3, 3, 2, 3]),
    "Roman, letters, digits": (["## I. A", "## A. B", "## 1) C", "## B. D", "## II. E", "## A. F"], [2, 3, 4, 3, 2, 3]),
    "letters that look Roman": (["## G. a", "## H. b", "## I. c", "## J. d"], [2, 2, 2, 2]),
    "German law": (["## Kapitel 1 A", "## § 1 B", "## § 2 C", "## Kapitel 2 D", "## § 3 E"], [2, 3, 3, 2, 3]),
    "Chinese book": (["## 第一章 甲", "## 第一节 乙", "## 一、丙", "## （一）丁", "## 第二章 戊"], [2, 3, 4, 5, 2]),  # noqa: RUF001 - full-width brackets
    "Chinese report": (["## 二、甲", "## （一）乙", "## 1.丙", "## 2.丁", "## （二）戊"], [2, 3, 4, 4, 3]),  # noqa: RUF001 - likewise
    "Arabic book": (["## الفصل الأول: أ", "## 1.1 ب", "## 1.2 ج", "## الفصل الثاني: د"], [2, 3, 3, 2]),
    "Arabic report": (["## أولا: أ", "## ثانيا: ب", "## 1. ج", "## ثالثا: د"], [2, 2, 3, 2]),
    "starts in the middle": (["## 2.9 A", "## 3 B", "## 3.1 C"], [3, 2, 3]),
    "below unnumbered marks": (["## Parts", "### 1. A", "### 2. B", "## Tools", "### 1. C"], [2, 3, 3, 2, 3]),
    "steps below tasks": (["## Build", "## 1. A", "## 2. B", "## Run", "## 1. C", "## 2. D"], [2, 3, 3, 2, 3, 3]),
    "deeper the second time": (
        ["## P", "### 一、a", "### 二、b", "### Q", "#### 一、c", "#### 二、d"],
        [2, 3, 3, 3, 4, 4],
    ),
    "appendix beside numbers": (["## 1 A", "## 1.1 B", "## Appendix A C", "## A.1 D"], [2, 3, 2, 3]),
    "abstract and references": (["### Abstract", "## 1 A", "## 1.1 B", "#### References"], [2, 2, 3, 2]),
    "Literatur": (["## Zusammenfassung", "## 1 A", "## 1.1 B", "### Literatur"], [2, 2, 3, 2]),
    "参考文献": (["## 摘要", "## 1 甲", "## 1.1 乙", "### 参考文献"], [2, 2, 3, 2]),
    "المراجع": (["## الملخص", "## 1 أ", "## 1.1 ب", "### المراجع"], [2, 2, 3, 2]),
    "summary of each chapter": (["## Chapter 1 A", "## 1.1 B", "## References", "## Chapter 2 C"], [2, 3, 3, 2]),
    "unnumbered between 3.2 and 3.3": (["## 3 A", "## 3.2 B", "## Words", "## 3.3 C", "## 4 D"], [2, 3, 4, 3, 2]),
    "unnumbered before 3.1": (["## 3 A", "## Words", "## 3.1 B"], [2, 3, 3]),
    "unnumbered between 3 and 4": (["## 3 A", "## Words", "## 4 B"], [2, 2, 2]),
    "marked deeper between 3 and 4": (["## 3 A", "### Words", "## 4 B"], [2, 3, 2]),
    "marked higher than it can be": (["## 3 A", "### 3.1 B", "# Words", "### 3.2 C"], [2, 3, 3, 3]),
    "no numbers at all": (["## A", "### B", "#### C", "## D"], [2, 3, 4, 2]),
    "no mark": (["## A", "####### B"], [2, 6]),
    "a year and a number alone": (["### 2024 was a year", "### 12"], [3, 3]),
}


# With a page for each heading, what tells the level is out of a stream's sight: the documented difference.
FAR = {"steps below tasks": [2, 2, 2, 2, 2, 2]}


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_levels(name, mode):
    """This test ensures that the headings of one page have the levels that a reader of the page would give them."""
    headings, expected = CASES[name]

    assert expected == levels(headings, mode=mode)


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_levels_over_pages(name, mode):
    """This test ensures that page breaks between the headings change nothing."""
    headings, expected = CASES[name]
    if mode == "stream":
        expected = FAR.get(name, expected)

    assert expected == levels(*([each, BODY] for each in headings), mode=mode)


def test_sources():
    """This test ensures that each level says where it comes from."""
    found = levelled(
        [title("A study"), "## Abstract", "## 1 Start", "## Bits", "## 1.1 Aim", "## Marked"],
        bookmarks=[OutlineEntry(1, "Marked", 1, "bookmark")],
    )

    assert ["markup", "neighbours", "number", "neighbours", "number", "bookmark"] == [source for *_, source in found]


@BOTH
def test_sizes_where_marks_are_all_the_same(mode):
    """This test ensures that clearly smaller letters are deeper if every heading is marked alike, on every page."""
    sizes = [19.0, 12.0, 12.4, 18.4, 11.8, 9.0, 18.9]
    pages = [[heading(f"## Words{size}", size=size)] for size in sizes]

    assert [2, 3, 3, 2, 3, 4, 2] == levels([page[0] for page in pages], mode=mode)
    assert [2, 3, 3, 2, 3, 4, 2] == levels(*pages, mode=mode)
    assert {"markup", "size"} == {source for *_, source in levelled(*pages, mode=mode)}


def test_capitals_where_sizes_are_all_the_same():
    """This test ensures that headings in capitals are above others of their size."""
    found = levels([heading(f"## {words}", size=12.0) for words in ("METHODS", "Sampling", "RESULTS", "Figures")])

    assert [2, 3, 2, 3] == found


def test_sizes_give_way_to_marks():
    """This test ensures that sizes change nothing where marks tell levels apart."""
    marks = [
        heading("## A", size=10.0),
        heading("### B", size=20.0),
        heading("### C", size=10.0),
        heading("## D", size=9),
    ]

    assert [2, 3, 3, 2] == levels(marks)


def test_size_of_a_section_without_number():
    """This test ensures that between 3 and 4 a heading in the size of 3 is beside it, and a smaller one below."""

    def between(size):
        return levels([heading("## 3 Results", size=16), heading("## Limits", size=size), heading("## 4 End", size=16)])

    assert ([2, 2, 2], [2, 3, 2]) == (between(16), between(12))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3.2 Ablations", 4), ("Ablations", 4), ("3.2  ABLATIONS", 4), ("3.2 Ab1ations study", 3), ("4.2 Ablations", 3)],
)
def test_bookmarks_decide(text, expected):
    """This test ensures that a bookmark with the same title on the page decides, with or without its number."""
    bookmarks = [OutlineEntry(3, "3.2 Ablations", 1, "bookmark"), OutlineEntry(1, "3.2 Ablations", 2, "bookmark")]

    assert [expected] == levels([f"### {text}"], bookmarks=bookmarks)


def test_bookmarks_read_badly():
    """This test ensures that a few misread letters keep a heading's bookmark."""
    bookmarks = [OutlineEntry(4, "Estimating leakage in village networks", 1, "bookmark")]

    assert [5] == levels(["## Estimatlng leakage in viIlage networks"], bookmarks=bookmarks)


def test_bookmarks_with_the_title_as_root():
    """This test ensures that a bookmark that holds all others is the document's title, and the scale stays."""
    bookmarks = [
        OutlineEntry(1, "A study", 1, "bookmark"),
        OutlineEntry(2, "Start", 1, "bookmark"),
        OutlineEntry(3, "Aim", 1, "bookmark"),
    ]

    assert [1, 2, 3] == levels([title("A study"), "## Start", "## Aim"], bookmarks=bookmarks)


def test_bookmarks_and_numbers_agree():
    """This test ensures that sections without a bookmark go by those with one."""
    bookmarks = [OutlineEntry(1, "Part I", 1, "bookmark"), OutlineEntry(2, "1 Start", 1, "bookmark")]

    assert [2, 3, 4, 3] == levels(["## Part I", "## 1 Start", "## 1.1 Aim", "## 2 Way"], bookmarks=bookmarks)


def test_titles():
    """This test ensures that a title is the highest, whatever number it has, unless it is the first of the sections."""
    assert [1, 2] == levels([title("3 Ways to measure"), "## Introduction"])
    assert [2, 3, 2] == levels([title("1 Start")], [title("1.1 Aim")], [title("2 Way")])
    assert [1, 2, 3, 2] == levels([title("A book"), "## 1 Start"], ["## 1.1 Aim"], [title("2 Way")])


def test_titles_between_sections():
    """This test ensures that what is marked as a title among numbered sections closes none of them."""
    assert [1, 2, 3, 4, 3] == levels([title("A book"), "## 3 A", "## 3.1 B", title("Aims"), "## 3.2 C"])


def test_newspaper():
    """This test ensures that several articles of a page each have their own title and headings."""
    found = levels([title("First"), BODY * 4, "## One"], [title("Second"), BODY * 4, "## Two"])

    assert [1, 2, 1, 2] == found


def test_text_layer():
    """This test ensures that levels which a text layer made of font sizes say so."""
    found = levelled(["## A", "### B"], text_source=TextSource.TEXT_LAYER)

    assert [("A", 2, "size"), ("B", 3, "size")] == found


def test_stream_differs_where_the_number_is_far_away():
    """This test ensures that the documented difference is one: a heading whose next number is out of sight."""
    pages = [["## 3 A", "## 3.2 B", "## Words"], [BODY], [BODY], [BODY], ["## 3.3 C"]]

    assert [2, 3, 4, 3] == levels(*pages, mode="whole")
    assert [2, 3, 3, 3] == levels(*pages, mode="stream")
