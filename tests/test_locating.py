"""`Reader.locate` and `dsocr locate`: what is asked, what comes back, and what is refused."""

from __future__ import annotations

import asyncio
import json

import pytest
from PIL import Image

from dsocr_loaders import Reader
from dsocr_loaders.cli import main
from dsocr_loaders.errors import PagesFailed, SettingsError, engine_error
from dsocr_loaders.geometry import Box
from dsocr_loaders.testing import ScriptedEngine, ScriptedServer
from dsocr_loaders.values import Task, TextSource

pytestmark = pytest.mark.usefixtures("warm_page_workers")

FOUND = "<|ref|>Total<|/ref|><|det|>[[0, 0, 999, 333], [333, 666, 666, 999]]<|/det|>"
BOXES = (Box(0.0, 0.0, 1.0, 1 / 3), Box(1 / 3, 2 / 3, 2 / 3, 1.0))
PROMPT = "Locate <|ref|>{}<|/ref|> in the image."


@pytest.fixture(scope="module")
def report(make_pdf_once):
    return make_pdf_once


@pytest.fixture(scope="module")
def make_pdf_once(make_pdf):
    return make_pdf("One", "Total 12", "Three", "Four")


def located(found):
    return [(each.page_number, each.words, each.boxes) for each in found]


def test_words_on_one_page(report):
    """This test ensures that the exact prompt is asked about that page alone, and the boxes are its fractions."""
    with Reader(ScriptedEngine(FOUND)) as reader:
        found = reader.locate("Total", report, page=2)

        assert [(2, "Total", BOXES)] == located(found)
        assert [(2, PROMPT.format("Total"))] == [(r.page.page_number, r.prompt) for r in reader.engine.requests]
        assert str(report) == found[0].source.name


def test_words_on_several_pages(report):
    """This test ensures that each page with the words is one value, in order, and pages without them are none."""
    answers = {2: FOUND, 3: "The words are not in the image.", 4: FOUND}
    with Reader(ScriptedEngine(answers)) as reader:
        assert [(2, "Total", BOXES), (4, "Total", BOXES)] == located(reader.locate("Total", report, pages="2-4"))
        assert [4] == [each.page_number for each in reader.locate("Total", report, page=-1)]


@pytest.mark.parametrize("answer", ["", "No such words.", "<|ref|>Total<|/ref|><|det|>[]<|/det|>"])
def test_nothing_found_is_empty(report, answer):
    """This test ensures that a model that finds nothing gives nothing, however it says so."""
    with Reader(ScriptedEngine(answer)) as reader:
        found = reader.locate("Total", report, page=1)

    assert () == found


def test_awaiting_finds_the_same(report):
    """This test ensures that the `await`able form is the same."""

    async def search():
        async with Reader(ScriptedEngine(FOUND)) as reader:
            return await reader.alocate("Total", report, page=2)

    assert [(2, "Total", BOXES)] == located(asyncio.run(search()))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ('{sum} 100 % <b>& "quoted"', '{sum} 100 % <b>& "quoted"'),
        ("two\nlines \t apart", "two lines apart"),
        ("x <| y |> z", "x <| y |> z"),
        ("合計 ٣", "合計 ٣"),
        ("</ref>", "</ref>"),
    ],
)
def test_words_are_asked_as_they_are(report, words, asked):
    """This test ensures that braces, marks and scripts reach the model, on one line."""
    with Reader(ScriptedEngine(FOUND)) as reader:
        reader.locate(words, report, page=1)

        assert PROMPT.format(asked) == reader.engine.requests[0].prompt


@pytest.mark.parametrize(
    "words", ["a<|/ref|>b", "<|det|>", "<|REF|>", "<image>", "<\uff5cbegin\u2581of\u2581sentence\uff5c>", " \n "]
)
def test_words_with_a_marker_are_refused(report, words):
    """This test ensures that words cannot end themselves, nor be none, and that nothing is asked."""
    with Reader(ScriptedEngine(FOUND)) as reader:
        with pytest.raises(SettingsError, match="words to find"):
            reader.locate(words, report, page=1)

        assert [] == reader.engine.requests


