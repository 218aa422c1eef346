"""Where chunks are on their pages."""

from __future__ import annotations

import json
import re

import pytest

from dsocr_loaders.chunking import Chunker
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


def test_marks_boxes_of_split_regions_as_estimated() -> None:
    """A region that is split keeps its character order; each piece has a band of the box, called an estimate."""
    text = " ".join(f"word{number}" for number in range(100))

    chunks = chunks_of(page_from_regions([region(RegionType.TEXT, text)]), chunk_tokens=50)

    assert text == " ".join(chunk.text for chunk in chunks)
    assert {"estimated"} == {chunk.metadata.bbox_source for chunk in chunks}
    assert BOX.y0 == chunks[0].metadata.bbox_y0
    assert BOX.y1 == pytest.approx(chunks[-1].metadata.bbox_y1, abs=1e-9)
    tops = [chunk.metadata.bbox_y0 for chunk in chunks]
    assert sorted(tops) == tops
    assert 1 < len(set(tops))


def test_takes_the_exact_lines_of_a_split_region() -> None:
    """Where lines are known, a piece's box is that of its own lines, and exact."""
    words = [f"word{number:03d}" for number in range(40)]
    lines, start = [], 0
    for number, word in enumerate(words):
        lines.append(Line(Box(0.1, number / 100, 0.5, (number + 1) / 100), start, start + len(word)))
        start += len(word) + 1
    split = region(RegionType.TEXT, "\n".join(words), lines=tuple(lines), boxes=(Box(0.1, 0.0, 0.5, 0.4),))

    chunks = chunks_of(page_from_regions([split], text_source=TextSource.TEXT_LAYER), chunk_tokens=16)

    assert {"text_layer"} == {chunk.metadata.bbox_source for chunk in chunks}
    for chunk in chunks:
        shown = [int(number) for number in re.findall(r"word(\d+)", chunk.text)]
        expected = (shown[0] / 100, (shown[-1] + 1) / 100)

        assert expected == pytest.approx((chunk.metadata.bbox_y0, chunk.metadata.bbox_y1))


def test_tells_that_no_box_is_known() -> None:
    """Text without boxes has the page as its box and says so."""
    (chunk,) = chunks_of(page_from_regions([region(RegionType.TEXT, "Free.", boxes=())]))

    assert ("page", 0.0, 1.0) == (chunk.metadata.bbox_source, chunk.metadata.bbox_x0, chunk.metadata.bbox_y1)
    assert [[1, 0.0, 0.0, 1.0, 1.0, "text", 0, 0, 5]] == json.loads(chunk.metadata.regions)


def test_keeps_every_box_of_a_region() -> None:
    """A paragraph over two columns has two boxes on the same characters, both exact."""
    boxes = (Box(0.1, 0.8, 0.45, 0.9), Box(0.55, 0.1, 0.9, 0.2))

    (chunk,) = chunks_of(page_from_regions([region(RegionType.TEXT, "Flows on.", boxes=boxes)]))

    assert [
        [1, 0.1, 0.8, 0.45, 0.9, "text", 1, 0, 9],
        [1, 0.55, 0.1, 0.9, 0.2, "text", 1, 0, 9],
    ] == json.loads(chunk.metadata.regions)


def test_says_where_the_box_is_from_by_the_pieces_in_it() -> None:
    """A text that is split on the next page makes no estimate of the box of the heading above it."""
    first = page_from_regions([region(RegionType.HEADING, "1 Results", level=2)])
    second = page_from_regions([region(RegionType.TEXT, "word " * 100)], page_number=2)

    chunk, *_ = chunks_of(first, second, chunk_tokens=50)

    assert (1, 2, "model") == (chunk.metadata.page_number, chunk.metadata.page_end, chunk.metadata.bbox_source)
    assert [True, False] == [piece.is_exact for piece in chunk.regions]


def test_has_a_box_for_each_column_of_split_lines() -> None:
    """The lines of a piece that runs over two columns are one box in each, not one over both."""
    boxes = (Box(0.1, 0.8, 0.45, 0.9), Box(0.55, 0.1, 0.9, 0.2))
    lines = tuple(
        Line(Box(box.x0, box.y0 + number / 100, box.x1, box.y0 + (number + 1) / 100), start, start + 5)
        for start, (box, number) in zip(
            range(0, 120, 6), [(box, number) for box in boxes for number in range(10)], strict=True
        )
    )
    text = " ".join(f"wor{number:02}" for number in range(20))

    _, chunk, *_ = chunks_of(
        page_from_regions([region(RegionType.TEXT, text, boxes=boxes, lines=lines)]), chunk_tokens=16
    )

    assert [(0.1, 0.45), (0.55, 0.9)] == [(piece.box.x0, piece.box.x1) for piece in chunk.regions]
    assert (0.88, 0.9) == pytest.approx((chunk.regions[0].box.y0, chunk.regions[0].box.y1))
    assert 0.1 == chunk.regions[1].box.y0


def test_rounds_the_boxes_of_pieces() -> None:
    """The metadata's list of pieces has four decimals; the chunk itself has the box as it is."""
    third = Box(1 / 3, 1 / 3, 2 / 3, 2 / 3)

    (chunk,) = chunks_of(page_from_regions([region(RegionType.TEXT, "One.", boxes=(third,))]))

    assert [[1, 0.3333, 0.3333, 0.6667, 0.6667, "text", 1, 0, 4]] == json.loads(chunk.metadata.regions)
    assert third == chunk.regions[0].box


