from __future__ import annotations

import pytest

from dsocr_loaders.engines.encode import EncodedImage
from dsocr_loaders.engines.profiles import PROFILES, hosted_profile, profile_named, request_body
from dsocr_loaders.testing import sample_request

IMAGE = EncodedImage(b"jpeg", "image/jpeg", 1191, 1684)
PROMPT = "<|grounding|>Convert the document to markdown."
IMAGE_PART = {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,anBlZw=="}}


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("https://api.siliconflow.cn/v1", [IMAGE_PART, {"type": "text", "text": f"<image>\n{PROMPT}"}]),
        ("https://api.siliconflow.com/v1", [IMAGE_PART, {"type": "text", "text": f"<image>\n{PROMPT}"}]),
        ("https://api.novita.ai/openai", [IMAGE_PART, {"type": "text", "text": PROMPT}]),
        ("https://API.DeepInfra.com/v1/openai", [IMAGE_PART, {"type": "text", "text": PROMPT}]),
        ("https://api.modelverse.cn/v1", [{"type": "text", "text": PROMPT}, IMAGE_PART]),
        ("https://api.clarifai.com/v2/ext/openai/v1", [IMAGE_PART, {"type": "text", "text": PROMPT}]),
        ("https://unknown.example/v1", [IMAGE_PART, {"type": "text", "text": PROMPT}]),
    ],
)
def test_each_host_gets_its_form_and_no_field_that_it_does_not_know(url, content):
    """This test ensures that a host is asked as its own page shows it."""
    assert request_body(profile_named("openai", url), sample_request(), IMAGE, "m", 7000) == {
        "model": "m",
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 7000,
        "temperature": 0.0,
    }


@pytest.mark.parametrize(
    ("url", "most"),
    [("https://api.novita.ai/v3/openai", 8000), ("https://api.modelverse.cn/v1", 8192), ("https://x.example/v1", None)],
)
def test_hosts_limit_what_may_be_asked_for(url, most):
    """This test ensures that a host's own limit is kept where one is known."""
    assert most == profile_named("openai", url).most_tokens


@pytest.mark.parametrize(
    "url", ["https://api.siliconflow.cn.evil.example/v1", "https://x.api.novita.ai/v1", "nonsense"]
)
def test_only_the_host_itself_is_known(url):
    """This test ensures that a look-alike is an unknown server."""
    assert hosted_profile(url) is None


@pytest.mark.parametrize("name", PROFILES)
def test_every_word_names_a_profile_of_that_name(name):
    """This test ensures that what `server=` says is what an answer's engine says."""
    assert name == PROFILES[name].name == profile_named(name, "http://host/v1").name
