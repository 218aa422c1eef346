from __future__ import annotations

import json
import pickletools

import pytest

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import PROFILES, ServerFacts, question_for, request_for
from dsocr_loaders.models import decoding_for, model_for
from dsocr_loaders.testing import sample_request
from dsocr_loaders.values import Decoding

SGLANG = PROFILES["sglang"]
IMAGE = EncodedImage(b"jpeg", "image/jpeg", 1191, 1684)
MODEL = "deepseek-ai/DeepSeek-OCR"
UNLIMITED = "baidu/Unlimited-OCR"


def body(request=None, model=MODEL, **facts):
    question = question_for(request or sample_request(), IMAGE, model, 7000, facts=ServerFacts(**facts))
    return json.loads(request_for(SGLANG, question).content)


def told(**info):
    return SGLANG.facts({"/get_server_info": info})


def test_the_body_without_its_processor():
    """This test ensures that a server of which nothing is known is asked for tags and for nothing that it may lack."""
    assert body() == {
        "model": MODEL,
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
        "skip_special_tokens": False,
    }


def test_the_processor_goes_along_where_it_may():
    """This test ensures that the n-gram rule is asked for, with its values, from a server that runs processors."""
    asked = body(takes_processors=True)

    assert asked["custom_params"] == {
        "ngram_size": 30,
        "window_size": 90,
        "whitelist_token_ids": [128821, 128822],
    }
    assert "custom_logit_processor" in asked


def test_without_an_ngram_size_no_processor_goes_along():
    """This test ensures that switching the rule off switches it off here too."""
    asked = body(sample_request(decoding=Decoding(ngram_size=0)), takes_processors=True)

    assert not {"custom_logit_processor", "custom_params"} & set(asked)


def test_the_processor_is_a_reference_to_sglangs_own_class():
    """This test ensures that the text holds no code: two names, what puts them together, and nothing else."""
    sent = json.loads(body(takes_processors=True)["custom_logit_processor"])

    operations = [(code.name, value) for code, value, _ in pickletools.genops(bytes.fromhex(sent["callable"]))]
    assert list(sent) == ["callable"]
    assert operations == [
        ("PROTO", 4),
        ("FRAME", 0x59),
        ("SHORT_BINUNICODE", "sglang.srt.sampling.custom_logit_processor"),
        ("MEMOIZE", None),
        ("SHORT_BINUNICODE", "DeepseekOCRNoRepeatNGramLogitProcessor"),
        ("MEMOIZE", None),
        ("STACK_GLOBAL", None),
        ("MEMOIZE", None),
        ("STOP", None),
    ]


@pytest.mark.parametrize(
    ("info", "takes", "words"),
    [
        ({"version": "0.5.20", "enable_custom_logit_processor": True}, True, None),
        ({"version": "0.0.0.dev11416+g92e8bb79e", "enable_custom_logit_processor": True}, True, None),
        ({"enable_custom_logit_processor": True}, True, None),
        ({"version": "0.5.20", "enable_custom_logit_processor": False}, False, "--enable-custom-logit-processor"),
        ({"version": "0.5.20"}, False, "--enable-custom-logit-processor"),
        ({"version": "0.5.4.post1", "enable_custom_logit_processor": True}, False, "older than 0.5.5"),
        ({}, False, "does not tell"),
        ("no object", False, "does not tell"),
    ],
)
def test_what_the_server_tells_decides_about_the_processor(info, takes, words):
    """This test ensures that a server gets no processor that it refuses or fails on, and that the log says why."""
    facts = SGLANG.facts({"/get_server_info": info})

    assert takes is facts.takes_processors
    assert len(facts.notes) == (0 if takes else 1)
    assert words is None or words in facts.notes[0]


def test_version_and_slots_are_taken_from_what_it_tells():
    """This test ensures that the newer path does as well, and that nothing told is nothing known."""
    newer = SGLANG.facts({"/server_info": {"version": "0.5.20", "max_running_requests": 48}})

    assert (newer.version, newer.slots) == ("0.5.20", 48)
    assert (told().slots, told(max_running_requests=None).slots, told(max_running_requests=0).slots) == (None,) * 3


@pytest.mark.parametrize(("model", "modes"), [(MODEL, ("gundam",)), (UNLIMITED, ("base", "gundam"))])
def test_modes_are_for_unlimited_ocr(model, modes):
    """This test ensures that a mode is offered only where SGLang looks at it."""
    assert modes == SGLANG.resolutions(model_for(model), ServerFacts())


def test_unlimited_ocr_is_asked_for_its_mode():
    """This test ensures that mode, prompt and n-gram values are those of that model."""
    request = sample_request(prompt="document parsing.", decoding=decoding_for(UNLIMITED))

    asked = body(request, UNLIMITED, takes_processors=True)

    assert asked["images_config"] == {"image_mode": "gundam"}
    assert asked["messages"][0]["content"][1]["text"] == "document parsing."
    assert (asked["custom_params"]["ngram_size"], asked["custom_params"]["window_size"]) == (35, 128)