def test_counts_a_region_once_however_many_boxes_it_has() -> None:
    """The main type is that of most characters, not of most boxes."""
    page = page_from_regions(
        [region(RegionType.LIST, "- a list", boxes=(BOX, BOX, BOX)), region(RegionType.TEXT, "a longer text")]
    )

    assert ["text"] == [chunk.metadata.region_type for chunk in chunks_of(page)]


def test_lines_that_touch_a_piece_are_not_in_it() -> None:
    """Without blanks between lines, as in Chinese, a piece has the lines that it shares characters with alone."""
    text = "一二三四五六七。" * 4
    lines = tuple(Line(Box(0.1, at / 10, 0.9, (at + 1) / 10), at * 8, at * 8 + 8) for at in range(4))

    first, second = chunks_of(page_from_regions([region(RegionType.TEXT, text, lines=lines)]), chunk_tokens=16)

    assert [(0.0, 0.2), (0.2, 0.4)] == [(each.metadata.bbox_y0, each.metadata.bbox_y1) for each in (first, second)]


def test_estimates_the_place_over_several_boxes() -> None:
    """Pieces of a text in two columns get their share of the joint height, one column after the other."""
    boxes = (Box(0.1, 0.5, 0.4, 0.9), Box(0.6, 0.1, 0.9, 0.5))

    chunks = chunks_of(page_from_regions([region(RegionType.TEXT, "word " * 80, boxes=boxes)]), chunk_tokens=20)

    assert [(0.1, 0.5), (0.1, 0.7), (0.6, 0.1), (0.6, 0.3)] == [
        (round(last.box.x0, 2), round(last.box.y0, 2)) for last in (chunk.regions[-1] for chunk in chunks)
    ]


def table_of(rows: int, **more: object) -> Region:
    return region(RegionType.TABLE, f"<table>{''.join(f'<tr><td>r{n}</td></tr>' for n in range(rows))}</table>", **more)


@pytest.mark.parametrize("table_format", ["markdown", "html"])
def test_tells_the_rows_of_a_table_apart(table_format: str) -> None:
    """Each row is a piece with its own band, an estimate; the table's own box stays exact, and no text is left out."""
    (chunk,) = chunks_of(page_from_regions([table_of(4)]), table_format=table_format)

    assert [["r0"], ["r1"], ["r2"], ["r3"]] == [
        re.findall(r"r\d+", chunk.text[piece.start : piece.end]) for piece in chunk.regions
    ]
    assert [0, *(piece.end for piece in chunk.regions)] == [*(piece.start for piece in chunk.regions), len(chunk.text)]
    assert [False] * 4 == [piece.is_exact for piece in chunk.regions]
    borders = [[piece.box.y0, piece.box.y1] for piece in chunk.regions if piece.box]
    assert [pytest.approx([0.2 + row / 20, 0.25 + row / 20]) for row in range(4)] == borders
    assert ("model", 0.2, 0.4) == (chunk.metadata.bbox_source, chunk.metadata.bbox_y0, chunk.metadata.bbox_y1)
    assert "table" == chunk.metadata.region_type


def test_puts_rows_of_a_long_table_together() -> None:
    """However many rows a table has, the pieces of one region are few, and fill its box."""
    (chunk,) = chunks_of(page_from_regions([table_of(100)]), chunk_tokens=2000)

    assert 16 >= len(chunk.regions) > 8
    assert [f"r{number}" for number in range(100)] == [
        row for piece in chunk.regions for row in re.findall(r"r\d+", chunk.text[piece.start : piece.end])
    ]
    tops = [piece.box.y0 for piece in chunk.regions if piece.box]
    bottoms = [piece.box.y1 for piece in chunk.regions if piece.box]
    assert pytest.approx([*tops[1:], BOX.y1]) == bottoms


def test_rows_with_lines_are_exact() -> None:
    """Where a table's lines are known, each row has its own, and the rows meet between them."""
    table = table_of(3)
    lines = tuple(
        Line(Box(0.3, 0.22 + 0.06 * at, 0.5, 0.26 + 0.06 * at), found.start(), found.end())
        for at, found in enumerate(re.finditer(r"r\d", table.text))
    )

    (chunk,) = chunks_of(page_from_regions([table_of(3, lines=lines)], text_source=TextSource.TEXT_LAYER))

    assert [True] * 3 == [piece.is_exact for piece in chunk.regions]
    assert pytest.approx([0.2, 0.27, 0.33, 0.4]) == [
        BOX.y0,
        *(piece.box.y1 for piece in chunk.regions if piece.box),
    ]
    assert {(BOX.x0, BOX.x1)} == {(piece.box.x0, piece.box.x1) for piece in chunk.regions if piece.box}


def test_a_table_without_a_box_is_one_piece() -> None:
    """Rows of a table whose place is not known say no more than the table."""
    (chunk,) = chunks_of(page_from_regions([table_of(3, boxes=())]))

    assert [(0, len(chunk.text), None)] == [(piece.start, piece.end, piece.box) for piece in chunk.regions]
