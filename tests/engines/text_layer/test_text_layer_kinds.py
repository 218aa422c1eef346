from __future__ import annotations

import pymupdf
import pytest

from dsocr_loaders.engines.text_layer.captions import with_captions
from dsocr_loaders.engines.text_layer.kinds import caption_start
from dsocr_loaders.engines.text_layer.layer import Rectangle
from dsocr_loaders.engines.text_layer.parts import Part
from dsocr_loaders.values import RegionType


def kinds(regions):
    return [(region.type.value, region.level, region.text) for region in regions]


@pytest.mark.parametrize(
    ("text", "kind", "is_marked"),
    [
        ("Figure 3: A dog", "figure", True),
        ("Fig. 2.1 A dog", "figure", False),
        ("Table 1", "table", True),
        ("Table A.2. Results", "table", True),
        ("Abbildung 4 \u2013 Ein Hund", "figure", True),
        ("图3：示意图", "figure", True),  # noqa: RUF001 - a Chinese colon
        ("表1 结果", "table", False),
        ("الجدول 1: المشتركون", "table", True),
    ],
)
def test_captions_are_recognised(text, kind, is_marked):
    """This test ensures that captions of several languages are known by how they start."""
    start = caption_start(text)

    assert (kind, is_marked) == (start.type.value, start.is_marked)


@pytest.mark.parametrize("text", ["Figures differ", "Tables 1", "The Figure 3", "Table of contents", "Figure 3rd"])
def test_other_texts_are_no_captions(text):
    """This test ensures that words which only resemble a caption are none."""
    assert caption_start(text) is None


def part(kind, text, y0, y1):
    return Part(kind, text, (Rectangle(50, y0, 300, y1),), size=10.0)


def test_caption_belongs_to_the_nearest_of_its_kind():
    """This test ensures that a caption between a figure and a table belongs to what it names."""
    parts = [
        part(RegionType.FIGURE, "", 100, 200),
        part(RegionType.TEXT, "Table 1: Costs", 205, 215),
        part(RegionType.TABLE, "<table></table>", 225, 300),
    ]

    assert [None, 2, None] == [each.caption_of for each in with_captions(parts, 10.0)]


def test_a_sentence_about_a_table_is_no_caption():
    """This test ensures that an unmarked start counts only where nothing else is the caption."""
    table = part(RegionType.TABLE, "<table></table>", 225, 300)
    sentence = part(RegionType.TEXT, "Table 1 gives the costs.", 190, 200)
    caption = part(RegionType.TEXT, "Table 1: Costs", 205, 215)
    far = part(RegionType.TEXT, "Table 1 gives the costs.", 100, 110)

    assert ["text", "caption", "table"] == [each.type.value for each in with_captions([sentence, caption, table], 10.0)]
    assert ["caption", "table"] == [each.type.value for each in with_captions([sentence, table], 10.0)]
    assert ["text", "table"] == [each.type.value for each in with_captions([far, table], 10.0)]


def test_bold_lines_are_headings_unless_they_are_sentences(reader, a4, lorem):
    """This test ensures that a bold line of the body's size is a heading, an emphasised sentence is none."""
    document, page = a4
    page.insert_text((50, 100), "Scope and purpose", fontname="hebo", fontsize=10)
    page.insert_textbox((50, 110, 545, 200), lorem, fontsize=10)
    page.insert_text((50, 300), "Never open the lid while it runs.", fontname="hebo", fontsize=10)

    assert [("heading", 2), ("text", 0), ("text", 0)] == [
        (kind, level) for kind, level, _ in kinds(reader.regions(document))
    ]


def test_large_paragraph_is_no_heading(reader, a4, lorem):
    """This test ensures that a lead in larger type stays a text."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem[:107], fontsize=14)
    page.insert_textbox((50, 170, 545, 700), lorem * 4, fontsize=10)

    assert ["text", "text"] == [region.type.value for region in reader.regions(document)]


def test_equal_headings_have_no_title_among_them(reader, a4, lorem):
    """This test ensures that of two headings in the largest size neither is the title."""
    document, page = a4
    for y in (100, 300):
        page.insert_text((50, y), f"Part at {y}", fontsize=20)
        page.insert_textbox((50, y + 10, 545, y + 190), lorem, fontsize=10)

    assert ["heading", "text", "heading", "text"] == [region.type.value for region in reader.regions(document)]


def test_only_the_first_page_has_a_title(reader, lorem):
    """This test ensures that the largest heading of a later page is a heading."""
    document = pymupdf.open()
    for _ in range(2):
        page = document.new_page()
        page.insert_text((50, 100), "Largest", fontsize=20)
        page.insert_textbox((50, 110, 545, 400), lorem, fontsize=10)

    assert "title" == reader.regions(document, 1)[0].type
    assert "heading" == reader.regions(document, 2)[0].type


def test_one_numbered_paragraph_is_no_list(reader, a4, lorem):
    """This test ensures that a paragraph that happens to start with a number stays a text."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 200), f"1. {lorem}", fontsize=10)
    page.insert_textbox((50, 300, 545, 400), lorem, fontsize=10)

    assert ["text", "text"] == [region.type.value for region in reader.regions(document)]


