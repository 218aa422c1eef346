"""The chunker: structure first, then the budget, with nothing lost on the way."""

from __future__ import annotations

import itertools
import json
import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.chunking import Chunker, estimate_tokens
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import failed_page, page_from_answer, page_from_regions, report_source
from dsocr_loaders.values import Chunk, Line, PageResult, PageStatus, Region, RegionType, TextSource

BOX = Box(0.1, 0.2, 0.9, 0.4)


def chunks_of(*pages: PageResult, **chosen: object) -> list[Chunk]:
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind: RegionType, text: str, **more: object) -> Region:
    return Region(kind, kind.value, more.pop("boxes", (BOX,)), text, **more)


def table_html(rows: int) -> str:
    cells = "".join(f"<tr><td>row {number}</td><td>{number * 11}</td></tr>" for number in range(1, rows + 1))
    return f"<table><tr><td>name</td><td>value</td></tr>{cells}</table>"


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

    first, second = chunks_of(page)

    assert ("# A report\n\n## 3 Results\n\n### 3.2 Ablations\n\nIt helps.", "") == (first.text, first.context)
    assert "3 Results > 3.2 Ablations" == first.metadata.heading_path
    assert ("### 3.3 Limits\n\nIt ends.", "3 Results") == (second.text, second.context)
    assert "3 Results > 3.3 Limits" == second.metadata.heading_path
    assert "3 Results\n\n### 3.3 Limits\n\nIt ends." == second.contextualized


def test_keeps_headings_without_content() -> None:
    """A heading at the very end is not lost."""
    chunks = chunks_of(page_from_regions([region(RegionType.HEADING, "Annex", level=2)]))

    assert ["## Annex"] == [chunk.text for chunk in chunks]


def test_fills_a_chunk_up_to_the_budget() -> None:
    """Paragraphs of a section share a chunk as long as they fit."""
    page = page_from_regions([region(RegionType.TEXT, f"word{number} " * 10) for number in range(6)])

    chunks = chunks_of(page, chunk_tokens=50)

    assert [2, 2, 2] == [len(chunk.regions) for chunk in chunks]
    assert all(estimate_tokens(chunk.text) <= 50 for chunk in chunks)


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


def test_leaves_out_furniture_and_bare_figures() -> None:
    """Headers, footers, page numbers and figures without words make no chunk; a captioned figure makes one."""
    page = page_from_regions(
        [
            region(RegionType.HEADER, "Running head"),
            region(RegionType.FIGURE, ""),
            region(RegionType.FIGURE, ""),
            region(RegionType.CAPTION, "Figure 2: Rain", caption_of=2),
            region(RegionType.FOOTER, "Company"),
            region(RegionType.PAGE_NUMBER, "7"),
        ]
    )

    chunks = chunks_of(page)

    assert ["Figure 2: Rain"] == [chunk.text for chunk in chunks]


def test_never_mixes_text_sources() -> None:
    """Text that was read and text of a text layer are in different chunks."""
    read = page_from_regions([region(RegionType.TEXT, "Read.")])
    layer = page_from_regions([region(RegionType.TEXT, "Typed.")], page_number=2, text_source=TextSource.TEXT_LAYER)

    assert [("Read.", "ocr"), ("Typed.", "text_layer")] == [
        (chunk.text, chunk.metadata.text_source) for chunk in chunks_of(read, layer)
    ]


def test_takes_the_worse_status_of_two_pages() -> None:
    """A chunk over two pages has both page numbers and the worse status, and its box is on the first."""
    first = page_from_regions([region(RegionType.TEXT, "One.")], total_pages=2)
    second = page_from_regions(
        [region(RegionType.TEXT, "Two.", boxes=(Box(0.0, 0.0, 1.0, 0.1),))],
        page_number=2,
        status=PageStatus.TRUNCATED,
    )

    (chunk,) = chunks_of(first, second)

    assert (1, 2, "truncated") == (
        chunk.metadata.page_number,
        chunk.metadata.page_end,
        chunk.metadata.page_status,
    )
    assert (BOX.y0, BOX.y1) == (chunk.metadata.bbox_y0, chunk.metadata.bbox_y1)


