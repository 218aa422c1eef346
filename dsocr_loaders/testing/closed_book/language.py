"""The language part: a Llama of two layers, computed as vLLM computes it, over the few tokens that are used.

The checkpoint's vocabulary has 129,280 tokens, of which under a thousand ever occur. Only those have rows here; all
others share one row, which counts as often as there are of them, so that probabilities are those of the whole
vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from dsocr_loaders.testing.closed_book.configuration import (
    FEED_FORWARD,
    HEADS,
    HIDDEN,
    LAYERS,
    NORM_EPSILON,
    ROTARY_BASE,
)
from dsocr_loaders.testing.closed_book.tokenizer import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["Language", "Packed"]


@dataclass(frozen=True, slots=True)
class Packed:
    """Several prompts with their answers behind one image, none of which sees another.

    Attributes:
        tokens: rows of the used tokens that stand behind the image, prompt by prompt.
        positions: of every place, the image's and the token's before it counted in.
        visible: `(places, places)`: which place sees which.
        asked: places whose next token is to be told.
        told: the rows of these next tokens.
    """

    tokens: Tensor
    positions: Tensor
    visible: Tensor
    asked: Tensor
    told: Tensor


class Language:
    """The weights, by their names in the checkpoint, and what they compute.

    Args:
        used: ids of the tokens that occur, in order; the row behind the last stands for all others.
        seed: of the numbers to begin with.
    """

    def __init__(self, used: Sequence[int], seed: int) -> None:
        import torch

        chance = torch.Generator().manual_seed(seed)

        def made(*shape: int, spread: float = HIDDEN**-0.5) -> Tensor:
            return (torch.randn(shape, generator=chance) * spread).requires_grad_()

        self.used = list(used)
        rows = len(used) + 1
        weights = {
            "model.embed_tokens.weight": made(rows, HIDDEN, spread=0.5),
            "lm_head.weight": made(rows, HIDDEN, spread=0.02),
            "model.norm.weight": torch.ones(HIDDEN, requires_grad=True),
        }
        for layer in range(LAYERS):
            name = f"model.layers.{layer}."
            for part in "qkvo":
                weights[f"{name}self_attn.{part}_proj.weight"] = made(HIDDEN, HIDDEN)
            weights[f"{name}mlp.gate_proj.weight"] = made(FEED_FORWARD, HIDDEN)
            weights[f"{name}mlp.up_proj.weight"] = made(FEED_FORWARD, HIDDEN)
            weights[f"{name}mlp.down_proj.weight"] = made(HIDDEN, FEED_FORWARD, spread=FEED_FORWARD**-0.5)
            weights[f"{name}input_layernorm.weight"] = torch.ones(HIDDEN, requires_grad=True)
            weights[f"{name}post_attention_layernorm.weight"] = torch.ones(HIDDEN, requires_grad=True)
        self.weights = weights

    def logits(self, image: Tensor, packed: Packed) -> Tensor:
        """Return `(asked, rows)` logits of what comes next behind `image`, `(places, HIDDEN)`."""
        import torch
        from torch.nn.functional import embedding, linear, scaled_dot_product_attention, silu

        weights = self.weights
        begin = weights["model.embed_tokens.weight"][:1]
        hidden = torch.cat([begin, image, embedding(packed.tokens, weights["model.embed_tokens.weight"])])
        cosine, sine = _rotation(packed.positions)

        def heads(state: Tensor, name: str) -> Tensor:
            return linear(state, weights[name]).view(-1, HEADS, HIDDEN // HEADS).transpose(0, 1)

        for layer in range(LAYERS):
            name = f"model.layers.{layer}."
            state = _normed(hidden, weights[f"{name}input_layernorm.weight"])
            query = _rotated(heads(state, f"{name}self_attn.q_proj.weight"), cosine, sine)
            key = _rotated(heads(state, f"{name}self_attn.k_proj.weight"), cosine, sine)
            value = heads(state, f"{name}self_attn.v_proj.weight")
            seen = scaled_dot_product_attention(query[None], key[None], value[None], attn_mask=packed.visible)[0]
            hidden = hidden + linear(seen.transpose(0, 1).flatten(1), weights[f"{name}self_attn.o_proj.weight"])
            state = _normed(hidden, weights[f"{name}post_attention_layernorm.weight"])
            gate = silu(linear(state, weights[f"{name}mlp.gate_proj.weight"]))
            up = linear(state, weights[f"{name}mlp.up_proj.weight"])
            hidden = hidden + linear(gate * up, weights[f"{name}mlp.down_proj.weight"])
        last = _normed(hidden[packed.asked], weights["model.norm.weight"])
        logits = linear(last, weights["lm_head.weight"])
        others = torch.zeros(len(self.used) + 1)
        others[-1] = log(VOCABULARY - len(self.used))
        return logits + others

    def rounded(self) -> Language:
        """Return a copy with the numbers that bfloat16 keeps of the weights, as the checkpoint has them."""
        import torch

        copy = Language.__new__(Language)
        copy.used = self.used
        copy.weights = {name: each.detach().to(torch.bfloat16).float() for name, each in self.weights.items()}
        return copy

    def whole(self) -> dict[str, Tensor]:
        """Return the weights with a row for each token of the vocabulary."""
        import torch

        tensors = {name: each.detach().clone() for name, each in self.weights.items()}
        for name in ("model.embed_tokens.weight", "lm_head.weight"):
            rows = tensors[name]
            whole = rows[-1].expand(VOCABULARY, HIDDEN).clone()
            whole[torch.tensor(self.used)] = rows[:-1]
            tensors[name] = whole
        return tensors


def _normed(state: Tensor, weight: Tensor) -> Tensor:
    return state * (state.square().mean(-1, keepdim=True) + NORM_EPSILON).rsqrt() * weight


def _rotation(positions: Tensor) -> tuple[Tensor, Tensor]:
    import torch

    half = HIDDEN // HEADS // 2
    speeds = ROTARY_BASE ** (-torch.arange(half) / half)
    angles = positions[:, None] * speeds
    return angles.cos(), angles.sin()


def _rotated(state: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    import torch

    first, second = state.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
