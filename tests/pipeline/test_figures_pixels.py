"""Figures over HTTP: what a server is shown of a figure, how sharp, and where its boxes end up on the page."""

from __future__ import annotations

import pymupdf
import pytest
from PIL import Image, ImageChops

from dsocr_loaders import Reader
from dsocr_loaders.testing import ScriptedServer

pytestmark = pytest.mark.usefixtures("warm_page_workers")

FIGURE = (101, 107, 503, 401)  # in the model's units
MARK = (130.25, 140.5, 190.75, 300.125)  # of a page of 600 x 800


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Return a page with a red mark in a figure, as PDF and as PNG of twice its size."""
    folder = tmp_path_factory.mktemp("marked")
    with pymupdf.open() as document:
        page = document.new_page(width=600, height=800)
        page.draw_rect(pymupdf.Rect(*MARK), fill=(1, 0, 0), color=None, width=0)
        page.insert_text((60, 600), "Rain.", fontsize=40)
        document.save(folder / "marked.pdf")
        page.get_pixmap(dpi=144).save(folder / "marked.png")
    return folder


def mark_in(image):
    """Return where a server sees the mark, in the model's units."""
    red, green, _ = Image.frombytes("RGB", (image.width_px, image.height_px), image.data).split()
    left, top, right, bottom = ImageChops.subtract(red, green).point(lambda value: 255 * (value > 100)).getbbox()
    return [
        *(round(999 * left / image.width_px), round(999 * top / image.height_px)),
        *(round(999 * right / image.width_px), round(999 * bottom / image.height_px)),
    ]


@pytest.mark.parametrize(
    ("name", "pdf_backend", "sides_px"),
    [("marked.pdf", "pymupdf", (1007, 983)), ("marked.pdf", "pdfium", (1007, 983)), ("marked.png", None, (484, 472))],
)
def test_a_mark_in_a_figure(marked, name, pdf_backend, sides_px):
    """This test ensures that a PDF's figure is rendered sharper than its page, and a mark in it lies on the mark."""

    def answer(request):
        if "figure" not in request.prompt:
            rain = "<|ref|>text<|/ref|><|det|>[[90, 600, 500, 800]]<|/det|>\nRain."
            return f"<|ref|>image<|/ref|><|det|>[{list(FIGURE)}]<|/det|>\n{rain}"
        return f"<|ref|>text<|/ref|><|det|>[{mark_in(request.image)}]<|/det|>\na mark"

    with (
        ScriptedServer(answer) as server,
        Reader(
            server.base_url, image_format="png", dpi=72, read_figures=True, repair=False, pdf_backend=pdf_backend
        ) as reader,
    ):
        (page,) = reader.iter_pages(marked / name)

        crop = server.requests[1].image
        assert sides_px == pytest.approx((crop.width_px, crop.height_px), abs=2)
    figure = next(region for region in page.regions if region.type == "figure")
    (box,) = figure.reading.parts[0].boxes
    seen = (box.x0 * 600, box.y0 * 800, box.x1 * 600, box.y1 * 800)
    assert MARK == pytest.approx(seen, abs=0.7)  # half a unit of the model and a pixel


def test_a_figure_of_a_turned_page(marked):
    """This test ensures that a figure of a page that was turned to be read is turned too, and its boxes are not."""
    crops = []

    def answer(request):
        image = request.image
        if "figure" in request.prompt:
            crops.append(image)
            return f"<|ref|>text<|/ref|><|det|>[{mark_in(image)}]<|/det|>\na mark"
        if image.height_px > image.width_px:
            caption = "<|ref|>table_caption<|/ref|><|det|>[[250, 50, 290, 950]]<|/det|>\nTable 1: Rain"
            table = "<|ref|>table<|/ref|><|det|>[[300, 50, 900, 950]]<|/det|>\n<table><tr><td>1</td></tr></table>"
            return f"{caption}\n\n{table}"
        figure = "<|ref|>image<|/ref|><|det|>[[599, 101, 893, 503]]<|/det|>"
        return f"{figure}\n\n<|ref|>text<|/ref|><|det|>[[20, 20, 590, 980]]<|/det|>\nRain on the hills."

    with (
        ScriptedServer(answer) as server,
        Reader(server.base_url, image_format="png", dpi=72, read_figures=True, repair=["rotate"]) as reader,
    ):
        (page,) = reader.iter_pages(marked / "marked.pdf")

    assert ("rotate",) == page.repairs
    assert [True] == [crop.height_px > crop.width_px for crop in crops]
    figure = next(region for region in page.regions if region.type == "figure")
    (box,) = figure.reading.parts[0].boxes
    assert MARK == pytest.approx((box.x0 * 600, box.y0 * 800, box.x1 * 600, box.y1 * 800), abs=0.7)
