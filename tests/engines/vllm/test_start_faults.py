from __future__ import annotations

import pytest

from dsocr_loaders.engines.vllm.start_faults import FAULTS, chain_of, explain_breakdown, explain_start
from dsocr_loaders.errors import ENGINE_FAULTS

ARGUMENTS = {"model": "deepseek-ai/DeepSeek-OCR", "revision": "v9", "gpu_memory_utilization": 0.8}


class OfflineModeIsEnabled(ConnectionError):
    """As huggingface_hub names it."""


class RepositoryNotFoundError(Exception):
    """Likewise."""


class RevisionNotFoundError(Exception):
    """Likewise."""


class GatedRepoError(Exception):
    """Likewise."""


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


class SafetensorError(Exception):
    """As safetensors names it."""


CASES = [
    (RuntimeError("Failed to infer device type, please set ..."), "no GPU", "finds no GPU"),
    (RuntimeError("No CUDA GPUs are available"), "no GPU", "nvidia-smi"),
    (RuntimeError("The NVIDIA driver on your system is too old (found 11040)"), "driver", "update the driver"),
    (ImportError("libcudart.so.13: cannot open shared object file"), "libraries", "not whole"),
    (OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "out of memory", "it is 0.8 now"),
    (ValueError("No available memory for the cache blocks. Try increasing ..."), "out of memory", "max_num_seqs"),
    (
        ValueError("Free memory on device cuda:0 (3/80 GiB) on startup is less than desired"),
        "out of memory",
        "nvidia-smi",
    ),
    (
        ValueError("... 8192, GiB KV cache is needed, which is larger than the available KV cache memory (0.1 GiB)"),
        "out of memory",
        "max_model_len",
    ),
    (ValueError("requires you to execute ... set the option `trust_remote_code=True`"), "remote code", "revision="),
    (GatedRepoError("401 Client Error. Cannot access gated repo"), "gated", "HF_TOKEN"),
    (RevisionNotFoundError("Revision Not Found for url: ..."), "no such revision", "no revision 'v9' on https://hub"),
    (OfflineModeIsEnabled("Cannot reach https://hub/x: offline mode is enabled."), "offline", "hf download"),
    (OSError("We couldn't connect to 'https://hub' to load the files"), "offline", "https://hub"),
    (ConnectionError("Max retries exceeded with url"), "not reachable", "HF_ENDPOINT"),
    (RepositoryNotFoundError("404 Client Error. Repository Not Found"), "no such model", "check its name"),
    (OSError("x/y is not a local folder and is not a valid model identifier"), "no such model", "check its name"),
    (
        ValueError("Model architectures ['XForCausalLM'] are not supported for now. Supported architectures: ..."),
        "unknown architecture",
        "a newer vLLM may",
    ),
    (OSError("/m does not appear to have a file named config.json"), "missing files", "fetch it anew"),
    (RuntimeError("Cannot find any model weights with `/m`"), "missing files", "fetch it anew"),
    (SafetensorError("Error while deserializing header: header too large"), "damaged weights", "cannot be read"),
]


@pytest.mark.parametrize(("error", "name", "words"), CASES)
def test_a_fault_is_known_by_its_words(error, name, words):
    """This test ensures that what vLLM and its libraries raise becomes a cause of the table, with what to do."""
    cause, message = explain_start(chain_of(error), ARGUMENTS, endpoint="https://hub")

    fault = next(each for each in FAULTS if each.name == name)
    assert fault.cause == cause
    assert fault.advice.split("{")[0] in message
    assert words in message
    assert str(error).split("...", maxsplit=1)[0].strip() in message


def test_every_fault_is_tested():
    """This test ensures that a new row of the table gets its example."""
    assert {fault.name for fault in FAULTS} == {name for _, name, _ in CASES}
    assert {fault.cause for fault in FAULTS} <= set(ENGINE_FAULTS)
    assert all(ENGINE_FAULTS[fault.cause].stops_run for fault in FAULTS)


def test_the_reason_behind_an_error_counts():
    """This test ensures that a fault is found in the exceptions that led to the one that was raised."""
    error = RuntimeError("Engine core initialization failed.")
    error.__cause__ = OutOfMemoryError("CUDA out of memory.")

    cause, message = explain_start(chain_of(error), ARGUMENTS)

    assert cause == "no_engine"
    assert "OutOfMemoryError: CUDA out of memory." in message


def test_what_nobody_knows_is_told_as_it_is():
    """This test ensures that an unknown error is shown in one line, and a long one cut."""
    cause, message = explain_start(("ValueError: first\nsecond " + "x" * 5000,), ARGUMENTS)

    assert cause == "no_engine"
    assert "It said: ValueError: first second xxx" in message
    assert len(message) < 800


def test_a_breakdown_says_what_it_was():
    """This test ensures that memory that ran out while reading is told from everything else."""
    assert "max_num_seqs" in explain_breakdown(("RuntimeError: x", "OutOfMemoryError: CUDA out of memory"))
    assert "It said: RuntimeError: x" in explain_breakdown(("RuntimeError: x",))
