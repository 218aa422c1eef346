"""What was read in figures, where it is searched, shown, quoted and stored."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from dsocr_loaders import locate_quote
from dsocr_loaders.export import (
    document_from_json,
    document_markdown,
    document_schema,
    document_to_docling,
    document_to_json,
    page_markdown,
)
from dsocr_loaders.geometry import Box
from dsocr_loaders.granularity import cut
from dsocr_loaders.settings import Settings
from dsocr_loaders.structure import build_document, with_figure_texts
from dsocr_loaders.testing.pages import page_from_answer
from dsocr_loaders.values import FigurePart, FigureReading, RawAnswer, RegionType, SourceInfo, Span

TABLE = "<table><tr><td>Year</td><td>Rain</td></tr><tr><td>2020</td><td>71</td></tr></table>"
PAGE = (
    "<|ref|>text<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>\nIt rained a lot in these years.\n\n"
    "<|ref|>image<|/ref|><|det|>[[100, 100, 500, 400]]<|/det|>\n\n"
    "<|ref|>image_caption<|/ref|><|det|>[[100, 410, 500, 430]]<|/det|>\nFigure 1: Rain by year\n\n"
    "<|ref|>image<|/ref|><|det|>[[600, 100, 900, 400]]<|/det|>\n"
)
FIGURE = Box(100 / 999, 100 / 999, 500 / 999, 400 / 999)
INSET = Box(0.2, 0.2, 0.3, 0.3)


@pytest.fixture
def document():
    """Return a document of one page with a chart, read as a table with a note, and a molecule without a caption."""
    page = page_from_answer(PAGE)
    chart = FigureReading(
        (
            FigurePart(RegionType.TABLE, TABLE, (), (Span(0, len(TABLE)),)),
            FigurePart(RegionType.TEXT, "Measured at the mill", (INSET,), (Span(len(TABLE), len(TABLE) + 20),)),
        ),
        RawAnswer(TABLE + "Measured at the mill", "stop", 1, 2, "m", "e"),
    )
    molecule = FigureReading(
        (FigurePart(RegionType.TEXT, "C1=CC=CC=C1"),), RawAnswer("C1=CC=CC=C1", "stop", 1, 2, "m", "e")
    )
    readings = {1: chart, 3: molecule}
    regions = tuple(replace(region, reading=readings.get(region.order)) for region in page.regions)
    info = SourceInfo(1, ("1",), (), "pymupdf")
    return build_document(page.source, info, [replace(page, regions=regions)])


def chunks_of(document, **settings):
    return list(cut(document, Settings(**settings)))


def test_chunk_of_a_figure_is_its_caption_and_what_was_read(document):
    """This test ensures that a figure is found by what it shows, as one chunk that is still a figure with its box."""
    found = chunks_of(document)

    assert [
        "It rained a lot in these years.",
        "| Year | Rain |\n| --- | --- |\n| 2020 | 71 |\n\nMeasured at the mill\n\nFigure 1: Rain by year",
        "C1=CC=CC=C1",
    ] == [chunk.text for chunk in found]
    assert ["text", "figure", "figure"] == [chunk.metadata.region_type for chunk in found]
    assert {RegionType.FIGURE, RegionType.CAPTION} == {piece.type for piece in found[1].regions}
    assert ["model"] * 3 == [chunk.metadata.bbox_source for chunk in found]
    assert FIGURE == next(piece.box for piece in found[1].regions if piece.type is RegionType.FIGURE)


def test_tables_in_figures_take_the_form_of_tables(document):
    """This test ensures that `table_format` holds for tables that were read in figures too."""
    found = chunks_of(document, table_format="html", granularity="region")

    assert 4 == len(found)
    assert [True, True] == [tag in found[1].text for tag in ("<table>", "<td>71</td>")]
    assert found[1].text.endswith("</table>\n\nMeasured at the mill")


def test_pieces_of_a_long_reading_stay_in_the_figure(document):
    """This test ensures that a reading that is split over chunks gives each the figure's box, or its part's own."""
    page = document.pages[0]
    rows = "".join(f"<tr><td>Year {number}</td><td>{number * 7}</td></tr>" for number in range(60))
    long = replace(page.regions[1].reading.parts[0], text=f"<table>{rows}</table>")
    reading = replace(page.regions[1].reading, parts=(long, page.regions[1].reading.parts[1]))
    regions = tuple(replace(r, reading=reading) if r.order == 1 else r for r in page.regions)
    found = chunks_of(replace(document, pages=(replace(page, regions=regions),)), chunk_tokens=64)

    figures = [chunk for chunk in found if "| Year" in chunk.text]
    assert len(figures) > 3
    boxes = {piece.box for chunk in figures for piece in chunk.regions if piece.type is RegionType.FIGURE}
    assert {FIGURE} == boxes
    assert all(piece.is_exact for chunk in figures for piece in chunk.regions)


def test_a_figures_text_stands_at_its_place_in_markdown(document):
    """This test ensures that Markdown of pages and documents shows what was read where the figure is."""
    expected = (
        "It rained a lot in these years.\n\n| Year | Rain |\n| --- | --- |\n| 2020 | 71 |\n\n"
        "Measured at the mill\n\n*Figure 1: Rain by year*\n\nC1=CC=CC=C1"
    )

    assert expected == page_markdown(document.pages[0])
    assert expected == document_markdown(document)


@pytest.mark.parametrize(("quote", "box"), [("measured at the mill", INSET), ("2020 | 71", FIGURE)])
def test_a_quotation_cites_the_figure_or_a_place_in_it(document, quote, box):
    """This test ensures that words of a reading are found, with the part's own box where the model named one."""
    (found,) = locate_quote(document, quote)

    (place,) = found.places
    assert (1, (box,), True) == (place.region, place.boxes, place.is_exact)
    text = with_figure_texts(document.pages[0]).regions[1].text
    assert text[place.start : place.end] == found.text


def test_readings_survive_json(document):
    """This test ensures that a document with readings is the same after JSON, and its schema knows them."""
    written = document_to_json(document)

    jsonschema.validate(json.loads(written), document_schema())
    assert document == document_from_json(written)
    assert [c.text for c in chunks_of(document)] == [c.text for c in chunks_of(document_from_json(written))]


def test_docling_gets_the_text_below_the_picture(document):
    """This test ensures that docling's picture has what was read in it as a child."""
    pytest.importorskip("docling_core")

    made = document_to_docling(document)

    texts = [item.resolve(made).text for item in made.pictures[0].children]
    assert ["| Year | Rain |\n| --- | --- |\n| 2020 | 71 |\n\nMeasured at the mill", "Figure 1: Rain by year"] == texts


def test_words_around_a_table_stay(document):
    """This test ensures that what a model says before and behind a chart's table is not lost with its markup."""
    page = document.pages[0]
    around = FigurePart(RegionType.TABLE, f"Rain in mm\n{TABLE}\nas measured")
    reading = FigureReading((around,), RawAnswer(around.text, "stop", 1, 2, "m", "e"))
    regions = tuple(replace(region, reading=reading) if region.order == 3 else region for region in page.regions)

    text = with_figure_texts(replace(page, regions=regions)).regions[3].text

    assert "Rain in mm\n\n| Year | Rain |\n| --- | --- |\n| 2020 | 71 |\n\nas measured" == text


def test_a_page_without_readings_is_itself(document):
    """This test ensures that nothing is copied or changed where no figure was read."""
    page = page_from_answer(PAGE)

    assert page is with_figure_texts(page)
    assert "" == document.pages[0].regions[1].text