def test_number_at_a_line_start_does_not_break_a_paragraph(reader, a4):
    """This test ensures that a line of running text may start with a number and a full stop."""
    document, page = a4
    for number, line in enumerate(("The valves were tested twice, the results stand in section", "3. of the report")):
        page.insert_text((50, 100 + 12 * number), line, fontsize=10)

    (region,) = reader.regions(document)

    assert region.text == "The valves were tested twice, the results stand in section 3. of the report"


def test_label_beside_a_text_stays_with_it(reader, a4, lorem):
    """This test ensures that a word set apart on the left, and the lines of its text, are one paragraph."""
    document, page = a4
    page.insert_text((50, 100), "WARNING", fontname="hebo", fontsize=10)
    page.insert_text((130, 100), "Release the pressure before you unscrew the adapter, since a", fontsize=10)
    page.insert_text((130, 112), "logger that comes off can break an arm.", fontsize=10)
    page.insert_textbox((50, 200, 545, 400), lorem, fontsize=10)

    assert reader.regions(document)[0].text.startswith("WARNING Release")
    assert reader.regions(document)[0].text.endswith("break an arm.")


def test_entries_of_a_contents_page_stay_apart(reader, a4, lorem):
    """This test ensures that lines with leaders are neither headings nor one paragraph."""
    document, page = a4
    page.insert_text((50, 100), "1 Introduction . . . . . . . . . . . 1", fontname="hebo", fontsize=14)
    page.insert_text((50, 118), "2 Method . . . . . . . . . . . . . 4", fontname="hebo", fontsize=14)
    page.insert_textbox((50, 200, 545, 400), lorem, fontsize=10)

    first = reader.regions(document)[0]

    assert RegionType.TEXT is first.type
    assert ["1 Introduction . . . . . . . . . . . 1", "2 Method . . . . . . . . . . . . . 4"] == first.text.splitlines()


@pytest.mark.parametrize(
    ("style", "gap", "kind"),
    [
        ({}, 40, "header"),
        ({}, 1, "text"),
        ({"fontname": "hebo"}, 40, "heading"),
        ({"fontsize": 14}, 40, "title"),
    ],
)
def test_only_small_plain_lines_set_apart_are_headers(reader, a4, lorem, style, gap, kind):
    """This test ensures that the first line of a page with narrow margins, a bold and a large one stay in the text."""
    document, page = a4
    page.insert_text((50, 40), "The first line", **{"fontsize": 10} | style)
    page.insert_textbox((50, 43 + gap, 545, 800), lorem * 8, fontsize=10)

    assert kind == reader.regions(document)[0].type


def test_page_number_may_be_bold(reader, a4, lorem):
    """This test ensures that a bold page number is one all the same."""
    document, page = a4
    page.insert_textbox((50, 100, 545, 700), lorem, fontsize=10)
    page.insert_text((530, 812), "2", fontsize=9, fontname="hebo")

    assert RegionType.PAGE_NUMBER is reader.regions(document)[-1].type


@pytest.mark.parametrize("words", ["12", "- 12 -", "Page 3 of 10", "xiv", "第3页", "3 / 10"])
def test_page_numbers(reader, a4, lorem, words):
    """This test ensures that page numbers in several forms are known."""
    document, page = a4
    page.insert_textbox((50, 100, 545, 700), lorem, fontsize=10)
    page.insert_text((290, 815), words, fontsize=9, fontname="china-s" if "第" in words else "helv")

    region = reader.regions(document)[-1]

    assert (RegionType.PAGE_NUMBER, words.replace(" ", "")) == (region.type, region.text.replace(" ", ""))


@pytest.mark.parametrize("y", [50, 800])
def test_a_page_of_margins_alone_has_text(reader, a4, y):
    """This test ensures that the only text of a page is no header or footer, and a page number alone stays one."""
    document, page = a4
    page.insert_text((50, y), "Hello world, this is a note", fontsize=11)
    number = document.new_page()
    number.insert_text((290, y), "17", fontsize=11)

    assert [("text", "Hello world, this is a note")] == [
        (region.type.value, region.text) for region in reader.regions(document)
    ]
    assert ["page_number"] == [region.type.value for region in reader.regions(document, 2)]