def test_page_and_pages_exclude_each_other(report):
    """This test ensures that nobody wonders which of the two counts."""
    with Reader(ScriptedEngine(FOUND)) as reader, pytest.raises(SettingsError, match="exclude each other"):
        reader.locate("Total", report, page=1, pages="2")


@pytest.mark.parametrize("model", ["deepseek-ai/DeepSeek-OCR-2", "baidu/Unlimited-OCR"])
def test_a_model_that_does_not_locate(report, model):
    """This test ensures that the error names the task and the model."""
    with Reader(ScriptedEngine(FOUND), model=model) as reader, pytest.raises(SettingsError, match=f"'locate'.*{model}"):
        reader.locate("Total", report, page=1)


def test_a_text_layer_is_not_asked(report):
    """This test ensures that an engine without eyes is an error that says how to get one, for every such task."""
    with Reader("text_layer") as reader, pytest.raises(SettingsError, match=r"'locate'.*ways to get an engine"):
        reader.locate("Total", report, page=1)
    with Reader("text_layer", task="describe") as reader, pytest.raises(SettingsError, match="'describe'"):
        reader.read(report)


def test_pages_with_a_text_layer_are_looked_at(make_pdf):
    """This test ensures that `prefer_text_layer` does not answer with the page's text instead."""
    path = make_pdf("The rain fell on the hills, and the river rose until it carried the old bridge away.")
    with Reader(ScriptedEngine(FOUND), prefer_text_layer=True) as reader:
        (page,) = reader.iter_pages(path)

        assert TextSource.TEXT_LAYER is page.text_source
        assert [(1, "Total", BOXES)] == located(reader.locate("Total", path))


@pytest.mark.parametrize("policy", ["raise", "placeholder", "text_layer"])
def test_a_page_that_fails_is_not_a_page_without_the_words(report, policy):
    """This test ensures that a failure is raised, unless failed pages are to be skipped."""
    engine = ScriptedEngine(engine_error("bad_request", "No."))
    with Reader(engine, on_page_error=policy) as reader, pytest.raises(PagesFailed, match="No"):
        reader.locate("Total", report, page=1)
    with Reader(ScriptedEngine(engine_error("bad_request", "No.")), on_page_error="skip") as reader:
        assert () == reader.locate("Total", report, page=1)


def test_a_rerun_is_free(report, tmp_path):
    """This test ensures that the journal keeps what was located, by its words, apart from what was read."""
    engine = ScriptedEngine(lambda request: FOUND if request.task is Task.LOCATE else "Words.")
    with Reader(engine, journal=str(tmp_path / "j.sqlite"), repair=False) as reader:
        first = reader.locate("Total", report, page=2)
        again = reader.locate("Total", report, page=2)
        reader.locate("Sum", report, page=2)
        reader.read(report)

        assert first == again
        assert 2 + 4 == len(engine.requests)


def test_on_the_command_line(tmp_path, capsysbinary):
    """This test ensures that `dsocr locate` prints a line of JSON for each page, and says where there is none."""
    path = tmp_path / "stamp.png"
    image = Image.new("RGB", (300, 300), "white")
    image.paste("black", (0, 0, 300, 100))
    image.save(path)
    replies = iter([FOUND, "nothing"])
    with ScriptedServer(lambda _: next(replies)) as server:
        for _ in range(2):
            with pytest.raises(SystemExit) as ended:
                main(["locate", str(path), "Total", "--page", "1", "--engine", server.base_url])
            assert 0 == ended.value.code
        prompts = [request.prompt for request in server.requests]

    said = capsysbinary.readouterr()
    (line,) = said.out.decode().splitlines()
    assert {"source": str(path), "page_number": 1, "words": "Total"} == {
        key: value for key, value in json.loads(line).items() if key != "boxes"
    }
    assert [[box.x0, box.y0, box.x1, box.y1] for box in BOXES] == json.loads(line)["boxes"]
    assert "does not see 'Total'" in said.err.decode()
    assert [PROMPT.format("Total")] * 2 == prompts
