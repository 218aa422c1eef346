from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsocr_loaders.engines.profiles import PROFILES
from dsocr_loaders.engines.recognition import PROBES, by_host, by_owner, by_replies, unknown_server
from dsocr_loaders.engines.served import ServedModel

URL = "http://host:8000/v1"


def name_of(profile):
    return profile and profile.name


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (["vllm"], "vllm"),
        (["gateway", "vllm"], "vllm"),
        (["sglang"], "sglang"),
        (["llamacpp"], "llama-server"),
        (["library"], "ollama"),
        (["paddleocr-vl", "deepseek-ocr"], "deepseek-ocr-rs"),
        (["deepseek-ai"], None),
        (["openai"], None),
        ([""], None),
        ([], None),
    ],
)
def test_owners_of_models_tell_servers_apart(owners, expected):
    """This test ensures that a server which writes its own name there is known by it."""
    served = tuple(ServedModel(f"m{number}", owned_by=owner) for number, owner in enumerate(owners))

    assert expected == name_of(by_owner(served, URL))


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"/props": {"default_generation_settings": {}}}, "llama-server"),
        ({"/props": {"x": 1}}, None),
        ({"/get_server_info": {"internal_states": []}}, "sglang"),
        ({"/server_info": {"model_path": "x"}}, "sglang"),
        ({"/api/version": {"version": "0.31.1"}}, "ollama"),
        ({"/api/version": {"version": 1}}, None),
        ({"/v1/health": "ok"}, "deepseek-ocr-rs"),
        ({"/v1/health": {"status": "ok"}}, None),
        ({"/version": {"version": "0.32.0"}}, "vllm"),
        ({"/version": {"version": "0.32.0"}, "/get_server_info": {"model_path": "x"}}, "sglang"),
        (dict.fromkeys(PROBES, "<html>ok</html>"), None),
        ({}, None),
    ],
)
def test_what_only_one_answers_tells_it_apart(replies, expected):
    """This test ensures that a server behind a gateway is known by its other pages, and a web page is none."""
    sent = {
        path: reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
        for path, reply in replies.items()
    }

    assert expected == name_of(by_replies(sent, URL))


@given(st.dictionaries(st.sampled_from(PROBES), st.binary(max_size=30)))
def test_any_bytes_are_a_known_server_or_none(replies):
    """This test ensures that nothing that a server says gets in the way."""
    assert name_of(by_replies(replies, URL)) in {*PROFILES, None}


def test_a_known_host_needs_no_question():
    """This test ensures that a hosted interface is known by its name alone."""
    assert by_host("https://api.siliconflow.cn/v1").title == "SiliconFlow"
    assert by_host("http://localhost:8000/v1") is None


def test_an_unknown_server_is_an_error_that_lists_what_was_seen():
    """This test ensures that a user sees why, and which words there are for it."""
    served = tuple(ServedModel(f"m{number}", owned_by=f"owner {number}") for number in range(9))

    error = unknown_server(served, {"/version": b"1"})

    assert error.cause == "wrong_server"
    assert "'owner 0', 'owner 1'" in str(error)
    assert "owner 5" not in str(error)
    assert "answers /version" in str(error)
    assert [name for name in PROFILES if f'"{name}"' not in str(error)] == []
    assert 'server="openai"' in str(error)
