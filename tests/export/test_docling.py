"""Documents as docling's value: kinds, layers, boxes, and docling's own tools running on them."""

from __future__ import annotations

import sys

import pytest
from docling_core.transforms.chunker import HierarchicalChunker
from docling_core.types.doc import ContentLayer, CoordOrigin, DocItemLabel, DoclingDocument
from PIL import Image

from dsocr_loaders.errors import MissingDependency
from dsocr_loaders.export.docling import document_to_docling, list_entries
from dsocr_loaders.geometry import Box
from dsocr_loaders.structure import build_document
from dsocr_loaders.testing.pages import failed_page, page_from_answer, page_from_regions, report_source
from dsocr_loaders.values import Document, Join, Line, PageResult, Region, RegionType, SourceInfo

ANSWER = """<|ref|>header<|/ref|><|det|>[[100, 20, 900, 40]]<|/det|>
Tide Tables

<|ref|>title<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>
# Tides of the Outer Bank

<|ref|>sub_title<|/ref|><|det|>[[100, 100, 500, 130]]<|/det|>
## 1 Gauges

<|ref|>text<|/ref|><|det|>[[100, 140, 900, 300]]<|/det|>
Two gauges stood on the bank.

<|ref|>text<|/ref|><|det|>[[100, 310, 900, 360]]<|/det|>
- one of oak
- one of iron

<|ref|>table_caption<|/ref|><|det|>[[100, 400, 900, 420]]<|/det|>
Table 1: Heights in metres.

<|ref|>table<|/ref|><|det|>[[100, 430, 900, 600]]<|/det|>
<table><tr><th rowspan="2">Gauge</th><th colspan="2">Height</th></tr><tr><th>low</th><th>high</th></tr>\
<tr><td>Oak</td><td>0.4</td><td>3.1</td></tr></table>

<|ref|>table_footnote<|/ref|><|det|>[[100, 610, 900, 630]]<|/det|>
Iron: not read in May.

<|ref|>image<|/ref|><|det|>[[100, 650, 500, 850]]<|/det|>

<|ref|>image_caption<|/ref|><|det|>[[100, 860, 500, 880]]<|/det|>
Figure 1: The bank at low water.

<|ref|>equation<|/ref|><|det|>[[100, 890, 500, 920]]<|/det|>
\\[ h = a \\sin t \\]

<|ref|>page_number<|/ref|><|det|>[[480, 960, 520, 980]]<|/det|>
7
"""


def document(*pages: PageResult) -> Document:
    labels = tuple(str(page.page_number) for page in pages)
    return build_document(report_source(), SourceInfo(len(pages), labels, (), "pymupdf"), pages)


@pytest.fixture(scope="module")
def made() -> DoclingDocument:
    return document_to_docling(document(page_from_answer(ANSWER), failed_page(page_number=2)))


def labels(made: DoclingDocument, layer: ContentLayer) -> list[str]:
    items = made.iterate_items(included_content_layers={layer}, traverse_pictures=True)
    return [item.label.value for item, _ in items]


