"""Headings: in the text, in the path, and what they leave of the budget."""

from __future__ import annotations

import re

from dsocr_loaders.chunking import Chunker, RegionChunker, estimate_tokens
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Chunk, PageResult, Region, RegionType

BOX = Box(0.1, 0.2, 0.9, 0.4)


def chunks_of(*pages: PageResult, **chosen: object) -> list[Chunk]:
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind: RegionType, text: str, **more: object) -> Region:
    return Region(kind, kind.value, more.pop("boxes", (BOX,)), text, **more)


def test_puts_headings_above_what_they_head() -> None:
    """A chunk starts with the headings right above it, carries the whole path, and never ends in a heading."""
    page = page_from_regions(
        [
            region(RegionType.TITLE, "A report", level=1),
            region(RegionType.HEADING, "3 Results", level=2),
            region(RegionType.HEADING, "3.2 Ablations", level=3),
            region(RegionType.TEXT, "It helps."),
            region(RegionType.HEADING, "3.3 Limits", level=3),
            region(RegionType.TEXT, "It ends."),
        ]
    )

    first, second = chunks_of(page, min_tokens=0)

    assert ("# A report\n\n## 3 Results\n\n### 3.2 Ablations\n\nIt helps.", "") == (first.text, first.context)
    assert "3 Results > 3.2 Ablations" == first.metadata.heading_path
    assert ("### 3.3 Limits\n\nIt ends.", "3 Results") == (second.text, second.context)
    assert "3 Results > 3.3 Limits" == second.metadata.heading_path
    assert "3 Results\n\n### 3.3 Limits\n\nIt ends." == second.contextualized


def test_sections_that_are_marked_as_titles() -> None:
    """A title that structure found to be a section is in the path like any other."""
    page = page_from_regions([region(RegionType.TITLE, "1 Start", level=2), region(RegionType.TEXT, "It begins.")])

    (chunk,) = chunks_of(page)
    regions = RegionChunker(Settings())
    *_, piece = regions.add(page) + regions.finish()

    assert ("1 Start", "1 Start") == (chunk.metadata.heading_path, piece.metadata.heading_path)


def test_keeps_headings_without_content() -> None:
    """A heading at the very end is not lost."""
    chunks = chunks_of(page_from_regions([region(RegionType.HEADING, "Annex", level=2)]))

    assert ["## Annex"] == [chunk.text for chunk in chunks]


def test_a_heading_that_fills_a_chunk_is_a_text_of_its_own() -> None:
    """A heading of more than half the budget stands alone, and neither it nor its path takes the text's room."""
    heading = region(RegionType.HEADING, "a heading of far too many words " * 4, level=2)
    text = region(RegionType.TEXT, "  " + "word " * 40)

    chunks = chunks_of(page_from_regions([heading, text]), chunk_tokens=20)

    assert [0, 0, 20, 20] == [chunk.text.split().count("word") for chunk in chunks]
    assert " ".join(heading.text.split()) == " ".join(chunk.text for chunk in chunks[:2])
    assert {""} == {chunk.context for chunk in chunks}
    assert {" ".join(heading.text.split())} == {chunk.metadata.heading_path for chunk in chunks[2:]}


def test_keeps_the_budget_below_many_headings() -> None:
    """A list of headings is cut into chunks of its own, and the text behind the last one has room."""
    headings = [region(RegionType.HEADING, f"{number} Heading number {number}", level=2) for number in range(100)]

    chunks = chunks_of(page_from_regions([*headings, region(RegionType.TEXT, "word " * 60)]), chunk_tokens=64)

    assert all(estimate_tokens(chunk.contextualized) <= 64 for chunk in chunks)
    assert [str(number) for number in range(100)] == re.findall(r"## (\d+)", "\n".join(chunk.text for chunk in chunks))
    assert "99 Heading number 99" == chunks[-1].metadata.heading_path
    assert 2 == sum("word" in chunk.text for chunk in chunks)


def test_leaves_outer_headings_out_of_a_context_that_is_too_long() -> None:
    """The headings above take at most half of the budget: the innermost ones, and the path keeps all of them."""
    page = page_from_regions(
        [
            region(RegionType.HEADING, "Outer heading of some words", level=2),
            region(RegionType.HEADING, "Inner heading of some words", level=3),
            region(RegionType.TEXT, "word " * 40),
        ]
    )

    chunks = chunks_of(page, chunk_tokens=24)

    assert "Outer heading of some words > Inner heading of some words" == chunks[-1].metadata.heading_path
    assert "Inner heading of some words" == chunks[-1].context
    assert all(estimate_tokens(chunk.contextualized) <= 24 for chunk in chunks)


def test_goes_six_headings_deep() -> None:
    """Deeper headings than Markdown has are all of the sixth level, so that a path cannot grow without end."""
    page = page_from_regions(
        [*(region(RegionType.HEADING, f"h{level}", level=level) for level in range(1, 9)), region(RegionType.TEXT, "x")]
    )

    (chunk,) = chunks_of(page)

    assert "h1 > h2 > h3 > h4 > h5 > h8" == chunk.metadata.heading_path
    assert chunk.text.endswith("\n\n###### h8\n\nx")


def test_shortens_a_heading_that_is_no_heading() -> None:
    """A long text that was taken for a heading is kept as text and does not stand above every chunk behind it."""
    page = page_from_regions(
        [region(RegionType.HEADING, "word " * 20_000, level=2), region(RegionType.TEXT, "The end.")]
    )

    chunks = chunks_of(page, chunk_tokens=4096)

    assert 20_000 == sum(chunk.text.count("word") for chunk in chunks)
    assert 200 >= len(chunks[-1].metadata.heading_path)
    assert chunks[-1].metadata.heading_path.endswith("word…")


def test_only_the_first_title_is_the_documents() -> None:
    """The document's title ends what stood above it and is not in the path; a further title is a heading."""
    page = page_from_regions(
        [
            region(RegionType.HEADING, "Series", level=2),
            region(RegionType.TITLE, "A report", level=1),
            region(RegionType.TEXT, "One."),
            region(RegionType.TITLE, "Part two", level=1),
            region(RegionType.TEXT, "Two."),
        ]
    )

    assert [("", "## Series\n\n# A report\n\nOne."), ("Part two", "# Part two\n\nTwo.")] == [
        (chunk.metadata.heading_path, chunk.text) for chunk in chunks_of(page, min_tokens=0)
    ]


def test_a_heading_stands_above_a_text_that_begins_with_a_blank() -> None:
    """The first piece of a split text is the first, wherever its words begin."""
    page = page_from_regions(
        [region(RegionType.HEADING, "1 Results", level=2), region(RegionType.TEXT, "  " + "word " * 60)]
    )

    first, *others = chunks_of(page, chunk_tokens=30)

    assert first.text.startswith("## 1 Results\n\nword")
    assert {"1 Results"} == {chunk.context for chunk in others}
