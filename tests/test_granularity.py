"""What one object of a result holds: the same contract for all five."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dsocr_loaders.export import document_from_json, document_to_json
from dsocr_loaders.granularity import cut, make_cutter
from dsocr_loaders.settings import Settings
from dsocr_loaders.structure import Structurer, build_document
from dsocr_loaders.testing.pages import failed_page, page_from_answer, page_from_regions, report_source
from dsocr_loaders.values import Document, OutlineEntry, PageStatus, Region, RegionType, Source, SourceInfo

if TYPE_CHECKING:
    from dsocr_loaders.values import Chunk, PageResult

GRANULARITIES = ("chunk", "region", "page", "document", "grounded")
TABLE = "<table><tr><th>name</th></tr><tr><td>a</td></tr><tr><td>b</td></tr></table>"


def region(kind: RegionType, text: str, **more: object) -> Region:
    return Region(kind, kind.value, (), text, **more)


def document_of(*pages: PageResult, source: Source | None = None, bookmark: OutlineEntry | None = None) -> Document:
    bookmarks = () if bookmark is None else (bookmark,)
    info = SourceInfo(len(pages), tuple(page.label for page in pages), bookmarks, "pymupdf")
    return build_document(source or report_source(), info, pages)


def objects(document: Document, granularity: str, **chosen: object) -> list[Chunk]:
    return list(cut(document, Settings(granularity=granularity, **chosen)))


@pytest.fixture
def report() -> Document:
    """Three pages: a section with a table, a page that failed, and the section's end."""
    return document_of(
        page_from_regions(
            [
                region(RegionType.TITLE, "A report", level=1),
                region(RegionType.HEADING, "3 Results", level=2),
                region(RegionType.TEXT, "It helps."),
                region(RegionType.TABLE, TABLE),
                region(RegionType.FIGURE, ""),
                region(RegionType.PAGE_NUMBER, "1"),
            ]
        ),
        failed_page(page_number=2),
        page_from_regions([region(RegionType.HEADING, "3.1 Limits", level=3), region(RegionType.TEXT, "It ends.")],
                          page_number=3),
    )  # fmt: skip


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_objects_know_their_neighbours(granularity: str, report: Document) -> None:
    """Whatever an object holds, it has its position, and the ids of the objects before and behind it."""
    found = objects(report, granularity)

    ids = [chunk.id for chunk in found]
    assert len(ids) == len(set(ids))
    assert ["", *ids[:-1]] == [chunk.previous_id for chunk in found]
    assert [*ids[1:], ""] == [chunk.next_id for chunk in found]
    assert list(range(len(ids))) == [chunk.metadata.chunk_index for chunk in found]
    assert ids == [chunk.metadata.chunk_id for chunk in found]


def test_regions_know_their_headings(report: Document) -> None:
    """A region has the path that a chunk there would have; its own text is not part of its context."""
    assert [
        ("A report", "", ""),
        ("3 Results", "3 Results", "A report"),
        ("It helps.", "3 Results", "A report > 3 Results"),
        ("| name |\n| --- |\n| a |\n| b |", "3 Results", "A report > 3 Results"),
        ("1", "3 Results", "A report > 3 Results"),
        ("", "3 Results", ""),
        ("3.1 Limits", "3 Results > 3.1 Limits", "A report > 3 Results"),
        ("It ends.", "3 Results > 3.1 Limits", "A report > 3 Results > 3.1 Limits"),
    ] == [(chunk.text, chunk.metadata.heading_path, chunk.context) for chunk in objects(report, "region")]


def test_a_region_that_is_a_table_says_so(report: Document) -> None:
    """A table is Markdown, or HTML on request, and part 1 of 1; nothing else is a table."""
    found = objects(report, "region")
    (as_html,) = (chunk for chunk in objects(report, "region", table_format="html") if chunk.metadata.table_id)

    (table,) = (chunk for chunk in found if chunk.metadata.table_id)
    assert ("table", "1-2", 1, 1) == (
        table.metadata.region_type,
        table.metadata.table_rows,
        table.metadata.table_part,
        table.metadata.table_parts,
    )
    assert {("", 0, 0)} == {
        (chunk.metadata.table_rows, chunk.metadata.table_part, chunk.metadata.table_parts)
        for chunk in found
        if chunk is not table
    }
    assert as_html.text.startswith("<table>\n<tr><th>name</th></tr>")


def test_a_table_region_without_a_table_is_text() -> None:
    """Words in a region that is called a table stay as they are."""
    (chunk,) = objects(document_of(page_from_regions([region(RegionType.TABLE, "a < b")])), "region")

    assert ("a < b", "", 0) == (chunk.text, chunk.metadata.table_id, chunk.metadata.table_parts)


