from __future__ import annotations

import pytest

from dsocr_loaders.engines.profiles import PROFILES, check_no_error_text, explained, is_stripped
from dsocr_loaders.errors import EngineUnavailable, engine_error
from dsocr_loaders.grounding import parse_answer
from dsocr_loaders.values import RawAnswer

TAG = "<|ref|>table<|/ref|><|det|>[[1, 2, 300, 400]]<|/det|>\n"


@pytest.mark.parametrize(
    ("name", "said", "cause", "words"),
    [
        ("sglang", "Please set to enable custom logit processor", "bad_request", "--enable-custom-logit-processor"),
        ("deepseek-ocr-rs", "generation failed: model returned empty output (x)", "no_answer", "nothing to say"),
        (
            "llama-server",
            "number of bitmaps (1) does not match number of markers (0)",
            "wrong_server",
            "--chat-template",
        ),
        ("llama-server", "Failed to tokenize prompt", "wrong_server", "--chat-template"),
        ("llama-server", "image input is not supported - hint: mmproj", "wrong_server", "--mmproj"),
        ("ollama", "this model does not support images", "wrong_server", "model="),
    ],
)
def test_errors_that_a_server_is_known_for_are_explained(name, said, cause, words):
    """This test ensures that a message keeps what the server said and adds what to do, under the right cause."""
    error = explained(engine_error("server_fault", f"http://host refuses: {said}.", retry_after_s=3.0), PROFILES[name])

    assert (cause, 3.0) == (error.cause, error.retry_after_s)
    assert said in str(error)
    assert words in str(error)


def test_other_errors_stay_as_they_are():
    """This test ensures that nothing is made of an error that is not known, nor of another server's."""
    unknown = engine_error("busy", "too many")
    anothers = engine_error("server_fault", "model returned empty output")

    assert explained(unknown, PROFILES["ollama"]) is unknown
    assert explained(anothers, PROFILES["vllm"]) is anothers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title[[1, 2, 300, 40]]\n# Report\n", True),
        ("title [1, 2, 300, 40]Report\n", True),
        (f"{TAG}<table>ab</table>\n", True),
        (f"{TAG}<table><tr><td>a</td></tr></table>\n", False),
        ("<|det|>title [1, 2, 300, 40]<|/det|>Report\n", False),
        ("# Free text\n", False),
        ("", False),
    ],
)
def test_an_answer_without_its_special_tokens_is_known(text, expected):
    """This test ensures that loose boxes and tables without cells are told from what a model writes."""
    assert expected is is_stripped(parse_answer(text))


GROUNDED = "<|grounding|>Convert the document to markdown."


def answer(text):
    return RawAnswer(text, "stop", None, None, "model", "engine")


@pytest.mark.parametrize(
    "text",
    [
        "Error: the model is overloaded, try again later",
        "  [ERROR] worker died",
        "Internal Server Error",
        '{"error": {"message": "out of memory"}}',
        "<html><body>502</body></html>",
        "Traceback (most recent call last):\n  File",
        "CUDA out of memory. Tried to allocate 2 GiB",
        "upstream connect error or disconnect/reset before headers",
        "Too Many Requests",
    ],
)
def test_an_error_in_place_of_an_answer_is_told(text):
    """This test ensures that the text of an error is never a page's content, and that the page is asked for again."""
    with pytest.raises(EngineUnavailable) as caught:
        check_no_error_text(answer(text), GROUNDED)

    assert ("server_fault", True) == (caught.value.cause, caught.value.retryable)
    assert text.split()[0] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        (f"{TAG}Error: the printer is on fire", GROUNDED),
        ("text[[1, 2, 300, 400]]\nError: the printer is on fire", GROUNDED),
        ("Error: the printer is on fire", "Free OCR."),
        ("Errors in measurement", GROUNDED),
        ("An error occurred", GROUNDED),
        ("", GROUNDED),
        ("Error " + "and so on " * 300, GROUNDED),
    ],
)
def test_what_a_page_says_about_errors_is_content(text, prompt):
    """This test ensures that a page about errors is read: with boxes, at length, or where the prompt wants none."""
    check_no_error_text(answer(text), prompt)
