"""What goes on over pages, and what belongs to formulas and lists: one text again, with every part's place."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dsocr_loaders.chunking import Chunker, reconstruct_table
from dsocr_loaders.geometry import Box
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.pages import failed_page, page_from_regions
from dsocr_loaders.values import Join, Region, RegionType, TextSource

FOOT = Box(0.1, 0.8, 0.9, 0.9)
HEAD = Box(0.1, 0.1, 0.9, 0.2)


def chunks_of(*pages, **chosen):
    chunker = Chunker(Settings(**chosen))
    return [chunk for page in pages for chunk in chunker.add(page)] + chunker.finish()


def region(kind, text, box=FOOT, **more):
    return Region(kind, kind.value, (box,), text, **more)


def text_over_pages(first, second, how, between=()):
    one = page_from_regions([region(RegionType.TEXT, first), *between], total_pages=2)
    later = region(RegionType.TEXT, second, HEAD, continues=Join(1, 0, how))
    return one, page_from_regions([later], page_number=2)


@pytest.mark.parametrize(
    ("first", "how", "second", "expected"),
    [
        ("a divid-", "hyphen", "ed word", "a divided word"),
        ("a well-", "none", "known word", "a well-known word"),
        ("goes", "space", "on", "goes on"),
        ("一半", "none", "另一半", "一半另一半"),
        ("- one", "line", "- two", "- one\n- two"),
    ],
)
def test_joins_texts_and_keeps_their_places(first, how, second, expected):
    """This test ensures that a text over two pages is one, whose pieces have their own page, box and range."""
    (chunk,) = chunks_of(*text_over_pages(first, second, how))

    assert expected == chunk.text
    one, two = chunk.regions
    assert ((1, FOOT), (2, HEAD)) == ((one.page_number, one.box), (two.page_number, two.box))
    assert first.rstrip("-" if how == "hyphen" else "") == chunk.text[one.start : one.end]
    assert second == chunk.text[two.start : two.end]
    assert (1, 2, "model") == (chunk.metadata.page_number, chunk.metadata.page_end, chunk.metadata.bbox_source)


def test_joining_can_be_switched_off():
    """This test ensures that without join_pages the texts are those of the pages."""
    (chunk,) = chunks_of(*text_over_pages("a divid-", "ed word", "hyphen"), join_pages=False)

    assert "a divid-\n\ned word" == chunk.text


def test_a_text_that_goes_on_comes_before_what_stands_below_it():
    """This test ensures that a footnote at the foot of the first page does not come between."""
    note = region(RegionType.FOOTNOTE, "1 A note.")

    (chunk,) = chunks_of(*text_over_pages("goes", "on", "space", between=[note]))

    assert "goes on\n\n1 A note." == chunk.text


def test_texts_of_different_sources_are_not_joined():
    """This test ensures that a join of text that was read and text of a text layer is not followed."""
    one, two = text_over_pages("goes", "on", "space")

    assert ["goes", "on"] == [chunk.text for chunk in chunks_of(one, replace(two, text_source=TextSource.TEXT_LAYER))]


def test_a_piece_of_a_joined_text_has_its_own_page():
    """This test ensures that a chunk from the second page of a long text says so, with a band of that page's box."""
    words = " ".join(f"one{number}." for number in range(60)), " ".join(f"two{number}." for number in range(60))

    chunks = chunks_of(*text_over_pages(*words, "space"), chunk_tokens=60)

    assert " ".join(words) == " ".join(chunk.text for chunk in chunks)
    assert (2, 2, "estimated") == (
        chunks[-1].metadata.page_number,
        chunks[-1].metadata.page_end,
        chunks[-1].metadata.bbox_source,
    )
    assert HEAD.y1 == pytest.approx(chunks[-1].metadata.bbox_y1)
    over = [chunk for chunk in chunks if chunk.metadata.page_number != chunk.metadata.page_end]
    assert 1 >= len(over)
    for chunk in chunks:
        for piece in chunk.regions:
            assert {1: "one", 2: "two"}[piece.page_number] in chunk.text[piece.start : piece.end]


def test_joins_tables_over_three_pages():
    """This test ensures that a continued table is one, its repeated header and caption once, each row with its page."""
    header = "<tr><th>name</th><th>value</th></tr>"
    pages = []
    for number in (1, 2, 3):
        rows = "".join(f"<tr><td>r{number}{row}</td><td>{row}</td></tr>" for row in range(10))
        join = Join(number - 1, 1, "rows_after_header", 1) if number > 1 else None
        again = Join(number - 1, 0, "repeated") if number > 1 else None
        caption = region(RegionType.CAPTION, "Table 1", HEAD, caption_of=1, continues=again)
        table = region(RegionType.TABLE, f"<table>{header}{rows}</table>", continues=join)
        pages.append(page_from_regions([caption, table], page_number=number, total_pages=3))

    (whole,) = chunks_of(*pages)
    parts = chunks_of(*pages, chunk_tokens=80)

    assert (1, 3, "1-30") == (whole.metadata.page_number, whole.metadata.page_end, whole.metadata.table_rows)
    assert 1 == whole.text.count("Table 1") == whole.text.count("| name | value |")
    table = reconstruct_table([whole])
    assert [f"r{number}{row}" for number in (1, 2, 3) for row in range(10)] == [row[0] for row in table.grid[1:]]
    assert table == reconstruct_table(parts)
    for chunk in (whole, *parts):
        for piece in chunk.regions:
            if piece.type is RegionType.TABLE:
                rows = [line for line in chunk.text[piece.start : piece.end].split("\n") if line.startswith("| r")]
                assert all(line.startswith(f"| r{piece.page_number}") for line in rows)
    assert {1, 2, 3} == {chunk.metadata.page_number for chunk in parts}


