"""CUDA graphs of vLLM's encoder (`cudagraph_mm_encoder`, off by default), which hold for gundam's sizes alone.

A batch in another mode goes past them, through the same code that encodes where there are no graphs. What the graphs'
manager is told of such a batch is a number of tokens that no graph has room for, which is how it finds its way there.
Before vLLM 0.28 it is asked otherwise; there nothing is done, and graphs and other modes do not go together.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import torch

from dsocr_loaders.vllm_plugin.mode_pixels import SIDES_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PastGraphs", "has_graphs_by_path"]

_TOKENS_OF_NO_GRAPH: Final = 1 << 40
_PIXELS_PER_TOKEN: Final = 64


def has_graphs_by_path(model: object) -> bool:
    """Return whether the model class may use graphs, and this vLLM (0.28 or later) has them for each path of it."""
    if not hasattr(model, "get_encoder_cudagraph_item_specs"):
        return False
    from vllm.v1.worker.encoder_cudagraph_defs import EncoderItemSpec  # noqa: PLC0415 - not in each vLLM

    return "path_output_tokens" in {each.name for each in fields(EncoderItemSpec)}


class PastGraphs:
    """What a model class that has graphs is preceded by, as vLLM 0.28 and later ask it (`EncoderCudaGraphManager`)."""

    def get_encoder_cudagraph_item_specs(self, mm_kwargs: Mapping[str, Any]) -> list[Any]:
        """Return what each image of a batch costs."""
        stock: Any = super()
        specs: list[Any] = stock.get_encoder_cudagraph_item_specs(mm_kwargs)
        if SIDES_FIELD not in mm_kwargs:
            return specs
        paths = {"global": _TOKENS_OF_NO_GRAPH}
        return [
            replace(spec, output_tokens=count, path_output_tokens=paths)
            for spec, count in zip(specs, _tokens(mm_kwargs), strict=True)
        ]

    def select_encoder_cudagraph_items(self, mm_kwargs: Mapping[str, Any], indices: list[int]) -> dict[str, Any]:
        """Return the values of some images of a batch."""
        stock: Any = super()
        selected: dict[str, Any] = stock.select_encoder_cudagraph_items(mm_kwargs, indices)
        if SIDES_FIELD in mm_kwargs:
            selected[SIDES_FIELD] = mm_kwargs[SIDES_FIELD]
        return selected

    def encoder_eager_forward(self, mm_kwargs: Mapping[str, Any], path: str = "default") -> torch.Tensor:
        """Return the embeddings of a batch, one behind the other: (tokens, width)."""
        model: Any = self
        stock: Any = super()
        if SIDES_FIELD in mm_kwargs:
            return torch.cat(tuple(model.embed_multimodal(**mm_kwargs)))
        embeddings: torch.Tensor = stock.encoder_eager_forward(mm_kwargs, path=path)
        return embeddings

    def postprocess_encoder_output(
        self,
        outputs: Mapping[str, torch.Tensor],
        indices: Sequence[int],
        per_item_out_tokens: Sequence[int],
        dest: Any,  # noqa: ANN401 - a list or dictionary of tensors
        clone: bool = False,  # noqa: FBT001, FBT002 - vLLM's own argument
        batch_mm_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Put the embeddings of each image of a batch into `dest`."""
        stock: Any = super()
        if batch_mm_kwargs is None or SIDES_FIELD not in batch_mm_kwargs:
            stock.postprocess_encoder_output(
                outputs, indices, per_item_out_tokens, dest, clone=clone, batch_mm_kwargs=batch_mm_kwargs
            )
            return
        pieces = outputs["global"].split([per_item_out_tokens[index] for index in indices])
        for index, piece in zip(indices, pieces, strict=True):
            dest[index] = piece


def _tokens(mm_kwargs: Mapping[str, Any]) -> list[int]:
    """Return the tokens of each image of a batch; the models that have graphs have row tokens."""
    view, tile = (side // _PIXELS_PER_TOKEN for side in mm_kwargs[SIDES_FIELD].tolist())
    counts = []
    for columns, rows in mm_kwargs["images_spatial_crop"].tolist():
        tiles = rows * tile * (columns * tile + 1) if columns * rows > 1 else 0
        counts.append(view * (view + 1) + 1 + tiles)
    return counts
