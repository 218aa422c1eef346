from __future__ import annotations

import pytest

from dsocr_loaders.engines.transformers.options import DEFAULT_BATCH_SIZE, options_of
from dsocr_loaders.errors import SettingsError


def test_nothing_asked():
    """This test ensures that the defaults leave device and type to what is there."""
    options = options_of({})

    assert (DEFAULT_BATCH_SIZE, "", "", {}) == (options.batch_size, options.device, options.dtype, options.arguments)
    assert options.fingerprint == ""


def test_what_is_passed_on():
    """This test ensures that the library's own names reach it, and that what shapes answers is in the fingerprint."""
    options = options_of(
        {"batch_size": 2, "dtype": "torch.bfloat16", "attn_implementation": "sdpa", "cache_dir": "/cache"}
    )

    assert (2, "bfloat16") == (options.batch_size, options.dtype)
    assert {"attn_implementation": "sdpa", "cache_dir": "/cache"} == options.arguments
    assert options.fingerprint == "attn_implementation=sdpa dtype=bfloat16"


def test_objects_are_named_by_their_kind():
    """This test ensures that a fingerprint holds no address of an object, which would differ between runs."""
    assert options_of({"quantization_config": object()}).fingerprint == "quantization_config=object"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"atn_implementation": "sdpa"}, "did you mean 'attn_implementation'"),
        ({"batchsize": 2}, "did you mean 'batch_size'"),
        ({"xyz": 1}, "known are: attn_implementation, batch_size"),
        ({"batch_size": 0}, "a whole number from 1 to 256"),
        ({"batch_size": True}, "a whole number from 1 to 256"),
        ({"dtype": "int8"}, "bfloat16, float16, float32"),
        ({"device": ""}, 'such as "cuda:1"'),
        ({"device": "cuda", "device_map": "auto"}, "exclude each other"),
        ({"token": "hf_x"}, "HF_TOKEN"),
        ({"torch_dtype": "float16"}, "it is called dtype here"),
        ({"revision": "main"}, "a setting of its own"),
        ({"trust_remote_code": True}, "a setting of its own"),
    ],
)
def test_what_is_refused(given, words):
    """This test ensures that a name that nobody takes, or a wrong value, is told with what would be right."""
    with pytest.raises(SettingsError) as caught:
        options_of(given)

    assert words in str(caught.value)
    assert "hf_x" not in str(caught.value)
