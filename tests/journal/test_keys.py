from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from dsocr_loaders.engines.encode import encode_page
from dsocr_loaders.journal.keys import asked_setup, rendering_of, setup_of, without_secrets
from dsocr_loaders.settings import Limits, Settings
from dsocr_loaders.testing import sample_request
from dsocr_loaders.values import Decoding, Task

ENGINE = SimpleNamespace(fingerprint="remote http://localhost:8000/v1 model jpeg")


def test_the_same_settings_have_the_same_name():
    """This test ensures that what only shapes regions and chunks has no say."""
    plain = asked_setup(Settings(), ENGINE)

    assert plain.name == asked_setup(Settings(), ENGINE).name
    assert (
        plain.name
        == asked_setup(
            Settings(chunk_tokens=64, granularity="page", structure="whole", timeout_s=5, pages="1-3", dpi=200), ENGINE
        ).name
    )
    assert 16 == len(plain.name)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "deepseek-ai/DeepSeek-OCR-2"},
        {"revision": "abc"},
        {"task": "free"},
        {"prompt": "Read it."},
        {"resolution": "base"},
        {"image_format": "png"},
        {"max_new_tokens": 100},
    ],
)
def test_whatever_shapes_an_answer_changes_the_name(change):
    """This test ensures that an answer is not used where another one would be given."""
    assert asked_setup(Settings(), ENGINE).name != asked_setup(Settings(**change), ENGINE).name


def test_another_engine_or_server_changes_the_name():
    """This test ensures that the engine's fingerprint counts."""
    other = SimpleNamespace(fingerprint="remote http://localhost:9000/v1 model jpeg")

    assert asked_setup(Settings(), ENGINE).name != asked_setup(Settings(), other).name


def test_the_first_request_of_a_run_has_the_setup_of_its_settings():
    """This test ensures that a page is found before it is rendered under what it was kept as after it was read."""
    asked = asked_setup(Settings(max_new_tokens=50), ENGINE)
    request = sample_request(decoding=Decoding(max_new_tokens=50))

    assert asked == setup_of(request, asked)
    assert asked == setup_of(replace(request, attempt=3), asked)
    for other in (
        replace(request, prompt="other"),
        replace(request, task=Task.FREE),
        replace(request, resolution="base"),
        replace(request, decoding=Decoding(ngram_size=20)),
    ):
        assert asked.name != setup_of(other, asked).name


def test_what_shapes_pixels_changes_the_rendering():
    """This test ensures that dpi, library, size limit and preparation count, and dpi not for images."""
    prepare = partial(encode_page, image_format="png")
    plain = rendering_of(Settings(), "pymupdf", prepare)

    assert plain == rendering_of(Settings(task="free"), "pymupdf", prepare)
    assert "dsocr_loaders.engines.encode.encode_page" in plain
    assert plain != rendering_of(Settings(dpi=145), "pymupdf", prepare)
    assert plain != rendering_of(Settings(), "pdfium", prepare)
    assert plain != rendering_of(Settings(), "pymupdf", sample_request)
    assert plain != rendering_of(Settings(limits=Limits(page_pixels=1000)), "pymupdf", prepare)
    assert rendering_of(Settings(), "pillow", prepare) == rendering_of(Settings(dpi=145), "pillow", prepare)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("remote https://me:secret@host:8000/v1?key=secret model", "remote https://host:8000/v1 model"),
        ("s3://bucket/report.pdf?X-Amz-Signature=secret#secret", "s3://bucket/report.pdf"),
        ("report 100%? #2.pdf", "report 100%? #2.pdf"),
        ("two https://a/?x=secret https://b/c?secret", "two https://a/ https://b/c"),
    ],
)
def test_secrets_of_urls(text, expected):
    """This test ensures that neither a key nor a query of a URL gets into a journal."""
    assert expected == without_secrets(text)
