"""`engine_options=` for transformers: what of it is ours, and what goes to `from_pretrained`."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dsocr_loaders.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_BATCH_SIZE", "LoadOptions", "options_of"]

DEFAULT_BATCH_SIZE: Final = 4
"""Pages read together. One that fills the context of 8,192 tokens keeps about 0.5 GB of keys and values in bfloat16
(12 layers of 2 x 1,280 numbers a token), beside 6.7 GB of weights."""

_LARGEST_BATCH: Final = 256
_DTYPES: Final = ("auto", "bfloat16", "float16", "float32")
_OWN: Final = ("batch_size", "device", "dtype")
_PASSED_ON: Final = (
    "attn_implementation",
    "cache_dir",
    "code_revision",
    "device_map",
    "experts_implementation",
    "force_download",
    "key_mapping",
    "local_files_only",
    "low_cpu_mem_usage",
    "max_memory",
    "offload_buffers",
    "offload_folder",
    "offload_state_dict",
    "proxies",
    "quantization_config",
    "subfolder",
    "use_kernels",
    "use_safetensors",
    "variant",
    "weights_only",
)
"""Arguments of `PreTrainedModel.from_pretrained`, in transformers 4.46 to 5.23."""
_ELSEWHERE: Final = {
    "revision": "revision= is a setting of its own",
    "token": "set the environment variable HF_TOKEN, so that the token is in no settings",
    "torch_dtype": "it is called dtype here",
    "trust_remote_code": "trust_remote_code= is a setting of its own",
}
_ALLOWED: Final = {
    "batch_size": f"a whole number from 1 to {_LARGEST_BATCH}",
    "device": 'a device of torch, such as "cuda:1", "mps" or "cpu"',
    "dtype": ", ".join(_DTYPES),
}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How a model is loaded.

    Attributes:
        batch_size: most pages that are read together.
        device: where to, `""` for the best there is.
        dtype: of the weights, `""` for what suits the device; `"auto"` is that of the files.
        arguments: further ones for `from_pretrained`.
    """

    batch_size: int
    device: str
    dtype: str
    arguments: Mapping[str, object]

    @property
    def fingerprint(self) -> str:
        """What of it shapes answers."""
        shown = {"dtype": self.dtype, **self.arguments} if self.dtype else dict(self.arguments)
        for name in ("cache_dir", "force_download", "local_files_only", "proxies"):
            shown.pop(name, None)
        return " ".join(f"{name}={_shown(value)}" for name, value in sorted(shown.items()))


def options_of(given: Mapping[str, object]) -> LoadOptions:
    """Return what `engine_options` asks for.

    Raises:
        SettingsError: a name is unknown or belongs elsewhere, or a value is not allowed.
    """
    for name in given:
        if name in _ELSEWHERE:
            raise SettingsError(f"engine_options[{name!r}] is not for here: {_ELSEWHERE[name]}.")
        if name not in _OWN and name not in _PASSED_ON:
            known = sorted((*_OWN, *_PASSED_ON))
            close = difflib.get_close_matches(str(name), known, n=3)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known are: {', '.join(known)}."
            raise SettingsError(f"engine_options[{name!r}] is no option of engine='transformers'; {hint}")
    batch_size = given.get("batch_size", DEFAULT_BATCH_SIZE)
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or not 1 <= batch_size <= _LARGEST_BATCH:
        raise _refused("batch_size", batch_size)
    device = given.get("device", "")
    if "device" in given and not str(device):
        raise _refused("device", device)
    if device and given.get("device_map") is not None:
        raise SettingsError("engine_options: device and device_map exclude each other; device_map places the parts.")
    dtype = str(given.get("dtype", "")).removeprefix("torch.")
    if "dtype" in given and dtype not in _DTYPES:
        raise _refused("dtype", given["dtype"])
    arguments = {name: value for name, value in given.items() if name in _PASSED_ON}
    return LoadOptions(batch_size, str(device), dtype, arguments)


def _refused(name: str, value: object) -> SettingsError:
    return SettingsError(f"engine_options[{name!r}]={value!r} is not allowed; allowed: {_ALLOWED[name]}.")


def _shown(value: object) -> str:
    return str(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
