from __future__ import annotations

import pymupdf
import pytest

from dsocr_loaders.geometry import box_from_points, intersection_over_union
from dsocr_loaders.values import RegionType


def outline(regions):
    """Return type and start of text of each region."""
    return [(region.type.value, region.text[:24]) for region in regions]


def find(regions, words):
    return next(region for region in regions if words in region.text)


def boxes_of(page, words):
    """Return where a viewer would highlight `words`, as fractions of the page as shown."""
    turn = {0: (1, 0, 0, 1, 0, 0), 90: (0, 1, -1, 0, page.rect.width, 0)}
    turn[180] = (-1, 0, 0, -1, page.rect.width, page.rect.height)
    turn[270] = (0, -1, 1, 0, 0, page.rect.height)
    matrix = pymupdf.Matrix(*turn[page.rotation])
    size = {"width_pt": page.rect.width, "height_pt": page.rect.height}
    return [box_from_points(*(rectangle * matrix), **size) for rectangle in page.search_for(words)]


def test_paper_in_reading_order(reader, paper):
    """This test ensures that columns are read one after the other, below what spans both of them."""
    regions = reader.regions(paper)

    assert outline(regions) == [
        ("header", "Proceedings of Nothing 2"),
        ("page_number", "17"),
        ("title", "Reading the Text Layer o"),
        ("text", "Abstract. The retrieval "),
        ("heading", "1 Introduction"),
        ("text", "Alpha. The retrieval of "),
        ("heading", "1.1 Background"),
        ("text", "Delta closes the left co"),
        ("text", "Beta. The retrieval of p"),
        ("heading", "2 Method"),
        ("text", "Gamma. The retrieval of "),
        ("page_number", "3"),
    ]
    assert [region.level for region in regions if region.type is RegionType.HEADING] == [2, 3, 2]


def test_paragraphs_are_joined(reader, paper, lorem):
    """This test ensures that the lines of a column become the running text that they were broken from."""
    regions = reader.regions(paper)

    assert find(regions, "Alpha").text == f"Alpha. {lorem * 2}".strip()


def test_report_has_its_table(reader, report):
    """This test ensures that a ruled table becomes HTML with merged cells, and its text is nowhere else."""
    regions = reader.regions(report)
    table = next(region for region in regions if region.type is RegionType.TABLE)

    assert table.text == (
        '<table><tr><td rowspan="2">Segment</td><td colspan="2">Million euros</td><td>Change</td></tr>'
        "<tr><td>2023</td><td>2024</td><td>percent &amp; sign</td></tr>"
        "<tr><td>Cloud and hosting</td><td>120.5</td><td>140.1</td><td>+16 % &lt;est.&gt;</td></tr>"
        "<tr><td>Devices</td><td>80.0</td><td>75.5</td><td></td></tr></table>"
    )
    assert [region for region in regions if "Devices" in region.text] == [table]


def test_report_in_order(reader, report):
    """This test ensures that table, figure, their captions and the footer are told from the text."""
    regions = reader.regions(report)

    assert outline(regions)[4:] == [
        ("table", '<table><tr><td rowspan="'),
        ("caption", "Table 1: Revenue by segm"),
        ("figure", ""),
        ("caption", "Figure 2. Our headquarte"),
        ("footer", "Example Corp. Annual Rep"),
        ("page_number", "Page 4 of 10"),
    ]
    assert [region.caption_of for region in regions[4:]] == [None, 4, None, 6, None, None]
    assert intersection_over_union(
        regions[6].boxes[0], box_from_points(150, 500, 450, 640, width_pt=595, height_pt=842)
    ) == pytest.approx(1, abs=0.01)


def test_manual_has_its_lists(reader, manual):
    """This test ensures that bullets and numbers become lists with an item a line, nested ones indented."""
    regions = reader.regions(manual)

    assert [(region.type.value, region.level, region.text) for region in regions if region.level] == [
        ("title", 1, "Coffee Machine X200"),
        ("heading", 3, "2.1 Before first use"),
        ("heading", 3, "2.2 Making coffee"),
    ]
    bullets, steps = (region.text.splitlines() for region in regions if region.type is RegionType.LIST)
    tank = "Rinse the water tank with fresh and clear water, and fill it up to the mark that is on its outer side."
    button = (
        "Press the power button and wait until the green light is on, which takes about two minutes when the machine"
    )
    assert bullets == [
        f"- {tank}",
        "- Wipe the outside.",
        "- Connect the machine:",
        "  - to the mains",
        "  - to the water",
    ]
    assert steps == [f"1. {button} is cold.", "2. Put a cup under the spout."]
    assert regions[-1].text == "It stops alone."


