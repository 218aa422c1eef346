"""Our remote engine against vLLM's own server, which runs the closed-book checkpoint."""

from __future__ import annotations

import base64
import io

import httpx
import pytest

from dsocr_loaders import EngineRejected, Reader
from dsocr_loaders.models import TOKEN_IDS
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.testing.closed_book import LOOPING, MODEL, PAGES
from dsocr_loaders.values import PageStatus, Task


@pytest.fixture(scope="module")
def expected_chunks(book):
    """Return the book's chunks as they come from answers that are right by definition."""
    with Reader(ScriptedEngine({number: page.answer() for number, page in enumerate(PAGES, 1)})) as reader:
        return reader.load(book)


@pytest.fixture
def ask(server, page_images):
    """Return a function that sends a page as a plain HTTP request and returns the answer's text."""

    def ask(number, task=Task.DOCUMENT, **fields):
        file = io.BytesIO()
        page_images[number - 1].save(file, "PNG")
        url = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        body = {
            "model": server.model,
            "temperature": 0,
            "max_tokens": 400,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": url}},
                        {"type": "text", "text": prompt_for(MODEL, task)},
                    ],
                }
            ],
            **fields,
        }
        answer = httpx.post(f"{server.url}/chat/completions", json=body, timeout=300, trust_env=False)
        answer.raise_for_status()
        return answer.json()["choices"][0]["message"]["content"]

    return ask


def test_the_book_comes_back_as_its_chunks(server, book, expected_chunks):
    """This test ensures that a PDF goes through workers, server and model, and comes back whole, in order, placed."""
    with Reader(server.url) as reader:
        chunks = reader.load(book)

    assert chunks == expected_chunks
    assert [chunk.metadata.page_number for chunk in chunks] == sorted(chunk.metadata.page_number for chunk in chunks)
    assert {1, 2, 3, 4, 5, 6, 7, 8} == {chunk.metadata.page_number for chunk in chunks}


def test_answers_are_the_models_letter_by_letter(server, book):
    """This test ensures that special tokens, blanks and the end of each answer arrive as the model wrote them."""
    with Reader(server.url, image_format="png") as reader:
        results = list(reader.iter_pages(book))

    assert [result.answer.text for result in results] == [page.answer() for page in PAGES]
    assert {result.answer.finish_reason for result in results} == {"stop"}
    assert {result.answer.model for result in results} == {MODEL}


@pytest.mark.parametrize("task", [Task.OCR, Task.FREE, Task.FIGURE, Task.DESCRIBE])
def test_each_task_sends_its_prompt(server, book, task):
    """This test ensures that a task gets the answer that the model gives to that task's exact prompt."""
    prompt = prompt_for(MODEL, task)
    numbers = [number for number, page in enumerate(PAGES, 1) if prompt in page.answers]

    with Reader(server.url, task=task.value, pages=str(numbers[0])) as reader:
        (result,) = reader.iter_pages(book)

    assert result.answer.text == PAGES[numbers[0] - 1].answer(task)


def test_words_are_located_where_they_stand(server, book):
    """This test ensures that the words to find reach the model and that its box is the region's."""
    part = PAGES[5].sheet.parts[3]

    with Reader(server.url, task="locate", prompt="Whom to call", pages="6") as reader:
        (result,) = reader.iter_pages(book)

    (region,) = result.regions
    (box,) = region.boxes
    assert region.text == "Whom to call"
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(
        (part.box.x0, part.box.y0, part.box.x1, part.box.y1), abs=2e-3
    )


def test_a_wrong_name_is_told_the_servers_own(server, book):
    """This test ensures that whoever asks for another model learns what there is."""
    with Reader(server.url, model="someone/else") as reader, pytest.raises(EngineRejected, match=MODEL):
        reader.load(book)


def test_without_our_switch_tags_and_cells_are_gone(ask):
    """This test ensures that special tokens have to be asked for: by default this server strips them."""
    stripped = ask(8)

    assert ask(8, skip_special_tokens=False) == PAGES[7].answer()
    assert "<|ref|>" not in stripped
    assert "<td>" not in stripped
    assert "<table>ShelfHoldsAmapsBropesClamps</table>" in stripped


def test_the_loop_is_stopped_by_the_launch_option(server, looping_page):
    """This test ensures that our processor, named at the launch, obeys what our requests ask for."""
    with Reader(server.url, max_new_tokens=250) as reader:
        (result,) = reader.iter_pages(looping_page)

    assert not LOOPING.answer().startswith(result.answer.text)
    assert result.answer.text.count(" and on") < 60


def test_the_loop_goes_on_where_nobody_asks(ask):
    """This test ensures that the page does loop, and that the launch option alone changes nothing."""
    text = ask(9, max_tokens=250, skip_special_tokens=False)

    assert LOOPING.answer().startswith(text)


def test_arguments_of_a_request_are_honoured(ask):
    """This test ensures that size, window and whitelist are taken from the request, in the form that we send."""
    asked = {"ngram_size": 2, "window_size": 60}
    cells = [TOKEN_IDS["<td>"], TOKEN_IDS["</td>"]]
    two_rows = PAGES[3].answer(Task.FIGURE).partition("2.0</td>")[0]

    def read(whitelist):
        arguments = {**asked, "whitelist_token_ids": whitelist}
        return ask(4, Task.FIGURE, skip_special_tokens=False, vllm_xargs=arguments, max_tokens=60)

    assert read(cells).startswith(two_rows)
    assert not read([]).startswith(two_rows)


def test_a_wrong_argument_is_refused(ask):
    """This test ensures that a request with nonsense for the processor is answered with an error, not with a loop."""
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        ask(8, vllm_xargs={"ngram_size": -1})


def test_a_small_limit_truncates(server, book):
    """This test ensures that an answer cut off by a limit is told as such."""
    with Reader(server.url, max_new_tokens=20, pages="1", repair=False) as reader:
        (result,) = reader.iter_pages(book)

    assert result.status is PageStatus.TRUNCATED
    assert PAGES[0].answer().startswith(result.answer.text)
