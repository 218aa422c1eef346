"""The structurer as a whole: what is held back, both modes, what it leaves alone, the outline."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsocr_loaders.export import document_from_json, document_to_json
from dsocr_loaders.geometry import Box
from dsocr_loaders.structure import PAGES_HELD_BACK, Structurer, build_document, unstructured
from dsocr_loaders.testing.pages import failed_page, page_from_regions, report_source
from dsocr_loaders.values import Join, OutlineEntry, Region, RegionType, SourceInfo, TextSource

MODES = pytest.mark.parametrize("mode", ["stream", "whole"])


def info(*bookmarks, pages=1):
    return SourceInfo(pages, tuple(map(str, range(1, pages + 1))), bookmarks, "pymupdf")


def structured(pages, mode="stream", bookmarks=()):
    structurer = Structurer(info(*bookmarks, pages=len(pages)), mode)
    return [ready for page in pages for ready in structurer.add(page)] + structurer.finish()


def heading(text, level=2, kind=RegionType.HEADING):
    return Region(kind, kind.value, (), text, level=level)


def paged(contents):
    return [
        page_from_regions(regions, page_number=number, total_pages=len(contents))
        for number, regions in enumerate(contents, start=1)
    ]


def test_stream_holds_few_pages_back():
    """This test ensures that a stream hands a page on as soon as the named number of pages follow it, in order."""
    structurer = Structurer(info(pages=9), "stream")
    handed_on = [structurer.add(page) for page in paged([[heading("A")]] * 9)]

    assert [0] * PAGES_HELD_BACK + [1] * (9 - PAGES_HELD_BACK) == list(map(len, handed_on))
    assert [1, 2, 3, 4, 5] == [page.page_number for pages in handed_on for page in pages]
    assert [6, 7, 8, 9] == [page.page_number for page in structurer.finish()]


def test_whole_waits_for_the_end():
    """This test ensures that `whole` hands nothing on before the last page is there."""
    structurer = Structurer(info(pages=9), "whole")

    assert [[]] * 9 == [structurer.add(page) for page in paged([[heading("A")]] * 9)]
    assert list(range(1, 10)) == [page.page_number for page in structurer.finish()]


# Hypothesis

words = st.text(string.ascii_letters + "äß三第章،م١.-(): #$\\[]|12", max_size=12)
headings = st.sampled_from(
    ["1 A", "2 B", "2.1 C", "1", "Chapter 3", "References", "IV. D", "A. E", "第三章", "一、甲", "Results", "RESULTS"]
)
texts = words | headings | st.sampled_from(["see Figure 3", "Figure 3: x", "Page 7", "7", "goes on-", "continued", ""])
tables = st.sampled_from(["<table><tr><td>a</td><td>1</td></tr><tr><td>b</td><td>2</td></tr></table>", "<table>", ""])


@st.composite
def regions(draw):
    kind = draw(st.sampled_from(RegionType))
    y0, y1 = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    return Region(
        kind,
        kind.value,
        draw(st.just(()) | st.just((Box(0.1, y0, 0.9, y1),))),
        draw(tables if kind is RegionType.TABLE else texts),
        level=draw(st.integers(0, 7)) if kind in {RegionType.TITLE, RegionType.HEADING} else 0,
        caption_of=draw(st.none() | st.integers(0, 4)) if kind is RegionType.CAPTION else None,
    )


@st.composite
def documents(draw, most=8):
    pages = []
    for number in range(1, draw(st.integers(0, most)) + 1):
        page = page_from_regions(
            draw(st.lists(regions(), max_size=5)),
            page_number=number,
            text_source=draw(st.sampled_from(TextSource)),
            total_pages=most,
        )
        pages.append(failed_page(page_number=number) if draw(st.integers(0, 9)) == 0 else page)
    bookmarks = draw(
        st.lists(st.builds(OutlineEntry, st.integers(1, 9), texts, st.integers(1, 8), st.just("bookmark")), max_size=3)
    )
    return pages, bookmarks


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.sampled_from(["stream", "whole"]))
def test_structure_is_annotation(drawn, mode):
    """This test ensures that texts, boxes and order stay, that all can be taken back and done again, and is kept."""
    pages, bookmarks = drawn
    found = structured(pages, mode, bookmarks)
    document = build_document(report_source(), info(pages=9), found)

    assert pages == [unstructured(page) for page in found]
    assert pages == [unstructured(page) for page in document.pages]
    assert found == structured(found, mode, bookmarks)
    assert document == document_from_json(document_to_json(document))


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_annotations_are_in_order(drawn):
    """This test ensures that levels are 1 to 6, that joins go backwards to a region, and links meet in both ends."""
    pages, bookmarks = drawn
    document = build_document(report_source(), info(pages=9), structured(pages, "stream", bookmarks))
    by_number = {page.page_number: page for page in document.pages}
    ends = set()
    for page in document.pages:
        for region in page.regions:
            own = (page.page_number, region.order)
            is_heading = region.type in {RegionType.TITLE, RegionType.HEADING}
            assert is_heading == (1 <= region.level <= 6) == bool(region.heading_source)
            if region.continues is not None:
                join = region.continues
                assert (join.page_number, join.order) < own
                assert by_number[join.page_number].regions[join.order].order == join.order
            for reference in region.refers_to:
                assert region.text[reference.start : reference.end]
                ends.add((*own, reference.page_number, reference.order, reference.start))
    back = {
        (reference.page_number, reference.order, page.page_number, region.order, reference.start)
        for page in document.pages
        for region in page.regions
        for reference in region.referred_from
    }

    assert ends == back


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(documents(most=3))
def test_short_documents_are_the_same_both_ways(drawn):
    """This test ensures that as many pages as a stream sees at once come out as from the whole document."""
    pages, bookmarks = drawn

    assert structured(pages, "whole", bookmarks) == structured(pages, "stream", bookmarks)


@st.composite
def reports(draw):
    """Return the pages of a report with numbered sections, running titles, page numbers, tables and long paragraphs."""
    contents = []
    sections = draw(st.lists(st.integers(0, 3), min_size=2, max_size=6))
    titles = [f"{number} Section" for number, _ in enumerate(sections, start=1)]
    lines = [
        text
        for number, (title, subsections) in enumerate(zip(titles, sections, strict=True), start=1)
        for text in (title, *(f"{number}.{sub} Part {sub}" for sub in range(1, subsections + 1)))
    ]
    for number, text in enumerate(lines, start=1):
        running = "A report on tests" if number % 2 else "Somebody's name"
        contents.append(
            [
                Region(RegionType.TEXT, "text", (Box(0.1, 0.04, 0.6, 0.06),), running),
                Region(RegionType.HEADING, "sub_title", (Box(0.1, 0.2, 0.6, 0.22),), text, level=2),
                Region(RegionType.TEXT, "text", (Box(0.1, 0.3, 0.9, 0.8),), draw(words) + " As Figure 1 shows, and so"),
                Region(RegionType.TEXT, "text", (Box(0.45, 0.95, 0.5, 0.96),), str(number + 4)),
            ]
        )
    return paged(contents)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(reports())
def test_regular_documents_are_the_same_both_ways(pages):
    """This test ensures that a document whose clues stand near comes out the same, whatever its length."""
    assert structured(pages, "whole") == structured(pages, "stream")


def test_outline_is_bookmarks_or_headings():
    """This test ensures that a PDF's own outline wins, and that headings make one otherwise, pieces put together."""
    contents = [[heading("A study", 1, RegionType.TITLE), heading("1\nMethod"), heading("", 2)], [heading("2")]]
    contents[1].append(heading("Results"))
    bookmark = OutlineEntry(1, "Own", 1, "bookmark")

    found = build_document(report_source(), info(pages=2), structured(paged(contents))).outline
    own = build_document(report_source(), info(bookmark, pages=2), structured(paged(contents))).outline

    assert (
        OutlineEntry(1, "A study", 1, "markup"),
        OutlineEntry(2, "1 Method", 1, "number"),
        OutlineEntry(2, "2 Results", 2, "number"),
    ) == found
    assert (bookmark,) == own


