"""What takes more than one page, or a page of its own: running heads, links, crowded pages."""

from __future__ import annotations

import time

import pymupdf
import pytest

from dsocr_loaders.engines.text_layer.extract import layer_of, runs_of
from dsocr_loaders.engines.text_layer.regions import regions_of
from dsocr_loaders.engines.text_layer.sizes import profile_of_pages
from dsocr_loaders.values import Link, RegionType


def test_running_heads_are_found_far_from_the_edge(reader, lorem):
    """This test ensures that what repeats at one height is a header, though it stands where another page has text."""
    document = pymupdf.open()
    for number in range(4):
        page = document.new_page(width=595, height=842)
        page.insert_text((80, 100), "The Depth of Rivers", fontsize=9)
        page.insert_textbox((80, 122, 515, 700), f"Page {number}. {lorem * 3}", fontsize=10)

    for number in range(1, 5):
        regions = reader.regions(document, number)

        assert (RegionType.HEADER, "The Depth of Rivers") == (regions[0].type, regions[0].text)


def test_a_first_line_that_does_not_repeat_is_text(reader, lorem):
    """This test ensures that other first lines at one height, far from the edge, stay in the text."""
    document = pymupdf.open()
    for words in ("Alpha stands alone.", "Then comes Beta.", "Gamma is the last."):
        page = document.new_page(width=595, height=842)
        page.insert_text((80, 130), words, fontsize=10)
        page.insert_textbox((80, 155, 515, 700), lorem * 3, fontsize=10)

    assert [RegionType.TEXT] * 3 == [reader.regions(document, number)[0].type for number in (1, 2, 3)]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_links_are_ranges_of_the_text(reader, a4, rotation):
    """This test ensures that a link is found on the words below it, over two lines, on a page turned and cut."""
    document, page = a4
    page.insert_text((50, 100), "The records are kept in the archive of the", fontsize=10)
    page.insert_text((50, 112), "harbour, where they can be seen by all who ask.", fontsize=10)
    for words in ("archive of the", "harbour,"):
        (place,) = page.search_for(words)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": place, "uri": "https://example.org/archive"})
    page.set_cropbox(pymupdf.Rect(20, 30, 500, 600))
    page.set_rotation(rotation)

    (region,) = reader.regions(document)

    (link,) = region.links
    assert "archive of the harbour," == region.text[link.start : link.end]
    assert "https://example.org/archive" == link.url


def test_links_of_list_items_move_with_their_text(reader, a4):
    """This test ensures that ranges fit where the bullet before the text was replaced."""
    document, page = a4
    for index, word in enumerate(("alpha", "beta", "gamma")):
        page.insert_text((50, 100 + 14 * index), f"*   see {word} there", fontsize=10)
        (place,) = page.search_for(word)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": place, "uri": f"https://example.org/{word}"})

    (region,) = reader.regions(document)

    assert ["alpha", "beta", "gamma"] == [region.text[link.start : link.end] for link in region.links]


def test_links_in_tables_are_ranges_of_their_html(reader, a4):
    """This test ensures that a link in a cell is found behind characters that HTML escapes."""
    document, page = a4
    for y in (100, 120, 140, 160):
        page.draw_line((50, y), (450, y))
    for x in (50, 200, 450):
        page.draw_line((x, 100), (x, 160))
    for row, (left, right) in enumerate((("A", "B"), ("C", "R&D: see the archive"), ("D", "E"))):
        page.insert_text((55, 114 + 20 * row), left, fontsize=9)
        page.insert_text((205, 114 + 20 * row), right, fontsize=9)
    (place,) = page.search_for("the archive")
    page.insert_link({"kind": pymupdf.LINK_URI, "from": place, "uri": "https://example.org/archive"})

    (table,) = reader.regions(document)

    (link,) = table.links
    assert "the archive" == table.text[link.start : link.end]
    assert "R&amp;D: see the archive" in table.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "https://example.org/" + "a" * 3000])
def test_dangerous_addresses_are_left_out(reader, a4, address):
    """This test ensures that links that would run or open something here are not handed on."""
    document, page = a4
    page.insert_text((50, 100), "The records are kept here", fontsize=10)
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(50, 90, 200, 104), "uri": address})

    assert () == reader.regions(document)[0].links


def test_neighbouring_pieces_of_a_link_are_one(reader, a4):
    """This test ensures that a link over words in two faces is one range."""
    document, page = a4
    page.insert_text((50, 100), "Read ", fontsize=10)
    page.insert_text((76, 100), "the bold", fontsize=10, fontname="hebo")
    page.insert_text((119, 100), " archive", fontsize=10)
    page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(75, 90, 170, 104), "uri": "https://example.org"})

    (region,) = reader.regions(document)

    assert (Link(5, len("Read the bold archive"), "https://example.org"),) == region.links


def seconds_for(content):
    with pymupdf.open() as document:
        page = document.new_page(width=595, height=842)
        page.insert_text((50, 50), "x")
        (contents,) = page.get_contents()
        document.update_stream(contents, document.xref_stream(contents) + b"\n" + content)
        with pymupdf.open("pdf", document.tobytes()) as again:
            page = again[0]
            started = time.process_time()
            regions_of(layer_of(page), profile_of_pages([runs_of(page)[0]]), page_number=1)
            return time.process_time() - started


def lines_drawn(count):
    return b"\n".join(
        b"%d %d m %d %d l S" % (20 + at % 500, 20 + at * 7 % 800, 40 + at % 520, 30 + at * 7 % 780)
        for at in range(count)
    )


def words_set(count):
    places = (
        b"1 0 0 1 %d %.1f Tm (word %d) Tj" % (20 + at % 20 * 28, 830 - at // 20 * 3.2, at % 9) for at in range(count)
    )
    return b"BT /helv 2 Tf " + b" ".join(places) + b" ET"


def initials_set(count):
    places = (
        b"/helv %d Tf 1 0 0 1 %d %d Tm (A) Tj" % (4 + 8 * (at % 4 == 0), at * 37 % 560, at * 11 % 800)
        for at in range(count)
    )
    return b"BT " + b" ".join(places) + b" ET"


@pytest.mark.parametrize(("painted", "count"), [(lines_drawn, 6_000), (words_set, 2_400), (initials_set, 1_800)])
def test_crowded_pages_take_no_longer_than_they_hold(painted, count):
    """This test ensures that a page with very much on it takes seconds, and less than a square of what is on it."""
    half, whole = seconds_for(painted(count // 2)), seconds_for(painted(count))

    assert whole < 10
    assert whole < 3.5 * half + 0.3
