"""Formulas, footnotes, initials, authors, unruled tables, text that runs downwards."""

from __future__ import annotations

import pytest

from dsocr_loaders.values import RegionType

SIGMA = "\u2211"


def of_type(regions, kind):
    return [region for region in regions if region.type is kind]


def test_displayed_formula_is_one_region(reader, a4, lorem):
    """This test ensures that a fraction, its number and what stands beside it are one formula, from left to right."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=11, fontname="tiro")
    page.insert_text((200, 200), "y", fontsize=11, fontname="tiit")
    page.insert_text((208, 200), " = ", fontsize=11, fontname="tiro")
    page.insert_text((224, 192), "a+b", fontsize=11, fontname="tiit")
    page.draw_line((222, 196), (245, 196))
    page.insert_text((230, 207), "n", fontsize=11, fontname="tiit")
    page.insert_text((520, 200), "(3)", fontsize=11, fontname="tiro")
    page.insert_textbox((50, 240, 545, 340), "where n is known. " + lorem, fontsize=11, fontname="tiro")

    regions = reader.regions(document)

    assert ["text", "formula", "text"] == [region.type.value for region in regions]
    assert "y = a+b n (3)" == regions[1].text
    assert 3 == len(regions[1].lines)


@pytest.mark.parametrize("text", ["count = first + second of them", "Section 3 < Section 4", "x = 1; y = 2"])
def test_lines_with_signs_are_no_formulas(reader, a4, lorem, text):
    """This test ensures that code and sentences with signs stay text: nothing in them is slanted or a symbol."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    page.insert_text((90, 200), text, fontsize=10, fontname="cour")
    page.insert_textbox((50, 230, 545, 330), lorem, fontsize=10)

    assert [] == of_type(reader.regions(document), RegionType.FORMULA)


def test_footnotes_come_behind_the_text(reader, a4, lorem):
    """This test ensures that notes with a raised mark are footnotes, one each, and tear no paragraph over columns.

    The first column ends in the middle of a sentence, above a footnote.
    """
    document, page = a4
    page.insert_textbox((50, 60, 285, 640), lorem * 4 + "and it goes on with", fontsize=10, align=0)
    for y, mark, text in ((700, "1", "See the archive of the harbour."), (715, "2", "This was shown elsewhere.")):
        page.insert_text((50, y - 3), mark, fontsize=5.5)
        page.insert_text((54, y), text, fontsize=8)
    page.insert_textbox((310, 60, 545, 640), "words in the next column. " + lorem * 3, fontsize=10, align=0)

    regions = reader.regions(document)

    assert ["text", "footnote", "footnote"] == [region.type.value for region in regions]
    assert "goes on with words in the next" in regions[0].text
    assert ["1 See the archive of the harbour.", "2 This was shown elsewhere."] == [note.text for note in regions[1:]]


def test_initial_belongs_to_its_word(reader, a4):
    """This test ensures that a letter over two lines is put before the rest of its word, and makes no heading."""
    document, page = a4
    page.insert_text((50, 112), "T", fontsize=30)
    lines = ["he harbour was built when nobody knew how", "deep the river was, and the engineers had to", "measure"]
    for index, text in enumerate(lines):
        page.insert_text((50 if index == 2 else 70, 100 + 12 * index), text, fontsize=10)
    for index in range(3):
        page.insert_text((50, 136 + 12 * index), "the depth of the water with the longest poles they had", fontsize=10)

    regions = reader.regions(document)

    assert 1 == len(regions)
    assert regions[0].text.startswith(
        "The harbour was built when nobody knew how deep the river was, and the engineers"
    )


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Maren Oskeldal and Tobias Wrenfield", RegionType.TEXT),
        ("Ilse Corvane", RegionType.TEXT),
        ("1 Introduction to the matter", RegionType.HEADING),
        ("What this paper is about", RegionType.HEADING),
    ],
)
def test_authors_are_no_heading(reader, a4, lorem, line, kind):
    """This test ensures that names below the title are told from a first heading, though set larger than the body."""
    document, page = a4
    page.insert_textbox((50, 50, 545, 95), "On the Depth of Rivers and Harbours", fontsize=20, align=1)
    page.insert_textbox((50, 95, 545, 125), line, fontsize=13, align=1)
    page.insert_textbox((50, 140, 545, 260), lorem, fontsize=10)

    regions = reader.regions(document)

    assert [RegionType.TITLE, kind] == [region.type for region in regions[:2]]