@MODES
def test_heading_in_two_regions(mode):
    """This test ensures that a number and its words are one heading, one level, and a join on the same page."""
    (page,) = structured(paged([[heading("1.2"), heading("Aim"), heading("Chapter 3"), heading("Ways")]]), mode)

    assert [3, 3, 2, 2] == [region.level for region in page.regions]
    assert [None, Join(1, 0, "space"), None, Join(1, 2, "space")] == [region.continues for region in page.regions]


@MODES
def test_title_page(mode):
    """This test ensures that the lines of a title page are one title, and a paper's first section is none of them."""
    title = heading("Annual report", 1, RegionType.TITLE)
    sparse = [title, heading("of the year 2031"), heading("A company")]
    paper = [title, heading("Introduction"), Region(RegionType.TEXT, "text", (), "x" * 300)]

    cover, *_ = structured(paged([sparse, [heading("1 First")]]), mode)
    first, *_ = structured(paged([paper, [heading("Method")]]), mode)

    assert [1, 1, 1] == [region.level for region in cover.regions]
    assert [None, Join(1, 0, "space"), Join(1, 1, "space")] == [region.continues for region in cover.regions]
    assert [1, 2, 0] == [region.level for region in first.regions]
    assert [None] * 3 == [region.continues for region in first.regions]


def test_links_over_a_whole_document():
    """This test ensures that a document links a mention and a figure that a stream never saw together."""
    figure = [
        Region(RegionType.FIGURE, "image", (), ""),
        Region(RegionType.CAPTION, "image_caption", (), "Figure 3: All", caption_of=0),
    ]
    text = Region(RegionType.TEXT, "text", (), "Look at Figure 3.")
    pages = structured(paged([[text], *([[]] * 9), figure]))
    document = build_document(report_source(), info(pages=11), pages)

    assert () == pages[0].regions[0].refers_to
    assert [(11, 0)] == [(each.page_number, each.order) for each in document.pages[0].regions[0].refers_to]
    assert [(1, 0)] == [(each.page_number, each.order) for each in document.pages[10].regions[0].referred_from]
    assert document == build_document(report_source(), info(pages=11), structured([*document.pages], "whole"))


def test_crops_stay():
    """This test ensures that structure never loses the file of a saved crop."""
    page = page_from_regions([Region(RegionType.FIGURE, "image", (), "", image_path="/crops/1.png")])
    (found,) = structured([replace(page, page_number=1)])

    assert "/crops/1.png" == found.regions[0].image_path
    assert "/crops/1.png" == unstructured(found).regions[0].image_path
