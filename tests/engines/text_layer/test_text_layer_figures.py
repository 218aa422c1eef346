"""Drawings, images, panels: what stands among the text."""

from __future__ import annotations

import pymupdf
import pytest

from dsocr_loaders.values import RegionType


def of_type(regions, kind):
    return [region for region in regions if region.type is kind]


def draw_chart(page, x, y):
    page.draw_line((x, y), (x, y + 100))
    page.draw_line((x, y + 100), (x + 200, y + 100))
    for index, height in enumerate((40, 70, 55)):
        left = x + 20 + 60 * index
        page.draw_rect((left, y + 100 - height, left + 30, y + 100), fill=(0.5, 0.5, 0.8))
        page.insert_text((left, y + 110), f"Year {index}", fontsize=7)
    for index in range(4):
        page.insert_text((x - 14, y + 100 - 25 * index), f"{index * 10}", fontsize=7)


def test_drawing_is_a_figure_with_its_labels(reader, a4, lorem):
    """This test ensures that a chart is one figure, its labels are the figure's text, and its caption belongs to it."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    draw_chart(page, 120, 200)
    page.insert_text((120, 335), "Figure 1: Rain by year.", fontsize=9)
    page.insert_textbox((50, 360, 545, 460), lorem, fontsize=10)

    regions = reader.regions(document)

    (figure,) = of_type(regions, RegionType.FIGURE)
    (caption,) = of_type(regions, RegionType.CAPTION)
    assert ["text", "figure", "caption", "text"] == [region.type.value for region in regions]
    assert sorted(["Year", "Year", "Year", "0", "0", "1", "2", "10", "20", "30"]) == sorted(figure.text.split())
    assert figure.order == caption.caption_of
    assert (106 / 595, 200 / 842) == pytest.approx((figure.boxes[0].x0, figure.boxes[0].y0), abs=0.01)
    assert len(figure.text.replace("\n", "")) == sum(line.end - line.start for line in figure.lines)


@pytest.mark.parametrize(("caption", "figures"), [("Figure 1. A curve.", 1), ("A curve, as in figure 1.", 0)])
def test_drawing_of_one_path_has_a_caption(reader, a4, lorem, caption, figures):
    """This test ensures that a single curve is a figure where a caption says so, and else an ornament."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    page.draw_bezier((120, 300), (160, 180), (240, 320), (300, 200))
    page.insert_text((120, 330), caption, fontsize=9)

    regions = reader.regions(document)

    assert figures == len(of_type(regions, RegionType.FIGURE))
    assert figures == len([region for region in of_type(regions, RegionType.CAPTION) if region.caption_of is not None])


def test_words_on_a_coloured_ground_are_text(reader, a4, lorem):
    """This test ensures that the title on the artwork of a cover is no label of a drawing."""
    document, page = a4
    page.draw_rect((0, 0, 595, 300), color=None, fill=(0.2, 0.4, 0.4))
    for index in range(6):
        page.draw_line((0, 250 + 8 * index), (595, 262 + 8 * index))
    page.insert_text((60, 150), "Annual Report", fontsize=36)
    page.insert_textbox((50, 500, 545, 700), lorem, fontsize=10)

    assert ["Annual Report"] == [region.text for region in of_type(reader.regions(document), RegionType.TITLE)]


def test_underlines_and_rules_are_no_figure(reader, a4, lorem):
    """This test ensures that lines below words and between paragraphs leave the text what it is."""
    document, page = a4
    for index in range(6):
        page.insert_text((50, 100 + 14 * index), lorem[:80], fontsize=10)
        page.draw_line((50, 102 + 14 * index), (400, 102 + 14 * index))

    assert [] == of_type(reader.regions(document), RegionType.FIGURE)


def test_small_print_below_a_picture_is_its_caption(reader, a4, lorem):
    """This test ensures that a caption need not say that it is one."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), lorem, fontsize=10)
    pixmap = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 80, 50))
    pixmap.clear_with(180)
    page.insert_image(pymupdf.Rect(50, 200, 350, 400), pixmap=pixmap, keep_proportion=False)
    page.insert_text((50, 412), "The harbour seen from the old bridge", fontsize=8)
    page.insert_textbox((50, 430, 545, 530), lorem, fontsize=10)

    regions = reader.regions(document)

    assert ["text", "figure", "caption", "text"] == [region.type.value for region in regions]
    assert 1 == regions[2].caption_of


def test_sidebar_is_read_last(reader, a4, lorem):
    """This test ensures that a tinted box beside the text is read behind it, though it stands on its left."""
    document, page = a4
    page.draw_rect((40, 60, 180, 400), color=None, fill=(0.9, 0.9, 0.9))
    page.insert_textbox((50, 70, 170, 390), "Aside. " + lorem, fontsize=9)
    page.insert_textbox((200, 60, 545, 300), "First. " + lorem, fontsize=10)
    page.insert_textbox((200, 300, 545, 500), "Second. " + lorem, fontsize=10)

    assert ["First.", "Second.", "Aside."] == [region.text.split()[0] for region in reader.regions(document)]


def test_boxed_note_stays_where_it_stands(reader, a4, lorem):
    """This test ensures that a note in a frame is read between the paragraphs above and below it."""
    document, page = a4
    page.insert_textbox((50, 60, 545, 160), "Above. " + lorem, fontsize=10)
    page.draw_rect((50, 180, 545, 260))
    page.insert_text((60, 200), "Warning", fontsize=10, fontname="hebo")
    page.insert_textbox((60, 204, 535, 258), "Inside. " + lorem[:150], fontsize=10)
    page.insert_textbox((50, 280, 545, 380), "Below. " + lorem, fontsize=10)

    words = [(region.type.value, region.text.split()[0]) for region in reader.regions(document)]

    assert [("text", "Above."), ("heading", "Warning"), ("text", "Inside."), ("text", "Below.")] == words
