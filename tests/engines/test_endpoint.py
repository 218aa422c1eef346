from __future__ import annotations

import pickle

import pytest
from pydantic import SecretStr

from dsocr_loaders.engines.endpoint import endpoint_for
from dsocr_loaders.errors import SettingsError

KEY = "sk-do-not-show-1234"


def environment(endpoint=None, key=KEY):
    values = {"DSOCR_ENDPOINT": endpoint, "DSOCR_API_KEY": key}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        (" https://ocr.example.com/team/v1 ", "https://ocr.example.com/team/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_base_url_has_no_slash_at_its_end(given, expected):
    """This test ensures that paths can be put behind the base URL."""
    endpoint = endpoint_for(given, environ={})

    assert expected == endpoint.base_url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("localhost:8000/v1", "http or https"),
        ("ftp://host/v1", "http or https"),
        ("http://", "http or https"),
        ("http://host:99999/v1", "http or https"),
        ("http://host:port/v1", "http or https"),
        ("http://[::1/v1", "http or https"),
        (f"http://user:{KEY}@host/v1", "api_key="),
        (f"http://host/v1?key={KEY}", "api_key="),
        (f"http://host/v1#{KEY}", "api_key="),
        ("http://host/v1/chat/completions", "its root"),
    ],
)
def test_a_url_that_cannot_be_one_is_refused_without_its_secrets(url, word):
    """This test ensures that the message says what is allowed, and never shows what a URL hides."""
    with pytest.raises(SettingsError) as caught:
        endpoint_for(url, environ={}, setting="DSOCR_ENDPOINT")

    assert word in str(caught.value)
    assert "DSOCR_ENDPOINT" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "entitled", "expected"),
    [
        ("http://host:8000/v1", "http://host:8000/v1", "environment"),
        ("http://host:8000/other", "http://HOST:8000/v1/", "environment"),
        ("https://host/v1", "https://host:443/v1", "environment"),
        ("http://host/v1", "http://host:80/v1", "environment"),
        ("https://host/v1", "http://host/v1", "withheld"),
        ("http://host:8001/v1", "http://host:8000/v1", "withheld"),
        ("http://host.evil.example/v1", "http://host/v1", "withheld"),
        ("http://localhost:8000/v1", "http://127.0.0.1:8000/v1", "withheld"),
        ("http://host/v1", None, "withheld"),
        ("http://host/v1", "", "withheld"),
    ],
)
def test_the_environments_key_goes_to_its_own_origin_alone(base_url, entitled, expected):
    """This test ensures that a key meant for one server is never sent to another."""
    endpoint = endpoint_for(base_url, environ=environment(entitled))

    assert expected == endpoint.key_origin
    assert (expected == "environment") == ("Authorization" in endpoint.headers)


def test_an_explicit_key_comes_first():
    """This test ensures that api_key= is sent wherever engine= points, also if the environment has another."""
    endpoint = endpoint_for("http://host/v1", SecretStr("mine\n"), environ=environment("http://host/v1"))

    assert {"Authorization": "Bearer mine"} == endpoint.headers
    assert endpoint.key_origin == "argument"


def test_without_a_key_none_is_sent():
    """This test ensures that an empty variable counts as none."""
    endpoint = endpoint_for("http://host/v1", environ=environment("http://host/v1", key=" "))

    assert endpoint.headers == {}
    assert endpoint.key_origin == "none"


@pytest.mark.parametrize("key", ["", " ", "a\nb", "schlüssel", "a\x00b"])
def test_a_key_that_no_header_can_hold_is_refused(key):
    """This test ensures that a broken key is a clear error here, not one of the HTTP library that shows it."""
    with pytest.raises(SettingsError, match="api_key") as caught:
        endpoint_for("http://host/v1", SecretStr(key), environ={})

    assert not key.strip() or key not in str(caught.value)


def test_the_key_stays_inside():
    """This test ensures that neither repr nor pickle nor a quoted answer gives the key away."""
    endpoint = endpoint_for("http://host/v1", SecretStr(KEY), environ={})

    assert KEY not in repr(endpoint)
    assert endpoint.without_key(f"Bearer {KEY} is wrong") == "Bearer (hidden) is wrong"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(endpoint)


@pytest.mark.parametrize(
    ("key", "environ", "word"),
    [
        (SecretStr(KEY), {}, "api_key="),
        (None, environment("http://host/v1"), "DSOCR_API_KEY"),
        (None, environment("http://other/v1"), "DSOCR_ENDPOINT alone"),
        (None, {}, "No key was sent"),
    ],
)
def test_advice_on_a_refused_key_says_where_it_came_from(key, environ, word):
    """This test ensures that a user who gets a 401 knows which key to check."""
    endpoint = endpoint_for("http://host/v1", key, environ=environ)

    assert word in endpoint.key_advice
    assert KEY not in endpoint.key_advice
