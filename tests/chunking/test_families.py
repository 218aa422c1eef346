"""Small chunks that are merged, parents and children."""

from __future__ import annotations

from dsocr_loaders.chunking import Chunker, reconstruct_table
from dsocr_loaders.chunking.families import MOST_CHILDREN
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Region, RegionType

BOX = Box(0.1, 0.2, 0.9, 0.4)


def chunks_of(*pages, **chosen):
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind, text, **more):
    return Region(kind, kind.value, (BOX,), text, **more)


def heading(text, level=2):
    return region(RegionType.HEADING, text, level=level)


def text(words, count=1):
    return region(RegionType.TEXT, f"{words} " * count)


def test_merges_small_sections_beside_each_other():
    """This test ensures that small sections below one heading share a chunk, whose path is what they share."""
    page = page_from_regions(
        [heading("1 Parts"), heading("1.1 Lid", 3), text("Blue."), heading("1.2 Box", 3), text("Red."), text("x", 40)]
    )

    merged = chunks_of(page, chunk_tokens=96, min_tokens=64)
    apart = chunks_of(page, chunk_tokens=96, min_tokens=0)

    assert ["1 Parts"] == [chunk.metadata.heading_path for chunk in merged]
    assert merged[0].text.startswith("## 1 Parts\n\n### 1.1 Lid\n\nBlue.\n\n### 1.2 Box\n\nRed.")
    assert ["1 Parts > 1.1 Lid", "1 Parts > 1.2 Box"] == [chunk.metadata.heading_path for chunk in apart]


def test_merges_an_introduction_with_what_it_introduces():
    """This test ensures that a line below a heading goes with the first section inside it, and never over pages."""
    first = [heading("1 Parts"), text("Here they are."), heading("1.1 Lid", 3), text("word", 40)]

    one = chunks_of(page_from_regions(first), chunk_tokens=80, min_tokens=16)
    over_pages = chunks_of(
        page_from_regions(first[:2]), page_from_regions(first[2:], page_number=2), chunk_tokens=80, min_tokens=16
    )

    assert [1, 2] == [len(one), len(over_pages)]


def test_does_not_merge_what_does_not_belong_together():
    """This test ensures that sections of different depth, tables and what is large enough stay apart."""
    table = region(RegionType.TABLE, "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>")
    page = page_from_regions(
        [
            heading("1 A"),
            heading("1.1 B", 3),
            text("b"),
            heading("2 C"),
            text("c"),
            table,
            heading("3 D"),
            text("d", 30),
        ]
    )

    assert 4 == len(chunks_of(page, chunk_tokens=64, min_tokens=16))


def test_sections_of_several_chunks_have_parents():
    """This test ensures that a section's parent holds its text once, and that its children name it."""
    page = page_from_regions([heading("1 Long"), text("word.", 100), heading("2 Short"), text("word.", 20)])

    parent, *children, alone = chunks_of(page, chunk_tokens=64, min_tokens=0, overlap_tokens=10, parents=True)

    assert (len(children), "", "") == (parent.metadata.child_count, parent.parent_id, parent.previous_id)
    assert {parent.id} == {chunk.parent_id for chunk in children} == {chunk.metadata.parent_id for chunk in children}
    assert 100 == parent.text.count("word.") < sum(chunk.text.count("word.") for chunk in children)
    assert parent.text.startswith("## 1 Long\n\nword.")
    assert ("", "2 Short") == (alone.parent_id, alone.metadata.heading_path)
    assert [chunk.id for chunk in children[1:]] + [alone.id] == [chunk.next_id for chunk in children]
    assert parent.metadata.chunk_index == children[0].metadata.chunk_index == 0


def test_split_tables_have_the_whole_one_as_parent():
    """This test ensures that a table's parts are children of the table, and that this is a child of its section."""
    rows = "".join(f"<tr><td>row {number}</td><td>{number}</td></tr>" for number in range(30))
    table = region(RegionType.TABLE, f"<table><tr><td>name</td><td>value</td></tr>{rows}</table>")
    caption = region(RegionType.CAPTION, "Table 1", caption_of=2)
    page = page_from_regions([heading("1 Data"), text("Before."), table, caption])

    chunks = chunks_of(page, chunk_tokens=80, min_tokens=0, parents=True)

    section, before, whole, *parts = chunks
    assert (2, len(parts)) == (section.metadata.child_count, whole.metadata.child_count)
    assert {section.id} == {before.parent_id, whole.parent_id}
    assert {whole.id} == {chunk.parent_id for chunk in parts}
    assert (1, 1, "1-30") == (whole.metadata.table_part, whole.metadata.table_parts, whole.metadata.table_rows)
    assert reconstruct_table([whole]) == reconstruct_table(parts) == reconstruct_table(chunks)
    assert 1 == section.text.count("Table 1") == section.text.count("| name | value |")


def test_long_sections_have_several_parents():
    """This test ensures that no parent holds more than a fixed number of chunks, so that memory is bounded."""
    chunks = chunks_of(page_from_regions([text("word.", 2000)]), chunk_tokens=32, parents=True)

    parents = [chunk for chunk in chunks if chunk.metadata.child_count]
    assert 2 < len(parents)
    assert all(chunk.metadata.child_count <= MOST_CHILDREN for chunk in parents)
    assert 2000 == sum(chunk.text.count("word.") for chunk in parents)
