from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import (
    PROFILES,
    ServerFacts,
    answer_limit,
    answer_of,
    check_resolution,
    request_body,
    request_content,
)
from dsocr_loaders.errors import EngineRejected, EngineUnavailable, SettingsError
from dsocr_loaders.models import decoding_for, model_for
from dsocr_loaders.testing import sample_page, sample_request
from dsocr_loaders.values import Decoding, RawAnswer, Task

IMAGE = EncodedImage(b"\xff\xd8 not looked at", "image/jpeg", 1191, 1684)
A4_TOKENS = 903  # of an A4 page at 144 dpi, see `resolution.MODES`: 273 for the view, 630 for 2 x 3 tiles
MODEL = "deepseek-ai/DeepSeek-OCR"


def completion(content="# Title", finish_reason="stop", **message):
    return {
        "model": "served",
        "choices": [{"message": {"role": "assistant", "content": content, **message}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 911, "completion_tokens": 5},
    }


def test_vllm_body_is_the_recipes():
    """This test ensures that vLLM is asked exactly as its recipe for DeepSeek-OCR says, and nothing more."""
    body = request_body(PROFILES["vllm"], sample_request(), IMAGE, "served-name", 7000)

    assert body == {
        "model": "served-name",
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "image_url",
                        "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(IMAGE.data).decode()}"},
                    },
                    {"type": "text", "text": "<|grounding|>Convert the document to markdown."},
                ],
            }
        ],
        "max_tokens": 7000,
        "temperature": 0.0,
        "skip_special_tokens": False,
        "vllm_xargs": {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [128821, 128822]},
    }
    assert json.loads(json.dumps(body)) == body


def test_the_requests_own_words_and_decoding_are_sent():
    """This test ensures that prompt and n-gram values come from the request, unchanged."""
    decoding = Decoding(ngram_size=20, ngram_window=50, ngram_whitelist=("</td>",))
    request = sample_request(task=Task.LOCATE, prompt="Locate <|ref|>5 €<|/ref|> in the image.", decoding=decoding)

    body = request_body(PROFILES["vllm"], request, IMAGE, MODEL, 1)

    assert body["messages"][0]["content"][1]["text"] == "Locate <|ref|>5 €<|/ref|> in the image."
    assert body["vllm_xargs"] == {"ngram_size": 20, "window_size": 50, "whitelist_token_ids": [128822]}


def test_without_an_ngram_size_the_processor_is_not_asked():
    """This test ensures that switching the n-gram rule off leaves the field out, since vLLM refuses a size of 0."""
    body = request_body(PROFILES["vllm"], sample_request(decoding=Decoding(ngram_size=0)), IMAGE, MODEL, 1)

    assert "vllm_xargs" not in body


def test_a_whitelisted_word_without_a_known_id_is_an_error():
    """This test ensures that a word is never left out of the whitelist silently."""
    request = sample_request(decoding=Decoding(ngram_whitelist=("<td>", "<tr>")))

    with pytest.raises(EngineRejected, match="<tr>") as caught:
        request_body(PROFILES["vllm"], request, IMAGE, MODEL, 1)

    assert caught.value.cause == "bad_request"


@pytest.mark.parametrize("resolution", ["tiny", "small", "base", "large", "gundam-m"])
def test_vllm_offers_gundam_alone(resolution):
    """This test ensures that a mode which vLLM would ignore silently is an error."""
    with pytest.raises(SettingsError, match="allowed: gundam") as caught:
        check_resolution(PROFILES["vllm"], model_for(MODEL), ServerFacts(), resolution)

    assert resolution in str(caught.value)


def test_unlimited_ocr_has_its_image_token_in_the_text():
    """This test ensures that the model whose prompt has no line break behind the image gets none from vLLM."""
    request = sample_request(prompt="document parsing.", decoding=decoding_for("baidu/Unlimited-OCR"))

    body = request_body(PROFILES["vllm"], request, IMAGE, "baidu/Unlimited-OCR", 30_000)

    assert body["messages"][0]["content"][1]["text"] == "<image>document parsing."
    assert body["vllm_xargs"] == {"ngram_size": 35, "window_size": 128, "whitelist_token_ids": [128821, 128822]}


@pytest.mark.parametrize(
    ("asked", "context", "expected"),
    [
        (None, 8192, 8192 - A4_TOKENS - 46 - 2),
        (None, None, 8192 - A4_TOKENS - 46 - 2),
        (None, 4096, 4096 - A4_TOKENS - 46 - 2),
        (100, 8192, 100),
        (100_000, 8192, 8192 - A4_TOKENS - 46 - 2),
        (None, 900, 1),
        (5, 900, 1),
    ],
)
def test_an_answer_may_be_as_long_as_the_context_leaves(asked, context, expected):
    """This test ensures that max_tokens is never more than a server takes, and never less than the user asked for."""
    request = sample_request(decoding=Decoding(max_new_tokens=asked))

    actual = answer_limit(request, IMAGE, [MODEL], context)

    assert expected == actual