def test_headings_go_before_a_regions_text_on_request(report: Document) -> None:
    """With `contextualize` the path is part of the text, and the piece's range is moved with it."""
    chunk = next(chunk for chunk in objects(report, "region", contextualize=True) if "ends" in chunk.text)

    assert ("A report > 3 Results > 3.1 Limits\n\nIt ends.", "") == (chunk.text, chunk.context)
    assert "It ends." == chunk.text[chunk.regions[0].start : chunk.regions[0].end]


@pytest.mark.parametrize("granularity", ["page", "document", "grounded"])
def test_pages_and_documents_are_named_by_their_place(granularity: str) -> None:
    """Another text leaves the ids of whole pages and documents as they are, another file does not."""
    before, after = (document_of(page_from_regions([region(RegionType.TEXT, text)])) for text in ("one", "two"))
    other = report_source("other.pdf")
    elsewhere = document_of(page_from_regions([region(RegionType.TEXT, "one")], source=other), source=other)

    first, second, third = (objects(document, granularity)[0] for document in (before, after, elsewhere))

    assert first.id == second.id
    assert first.id != third.id
    assert first.text != second.text
    assert () == first.regions


def test_a_document_without_pages_makes_no_objects() -> None:
    """No page, no object, whatever it would hold."""
    for granularity in GRANULARITIES:
        assert [] == objects(document_of(), granularity)


def test_grounded_text_is_the_same_every_time() -> None:
    """Neither where a copy lies nor how often a page was tried shows, and bookmarks stay bookmarks."""
    bookmark = OutlineEntry(1, "Own", 1, "bookmark")

    def grounded(path: str, attempts: int) -> str:
        source = replace(report_source(), path=path)
        page = replace(page_from_regions([region(RegionType.TEXT, "one")], source=source), attempts=attempts)
        (chunk,) = objects(document_of(page, source=source, bookmark=bookmark), "grounded")
        return chunk.text

    text = grounded("/spool/one", 1)

    assert text == grounded("/spool/two", 3)
    assert "/spool" not in text
    assert '"attempts": 0' in grounded("/spool/one", 0)
    assert (bookmark,) == document_from_json(text).outline


def test_an_outline_of_headings_is_made_of_the_pages_at_hand(report: Document) -> None:
    """Pages taken out of a document without bookmarks take their headings out of the outline."""
    (chunk,) = objects(replace(report, pages=report.pages[2:]), "grounded")

    assert ["3.1 Limits"] == [entry.title for entry in document_from_json(chunk.text).outline]


def test_chunks_of_a_document_that_was_stored_are_the_same(report: Document) -> None:
    """A document cut after a round through JSON makes the very same chunks."""
    stored = document_from_json(document_to_json(report))

    assert objects(report, "chunk") == objects(stored, "chunk")


def test_a_failed_page_has_an_object_without_text(report: Document) -> None:
    """In regions, chunks and pages a failed page can be seen by its status."""
    for granularity in ("chunk", "region", "page"):
        (failed,) = (chunk for chunk in objects(report, granularity) if chunk.metadata.page_status == PageStatus.FAILED)
        assert ("", 2) == (failed.text, failed.metadata.page_number)


@pytest.mark.parametrize("structure", ["stream", "whole"])
def test_chunks_are_the_same_streamed_or_later(structure):
    """This test ensures that chunks do not depend on whether pages were handed on one by one or kept as a document."""
    words = "The tide comes in twice a day and leaves what it brought, which nobody had asked it"
    info = SourceInfo(12, tuple(map(str, range(1, 13))), (), "pymupdf")
    pages = [
        page_from_answer(
            "<|ref|>text<|/ref|><|det|>[[90, 40, 910, 200]]<|/det|>\nfor at all. It is so.\n\n"
            f"<|ref|>sub_title<|/ref|><|det|>[[90, 210, 910, 240]]<|/det|>\n## {number} Tides\n\n"
            f"<|ref|>text<|/ref|><|det|>[[90, 250, 910, 950]]<|/det|>\n{words}\n",
            page_number=number,
            total_pages=12,
        )
        for number in range(1, 13)
    ]
    settings = Settings(chunk_tokens=32, structure=structure)
    structurer, cutter = Structurer(info, structure), make_cutter(report_source(), info, settings)

    streamed = [chunk for page in pages for ready in structurer.add(page) for chunk in cutter.add(ready)]
    streamed += [chunk for ready in structurer.finish() for chunk in cutter.add(ready)] + cutter.finish()
    whole = Structurer(info, structure)
    kept = [ready for page in pages for ready in whole.add(page)] + whole.finish()

    assert list(cut(build_document(report_source(), info, kept), settings)) == streamed
    assert any(chunk.metadata.page_number < chunk.metadata.page_end for chunk in streamed)
