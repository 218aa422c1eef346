"""From a model's name to a model on its device. Runs on the model's thread; may download."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dsocr_loaders.engines.transformers.checkpoint import LEAST_NATIVE
from dsocr_loaders.engines.transformers.devices import choose_device, choose_dtype
from dsocr_loaders.engines.transformers.faults import installed_version, load_fault
from dsocr_loaders.engines.transformers.native import NativeModel
from dsocr_loaders.engines.transformers.remote_code import RemoteCodeModel
from dsocr_loaders.engines.transformers.versions import version_of
from dsocr_loaders.errors import engine_error
from dsocr_loaders.models import MODELS

if TYPE_CHECKING:
    import torch

    from dsocr_loaders.engines.transformers.checkpoint import Checkpoint
    from dsocr_loaders.engines.transformers.options import LoadOptions

__all__ = ["LoadedModel", "load_model"]

_log = logging.getLogger("dsocr_loaders.engines")

_NAMED_DTYPE: Final = (4, 56)  # before, from_pretrained calls it torch_dtype
_FOR_FILES: Final = ("cache_dir", "force_download", "local_files_only", "proxies", "subfolder")
_MADE_ANEW: Final = ("rotary_emb.inv_freq", "position_ids")  # buffers that a model computes where files lack them


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model and what reading with it takes.

    Attributes:
        tokenizer: of transformers.
        inputs: makes what `generate` takes of pages.
        generate: of the model.
        device: where inputs go.
        dtype: in words.
        family: key of `MODELS`.
        context_tokens: prompt and answer together.
        end_ids: tokens that end an answer.
        pad_id: fills rows up.
    """

    tokenizer: Any
    inputs: NativeModel | RemoteCodeModel
    generate: Any
    device: torch.device
    dtype: str
    family: str
    context_tokens: int
    end_ids: tuple[int, ...]
    pad_id: int


def load_model(checkpoint: Checkpoint, options: LoadOptions, *, trusts_code: bool) -> LoadedModel:
    """Load a model.

    Raises:
        EngineUnavailable: cause `no_engine`: it is not to be had, must not be loaded, or does not fit; in words.
    """
    device = options.device or "the device"
    try:
        device = choose_device(options.device)
        by_name = checkpoint.family
        checkpoint = _looked_up(checkpoint, options)
        _check(checkpoint, by_name, trusts_code=trusts_code)
        return _load(checkpoint, options, device)
    except Exception as error:
        fault = load_fault(error, checkpoint, device)
        if fault is error:
            raise
        raise fault from error


def _check(checkpoint: Checkpoint, by_name: str, *, trusts_code: bool) -> None:
    """Raise if the model must not be loaded, or is another than pages are being prepared for."""
    refusal = checkpoint.refusal(trusts_code=trusts_code)
    if refusal:
        raise engine_error("no_engine", f"engine='transformers': {refusal}")
    if checkpoint.family != by_name:
        raise engine_error(
            "no_engine",
            f"engine='transformers': {checkpoint.name} is a {checkpoint.family} by its config.json, which its name "
            "does not tell. That file is in the cache now, so that it will be known: make a new Reader and read again.",
        )
    if checkpoint.kind == "native":
        _check_version()