@pytest.mark.parametrize("table_format", ["markdown", "html"])
def test_tables_over_pages_keep_rows_apart(table_format):
    """This test ensures that in both formats each page's piece holds that page's rows and no other."""
    pages = [
        page_from_regions(
            [
                region(
                    RegionType.TABLE,
                    "<table><tr><td>h</td></tr><tr><td>r1</td></tr></table>"
                    if number == 1
                    else "<table><tr><td>r2</td></tr><tr><td>r2b</td></tr></table>",
                    continues=Join(1, 0, "rows") if number == 2 else None,
                )
            ],
            page_number=number,
        )
        for number in (1, 2)
    ]

    (chunk,) = chunks_of(*pages, table_format=table_format)

    rows = [(piece.page_number, chunk.text[piece.start : piece.end]) for piece in chunk.regions]
    assert [1, 1, 2, 2] == [page_number for page_number, _ in rows]
    assert [["h"], ["r1"], ["r2"], ["r2b"]] == [re.findall(r"\bh\b|\br[0-9]b?\b", row) for _, row in rows]


def test_keeps_a_formula_with_its_sentence():
    """This test ensures that a formula is cut from neither the sentence before it nor the one that goes on behind."""
    filler = "Some words stand here for nothing at all. " * 4
    page = page_from_regions(
        [
            region(RegionType.TEXT, f"{filler}The sum is"),
            region(RegionType.FORMULA, r"\[ a + b \]"),
            region(RegionType.TEXT, f"where a is one. {filler}"),
        ]
    )

    chunks = chunks_of(page, chunk_tokens=50)

    assert any("The sum is\n\n$$ a + b $$\n\nwhere a is one." in chunk.text for chunk in chunks)


def test_cuts_a_row_of_formulas_between_them():
    """This test ensures that formulas without words between them are parted between two, and none is torn."""
    formulas = [rf"\[ \begin{{align}} x_{{{number}}} &= 1 \\\\ \n y &= 2 \end{{align}} \]" for number in range(6)]
    page = page_from_regions([region(RegionType.FORMULA, formula) for formula in formulas])

    chunks = chunks_of(page, chunk_tokens=80)

    assert 1 < len(chunks)
    assert all(chunk.text.startswith("$$") and chunk.text.endswith("$$") for chunk in chunks)
    assert 6 == sum(chunk.text.count("\\begin") for chunk in chunks)


def test_shows_formulas_as_markdown_has_them_with_the_right_ranges():
    """This test ensures that LaTeX's delimiters become dollars, and that split texts still know their lines."""
    (chunk,) = chunks_of(page_from_regions([region(RegionType.TEXT, r"Of \( x^2 \) and \[ y \] and 5 \% too.")]))

    assert r"Of $x^2$ and $$ y $$ and 5 \% too." == chunk.text
    assert [(0, len(chunk.text))] == [(piece.start, piece.end) for piece in chunk.regions]


def test_keeps_a_list_with_the_line_that_leads_to_it():
    """This test ensures that a list that fits is whole, below the sentence that ends in a colon."""
    filler = "Some words stand here for nothing at all. " * 5
    items = "\n".join(f"- item {number}" for number in range(8))
    page = page_from_regions([region(RegionType.TEXT, f"{filler}You need:"), region(RegionType.LIST, items)])

    chunks = chunks_of(page, chunk_tokens=60, min_tokens=0)

    assert any(f"You need:\n\n{items}" in chunk.text for chunk in chunks)


def test_splits_lists_between_items():
    """This test ensures that a list that does not fit is cut between its items."""
    items = "\n".join(f"- item {number} has a sentence. And one more." for number in range(20))

    chunks = chunks_of(page_from_regions([region(RegionType.LIST, items)]), chunk_tokens=64)

    assert items == "\n".join(chunk.text for chunk in chunks)


def test_furniture_is_left_out_unless_asked_for():
    """This test ensures that headers and page numbers are in no chunk by default, and in their place on request."""
    page = page_from_regions(
        [region(RegionType.HEADER, "Head"), region(RegionType.TEXT, "Body."), region(RegionType.PAGE_NUMBER, "7")]
    )

    assert ["Body.", "Head\n\nBody.\n\n7"] == [
        chunk.text for asked in (False, True) for chunk in chunks_of(page, include_furniture=asked)
    ]


def test_hands_chunks_on_while_pages_come():
    """This test ensures that chunks of early pages do not wait for late ones, whatever stands on them."""
    chunker = Chunker(Settings(chunk_tokens=32))
    held = 0
    for number in range(1, 200):
        page = page_from_regions([region(RegionType.TEXT, "word " * 30) for _ in range(3)], page_number=number)
        held += 3 - len(chunker.add(page))

    assert held <= 8


@pytest.mark.parametrize("kind", [RegionType.TABLE, RegionType.FIGURE])
def test_joins_over_a_page_of_tables_or_figures(kind):
    """This test ensures that a text goes on behind a full-page table or figure, and that few pages are waited for."""
    words = "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>"
    one, three = text_over_pages("goes", "on", "space")
    between = [page_from_regions([region(kind, words)], page_number=number) for number in range(2, 40)]

    near = chunks_of(one, between[0], replace(three, page_number=3))
    chunker = Chunker(Settings(min_tokens=0))
    early = [chunk for page in (one, *between) for chunk in chunker.add(page)]

    assert "goes on" == near[0].text
    assert len(early) >= len(between) - 12


def test_a_failed_page_ends_what_waits():
    """This test ensures that a text before a failed page is not joined to one behind it."""
    one, three = text_over_pages("goes", "on", "space")
    failed = failed_page(page_number=2)

    assert ["goes", "", "on"] == [chunk.text for chunk in chunks_of(one, failed, replace(three, page_number=3))]
