from __future__ import annotations

import pytest

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import PROFILES, ServerFacts, request_body
from dsocr_loaders.models import decoding_for
from dsocr_loaders.testing import sample_request
from dsocr_loaders.values import Decoding

SERVER = PROFILES["llama-server"]
IMAGE = EncodedImage(b"png", "image/png", 1191, 1684)
DRY = {
    "dry_multiplier": 0.8,
    "dry_base": 1.75,
    "dry_allowed_length": 29,
    "dry_penalty_last_n": 90,
    "dry_sequence_breakers": ["\x1d"],
}


def test_the_body_has_the_line_break_that_the_server_leaves_out():
    """This test ensures that the model gets image, line break and prompt, as it was trained."""
    assert request_body(SERVER, sample_request(), IMAGE, "any", 7000) == {
        "model": "any",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
                    {"type": "text", "text": "\n<|grounding|>Convert the document to markdown."},
                ],
            }
        ],
        "max_tokens": 7000,
        "temperature": 0.0,
        **DRY,
    }


def test_unlimited_ocr_has_no_line_break():
    """This test ensures that the prompt of that model follows its image directly."""
    request = sample_request(prompt="document parsing.", decoding=decoding_for("baidu/Unlimited-OCR"))

    body = request_body(SERVER, request, IMAGE, "Unlimited-OCR.gguf", 7000)

    assert body["messages"][0]["content"][1]["text"] == "document parsing."
    assert (body["dry_allowed_length"], body["dry_penalty_last_n"]) == (34, 128)


@pytest.mark.parametrize(("size", "allowed"), [(0, None), (1, 1), (20, 19)])
def test_short_repetitions_are_left_alone(size, allowed):
    """This test ensures that tags, which repeat, are not pushed off their form, and that 0 asks for nothing."""
    body = request_body(SERVER, sample_request(decoding=Decoding(ngram_size=size)), IMAGE, "any", 7000)

    assert allowed == body.get("dry_allowed_length")


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (
            {"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4, "build_info": "b1-x"},
            ServerFacts(version="b1-x", context_tokens=4096, slots=4),
        ),
        ({"default_generation_settings": {"n_ctx": 0}, "total_slots": None}, ServerFacts()),
        ({"default_generation_settings": []}, ServerFacts()),
        ([], ServerFacts()),
    ],
)
def test_slots_and_the_context_of_each_are_taken_from_what_it_tells(properties, expected):
    """This test ensures that no more pages are asked for than slots, nor longer answers than a slot holds."""
    assert expected == SERVER.facts({"/props": properties})