def test_makes_a_failed_page_visible() -> None:
    """A failed page is one chunk without text and with its status."""
    (chunk,) = chunks_of(failed_page())

    assert ("", "failed", "page", "[]") == (
        chunk.text,
        chunk.metadata.page_status,
        chunk.metadata.bbox_source,
        chunk.metadata.regions,
    )


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


def test_links_neighbours_and_counts() -> None:
    """Chunks know the ones before and behind them and their position."""
    page = page_from_regions([region(RegionType.TEXT, "word " * 40) for _ in range(3)])

    chunks = chunks_of(page, chunk_tokens=50)

    ids = [chunk.id for chunk in chunks]
    assert 3 == len(set(ids))
    assert ["", *ids[:-1]] == [chunk.previous_id for chunk in chunks]
    assert [*ids[1:], ""] == [chunk.next_id for chunk in chunks]
    assert [0, 1, 2] == [chunk.metadata.chunk_index for chunk in chunks]


def test_names_chunks_by_place_and_text() -> None:
    """Reruns agree; another text, another place or another file gives another id."""
    text = "<|ref|>text<|/ref|><|det|>[[0, 0, 9, 9]]<|/det|>\n"

    def identity(words: str, **place: object) -> str:
        return chunks_of(page_from_answer(f"{text}{words}", **place))[0].id

    first = identity("Rain.")

    assert first == identity("Rain.")
    assert 3 == len({first, identity("Snow."), identity("Rain.", page_number=2)})


def test_counts_tokens_with_the_users_counter() -> None:
    """A `token_counter` decides how much fits."""
    page = page_from_regions([region(RegionType.TEXT, "a b c d e f g h i j k l m n o p q r s t")])

    chunks = chunks_of(page, chunk_tokens=16, token_counter=lambda text: 2 * len(text.split()))

    assert ["a b c d e f g h", "i j k l m n o p", "q r s t"] == [chunk.text for chunk in chunks]


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
    """A megabyte that was taken for a heading is kept as text and does not stand above every chunk behind it."""
    page = page_from_regions(
        [region(RegionType.HEADING, "word " * 200_000, level=2), region(RegionType.TEXT, "The end.")]
    )

    chunks = chunks_of(page, chunk_tokens=4096)

    assert 200_000 == sum(chunk.text.count("word") for chunk in chunks)
    assert 200 >= len(chunks[-1].metadata.heading_path)
    assert chunks[-1].metadata.heading_path.endswith("word…")


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

    (chunk, *_) = chunks_of(
        page_from_regions([region(RegionType.TEXT, text, boxes=boxes, lines=lines)]), chunk_tokens=30
    )

    assert [(0.1, 0.45), (0.55, 0.9)] == [(piece.box.x0, piece.box.x1) for piece in chunk.regions]
    assert (0.8, 0.9) == (chunk.regions[0].box.y0, chunk.regions[0].box.y1)
    assert 0.1 == chunk.regions[1].box.y0


@pytest.mark.parametrize(
    ("kind", "position", "boxes", "expected"),
    [
        (RegionType.CAPTION, 0, ((), ()), "words\n\nchart"),
        (RegionType.CAPTION, 1, ((), ()), "chart\n\nwords"),
        (RegionType.CAPTION, 0, ((Box(0, 0.8, 1, 0.9),), (BOX,)), "chart\n\nwords"),
        (RegionType.CAPTION, 1, ((Box(0, 0, 1, 0.1),), (BOX,)), "words\n\nchart"),
        (RegionType.CAPTION, 1, ((Box(0, 0, 1, 0.1),), ()), "chart\n\nwords"),
        (RegionType.FOOTNOTE, 0, ((Box(0, 0, 1, 0.1),), (BOX,)), "chart\n\nwords"),
    ],
)
def test_puts_captions_where_they_stand(
    kind: RegionType, position: int, boxes: tuple[tuple[Box, ...], tuple[Box, ...]], expected: str
) -> None:
    """A caption goes above or below by the boxes, else by the order; a footnote is always below."""
    regions = [region(RegionType.FIGURE, "chart", boxes=boxes[1]), region(RegionType.TEXT, "After.")]
    regions.insert(position, region(kind, "words", boxes=boxes[0], caption_of=1 - position))

    chunks = chunks_of(page_from_regions(regions))

    assert [expected, "After."] == [chunk.text for chunk in chunks]