def put_rows(page, rows, xs, top, size=9, step=15):
    for index, row in enumerate(rows):
        for x, text in zip(xs, row, strict=False):
            if text:
                page.insert_text((x, top + step * index), text, fontsize=size)


def test_table_without_lines_is_a_table(reader, a4, lorem):
    """This test ensures that aligned short texts are a table, with a heading over two columns and empty cells."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    page.insert_text((215, 185), "Depth in metres, both", fontsize=9)
    rows = [("Harbour", "Low", "High"), ("Oskwick", "3.1", "5.2"), ("Selwick", "", "4.4"), ("Tarne", "2.0", "3.9")]
    put_rows(page, rows, (60, 215, 290), 200)
    page.insert_textbox((50, 290, 545, 390), lorem, fontsize=10)

    regions = reader.regions(document)

    assert ["text", "table", "text"] == [region.type.value for region in regions if not region.text.startswith("Depth")]
    (table,) = of_type(regions, RegionType.TABLE)
    assert "<tr><td>Selwick</td><td></td><td>4.4</td></tr>" in table.text
    assert "<tr><td>Harbour</td><td>Low</td><td>High</td></tr>" in table.text


def test_two_columns_of_text_are_no_table(reader, a4, lorem):
    """This test ensures that columns of running text are read as text, however narrow."""
    document, page = a4
    page.insert_textbox((50, 60, 190, 500), lorem, fontsize=10)
    page.insert_textbox((210, 60, 350, 500), lorem, fontsize=10)
    page.insert_textbox((370, 60, 510, 500), lorem, fontsize=10)

    assert [] == of_type(reader.regions(document), RegionType.TABLE)


@pytest.mark.parametrize(
    "rows", [[("1.", "Open the lid"), ("2.", "Close it"), ("3.", "Wait")], [("a", "b"), ("c", "d")]]
)
def test_lists_and_two_rows_are_no_table(reader, a4, lorem, rows):
    """This test ensures that numbers set apart from their items, and two rows alone, make no table."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    put_rows(page, rows, (60, 90), 200)

    assert [] == of_type(reader.regions(document), RegionType.TABLE)


def test_characters_below_each_other_are_read_downwards(reader, a4):
    """This test ensures that vertical lines are read from the right, characters placed one by one."""
    document, page = a4
    for line, text in enumerate(["灯台は百年前に建てられ今も船の", "道しるべとなっている。"]):
        for index, character in enumerate(text):
            page.insert_text((500 - 20 * line, 100 + 12 * index), character, fontsize=12, fontname="japan")

    (region,) = reader.regions(document)

    assert "灯台は百年前に建てられ今も船の道しるべとなっている。" == region.text
    assert 480 / 595 == pytest.approx(region.boxes[0].x0, abs=0.02)
    assert 2 == len(region.lines)


@pytest.mark.parametrize("spacing", [1.5, 3.0, 6.0])
def test_letter_spaced_words_are_words(reader, a4, lorem, spacing):
    """This test ensures that a heading with wide gaps between its letters keeps the blanks between its words alone."""
    document, page = a4
    page.insert_text((50, 60), "The Open Sea", fontsize=14)
    (contents,) = page.get_contents()
    stream = document.xref_stream(contents)
    document.update_stream(contents, stream.replace(b"BT", b"BT %.1f Tc" % spacing))
    page.insert_textbox((50, 100, 545, 200), lorem, fontsize=10)

    assert "The Open Sea" == reader.regions(document)[0].text