class TestItems:
    def test_kinds_in_reading_order(self, made):
        """This test ensures that every region is an item of docling's kind, in order, captions with their owners."""
        expected = [
            "title", "section_header", "text", "list_item", "list_item", "table", "caption", "footnote", "picture",
            "caption", "formula",
        ]  # fmt: skip

        assert expected == labels(made, ContentLayer.BODY)

    def test_furniture(self, made):
        """This test ensures that headers and page numbers are in the furniture layer."""
        assert ["page_header", "page_footer"] == labels(made, ContentLayer.FURNITURE)

    def test_captions_and_footnotes_are_tied(self, made):
        """This test ensures that a table knows its caption and footnote, a picture its caption."""
        (table,), (picture,) = made.tables, made.pictures

        assert "Table 1: Heights in metres." == table.caption_text(made)
        assert ["Iron: not read in May."] == [each.resolve(made).text for each in table.footnotes]
        assert "Figure 1: The bank at low water." == picture.caption_text(made)

    def test_grid(self, made):
        """This test ensures that spans and header cells arrive in docling's grid."""
        data = made.tables[0].data

        assert (3, 3) == (data.num_rows, data.num_cols)
        assert [["Gauge", "Height", "Height"], ["Gauge", "low", "high"], ["Oak", "0.4", "3.1"]] == [
            [cell.text for cell in row] for row in data.grid
        ]
        assert [True, True, True, True, False, False, False] == [cell.column_header for cell in data.table_cells]

    def test_formula_without_delimiters(self, made):
        """This test ensures that a formula stands once between docling's delimiters, and its own words are kept."""
        (formula,) = [item for item in made.texts if item.label is DocItemLabel.FORMULA]

        assert ("h = a \\sin t", "\\[ h = a \\sin t \\]") == (formula.text, formula.orig)
        assert "$$h = a \\sin t$$" in made.export_to_markdown()

    def test_text_over_a_page_break(self):
        """This test ensures that a paragraph over two pages is one item with a place on each, its hyphen gone."""
        low, high = Box(0.1, 0.7, 0.9, 0.9), Box(0.1, 0.1, 0.9, 0.2)
        first = Region(RegionType.TEXT, "text", (low,), "The tide comes in the after-")
        second = Region(RegionType.TEXT, "text", (high,), "noon of each day.", continues=Join(1, 0, "hyphen"))
        pages = [page_from_regions([first], page_number=1), page_from_regions([second], page_number=2)]

        (item,) = document_to_docling(document(*pages)).texts

        assert "The tide comes in the afternoon of each day." == item.text
        assert [(1, "The tide comes in the after"), (2, "noon of each day.")] == [
            (entry.page_no, item.text[slice(*entry.charspan)]) for entry in item.prov
        ]

    @pytest.mark.parametrize("has_lines", [True, False])
    def test_items_of_a_list(self, has_lines):
        """This test ensures that an item of a list has the box of its lines, or else that of the list."""
        words = "- oak\n- oak\n  iron"
        box, upper, lower = Box(0.1, 0.1, 0.9, 0.4), Box(0.1, 0.1, 0.9, 0.2), Box(0.1, 0.2, 0.9, 0.4)
        lines = (Line(upper, 0, 5), Line(lower, 6, 11), Line(lower, 12, len(words))) if has_lines else ()
        region = Region(RegionType.LIST, "list", (box,), words, lines=lines)

        made = document_to_docling(document(page_from_regions([region])))

        expected = [(upper, (0, 3)), (lower, (0, 8))] if has_lines else [(box, (0, 3)), (box, (0, 8))]
        assert [(round(each.y0 * 842), span) for each, span in expected] == [
            (round(entry.bbox.t), entry.charspan) for item in made.texts for entry in item.prov
        ]

    def test_saved_crop(self, tmp_path):
        """This test ensures that a picture refers to its saved crop with size and resolution, if the file is there."""
        path = tmp_path / "crop.png"
        Image.new("RGB", (595, 421)).save(path)
        box = Box(0.25, 0.25, 0.75, 0.5)
        figures = [
            Region(RegionType.FIGURE, "image", (box,), "", image_path=str(each)) for each in (path, tmp_path / "-")
        ]

        there, gone = document_to_docling(document(page_from_regions(figures))).pictures

        assert gone.image is None
        assert (144, 595.0, str(path)) == (there.image.dpi, there.image.size.width, str(there.image.uri))

    def test_heading_levels(self):
        """This test ensures that a section is of level 1, since docling counts the title apart."""
        regions = [
            Region(RegionType.HEADING, "sub_title", (), words, level=level)
            for words, level in (("1 One", 2), ("1.1 Two", 3), ("Top", 1))
        ]

        made = document_to_docling(document(page_from_regions(regions)))

        assert [1, 2, 1] == [item.level for item in made.texts]

    def test_list_items(self, made):
        """This test ensures that each item of a list is its own, with marker and words apart."""
        items = [item for item in made.texts if item.label is DocItemLabel.LIST_ITEM]

        assert [("-", "one of oak"), ("-", "one of iron")] == [(item.marker, item.text) for item in items]