def test_a_figure_with_words_stands_apart() -> None:
    """What a figure says is a chunk of its own, caption or not."""
    kinds = (RegionType.TEXT, RegionType.FIGURE, RegionType.TEXT)

    chunks = chunks_of(page_from_regions([region(kind, str(number)) for number, kind in enumerate(kinds)]))

    assert ["0", "1", "2"] == [chunk.text for chunk in chunks]


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
        (chunk.metadata.heading_path, chunk.text) for chunk in chunks_of(page)
    ]


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


def test_rounds_the_boxes_of_pieces() -> None:
    """The metadata's list of pieces has four decimals; the chunk itself has the box as it is."""
    third = Box(1 / 3, 1 / 3, 2 / 3, 2 / 3)

    (chunk,) = chunks_of(page_from_regions([region(RegionType.TEXT, "One.", boxes=(third,))]))

    assert [[1, 0.3333, 0.3333, 0.6667, 0.6667, "text", 1, 0, 4]] == json.loads(chunk.metadata.regions)
    assert third == chunk.regions[0].box


def test_names_equal_pieces_of_a_text_apart() -> None:
    """Words that repeat make pieces of equal text; where they begin tells them apart."""
    chunks = chunks_of(page_from_regions([region(RegionType.TEXT, "word " * 100)]), chunk_tokens=20)

    assert 1 == len({chunk.text for chunk in chunks})
    assert len(chunks) == len({chunk.id for chunk in chunks})


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


def test_a_heading_stands_above_a_text_that_begins_with_a_blank() -> None:
    """The first piece of a split text is the first, wherever its words begin."""
    page = page_from_regions(
        [region(RegionType.HEADING, "1 Results", level=2), region(RegionType.TEXT, "  " + "word " * 60)]
    )

    first, *others = chunks_of(page, chunk_tokens=30)

    assert first.text.startswith("## 1 Results\n\nword")
    assert {"1 Results"} == {chunk.context for chunk in others}


def test_a_failed_page_keeps_its_place() -> None:
    """The text before a failed page and the text behind it are not joined over it."""
    one, three = (page_from_regions([region(RegionType.TEXT, "words")], page_number=number) for number in (1, 3))

    chunks = chunks_of(one, failed_page(page_number=2), three)

    assert [(1, "words"), (2, ""), (3, "words")] == [(chunk.metadata.page_number, chunk.text) for chunk in chunks]


def test_names_files_whose_names_are_no_text() -> None:
    """A file name with bytes that are no UTF-8, and a lone surrogate in a text, have ids as all others."""
    page = page_from_regions([region(RegionType.TEXT, "half \ud83d")], source=report_source("caf\udce9.pdf"))

    (chunk,) = chunks_of(page)

    assert str(uuid.UUID(chunk.id)) == chunk.id


KINDS = st.sampled_from([kind for kind in RegionType if kind is not RegionType.TABLE])
TEXTS = st.text(
    alphabet=st.sampled_from("abcdefgh ijkl.\n中文。عرب!?123"), min_size=0, max_size=300
)  # fmt: skip
REGIONS = st.builds(lambda kind, text: region(kind, text.strip("\n"), level=2), KINDS, TEXTS)


@settings(max_examples=60)
@given(st.lists(st.lists(REGIONS, max_size=6), max_size=4), st.integers(min_value=16, max_value=120))
def test_loses_and_doubles_no_text(pages: list[list[Region]], budget: int) -> None:
    """All inked characters outside furniture are in the chunks, once and in order, and the budget holds."""
    results = [page_from_regions(regions, page_number=number) for number, regions in enumerate(pages, start=1)]

    chunks = chunks_of(*results, chunk_tokens=budget)

    furniture = {RegionType.HEADER, RegionType.FOOTER, RegionType.PAGE_NUMBER}
    expected = "".join(
        "".join(each.text.split()) for page in results for each in page.regions if each.type not in furniture
    )
    actual = "".join("".join(chunk.text.split()) for chunk in chunks).replace("#", "")
    assert expected == actual
    assert len(chunks) == len({chunk.id for chunk in chunks})
    for chunk in chunks:
        assert estimate_tokens(chunk.contextualized) <= budget
        covered = "".join(chunk.text[piece.start : piece.end] for piece in chunk.regions)
        assert "".join(chunk.text.split()) == "".join(covered.split())
