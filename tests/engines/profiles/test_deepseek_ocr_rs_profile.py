from __future__ import annotations

import pytest

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import PROFILES, request_body
from dsocr_loaders.errors import EngineRejected
from dsocr_loaders.testing import sample_request
from dsocr_loaders.values import Decoding

SERVER = PROFILES["deepseek-ocr-rs"]
IMAGE = EncodedImage(b"jpeg", "image/jpeg", 1191, 1684)


def completion(text, output_tokens):
    return {
        "model": "deepseek-ocr",
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": output_tokens, "total_tokens": 900 + output_tokens},
    }


def reply(payload, max_tokens=100):
    return SERVER.reply(payload, model="deepseek-ocr", max_tokens=max_tokens, engine="e")


def test_the_body_has_the_image_last():
    """This test ensures that the server, which walks the parts backwards, puts the image before the prompt."""
    assert request_body(SERVER, sample_request(), IMAGE, "deepseek-ocr", 7000) == {
        "model": "deepseek-ocr",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<|grounding|>Convert the document to markdown."},
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,anBlZw=="}},
                ],
            }
        ],
        "max_tokens": 7000,
        "temperature": 0.0,
        "do_sample": False,
        "no_repeat_ngram_size": 35,
    }


@pytest.mark.parametrize(("size", "expected"), [(20, 35), (30, 35), (40, 40), (0, 0)])
def test_its_rule_over_the_whole_history_is_never_strict(size, expected):
    """This test ensures that boxes can be written, and that the server's own default of 20 is always overruled."""
    body = request_body(SERVER, sample_request(decoding=Decoding(ngram_size=size)), IMAGE, "deepseek-ocr", 1)

    assert expected == body["no_repeat_ngram_size"]


@pytest.mark.parametrize(("tokens", "expected"), [(99, "stop"), (100, "length"), (101, "length"), (None, "stop")])
def test_an_answer_of_all_the_tokens_is_cut_off(tokens, expected):
    """This test ensures that truncation shows although the server always says `stop`."""
    payload = completion("text", tokens or 0)
    if tokens is None:
        del payload["usage"]

    assert expected == reply(payload).finish_reason


def test_a_request_without_an_image_is_an_error():
    """This test ensures that the server's advice about images never becomes a page's text."""
    payload = completion("⚠️ **Image Required**\n\n- This OCR backend expects an image.", 0)

    with pytest.raises(EngineRejected, match="image") as caught:
        reply(payload)

    assert caught.value.cause == "not_understood"


def test_a_page_that_says_the_same_is_a_page():
    """This test ensures that a page about this very error is read: it costs tokens."""
    assert reply(completion("⚠️ **Image Required**", 9)).text == "⚠️ **Image Required**"
