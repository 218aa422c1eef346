"""Tables as chunks: whole, and in parts."""

from __future__ import annotations

import itertools
import re

import pytest

from dsocr_loaders.chunking import Chunker, estimate_tokens
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import page_from_regions
from dsocr_loaders.values import Chunk, Line, PageResult, Region, RegionType, TextSource

BOX = Box(0.1, 0.2, 0.9, 0.4)


def chunks_of(*pages: PageResult, **chosen: object) -> list[Chunk]:
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind: RegionType, text: str, **more: object) -> Region:
    return Region(kind, kind.value, more.pop("boxes", (BOX,)), text, **more)


def table_html(rows: int) -> str:
    cells = "".join(f"<tr><td>row {number}</td><td>{number * 11}</td></tr>" for number in range(1, rows + 1))
    return f"<table><tr><td>name</td><td>value</td></tr>{cells}</table>"


def test_keeps_a_table_that_fits_whole() -> None:
    """A table is a chunk of its own with its caption, part 1 of 1, and its box is exact."""
    page = page_from_regions(
        [
            region(RegionType.TEXT, "Before."),
            region(RegionType.TABLE, table_html(3)),
            region(RegionType.CAPTION, "Table 1: Things", boxes=(Box(0.1, 0.1, 0.9, 0.15),), caption_of=1),
            region(RegionType.TEXT, "After."),
        ]
    )

    before, table, after = chunks_of(page)

    assert ("Before.", "After.") == (before.text, after.text)
    assert table.text.startswith("Table 1: Things\n\n| name | value |")
    assert ("table", "1-3", 1, 1, "model") == (
        table.metadata.region_type,
        table.metadata.table_rows,
        table.metadata.table_part,
        table.metadata.table_parts,
        table.metadata.bbox_source,
    )
    assert (0.1, 0.4) == (table.metadata.bbox_y0, table.metadata.bbox_y1)
    assert (0, "", "") == (before.metadata.table_part, before.metadata.table_id, before.metadata.table_rows)


def test_splits_a_long_table_by_rows() -> None:
    """Each part repeats header and caption, no row is cut, lost or doubled, and the parts know each other."""
    page = page_from_regions(
        [
            region(RegionType.HEADING, "4 Data", level=2),
            region(RegionType.CAPTION, "Table 1: Things", caption_of=2),
            region(RegionType.TABLE, table_html(60)),
        ]
    )

    parts = chunks_of(page, chunk_tokens=120)

    assert 3 < len(parts)
    assert all("Table 1: Things" in part.text and "| name | value |" in part.text for part in parts)
    assert all(estimate_tokens(part.text) <= 120 for part in parts)
    rows = [row for part in parts for row in re.findall(r"\| (row \d+) \| \d+ \|", part.text)]
    assert [f"row {number}" for number in range(1, 61)] == rows
    assert 1 == len({part.metadata.table_id for part in parts})
    assert list(range(1, len(parts) + 1)) == [part.metadata.table_part for part in parts]
    assert {len(parts)} == {part.metadata.table_parts for part in parts}
    spans = [tuple(map(int, part.metadata.table_rows.split("-"))) for part in parts]
    assert (1, 60) == (spans[0][0], spans[-1][1])
    assert all(last + 1 == first for (_, last), (first, _) in itertools.pairwise(spans))
    assert {"estimated"} == {part.metadata.bbox_source for part in parts}
    assert parts[0].text.startswith("## 4 Data")
    assert not parts[1].text.startswith("## 4 Data")


def test_shows_tables_as_html_on_request() -> None:
    """With `table_format="html"` the chunk's text has the table as HTML."""
    (chunk,) = chunks_of(page_from_regions([region(RegionType.TABLE, table_html(2))]), table_format="html")

    assert "<td>row 1</td>" in chunk.text


def test_does_not_repeat_captions_that_fill_a_chunk() -> None:
    """A caption of more than a quarter of the budget is a text in front of the parts, not a piece of each."""
    page = page_from_regions(
        [
            region(RegionType.TABLE, table_html(40)),
            region(RegionType.CAPTION, "caption " * 100, boxes=(Box(0.1, 0.1, 0.9, 0.15),), caption_of=0),
            region(RegionType.FOOTNOTE, "footnote " * 100, caption_of=0),
        ]
    )

    chunks = chunks_of(page, chunk_tokens=80)

    assert all(estimate_tokens(chunk.text) <= 80 for chunk in chunks)
    assert 100 == sum(chunk.text.count("caption") for chunk in chunks)
    assert 100 == sum(chunk.text.count("footnote") for chunk in chunks)
    assert ["caption", "table", "footnote"] == list(dict.fromkeys(chunk.metadata.region_type for chunk in chunks))
    rows = [tuple(map(int, chunk.metadata.table_rows.split("-"))) for chunk in chunks if chunk.metadata.table_id]
    assert (1, 40) == (rows[0][0], rows[-1][1])


def test_keeps_a_long_caption_with_a_table_that_fits() -> None:
    """A caption is only parted from a table that has to be split."""
    page = page_from_regions(
        [region(RegionType.TABLE, table_html(2)), region(RegionType.CAPTION, "caption " * 30, caption_of=0)]
    )

    assert 1 == len(chunks_of(page, chunk_tokens=100))


