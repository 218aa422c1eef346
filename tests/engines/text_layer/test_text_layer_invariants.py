"""What holds for the regions of any page."""

from __future__ import annotations

from collections import Counter

import pymupdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsocr_loaders.engines.text_layer.extract import layer_of, runs_of
from dsocr_loaders.engines.text_layer.regions import regions_of
from dsocr_loaders.engines.text_layer.sizes import profile_of_pages
from dsocr_loaders.values import RegionType


def characters(text):
    return Counter(text.replace("\u00ad", "")) - Counter(dict.fromkeys(" \n\u00a0\u200b", 10**6))


def characters_of_layer(page):
    spans = (
        span
        for block in page.get_text("dict", flags=66)["blocks"]
        for line in block["lines"]
        for span in line["spans"]
        if span["alpha"]
    )
    return characters("".join(span["text"] for span in spans))


def text_of(region):
    if region.type is not RegionType.TABLE:
        return region.text
    return "".join(region.text[line.start : line.end] for line in region.lines)


def check_contract(regions):
    """Assert what holds for the regions of any page."""
    assert [region.order for region in regions] == list(range(len(regions)))
    for region in regions:
        assert region.label == ""
        assert region.spans == ()
        assert region.boxes
        assert (region.level > 0) == (region.type in {RegionType.TITLE, RegionType.HEADING})
        assert region.text or region.type is RegionType.FIGURE
        ends = 0
        for line in region.lines:
            assert ends <= line.start < line.end <= len(region.text)
            assert region.text[line.start : line.end].strip()
            ends = line.end
        ends = 0
        for link in region.links:
            assert ends <= link.start < link.end <= len(region.text)
            ends = link.end


CHANGED = {
    "paper": (Counter(), Counter()),
    "report": (Counter("-<>"), Counter("amp;&lt;&gt;")),  # a hyphen resolved, three characters escaped
    "manual": (Counter("•••○○"), Counter("-----")),
}


@pytest.mark.parametrize("name", CHANGED)
def test_regions_keep_the_contract(reader, request, name):
    """This test ensures that orders, levels, boxes and the ranges of lines fit together."""
    check_contract(reader.regions(request.getfixturevalue(name)))


@pytest.mark.parametrize("name", CHANGED)
def test_nothing_lost_and_nothing_doubled(reader, request, name):
    """This test ensures that every visible character of a page is in exactly one region."""
    document = request.getfixturevalue(name)
    expected = characters_of_layer(pymupdf.open("pdf", document.tobytes())[0])

    read = characters("".join(text_of(region) for region in reader.regions(document)))

    assert CHANGED[name] == (expected - read, read - expected)


TEXTS = st.text(st.sampled_from("abcdeXY0123 .,:()[]&<"), min_size=1, max_size=24).filter(str.strip)
PLACED = st.tuples(
    TEXTS,
    st.integers(5, 380),
    st.integers(15, 395),
    st.sampled_from([6, 9, 11, 11, 18]),
    st.sampled_from([0, 0, 0, 0, 90, 180]),
)
RULES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8), st.integers(0, 8)), max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(placed=st.lists(PLACED, min_size=1, max_size=30), rules=RULES)
def test_any_page_is_accounted_for(placed, rules):
    """This test ensures that on pages of any layout no character is lost or doubled and the contract holds."""
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=400)
        for text, x, y, size, turn in placed:
            page.insert_text((x, y), text, fontsize=size, rotate=turn)
        for x0, y0, x1, y1 in rules:
            if (x0, y0) != (x1, y1):
                page.draw_rect((50 * min(x0, x1), 50 * min(y0, y1), 50 * max(x0, x1) + 1, 50 * max(y0, y1) + 1))
        with pymupdf.open("pdf", document.tobytes()) as again:
            page = again[0]
            expected = characters_of_layer(page)
            regions = regions_of(layer_of(page), profile_of_pages([runs_of(page)[0]]), page_number=1)

    tables = "".join(text_of(region) for region in regions if region.type is RegionType.TABLE)
    for escaped, plain in (("&lt;", "<"), ("&amp;", "&")):
        tables = tables.replace(escaped, plain)
    read = characters(tables + "".join(region.text for region in regions if region.type is not RegionType.TABLE))

    assert expected == read
    check_contract(regions)
