"""Repairs over HTTP: what a server is shown of a page that is turned or cut, and where its boxes end up."""

from __future__ import annotations

import pymupdf
import pytest
from PIL import Image, ImageChops

from dsocr_loaders import Reader
from dsocr_loaders.testing import Fault, ScriptedServer
from dsocr_loaders.values import PageStatus

pytestmark = pytest.mark.usefixtures("warm_page_workers")

MARK = (150, 300, 320, 640)  # points on an A4 page
WORDS = "The river carried the barges past the mill and under the old bridge to the sea."


@pytest.fixture
def marked(tmp_path):
    """Return a full page without a text layer, with a red mark."""
    path = tmp_path / "marked.pdf"
    with pymupdf.open() as document, pymupdf.open() as scan:
        page = document.new_page(width=595, height=842)
        for line in range(40):
            page.insert_text((40, 60 + 19 * line), WORDS, fontsize=11)
        page.draw_rect(pymupdf.Rect(*MARK), fill=(1, 0, 0), color=(1, 0, 0))
        image = page.get_pixmap(dpi=72)
        scan.new_page(width=595, height=842).insert_image((0, 0, 595, 842), pixmap=image)
        scan.save(path)
    return path


def mark_in(image):
    """Return where a server sees the mark, in the model's units."""
    red, green, _ = Image.frombytes("RGB", (image.width_px, image.height_px), image.data).split()
    left, top, right, bottom = ImageChops.subtract(red, green).point(lambda value: 255 * (value > 150)).getbbox()
    return [
        *(round(999 * left / image.width_px), round(999 * top / image.height_px)),
        *(round(999 * right / image.width_px), round(999 * bottom / image.height_px)),
    ]


def region(label, box, text=""):
    return f"<|ref|>{label}<|/ref|><|det|>[{list(box)}]<|/det|>\n{text}"


def box_of(page):
    box = next(region.boxes[0] for region in page.regions if region.type == "figure")
    return box.x0 * 595, box.y0 * 842, box.x1 * 595, box.y1 * 842


def text_of(image):
    return region("text", (50, 40, 950, 960), f"{WORDS} " * (image.height_px // 40))


def test_a_mark_on_a_turned_page(marked):
    """This test ensures that a box that a server saw on the turned page lies on the mark of the page as shown."""

    def answer(request):
        image = request.image
        if image.height_px > image.width_px:
            caption = region("table_caption", (250, 50, 290, 950), "Table 1: Rain")
            return caption + "\n\n" + region("table", (300, 50, 900, 950), "<table><tr><td>1</td></tr></table>")
        return region("image", mark_in(image)) + "\n\n" + text_of(image)

    with ScriptedServer(answer) as server, Reader(server.base_url, image_format="png", dpi=72) as reader:
        (page,) = reader.iter_pages(marked)

        assert [(595, 842), (842, 595)] == [(r.image.width_px, r.image.height_px) for r in server.requests]
        assert (PageStatus.REPAIRED, ("rotate",)) == (page.status, page.repairs)
        assert pytest.approx(MARK, abs=1.5) == box_of(page)


def test_a_mark_on_a_half(marked):
    """This test ensures that a figure that the cut goes through is one, where it is on the page as shown."""

    def answer(request):
        image = request.image
        if request.number == 1:
            return region("text", (50, 40, 950, 400), WORDS)
        return region("image", mark_in(image)) + "\n\n" + text_of(image)

    faults = {1: Fault(finish_reason="length")}
    with (
        ScriptedServer(answer, faults=faults) as server,
        Reader(server.base_url, image_format="png", dpi=72, repair=["halves"]) as reader,
    ):
        (page,) = reader.iter_pages(marked)

        upper, lower = (request.image for request in server.requests[1:])
        assert 595 == upper.width_px == lower.width_px
        assert 842 < upper.height_px + lower.height_px < 842 * 1.2
        assert (PageStatus.REPAIRED, ("halves",)) == (page.status, page.repairs)
        assert 1 == sum(region.type == "figure" for region in page.regions)
        assert pytest.approx(MARK, abs=1.5) == box_of(page)


def test_other_ngrams_are_sent(marked):
    """This test ensures that a vLLM server gets the second n-gram values in its own words, for the same picture."""
    loop = region("text", (50, 40, 950, 960), f"{WORDS} " * 4 + "and the wind blew over the fields and hills " * 120)

    def answer(request):
        return loop if request.number == 1 else text_of(request.image)

    faults = {1: Fault(finish_reason="length")}
    with ScriptedServer(answer, faults=faults) as server, Reader(server.base_url, dpi=72) as reader:
        (page,) = reader.iter_pages(marked)

        first, second = (request.body["vllm_xargs"] for request in server.requests)
        assert (30, 90, [128821, 128822]) == (
            first["ngram_size"],
            first["window_size"],
            first["whitelist_token_ids"],
        )
        assert (40, 400, []) == (second["ngram_size"], second["window_size"], second["whitelist_token_ids"])
        assert server.requests[0].image == server.requests[1].image
        assert (PageStatus.REPAIRED, ("ngram",)) == (page.status, page.repairs)


def test_another_mode_is_asked_for_where_a_server_has_it(marked):
    """This test ensures that an SGLang server, which takes the mode with a request, is asked for another one."""
    picture = region("image", (0, 0, 999, 999))

    def answer(request):
        return picture if request.number == 1 else text_of(request.image)

    model = "baidu/Unlimited-OCR"
    settings = {"server": "sglang", "model": model, "max_new_tokens": 2000, "dpi": 72, "repair": ["resolution"]}
    with (
        ScriptedServer(answer, kind="sglang", models=[model]) as server,
        Reader(server.base_url, **settings) as reader,
    ):
        (page,) = reader.iter_pages(marked)

        modes = [request.body["images_config"]["image_mode"] for request in server.requests]
        assert ["gundam", "base"] == modes
        assert [("resolution", 1)] == [(step.rung, step.reads) for step in page.repair_steps]
