"""The document's title: above every text of the document that follows it, once, and within the budget."""

from __future__ import annotations

import pytest

from dsocr_loaders.chunking import Chunker, estimate_tokens
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Chunk, PageResult, Region, RegionType

BOX = Box(0.1, 0.2, 0.9, 0.4)
_TABLE = "<table><tr><td>a</td></tr></table>"


def chunks_of(*pages: PageResult, **chosen: object) -> list[Chunk]:
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def page_of(number: int, *regions: tuple[RegionType, str]) -> PageResult:
    levels = {RegionType.TITLE: 1, RegionType.HEADING: 2}
    return page_from_regions(
        [Region(kind, kind.value, (BOX,), text, level=levels.get(kind, 0)) for kind, text in regions],
        page_number=number,
    )


def test_serves_all_chunks_behind_it() -> None:
    """This test ensures that later pages have the title in context and metadata, and earlier text and the path not."""
    chunks = chunks_of(
        page_of(1, (RegionType.TEXT, "Before.")),
        page_of(2, (RegionType.TITLE, "A report\nof 2031"), (RegionType.TEXT, "Below.")),
        page_of(3, (RegionType.HEADING, "1 Results"), (RegionType.TEXT, "It helps.")),
        page_of(4, (RegionType.TABLE, _TABLE)),
        min_tokens=0,
    )

    title = "A report of 2031"
    assert [
        ("Before.", "", "", ""),
        ("# A report of 2031\n\nBelow.", "", title, ""),
        ("## 1 Results\n\nIt helps.", title, title, "1 Results"),
        ("|  |\n| --- |\n| a |", f"{title} > 1 Results", title, "1 Results"),
    ] == [(chunk.text, chunk.context, chunk.metadata.document_title, chunk.metadata.heading_path) for chunk in chunks]


def test_is_not_said_twice() -> None:
    """This test ensures that a title that comes again behind its cover is in the context once."""
    chunks = chunks_of(
        page_of(1, (RegionType.TITLE, "A Report"), (RegionType.TEXT, "By them.")),
        page_of(2, (RegionType.TITLE, "A report"), (RegionType.TEXT, "It helps."), (RegionType.HEADING, "End")),
        page_of(3, (RegionType.TEXT, "It ends.")),
        min_tokens=0,
    )

    assert ["", "", "A report"] == [chunk.context for chunk in chunks]
    assert {"A Report"} == {chunk.metadata.document_title for chunk in chunks}


def test_goes_by_the_name_that_running_heads_give_it() -> None:
    """This test ensures that a running head with the title and more stands for it in contexts, without page numbers."""
    chunks = chunks_of(
        page_of(1, (RegionType.TITLE, "Annual Report"), (RegionType.TEXT, "Below.")),
        page_of(
            2, (RegionType.HEADER, "2 | Port of Ellery"), (RegionType.HEADING, "1"), (RegionType.TEXT, "It helps.")
        ),
        page_of(3, (RegionType.HEADER, "Port of Ellery: annual report | 3"), (RegionType.TABLE, _TABLE)),
        page_of(4, (RegionType.TABLE, _TABLE)),
    )

    name = "Port of Ellery: annual report"
    assert ["", name, f"{name} > 1", f"{name} > 1"] == [chunk.context for chunk in chunks]
    assert {"Annual Report"} == {chunk.metadata.document_title for chunk in chunks}


def test_a_name_that_comes_late_keeps_the_budget() -> None:
    """This test ensures that a running head lengthens no chunk whose text was measured before it was seen."""
    first = page_of(1, (RegionType.TITLE, "Annual Report"), (RegionType.TEXT, "Below."), (RegionType.HEADING, "1"))
    head = RegionType.HEADER, "The port of Ellery: Annual Report"
    for length in range(80, 100):
        text = RegionType.TEXT, " ".join(["word"] * length)

        chunks = chunks_of(
            first, *(page_of(number, *([head] if number > 3 else []), text) for number in range(2, 7)), chunk_tokens=100
        )

        assert all(estimate_tokens(chunk.contextualized) <= 100 for chunk in chunks)
        assert chunks[-1].context.startswith("The port of Ellery")


def test_merged_chunks_know_it() -> None:
    """This test ensures that a small text above the title, merged with what is below, has the title once."""
    (chunk,) = chunks_of(
        page_of(1, (RegionType.TEXT, "No. 5"), (RegionType.TITLE, "A report"), (RegionType.TEXT, "Below."))
    )

    assert ("No. 5\n\n# A report\n\nBelow.", "") == (chunk.text, chunk.context)
    assert "A report" == chunk.metadata.document_title


@pytest.mark.parametrize("title", ["a long title, of many words " * 6, "標題很長" * 20, "Unbroken" * 20])
def test_a_long_one_is_cut(title: str) -> None:
    """This test ensures that a title has an eighth of the budget at most, ends at a word, and is whole as a key."""
    title = title.strip()
    page = page_of(1, (RegionType.TITLE, title), (RegionType.HEADING, "1"), (RegionType.TABLE, _TABLE))

    *_, last = chunks_of(page, page_of(2, (RegionType.TABLE, _TABLE)), chunk_tokens=128)
    *_, without_room = chunks_of(page, page_of(2, (RegionType.TABLE, _TABLE)), chunk_tokens=56)

    shown, heading = last.context.split("… > ")
    assert "1" == heading
    assert 15 >= estimate_tokens(shown) > 8
    assert title.startswith(shown)
    assert " " not in title or title[len(shown)] in " ,"
    assert "1" == without_room.context
    assert {title} == {last.metadata.document_title, without_room.metadata.document_title}


def test_one_that_cannot_be_cut_is_left_out() -> None:
    """This test ensures that a hostile title, in which no line could be broken, costs neither budget nor chunks."""
    page = page_of(1, (RegionType.TITLE, "(" * 100), (RegionType.HEADING, "1"), (RegionType.TABLE, _TABLE))

    *_, last = chunks_of(page, page_of(2, (RegionType.TABLE, _TABLE)), chunk_tokens=128)

    assert ("1", "(" * 100) == (last.context, last.metadata.document_title)


def test_parents_and_children_share_it() -> None:
    """This test ensures that a section has the title of its chunks, which `contextualize` puts into their texts."""
    text = " ".join(f"Sentence {number}." for number in range(60))

    parent, *children = chunks_of(
        page_of(1, (RegionType.TITLE, "A report"), (RegionType.HEADING, "1 Results"), (RegionType.TEXT, text)),
        chunk_tokens=100,
        parents=True,
        contextualize=True,
    )

    assert parent.text.startswith("# A report\n\n## 1 Results")
    assert ["# A report", *["A report > 1 Results"] * (len(children) - 1)] == [
        child.text.split("\n\n")[0] for child in children
    ]
