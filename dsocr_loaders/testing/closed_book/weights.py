"""The checkpoint's weight files: a vision tower that chance made, and whatever the language part has become.

The tower's numbers are scaled so that a page's signal passes all 36 layers; they are never trained. Names are those of
deepseek-ai/DeepSeek-OCR, as vLLM loads them.
"""

from __future__ import annotations

import json
from math import prod, sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

__all__ = ["LANGUAGE_FILE", "TOWER_FILE", "write_index", "write_tensors", "write_tower"]

TOWER_FILE: Final = "model-00001-of-000002.safetensors"
LANGUAGE_FILE: Final = "model-00002-of-000002.safetensors"
_SEED: Final = 20_251_020
_GLOBAL_BLOCKS: Final = (2, 5, 8, 11)

# Name -> shape, and the spread of its numbers: None for 1 / sqrt(inputs).
_Shapes = dict[str, tuple[tuple[int, ...], float | None]]


def _sam_shapes() -> _Shapes:
    wide, head = 768, 64
    shapes: _Shapes = {"pos_embed": ((1, 64, 64, wide), 0.02), "patch_embed.proj.weight": ((wide, 3, 16, 16), None)}
    for number in range(12):
        reach = 2 * (64 if number in _GLOBAL_BLOCKS else 14) - 1
        block = f"blocks.{number}."
        shapes[f"{block}attn.rel_pos_h"] = ((reach, head), 0.02)
        shapes[f"{block}attn.rel_pos_w"] = ((reach, head), 0.02)
        shapes[f"{block}attn.qkv.weight"] = ((3 * wide, wide), None)
        shapes[f"{block}attn.proj.weight"] = ((wide, wide), None)
        shapes[f"{block}mlp.lin1.weight"] = ((4 * wide, wide), None)
        shapes[f"{block}mlp.lin2.weight"] = ((wide, 4 * wide), None)
    shapes["neck.0.weight"] = ((256, wide, 1, 1), None)
    shapes["neck.2.weight"] = ((256, 256, 3, 3), None)
    shapes["net_2.weight"] = ((512, 256, 3, 3), None)
    shapes["net_3.weight"] = ((1024, 512, 3, 3), None)
    return shapes


def _clip_shapes() -> _Shapes:
    wide = 1024
    shapes: _Shapes = {
        "embeddings.class_embedding": ((wide,), 0.02),
        "embeddings.patch_embedding.weight": ((wide, 3, 14, 14), None),
        "embeddings.position_embedding.weight": ((257, wide), 0.02),
    }
    for number in range(24):
        layer = f"transformer.layers.{number}."
        shapes[f"{layer}self_attn.qkv_proj.weight"] = ((3 * wide, wide), None)
        shapes[f"{layer}self_attn.out_proj.weight"] = ((wide, wide), None)
        shapes[f"{layer}mlp.fc1.weight"] = ((4 * wide, wide), None)
        shapes[f"{layer}mlp.fc2.weight"] = ((wide, 4 * wide), None)
    return shapes


def _sam_norms() -> Iterator[tuple[str, int]]:
    for number in range(12):
        yield f"blocks.{number}.norm1", 768
        yield f"blocks.{number}.norm2", 768
    yield "neck.1", 256
    yield "neck.3", 256


def _clip_norms() -> Iterator[tuple[str, int]]:
    yield "pre_layrnorm", 1024
    for number in range(24):
        yield f"transformer.layers.{number}.layer_norm1", 1024
        yield f"transformer.layers.{number}.layer_norm2", 1024


def _has_bias(name: str) -> bool:
    """Return whether the layer of this weight adds something; SAM's neck and CLIP's embeddings do not."""
    is_layer = any(part in name for part in ("qkv", "proj.", "lin", "fc"))
    return name.endswith(".weight") and is_layer


def write_tower(folder: Path) -> dict[str, str]:
    """Write the vision tower, 0.76 GB, the same each time; return weight -> file, for the index."""
    import torch

    chance = torch.Generator().manual_seed(_SEED)
    tensors: dict[str, Tensor] = {}
    for part, shapes, norms in (
        ("sam_model", _sam_shapes(), _sam_norms()),
        ("vision_model", _clip_shapes(), _clip_norms()),
    ):
        for name, (shape, spread) in shapes.items():
            scale = 1 / sqrt(prod(shape[1:])) if spread is None else spread
            numbers = torch.randn(shape, generator=chance) * scale
            tensors[f"model.{part}.{name}"] = numbers.to(torch.bfloat16)
            if _has_bias(name):
                tensors[f"model.{part}.{name.removesuffix('weight')}bias"] = torch.zeros(shape[0], dtype=torch.bfloat16)
        for name, wide in norms:
            tensors[f"model.{part}.{name}.weight"] = torch.ones(wide, dtype=torch.bfloat16)
            tensors[f"model.{part}.{name}.bias"] = torch.zeros(wide, dtype=torch.bfloat16)
    return write_tensors(folder / TOWER_FILE, tensors)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Write tensors as bfloat16; return weight -> file, for the index."""
    import torch
    from safetensors.torch import save_file

    save_file({name: each.to(torch.bfloat16).contiguous() for name, each in tensors.items()}, path, {"format": "pt"})
    return dict.fromkeys(tensors, path.name)


def write_index(folder: Path, files: Mapping[str, str]) -> None:
    """Write which weight stands in which file."""
    size = sum((folder / name).stat().st_size for name in set(files.values()))
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(files.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