class TestPlaces:
    def test_boxes_in_the_units_of_the_page(self, made):
        """This test ensures that boxes are in points, origin top left, on a page of the right size."""
        item = next(item for item in made.texts if item.text == "Two gauges stood on the bank.")
        box = item.prov[0].bbox

        assert (595.0, 842.0) == (made.pages[1].size.width, made.pages[1].size.height)
        assert CoordOrigin.TOPLEFT is box.coord_origin
        assert pytest.approx((59.56, 118.0, 536.04, 252.85), abs=0.01) == (box.l, box.t, box.r, box.b)
        assert (0, len(item.text)) == item.prov[0].charspan

    def test_several_boxes(self):
        """This test ensures that text over two columns has a provenance for each, with the characters in it."""
        left, right = Box(0.1, 0.6, 0.45, 0.9), Box(0.55, 0.1, 0.9, 0.2)
        lines = (Line(Box(0.1, 0.6, 0.45, 0.65), 0, 12), Line(Box(0.55, 0.1, 0.9, 0.15), 12, 20))
        known = Region(RegionType.TEXT, "text", (left, right), "abcdefghijk mnopqrst", lines=lines)
        unknown = Region(RegionType.TEXT, "text", (left, right), "abcdefghijk mnopqrst")

        made = document_to_docling(document(page_from_regions([known, unknown])))

        assert [[(0, 12), (12, 20)], [(0, 15), (15, 20)]] == [
            [each.charspan for each in item.prov] for item in made.texts
        ]

    def test_no_box(self):
        """This test ensures that a region without a box has the page."""
        made = document_to_docling(document(page_from_regions([Region(RegionType.TEXT, "", (), "Adrift.")])))

        box = made.texts[0].prov[0].bbox
        assert (0, 0, 595.0, 842.0) == (box.l, box.t, box.r, box.b)

    def test_origin(self, made):
        """This test ensures that docling knows the file by its type, name and hash."""
        assert ("application/pdf", "report.pdf", 0) == (
            made.origin.mimetype,
            made.origin.filename,
            made.origin.binary_hash,
        )

    def test_failed_pages(self, made):
        """This test ensures that a page that failed is there, with nothing on it."""
        assert [1, 2] == list(made.pages)
        assert {1} == {prov.page_no for item in made.texts for prov in item.prov}


class TestDoclingsTools:
    def test_round_trip(self, made):
        """This test ensures that docling itself reads back what it writes of such a document."""
        again = DoclingDocument.model_validate_json(made.model_dump_json())

        assert made == again

    def test_chunker(self, made):
        """This test ensures that docling's chunker finds headings, and no furniture."""
        chunks = list(HierarchicalChunker().chunk(made))

        texts = [chunk.text for chunk in chunks]
        assert ["Tides of the Outer Bank", "1 Gauges"] == chunks[0].meta.headings
        assert "Two gauges stood on the bank." == texts[0]
        assert not any("Tide Tables" in text or text == "7" for text in texts)
        assert any("Oak" in text and "3.1" in text for text in texts)

    def test_markdown(self, made):
        """This test ensures that docling's Markdown has the title, the list and the table."""
        written = made.export_to_markdown()

        assert all(part in written for part in ("# Tides of the Outer Bank", "- one of oak", "Figure 1: The bank"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. first\n2. second", [("1.", "first"), ("2.", "second")]),
        ("(a) first\n  going on\n(b) second", [("(a)", "first\ngoing on"), ("(b)", "second")]),
        ("\u2022 one\n\u2022 two", [("\u2022", "one"), ("\u2022", "two")]),
        ("- alone", []),
        ("No list\n- at all\n- here", []),
        ("", []),
    ],
)
def test_list_entries(text, expected):
    """This test ensures that lists are told from text, and taken apart."""
    assert expected == list_entries(text)


def test_regions_without_words():
    """This test ensures that empty regions and an empty table make no trouble, and that words of a figure are kept."""
    regions = [
        Region(RegionType.TEXT, "text", (), " "),
        Region(RegionType.TABLE, "table", (), ""),
        Region(RegionType.FIGURE, "image", (), "0.5 1.0"),
    ]

    made = document_to_docling(document(page_from_regions(regions)))

    assert (1, 1, ["0.5 1.0"]) == (len(made.tables), len(made.pictures), [item.text for item in made.texts])


def test_missing(monkeypatch):
    """This test ensures that without docling-core the error says how to install it."""
    monkeypatch.setitem(sys.modules, "docling_core.types.doc", None)

    with pytest.raises(MissingDependency, match=r'pip install "dsocr-loaders\[docling\]"'):
        document_to_docling(document())