def _load(checkpoint: Checkpoint, options: LoadOptions, device: str) -> LoadedModel:
    import transformers  # noqa: PLC0415 - optional

    is_native = checkpoint.kind == "native"
    files = {name: options.arguments[name] for name in _FOR_FILES if name in options.arguments}
    # Said either way: where it is left open, transformers asks on the terminal.
    found = {"revision": checkpoint.revision or "main", "trust_remote_code": not is_native}
    if not is_native:
        _import_code(checkpoint, options)
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint.name, **found, **files)
    dtype = choose_dtype(device, options.dtype)
    named = "dtype" if version_of(transformers.__version__) >= _NAMED_DTYPE else "torch_dtype"
    auto = getattr(transformers, checkpoint.auto_class)
    model, told = auto.from_pretrained(
        checkpoint.name, **found, **options.arguments, **{named: dtype}, output_loading_info=True
    )
    lacking = [key for key in told["missing_keys"] if not key.endswith(_MADE_ANEW)]
    if lacking:
        raise engine_error(
            "no_engine",
            f"engine='transformers': the weights of {checkpoint.name} lack {len(lacking)} of the model's tensors "
            f"({', '.join(sorted(lacking)[:3])}, ...), which would be noise. They belong to another model.",
        )
    is_placed = bool(getattr(model, "hf_device_map", None)) or bool(getattr(model, "is_quantized", False))
    if not is_placed:
        model = model.to(device)
    model = model.eval()
    row = MODELS[checkpoint.family]
    text_config = getattr(model.config, "text_config", None) or model.config
    end_ids = _end_ids(model, tokenizer)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else end_ids[0]
    # What a checkpoint says about generation (penalties, sampling) is not how this model reads.
    model.generation_config = transformers.GenerationConfig(eos_token_id=list(end_ids), pad_token_id=pad_id)
    weights = model.get_input_embeddings().weight
    _log.info("%s is loaded to %s in %s", checkpoint.name, weights.device, weights.dtype)
    inputs = NativeModel(model, tokenizer) if is_native else RemoteCodeModel(model, tokenizer)
    if not is_native:
        _silence(model)
    return LoadedModel(
        tokenizer=tokenizer,
        inputs=inputs,
        generate=model.generate,
        device=weights.device,
        dtype=str(weights.dtype).removeprefix("torch."),
        family=checkpoint.family,
        context_tokens=getattr(text_config, "max_position_embeddings", None) or row.context_tokens,
        end_ids=end_ids,
        pad_id=pad_id,
    )


def _looked_up(checkpoint: Checkpoint, options: LoadOptions) -> Checkpoint:
    """Return the checkpoint with its config, downloaded if need be. No code of it runs."""
    if checkpoint.config is not None:
        return checkpoint
    from transformers import PretrainedConfig  # noqa: PLC0415 - optional

    files = {name: options.arguments[name] for name in _FOR_FILES if name in options.arguments}
    config, _ = PretrainedConfig.get_config_dict(checkpoint.name, revision=checkpoint.revision or "main", **files)
    if not config:
        raise OSError("it has no config.json.")
    return checkpoint.with_config(config)


def _import_code(checkpoint: Checkpoint, options: LoadOptions) -> None:
    """Import a model's own code, so that code which does not work here is told before gigabytes are downloaded."""
    from transformers.dynamic_module_utils import get_class_from_dynamic_module  # noqa: PLC0415 - optional

    names = ("cache_dir", "code_revision", "force_download", "local_files_only")
    files = {name: options.arguments[name] for name in names if name in options.arguments}
    code = get_class_from_dynamic_module(
        checkpoint.code_class, checkpoint.name, revision=checkpoint.revision or "main", **files
    )
    if not hasattr(code, "generate"):
        raise AttributeError(f"{code.__name__} has no generate()")


def _silence(model: object) -> None:
    """Let the modules of a model's own code log what they print: the official forward() prints shapes on each page."""
    package = type(model).__module__.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        if package and name.startswith(f"{package}."):
            module.__dict__["print"] = _log_print


def _log_print(*values: object, **_: object) -> None:
    _log.debug("the model's code says: %s", " ".join(map(str, values)))


def _end_ids(model: Any, tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401 - transformers' own
    told = getattr(model.generation_config, "eos_token_id", None)
    listed = [*told] if isinstance(told, list | tuple) else [told]
    ids = dict.fromkeys(each for each in (tokenizer.eos_token_id, *listed) if each is not None)
    if not ids:
        raise ValueError("neither its tokenizer nor its generation config names a token that ends an answer")
    return tuple(ids)


def _check_version() -> None:
    if version_of(installed_version()) < LEAST_NATIVE:
        least = ".".join(map(str, LEAST_NATIVE))
        raise engine_error(
            "no_engine",
            f"engine='transformers': DeepSeek-OCR-2 needs transformers {least} or newer, and {installed_version()} is "
            f'installed. Run `pip install "transformers>={least}"`.',
        )
