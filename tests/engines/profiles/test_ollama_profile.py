from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import OLLAMA_OPENAI, PROFILES, profile_named, question_for, request_for
from dsocr_loaders.errors import EngineRejected, EngineUnavailable
from dsocr_loaders.testing import sample_request
from dsocr_loaders.values import RawAnswer

OLLAMA = PROFILES["ollama"]
IMAGE = EncodedImage(b"jpeg", "image/jpeg", 1191, 1684)
CHAT = {
    "model": "deepseek-ocr:3b",
    "created_at": "2026-01-01T00:00:00Z",
    "message": {"role": "assistant", "content": "# Title"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 911,
    "eval_count": 5,
}


def reply(payload):
    return OLLAMA.reply(payload, model="deepseek-ocr", max_tokens=7000, engine="e")


def test_its_own_interface_is_asked_with_every_limit():
    """This test ensures that context, length, shifting and streaming are all said, and the image goes as base64."""
    asked = request_for(OLLAMA, question_for(sample_request(), IMAGE, "deepseek-ocr:3b", 7000))

    assert (asked.method, asked.path) == ("POST", "/api/chat")
    assert json.loads(asked.content) == {
        "model": "deepseek-ocr:3b",
        "messages": [
            {
                "role": "user",
                "content": "<|grounding|>Convert the document to markdown.",
                "images": ["anBlZw=="],
            }
        ],
        "stream": False,
        "shift": False,
        "options": {"temperature": 0.0, "num_ctx": 8192, "num_predict": 7000},
    }


def test_openais_route_is_asked_with_a_data_url_and_nothing_more():
    """This test ensures that the image comes before the prompt, as each part becomes a message of its own."""
    asked = request_for(OLLAMA_OPENAI, question_for(sample_request(), IMAGE, "deepseek-ocr:3b", 7000))

    assert asked.path == "/chat/completions"
    assert json.loads(asked.content) == {
        "model": "deepseek-ocr:3b",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,anBlZw=="}},
                    {"type": "text", "text": "<|grounding|>Convert the document to markdown."},
                ],
            }
        ],
        "max_tokens": 7000,
        "temperature": 0.0,
    }


@pytest.mark.parametrize(
    ("url", "path"),
    [("http://host:11434", "/api/chat"), ("http://host:11434/v1", "/chat/completions")],
)
def test_the_url_says_which_route_is_meant(url, path):
    """This test ensures that nothing is asked at a place that the user did not name."""
    assert path == profile_named("ollama", url).path


def test_an_answer_keeps_what_ollama_said():
    """This test ensures that text, reason, counts and the model's name arrive."""
    assert reply(CHAT) == RawAnswer("# Title", "stop", 911, 5, "deepseek-ocr:3b", "e")


def test_an_answer_at_its_limit_is_cut_off():
    """This test ensures that done_reason is the finish reason, and that nothing told is None."""
    assert reply({**CHAT, "done_reason": "length"}).finish_reason == "length"
    assert reply({"message": {"content": "a\ud800"}}) == RawAnswer("a\ufffd", None, None, None, "deepseek-ocr", "e")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"error": "model runner has unexpectedly stopped"},
        {**CHAT, "error": "x"},
        {"message": {}},
        {"message": {"content": 5}},
        {"response": "of /api/generate"},
    ],
)
def test_what_is_no_answer_is_refused(payload):
    """This test ensures that an error with status 200 never reads as an empty page."""
    with pytest.raises(EngineRejected) as caught:
        reply(payload)

    assert caught.value.cause == "not_understood"


@pytest.mark.parametrize("changes", [{"done": False}, {"done_reason": "load"}, {"done_reason": 5}])
def test_an_answer_that_is_not_done_is_read_again(changes):
    """This test ensures that half an answer is none."""
    with pytest.raises(EngineUnavailable) as caught:
        reply({**CHAT, **changes})

    assert caught.value.cause == "cut"


@pytest.mark.parametrize(
    ("version", "has_option", "is_noted"),
    [
        ("0.31.1", False, False),
        ("0.30.0", False, False),
        ("0.29.9", True, False),
        ("0.12.0", True, True),
        ("0.0.0", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_the_version_says_whether_tags_can_be_had(version, has_option, is_noted):
    """This test ensures that users of Ollama 0.30 and newer are not sent looking for an option that is not there."""
    facts = OLLAMA.facts({"/api/version": {"version": version}})

    assert has_option is ("has no option" not in OLLAMA.tags_advice(facts))
    assert "vLLM" in OLLAMA.tags_advice(facts)
    assert is_noted is bool(facts.notes)


@given(st.text(max_size=20), st.binary(max_size=50))
def test_the_image_is_put_in_as_the_encoder_would(prompt, data):
    """This test ensures that the fast way gives the same JSON, whatever the prompt holds."""
    for words in (prompt, "\x01", '"\x01"', "\\u0001"):
        request = replace(sample_request(), prompt=words)
        question = question_for(request, replace(IMAGE, data=data), "\x01\x01", 77)
        sent = json.loads(request_for(OLLAMA, question).content)

        (message,) = sent["messages"]
        assert OLLAMA.body(OLLAMA, question, message["images"][0]) == sent
