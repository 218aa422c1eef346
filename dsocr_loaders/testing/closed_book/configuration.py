"""The checkpoint's `config.json`: DeepSeek-OCR's, with a small language part of the plain kind.

vLLM fixes the vision tower's shape in code, so it is the true one: SAM-B and CLIP-L, 380 million parameters. The
language part has only layers that are not mixtures of experts (`first_k_dense_replace`), which makes it a Llama.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from dsocr_loaders.testing.closed_book.tokenizer import BEGIN, END, SPECIAL_TOKENS, VOCABULARY

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FEATURES",
    "FEED_FORWARD",
    "HEADS",
    "HIDDEN",
    "LAYERS",
    "NORM_EPSILON",
    "ROTARY_BASE",
    "write_configuration",
]

HIDDEN: Final = 128
LAYERS: Final = 2
HEADS: Final = 4
FEED_FORWARD: Final = 512
NORM_EPSILON: Final = 1e-6
ROTARY_BASE: Final = 10000.0
FEATURES: Final = 2048
"""Numbers that the vision tower gives for each token: 1024 of CLIP, then 1024 of SAM."""


def write_configuration(folder: Path) -> None:
    """Write `config.json` and `generation_config.json`."""
    tokens = {"bos_token_id": SPECIAL_TOKENS[BEGIN], "eos_token_id": SPECIAL_TOKENS[END]}
    language = {
        "architectures": ["DeepseekV2ForCausalLM"],
        "first_k_dense_replace": LAYERS,
        "hidden_size": HIDDEN,
        "intermediate_size": FEED_FORWARD,
        "kv_lora_rank": None,
        "lm_head": True,
        "max_position_embeddings": 8192,
        "moe_intermediate_size": 64,
        "n_group": 1,
        "n_routed_experts": 4,  # vLLM wants a number even where no layer has experts
        "n_shared_experts": 2,
        "num_attention_heads": HEADS,
        "num_experts_per_tok": 2,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": HEADS,
        "q_lora_rank": None,
        "qk_nope_head_dim": 0,
        "qk_rope_head_dim": 0,
        "rm_head": False,
        "rms_norm_eps": NORM_EPSILON,
        "rope_theta": ROTARY_BASE,
        "topk_group": 1,
        "topk_method": "greedy",
        "torch_dtype": "bfloat16",
        "use_mla": False,
        "v_head_dim": 0,
        "vocab_size": VOCABULARY,
        **tokens,
    }
    widths = {
        "clip-l-14-224": {"heads": 16, "image_size": 224, "layers": 24, "patch_size": 14, "width": 1024},
        "sam_vit_b": {
            "downsample_channels": [512, 1024],
            "global_attn_indexes": [2, 5, 8, 11],
            "heads": 12,
            "layers": 12,
            "width": 768,
        },
    }
    config = {
        "_name_or_path": "closed-book",
        "architectures": ["DeepseekOCRForCausalLM"],
        "candidate_resolutions": [[1024, 1024]],
        "global_view_pos": "head",
        "language_config": language,
        "model_type": "deepseek_vl_v2",
        "projector_config": {
            "input_dim": FEATURES,
            "model_type": "mlp_projector",
            "n_embed": HIDDEN,
            "projector_type": "linear",
        },
        "tile_tag": "2D",
        "torch_dtype": "bfloat16",
        "transformers_version": "4.46.3",  # the real one's
        "vision_config": {
            "image_size": 1024,
            "mlp_ratio": 3.7362,
            "model_name": "deeplip_b_l",
            "model_type": "vision",
            "width": widths,
        },
        **tokens,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps(tokens, indent=2), encoding="utf-8")