def test_chinese_lines_have_no_blanks(reader, a4):
    """This test ensures that Chinese lines are joined without blanks."""
    document, page = a4
    text = "这是一个测试文档，其中包含中文文字，用于检查文本层提取是否正确，需要足够长的行来换行，共有2024个字。" * 3  # noqa: RUF001 - Chinese commas
    page.insert_htmlbox((60, 60, 535, 780), f"<h1>光学字符识别综述</h1><p>{text}</p>")

    regions = reader.regions(document)

    assert [region.type.value for region in regions] == ["title", "text"]
    assert len(regions[1].lines) > 3
    assert regions[1].text == text


def test_arabic_is_in_logical_order(reader, a4):
    """This test ensures that Arabic with numbers and words of Latin comes in the order in which it is read.

    The text has no lam: the PDFs that PyMuPDF writes with its own font do not say what its glyphs stand for.
    """
    document, page = a4
    text = (
        "جربنا برنامج <b>Open Neural</b> Network Exchange في سنة 2024، ثم قارنا بين نتيجته ونتيجة Google Vision 2.0 "
        "و 35 برنامجا آخر، ونشرنا نتيجتنا في تقرير ثان."
    )
    page.insert_htmlbox((60, 60, 535, 780), f"<h1 dir='rtl'>تقرير سنوي</h1><p dir='rtl'>{text}</p>")

    regions = reader.regions(document)

    assert regions[0].text == "تقرير سنوي"
    assert regions[1].text == text.replace("<b>", "").replace("</b>", "")


def test_right_column_comes_first_from_right_to_left(reader, a4):
    """This test ensures that the columns of a Hebrew page are read from the right."""
    document, page = a4
    words = "שלום עולם זהו מבחן של מערכת קריאה בעברית עם מילים רבות "
    for x, start in ((313, "ראשון"), (50, "שני")):
        page.insert_htmlbox((x, 100, x + 232, 700), f"<p dir='rtl'>{start} {words * 4}</p>", css="*{font-size:10px}")

    regions = reader.regions(document)

    assert [region.text.split()[0] for region in regions] == ["ראשון", "שני"]


def test_columns_of_an_rtl_table_are_mirrored(reader, a4):
    """This test ensures that the first cell of an Arabic row is the one on the right, as HTML has it."""
    document, page = a4
    for y in (300, 330, 360):
        page.draw_line((100, y), (400, y))
    for x in (100, 250, 400):
        page.draw_line((x, 300), (x, 360))
    for x, y, text in ((250, 300, "شهر"), (100, 300, "عدد"), (250, 330, "مارس")):
        page.insert_htmlbox((x + 5, y + 2, x + 145, y + 28), f"<p dir='rtl'>{text}</p>")
    page.insert_text((110, 350), "872")

    (table,) = reader.regions(document)

    assert table.text == "<table><tr><td>شهر</td><td>عدد</td></tr><tr><td>مارس</td><td>872</td></tr></table>"


