"""Folders that vLLM takes for the three models: their architecture, a tiny language part, no weights."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

ROOT = Path(__file__).parents[3]
SPECIAL = ["<first>", "<last>", "<padding>", "<image>", "<|grounding|>", "<td>", "</td>"]


def tokenizer_of_bytes():
    """Return a tokenizer with a token for each byte and the special tokens, which puts its first one before a text."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in SPECIAL])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{SPECIAL[0]} $A", special_tokens=[(SPECIAL[0], 0)]
    )
    return tokenizer


def config_of(architecture):
    """Return a `config.json` whose language part is as small as vLLM takes it."""
    words = len(SPECIAL) + 256
    language = {
        "architectures": ["DeepseekV2ForCausalLM"],
        "bos_token_id": 0,
        "eos_token_id": 1,
        "first_k_dense_replace": 1,
        "hidden_size": 64,
        "intermediate_size": 128,
        "kv_lora_rank": None,
        "lm_head": True,
        "max_position_embeddings": 8192,
        "moe_intermediate_size": 64,
        "n_group": 1,
        "n_routed_experts": 4,
        "n_shared_experts": 2,
        "num_attention_heads": 2,
        "num_experts_per_tok": 2,
        "num_hidden_layers": 1,
        "num_key_value_heads": 2,
        "q_lora_rank": None,
        "qk_nope_head_dim": 0,
        "qk_rope_head_dim": 0,
        "topk_group": 1,
        "topk_method": "greedy",
        "use_mla": False,
        "v_head_dim": 0,
        "vocab_size": words,
        "rms_norm_eps": 1e-6,
    }
    return {
        "architectures": [architecture],
        "model_type": "deepseek_vl_v2",
        "bos_token_id": 0,
        "eos_token_id": 1,
        "candidate_resolutions": [[1024, 1024]],
        "global_view_pos": "head",
        "tile_tag": "2D",
        "torch_dtype": "bfloat16",
        "language_config": language,
        "projector_config": {
            "input_dim": 2048,
            "model_type": "mlp_projector",
            "n_embed": 64,
            "projector_type": "linear",
        },
        "vision_config": {"image_size": 1024, "model_name": "deeplip_b_l", "model_type": "vision", "width": {}},
    }


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    """Return a function that gives the folder of an architecture."""
    made = {}

    def folder(architecture, name):
        if architecture not in made:
            path = tmp_path_factory.mktemp("models") / name
            path.mkdir()
            tokenizer_of_bytes().save(str(path / "tokenizer.json"))
            settings = {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": SPECIAL[0],
                "eos_token": SPECIAL[1],
                "pad_token": SPECIAL[2],
            }
            (path / "tokenizer_config.json").write_text(json.dumps(settings))
            (path / "config.json").write_text(json.dumps(config_of(architecture)))
            made[architecture] = path
        return made[architecture]

    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Return a folder that makes dsocr-loaders an installed package, with the entry points that it declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    folder = tmp_path_factory.mktemp("site")
    facts = folder / f"dsocr_loaders-{project['version']}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dsocr-loaders\nVersion: {project['version']}\n")
    lines = []
    for group, names in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in names.items())]
    (facts / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder
