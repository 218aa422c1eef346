"""Every task and every model, from the prompt that a server sees to the chunks that a user gets."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from dsocr_loaders import Reader
from dsocr_loaders.errors import SettingsError
from dsocr_loaders.testing import ScriptedEngine, ScriptedServer
from dsocr_loaders.values import AnswerFault, PageStatus, RegionType

pytestmark = pytest.mark.usefixtures("warm_page_workers")

DOCUMENT = "<|grounding|>Convert the document to markdown."
GROUNDED = (
    "<|ref|>title<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>\n# Tides\n\n"
    "<|ref|>text<|/ref|><|det|>[[100, 100, 900, 950]]<|/det|>\nThe tide rises twice a day.\n"
)
LINES = (
    "<|ref|>Tides<|/ref|><|det|>[[100, 50, 900, 90]]<|/det|>\n"
    "<|ref|>The tide rises twice a day.<|/ref|><|det|>[[100, 100, 900, 950]]<|/det|>\n"
)
FREE = "Tides\n\nThe tide rises twice a day."
CHART = "<table><tr><td>Year</td><td>Rain</td></tr><tr><td>2020</td><td>71</td></tr></table>"
FOUND = "<|ref|>tide<|/ref|><|det|>[[100, 100, 300, 120], [400, 100, 600, 120]]<|/det|>"
UNLIMITED = (
    "<|det|>title [100, 50, 900, 90]<|/det|># Tides\n"
    "<|det|>text [100, 100, 900, 950]<|/det|>The tide rises twice a day.\n"
)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Return an image file with some lines of ink."""
    path = tmp_path_factory.mktemp("picture") / "tides.png"
    image = Image.new("RGB", (400, 500), "white")
    for y in range(30, 460, 30):
        ImageDraw.Draw(image).rectangle((40, y, 360, y + 8), fill="black")
    image.save(path)
    return path


TASKS = [
    (
        "document",
        None,
        "<|grounding|>Convert the document to markdown.",
        GROUNDED,
        ["# Tides\n\nThe tide rises twice a day."],
        "model",
    ),
    ("ocr", None, "<|grounding|>OCR this image.", LINES, ["Tides\n\nThe tide rises twice a day."], "model"),
    ("free", None, "Free OCR.", FREE, ["Tides\n\nThe tide rises twice a day."], "page"),
    ("figure", None, "Parse the figure.", CHART, ["| Year | Rain |\n| --- | --- |\n| 2020 | 71 |"], "page"),
    ("describe", None, "Describe this image in detail.", "Bars on white paper.", ["Bars on white paper."], "page"),
    ("locate", "tide", "Locate <|ref|>tide<|/ref|> in the image.", FOUND, ["tide"], "model"),
    ("document", "List the dates.", "List the dates.", "2020", ["2020"], "page"),
]


@pytest.mark.parametrize(("task", "prompt", "seen", "answer", "texts", "bbox_source"), TASKS)
def test_a_task_end_to_end(picture, task, prompt, seen, answer, texts, bbox_source):
    """This test ensures that each task asks with its exact words, and its answer's text and places become chunks."""
    with ScriptedServer(answer) as server, Reader(server.base_url, task=task, prompt=prompt, repair=False) as reader:
        chunks = reader.load(picture)

        assert [f"<image>\n{seen}"] == [request.seen for request in server.requests]
        assert () == server.garbled_because
    assert texts == [chunk.text for chunk in chunks]
    assert [bbox_source] == list({chunk.metadata.bbox_source for chunk in chunks})


def test_lines_of_the_task_ocr_have_their_boxes(picture):
    """This test ensures that under `ocr` each line is a region of text with its own place, its text out of the tag."""
    with Reader(ScriptedEngine(LINES), task="ocr") as reader:
        (page,) = reader.iter_pages(picture)

    assert ["Tides", "The tide rises twice a day."] == [region.text for region in page.regions]
    assert [100 / 999, 100 / 999] == [region.boxes[0].x0 for region in page.regions]


@pytest.mark.parametrize(
    ("model", "task", "prompt", "seen", "ngrams"),
    [
        ("deepseek-ai/DeepSeek-OCR", "document", None, f"<image>\n{DOCUMENT}", (30, 90)),
        ("deepseek-ai/DeepSeek-OCR-2", "document", None, f"<image>\n{DOCUMENT}", (20, 90)),
        ("mlx-community/DeepSeek-OCR-2-8bit", "free", None, "<image>\nFree OCR.", (20, 90)),
        ("/models/deepseek-ocr-2-invoices", "document", "Read the invoice.", "<image>\nRead the invoice.", (20, 90)),
        ("/models/invoices", "document", "Read the invoice.", "<image>\nRead the invoice.", (30, 90)),
        ("baidu/Unlimited-OCR", "document", None, "<image>document parsing.", (35, 128)),
        ("/models/unlimited_ocr-awq", "document", None, "<image>document parsing.", (35, 128)),
    ],
)  # fmt: skip
def test_a_model_is_asked_in_its_own_way(picture, model, task, prompt, seen, ngrams):
    """This test ensures that a model, by any name, gets its family's prompt, image place and n-gram values."""
    answer = UNLIMITED if "nlimited" in model else GROUNDED
    with (
        ScriptedServer(answer, models=[model]) as server,
        Reader(server.base_url, model=model, task=task, prompt=prompt) as reader,
    ):
        (page,) = reader.iter_pages(picture)

        (request,) = server.requests
        assert seen == request.seen
        asked = request.body["vllm_xargs"]
        assert (*ngrams, [128821, 128822]) == (asked["ngram_size"], asked["window_size"], asked["whitelist_token_ids"])
        assert model == request.body["model"]
    assert (PageStatus.OK, ()) == (page.status, page.health)
    assert [RegionType.TITLE, RegionType.TEXT] == [region.type for region in page.regions]
    assert ["# Tides" in region.text or "Tides" in region.text for region in page.regions] == [True, False]


def test_several_pages_in_an_answer_about_one(picture):
    """This test ensures that an answer in which a model names further pages loses none of its text or places."""
    answer = f"<PAGE>\n{UNLIMITED}<PAGE>\n<|det|>text [100, 300, 900, 390]<|/det|>More of it.\n"
    with Reader(ScriptedEngine(answer), model="baidu/Unlimited-OCR") as reader:
        (page,) = reader.iter_pages(picture)
        chunks = reader.load(picture)

    assert [0, 0, 1] == [region.page_index for region in page.regions]
    assert (1, PageStatus.OK) == (page.page_number, page.status)
    assert "More of it." in " ".join(chunk.text for chunk in chunks)
    assert {1} == {chunk.metadata.page_number for chunk in chunks} | {chunk.metadata.page_end for chunk in chunks}


@pytest.mark.parametrize(
    ("model", "resolution"), [("baidu/Unlimited-OCR", "tiny"), ("deepseek-ai/DeepSeek-OCR-2", "gundam-m")]
)
def test_a_resolution_that_a_model_does_not_have(picture, model, resolution):
    """This test ensures that a mode of another model is a clear error and no request."""
    with ScriptedServer(GROUNDED, models=[model]) as server:
        with (
            Reader(server.base_url, model=model, resolution=resolution) as reader,
            pytest.raises(Exception, match=resolution),
        ):
            reader.read(picture)

        assert [] == list(server.requests)


@pytest.mark.parametrize("task", ["ocr", "figure", "describe"])
def test_a_task_that_a_model_does_not_know(picture, task):
    """This test ensures that the error comes before any page is read."""
    engine = ScriptedEngine(GROUNDED)
    with Reader(engine, model="baidu/Unlimited-OCR", task=task) as reader, pytest.raises(SettingsError, match=task):
        reader.read(picture)

    assert [] == engine.requests


def test_a_description_is_no_whole_page(picture):
    """This test ensures that a short answer about a picture with much ink is not taken for a page that was missed."""
    with Reader(ScriptedEngine("Bars."), task="describe") as reader:
        (page,) = reader.iter_pages(picture)

    assert set() == {finding.fault for finding in page.health} & {AnswerFault.LITTLE_TEXT, AnswerFault.PICTURE_ONLY}
    assert 1 == page.attempts