@pytest.mark.parametrize("user_unit", [1, 2.5])
@pytest.mark.parametrize("crop", [None, (30, 20, 560, 800)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_lie_on_the_text(reader, report, rotation, crop, user_unit):
    """This test ensures that line boxes fit the shown page under /Rotate, CropBox and UserUnit alike.

    PyMuPDF's own search gives the places; that these are right is what the rendered page below tells.
    """
    page = report[0]
    report.xref_set_key(page.xref, "UserUnit", str(user_unit))
    if crop:
        page.set_cropbox(pymupdf.Rect(crop))
    # Turned content, so that the page reads upright after /Rotate, is the business of `test_turned_page_is_read`.
    page.set_rotation(rotation)
    source = reader.source(report)
    regions = reader.prepare(source).payload.regions
    shown = pymupdf.open(source.path)[0]

    for words in (
        "Annual Report 2024",
        "Figure 2. Our headquarters at night",
        "Table 1: Revenue by segment.",
        "Devices",
    ):
        region = find(regions, words.removesuffix("."))
        lines = [line for line in region.lines if words in region.text[line.start : line.end]]
        overlaps = [intersection_over_union(line.box, box) for line in lines for box in boxes_of(shown, words)]
        assert max(overlaps) > 0.5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_hold_the_ink(reader, a4, rotation):
    """This test ensures that the pixels of a word lie in its line's box on the page as rendered."""
    document, page = a4
    document.xref_set_key(page.xref, "UserUnit", "1.5")
    page.insert_text((200, 300), "MARK", fontsize=30)
    page.set_cropbox(pymupdf.Rect(100, 50, 500, 700))
    page.set_rotation(rotation)
    source = reader.source(document)
    (region,) = reader.prepare(source).payload.regions
    pixmap = pymupdf.open(source.path)[0].get_pixmap(colorspace=pymupdf.csGRAY)
    inked = [divmod(index, pixmap.stride) for index, value in enumerate(pixmap.samples) if value < 128]
    box = region.lines[0].box

    assert inked
    assert all(
        box.x0 * pixmap.width - 2 <= x <= box.x1 * pixmap.width + 2
        and box.y0 * pixmap.height - 2 <= y <= box.y1 * pixmap.height + 2
        for y, x in inked
    )


def test_turned_page_is_read(reader, report):
    """This test ensures that a page whose content is turned against /Rotate reads like the upright one."""
    upright = reader.regions(report)
    turned = pymupdf.open()
    page = turned.new_page(width=842, height=595)
    page.show_pdf_page(page.rect, report, 0, rotate=90)
    sideways = reader.regions(turned)
    page.set_rotation(90)

    shown_upright = reader.regions(turned)

    assert outline(shown_upright) == outline(upright)
    assert outline(sideways) == outline(upright)
    for region, expected in zip(shown_upright, upright, strict=True):
        assert intersection_over_union(region.boxes[0], expected.boxes[0]) > 0.95
    assert sideways[0].boxes[0].height > sideways[0].boxes[0].width


def test_text_outside_the_cropbox_is_not_shown(reader, report):
    """This test ensures that text which the CropBox cuts off is left out."""
    report[0].set_cropbox(pymupdf.Rect(0, 0, 595, 780))

    texts = [region.text for region in reader.regions(report)]

    assert "Annual Report 2024" in texts
    assert not any("Example Corp." in text for text in texts)


def test_slanted_text_comes_last(reader, a4, lorem):
    """This test ensures that a watermark and a remark in the margin do not get between the lines of the text."""
    document, page = a4
    page.insert_text((30, 600), "arXiv:2401.00001", rotate=90)
    page.insert_text((200, 500), "DRAFT", fontsize=60, morph=(pymupdf.Point(200, 500), pymupdf.Matrix(45)))
    page.insert_textbox((60, 60, 540, 700), lorem * 6)

    regions = reader.regions(document)

    assert [region.type.value for region in regions] == ["text", "other", "other"]
    assert {region.text for region in regions[1:]} == {"arXiv:2401.00001", "DRAFT"}


def test_booktabs_table_is_read(reader, a4):
    """This test ensures that a table which only horizontal lines rule is found, with a heading over two columns."""
    document, page = a4
    for y in (200, 220, 300):
        page.draw_line((100, y), (400, y))
    rows = (("Material", "Mean and deviation"), ("Iron", "0.71", "0.05"), ("Cement", "0.94", "0.07"))
    for number, row in enumerate(rows):
        for x, text in zip((104, 250, 340), row, strict=False):
            page.insert_text((x, 214 + 30 * number), text, fontsize=9)

    (table,) = reader.regions(document)

    assert table.text == (
        '<table><tr><td>Material</td><td colspan="2">Mean and deviation</td></tr>'
        "<tr><td>Iron</td><td>0.71</td><td>0.05</td></tr><tr><td>Cement</td><td>0.94</td><td>0.07</td></tr></table>"
    )


def test_lines_between_paragraphs_rule_no_table(reader, a4, lorem):
    """This test ensures that rules which separate columns of running text make no table of it."""
    document, page = a4
    for y in (60, 400, 780):
        page.draw_line((50, y), (545, y))
    for x in (50, 313):
        for y in (70, 410):
            page.insert_textbox((x, y, x + 232, y + 320), lorem * 3, fontsize=10)

    assert {region.type.value for region in reader.regions(document)} == {"text"}


def test_frame_around_the_page_is_no_table(reader, a4, lorem):
    """This test ensures that a frame with a divided head line leaves the text inside as it is."""
    document, page = a4
    page.draw_rect((40, 40, 555, 800))
    page.draw_line((40, 70), (555, 70))
    page.draw_line((300, 40), (300, 70))
    page.insert_text((50, 60), "Company")
    page.insert_text((310, 60), "Form 12")
    page.insert_textbox((60, 90, 540, 700), lorem * 4)

    regions = reader.regions(document)

    assert RegionType.TABLE not in {region.type for region in regions}
    assert find(regions, "retrieval").text == (lorem * 4).strip()


def test_gridlines_of_a_plot_are_no_table(reader, a4, lorem):
    """This test ensures that a plot is not taken for a table without text."""
    document, page = a4
    for step in range(6):
        page.draw_line((100, 300 + 40 * step), (400, 300 + 40 * step))
        page.draw_line((100 + 60 * step, 300), (100 + 60 * step, 500))
        page.insert_text((80, 303 + 40 * step), str(step), fontsize=8)
    page.insert_text((110, 320), "inflow", fontsize=8)
    page.insert_text((230, 400), "loss", fontsize=8)
    page.insert_textbox((60, 60, 540, 200), lorem)

    assert RegionType.TABLE not in {region.type for region in reader.regions(document)}


def test_paragraph_goes_on_in_the_next_column(reader, a4, lorem):
    """This test ensures that a paragraph over two columns is one region with two boxes, its broken word mended."""
    document, page = a4
    page.insert_textbox((50, 100, 282, 700), lorem * 2, fontsize=10)
    page.insert_text((50, 700), "This goes on in the next column with an exam-", fontsize=10)
    page.insert_text((313, 110), "ple, and ends there.", fontsize=10)
    page.insert_textbox((313, 130, 545, 700), lorem * 2, fontsize=10)

    region = find(reader.regions(document), "This goes on")

    assert region.text == "This goes on in the next column with an example, and ends there."
    assert [(round(box.x0 * 595), round(box.x0, 1) > 0.4) for box in region.boxes] == [(50, False), (313, True)]


def test_sizes_come_from_the_whole_file(reader, lorem):
    """This test ensures that a heading has the same level on a page with and without larger headings."""
    document = pymupdf.open()
    for number in range(4):
        page = document.new_page()
        if number != 2:
            page.insert_text((50, 100), f"Chapter of page {number}", fontsize=20)
        page.insert_text((50, 140), "Section", fontsize=15)
        page.insert_textbox((50, 150, 545, 400), lorem, fontsize=11)
    levels = [
        [region.level for region in reader.regions(document, number) if region.text == "Section"]
        for number in (2, 3, 4)
    ]

    assert levels == [[3], [3], [3]]


def test_sections_below_a_title_have_level_two(reader, lorem):
    """This test ensures that the title, which occurs once, takes no level from the sections."""
    document = pymupdf.open()
    for number in range(2):
        page = document.new_page()
        if number == 0:
            page.insert_textbox((50, 50, 400, 130), "A Title over Two Lines of the Page", fontsize=24)
        page.insert_text((50, 140), "Section", fontsize=15)
        page.insert_textbox((50, 150, 545, 400), lorem, fontsize=11)

    first, second = reader.regions(document, 1), reader.regions(document, 2)

    assert [("title", 1), ("heading", 2), ("text", 0)] == [(region.type.value, region.level) for region in first]
    assert [("heading", 2), ("text", 0)] == [(region.type.value, region.level) for region in second]


def test_pages_of_a_table_do_not_set_the_body_size(reader, a4, lorem):
    """This test ensures that text around a long table in small print is no heading."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 150), lorem, fontsize=11)
    page.insert_text((50, 180), "All amounts in crowns", fontsize=11)
    for row in range(60):
        for column in range(8):
            page.insert_text((50 + 60 * column, 200 + 10 * row), f"{row * column}.{column}0", fontsize=7)

    assert find(reader.regions(document), "All amounts").type is RegionType.TEXT
