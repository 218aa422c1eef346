"""What vLLM is started with: settings -> the arguments of its engine. Pure, but for a look at the model's folder.

Sources of the numbers: on an H200 (141 GB) 256 sequences and 16,384 tokens a step keep the GPU busy while pages come
and go; vLLM's own defaults depend on how it is started, and 2,048 tokens a step, which `AsyncLLM` takes, starve it.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.vllm.model_folder import check_folder, folder_of, folder_stamp
from dsocr_loaders.errors import SettingsError, engine_error
from dsocr_loaders.models import model_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dsocr_loaders.engines.vllm.installed import InstalledVllm
    from dsocr_loaders.settings import Settings

__all__ = ["NO_REPEAT_NGRAM", "Launch", "check_version", "launch_for"]

NO_REPEAT_NGRAM: Final = "dsocr_loaders.vllm_plugin:NoRepeatNGram"
"""Our logits processor, as vLLM's argument `logits_processors` names it."""

_ON_GPU: Final = {"max_num_seqs": 256, "max_num_batched_tokens": 16_384}
_ON_CPU: Final = {"max_num_seqs": 8, "max_num_batched_tokens": 4096}
_FIXED: Final[Mapping[str, tuple[object, str]]] = {
    "enable_prefix_caching": (False, "no two pages share a prefix, and it makes vLLM hash the pixels of each"),
    "mm_processor_cache_gb": (0, "pages do not come twice, and it makes vLLM hash the pixels of each"),
    "limit_mm_per_prompt": ({"image": 1}, "a request is one page"),
    "skip_tokenizer_init": (False, "prompts and answers are texts"),
    "language_model_only": (False, "pages are images"),
}
"""Arguments that make this engine what it is: name -> value, and why it is that."""
_OTHER_SETTING: Final[Mapping[str, str]] = {
    "model": "model=",
    "revision": "revision=",
    "code_revision": "revision=",
    "tokenizer_revision": "revision=",
    "trust_remote_code": "trust_remote_code=",
    "mm_processor_kwargs": "resolution=",
}
_ELSEWHERE: Final = "data_parallel"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Launch:
    """What a core loads.

    Attributes:
        arguments: of vLLM's `EngineArgs`.
        family: the model's, a key of `dsocr_loaders.models.MODELS`.
        architecture: that the model has to have, `""` if the arguments override it.
        fingerprint: model, revision and whatever else shapes an answer, in words.
    """

    arguments: Mapping[str, Any]
    family: str
    architecture: str
    fingerprint: str

    @property
    def key(self) -> str:
        """Equal for launches that can share a core."""
        return json.dumps([self.fingerprint, dict(self.arguments)], sort_keys=True, default=repr)

    @property
    def max_num_seqs(self) -> int:
        """Pages that are read at the same time."""
        return int(self.arguments["max_num_seqs"])


def launch_for(settings: Settings, installed: InstalledVllm, known: frozenset[str] = frozenset()) -> Launch:
    """Return what is to be started.

    Args:
        settings: model, revision, trust_remote_code and engine_options are looked at.
        installed: the vLLM that is here.
        known: the arguments that it has; not checked if empty.

    Raises:
        SettingsError: an option is none, or is not for users to choose; remote code without a pinned revision.
        EngineUnavailable: cause `no_engine`, the model's folder is not there or lacks files.
    """
    folder = folder_of(settings.model)
    options = dict(settings.engine_options)
    _check_options(options, known)
    if settings.trust_remote_code and folder is None and not _COMMIT.fullmatch(settings.revision or ""):
        raise SettingsError(
            "trust_remote_code=True runs code that comes with the model, so it has to be code that you have seen: pass "
            "revision=, the 40 hex digits of the commit that you looked at, or model=, a local folder."
        )
    row = model_for(settings.model)
    architecture = "" if "hf_overrides" in options else row.architecture
    if folder is not None:
        check_folder(folder, architecture, load_format=str(options.get("load_format", "auto")))
    processors = options.pop("logits_processors", None) or ()
    arguments: dict[str, Any] = {
        "model": settings.model if folder is None else str(folder),
        "trust_remote_code": settings.trust_remote_code,
        "logits_processors": [NO_REPEAT_NGRAM, *processors],
        "disable_log_stats": True,
        **{name: value for name, (value, _) in _FIXED.items() if name in known or not known},
        **(_ON_CPU if installed.is_cpu_build else _ON_GPU),
        **options,
    }
    if settings.revision is not None and folder is None:
        arguments |= dict.fromkeys(("revision", "tokenizer_revision", "code_revision"), settings.revision)
    name = f"{settings.model}@{settings.revision}" if settings.revision and folder is None else settings.model
    named = [f"vllm {installed.version}".rstrip(), name, *([folder_stamp(folder)] if folder else [])]
    chosen = json.dumps(dict(settings.engine_options), sort_keys=True, default=repr) if settings.engine_options else ""
    return Launch(arguments, row.family, architecture, " ".join([*named, *([chosen] if chosen else [])]))


def check_version(settings: Settings, installed: InstalledVllm) -> None:
    """Return if the installed vLLM serves the model.

    Raises:
        EngineUnavailable: cause `no_engine`, it is too old.
    """
    row = model_for(settings.model)
    if installed.is_older_than(row.least_vllm):
        raise engine_error(
            "no_engine",
            f"vLLM {installed.version} is installed, and {row.repository} needs {row.least_vllm} or newer: "
            f'pip install --upgrade "vllm>={row.least_vllm}".',
        )


def _check_options(options: Mapping[str, object], known: frozenset[str]) -> None:
    for name, value in options.items():
        if name in _OTHER_SETTING:
            raise SettingsError(f"engine_options[{name!r}] is not for here: use the setting {_OTHER_SETTING[name]}")
        if name in _FIXED and value != _FIXED[name][0]:
            fixed, reason = _FIXED[name]
            raise SettingsError(f"engine_options[{name!r}]={value!r} is not allowed; it is {fixed!r}, since {reason}.")
        if name.startswith(_ELSEWHERE):
            raise SettingsError(
                f"engine_options[{name!r}] is not for an engine in this process; start a server with it "
                "(vllm serve --data-parallel-size N) and pass engine='http://HOST:8000/v1'."
            )
        if name in _ON_GPU and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise SettingsError(f"engine_options[{name!r}]={value!r} is not allowed; allowed: a whole number from 1.")
        if known and name not in known:
            close = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see vLLM's list of engine arguments."
            raise SettingsError(f"engine_options[{name!r}] is no argument of the installed vLLM's engine; {hint}")