def test_a_table_without_rows_is_text() -> None:
    """A region that is called a table and holds none is split like any text, and is no table in the metadata."""
    chunks = chunks_of(page_from_regions([region(RegionType.TABLE, "word " * 100)]), chunk_tokens=50)

    assert [50, 50] == [chunk.text.split().count("word") for chunk in chunks]
    assert {("table", "", 0, 0)} == {
        (each.metadata.region_type, each.metadata.table_id, each.metadata.table_part, each.metadata.table_parts)
        for each in chunks
    }


def test_tables_of_one_region_share_its_box() -> None:
    """Each of several tables in a region has the band of its rows, called an estimate, and an id of its own."""
    tables = "".join(f"<table><tr><th>{name}</th></tr><tr><td>1</td></tr></table>" for name in "ab")

    first, second = chunks_of(page_from_regions([region(RegionType.TABLE, tables)]))

    assert {"estimated"} == {chunk.metadata.bbox_source for chunk in (first, second)}
    assert (0.2, 0.3) == pytest.approx((first.metadata.bbox_y0, first.metadata.bbox_y1))
    assert (0.3, 0.4) == pytest.approx((second.metadata.bbox_y0, second.metadata.bbox_y1))
    assert first.metadata.table_id != second.metadata.table_id


def test_names_equal_parts_of_a_table_apart() -> None:
    """Rows that repeat make parts of equal text, between the same caption and footnote; their ids differ."""
    rows = "<table><tr><th>value</th></tr>" + "<tr><td>0</td></tr>" * 100 + "</table>"
    page = page_from_regions(
        [
            region(RegionType.TABLE, rows),
            region(RegionType.CAPTION, "Zeros", boxes=(Box(0.1, 0.1, 0.9, 0.15),), caption_of=0),
            region(RegionType.FOOTNOTE, "None.", caption_of=0),
        ]
    )

    parts = chunks_of(page, chunk_tokens=60)

    assert len({part.text for part in parts}) < len(parts)
    assert len(parts) == len({part.id for part in parts})


def test_a_repeated_caption_says_nothing_of_the_place() -> None:
    """The box of a table's later parts holds their rows, not the caption that is shown above them once more."""
    caption = region(RegionType.CAPTION, "Table 1", boxes=(Box(0.1, 0.1, 0.9, 0.15),), caption_of=0)
    footnote = region(RegionType.FOOTNOTE, "Rounded.", boxes=(Box(0.1, 0.5, 0.9, 0.6),), caption_of=0)

    parts = chunks_of(
        page_from_regions([region(RegionType.TABLE, table_html(60)), caption, footnote]), chunk_tokens=120
    )

    assert all("Table 1" in part.text and "Rounded." in part.text for part in parts)
    tops, bottoms = ([getattr(part.metadata, name) for part in parts] for name in ("bbox_y0", "bbox_y1"))
    assert (0.1, 0.6) == (tops[0], bottoms[-1])
    assert all(BOX.y0 < top for top in tops[1:])
    assert all(bottom < BOX.y1 for bottom in bottoms[:-1])


def test_rows_whose_lines_are_known_have_exact_boxes() -> None:
    """A part of a table from a text layer has the box of its own rows' cells, not a share of the table's."""
    html, lines = "<table>", []
    for row in range(30):
        cell = f"row {row}" if row else "name"
        start = len(html) + len("<tr><td>")
        html += f"<tr><td>{cell}</td></tr>"
        top = 0.2 + 0.2 * (row / 30) ** 2  # rows grow: a share of the height would be wrong
        lines.append(Line(Box(0.1, top, 0.3, top + 0.001), start, start + len(cell)))
    table = region(RegionType.TABLE, html + "</table>", lines=tuple(lines))

    parts = chunks_of(page_from_regions([table], text_source=TextSource.TEXT_LAYER), chunk_tokens=60)

    assert {"text_layer"} == {part.metadata.bbox_source for part in parts}
    for part in parts[1:]:
        first, last = map(int, part.metadata.table_rows.split("-"))
        expected = (lines[first].box.y0, lines[last].box.y1)

        assert expected == pytest.approx((part.metadata.bbox_y0, part.metadata.bbox_y1))


def test_parts_by_columns_have_their_band() -> None:
    """A part of a wide table has the band of its own columns, says which they are, and is an estimate."""
    rows = "".join(f"<tr>{''.join(f'<td>r{row}c{column}</td>' for column in range(20))}</tr>" for row in range(3))

    first, *_, last = chunks_of(
        page_from_regions([region(RegionType.TABLE, f"<table>{rows}</table>")]), chunk_tokens=80, min_tokens=0
    )

    assert first.metadata.table_columns.startswith("1-")
    assert last.metadata.table_columns.startswith("1,")
    assert last.metadata.table_columns.endswith("20")
    assert BOX.x0 == first.metadata.bbox_x0 < first.metadata.bbox_x1 < last.metadata.bbox_x0
    assert BOX.x1 == pytest.approx(last.metadata.bbox_x1)
    assert "estimated" == first.metadata.bbox_source