def test_prompts_are_counted_in_bytes():
    """This test ensures that a prompt in a script of many bytes is not underestimated."""
    latin, chinese = (
        answer_limit(sample_request(prompt=prompt), IMAGE, [MODEL], 8192) for prompt in ("abcd", "四个汉字")
    )

    assert latin - chinese == 8


def test_the_model_with_the_most_image_tokens_counts():
    """This test ensures that a model served under another's name is not asked for too much."""
    request = sample_request()
    alone = answer_limit(request, IMAGE, ["deepseek-ai/DeepSeek-OCR-2"], 8192)

    both = answer_limit(request, IMAGE, [MODEL, "deepseek-ai/DeepSeek-OCR-2"], 8192)

    assert alone == both < answer_limit(request, IMAGE, [MODEL], 8192)


def test_an_answer_keeps_what_the_server_said():
    """This test ensures that text, finish reason, counts and the model's name arrive."""
    answer = answer_of(completion(), model="asked-for", engine="remote x")

    assert answer == RawAnswer("# Title", "stop", 911, 5, "served", "remote x")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (completion(None), ""),
        (completion(""), ""),
        (completion(None, reasoning="thought"), "thought"),
        (completion("", reasoning_content="thought"), "thought"),
        (completion("said", reasoning_content="thought"), "said"),
        (completion("  \n"), "  \n"),
        (completion("a\ud800b"), "a\ufffdb"),
        (completion("😀"), "😀"),
    ],
)
def test_an_answers_text_is_its_content(payload, expected):
    """This test ensures that empty content is an empty answer, and that a reasoning parser hides nothing."""
    actual = answer_of(payload, model=MODEL, engine="e")

    assert expected == actual.text


def test_what_a_server_does_not_tell_is_none():
    """This test ensures that missing or absurd counts and reasons do not become numbers."""
    payload = completion(finish_reason=None)
    del payload["model"]
    payload["usage"] = {"prompt_tokens": True, "completion_tokens": "5"}

    answer = answer_of(payload, model="asked-for", engine="e")

    assert answer == RawAnswer("# Title", None, None, None, "asked-for", "e")
    assert answer_of(replace_key(payload, usage=None), model="m", engine="e").prompt_tokens is None


def replace_key(payload, **changes):
    return {**payload, **changes}


@pytest.mark.parametrize("finish_reason", ["abort", "error", "content_filter", ["stop"], 5])
def test_an_answer_that_was_given_up_is_no_answer(finish_reason):
    """This test ensures that a page is read again when the server stopped for a reason of its own."""
    with pytest.raises(EngineUnavailable) as caught:
        answer_of(completion(finish_reason=finish_reason), model=MODEL, engine="e")

    assert (caught.value.cause, caught.value.retryable) == ("cut", True)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        5,
        {},
        {"choices": []},
        {"choices": {}},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"message": "text"}]},
        {"error": {"message": "out of memory"}},
        completion(5),
        completion(["a"]),
        completion("a", reasoning={"a": 1}),
    ],
)
def test_what_is_no_completion_is_refused(payload):
    """This test ensures that a success without an answer in it never reads as an empty page."""
    with pytest.raises(EngineRejected) as caught:
        answer_of(payload, model=MODEL, engine="e")

    assert caught.value.cause == "not_understood"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "finish_reason", "usage", "model", "reasoning"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_an_answer_or_an_engine_error(payload):
    """This test ensures that no shape of a body gets past the package's own errors."""
    try:
        answer = answer_of(payload, model=MODEL, engine="e")
    except (EngineRejected, EngineUnavailable):
        return
    answer.text.encode("utf-8")


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 20_000), st.none() | st.integers(1, 20_000))
def test_limits_always_fit(width_px, height_px, context, asked):
    """This test ensures that whatever the page, at least one and never more tokens than the context are asked for."""
    image = replace(IMAGE, width_px=width_px, height_px=height_px)
    request = sample_request(sample_page(), decoding=Decoding(max_new_tokens=asked))

    limit = answer_limit(request, image, [MODEL], context)

    assert 1 <= limit <= context
    assert asked is None or limit <= asked


@given(st.text(max_size=20), st.binary(max_size=50))
def test_a_body_is_written_as_the_encoder_would(prompt, data):
    """This test ensures that putting the image in behind the encoder changes nothing, whatever the prompt holds."""
    image = EncodedImage(data, "image/jpeg", 10, 10)
    for words in (prompt, "\x01", '"\x01"', "\\u0001"):
        request = replace(sample_request(), prompt=words)
        arguments = (PROFILES["vllm"], request, image, "model", 77)

        assert request_body(*arguments) == json.loads(request_content(*arguments))
