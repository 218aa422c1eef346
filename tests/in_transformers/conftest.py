"""Tiny models with random weights: DeepSeek-OCR-2 as transformers has it, and one with code of its own."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from dsocr_loaders.models import decoding_for
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, RgbImage, Source, Task

SPECIAL = (
    *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>", "<image>"),  # noqa: RUF001 - the real ones
    *("<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "<|grounding|>", "<td>", "</td>", "<tr>", "</tr>"),
)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """Bytes, and the real special tokens; a text begins with the token that begins a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *alphabet))}
    made = Tokenizer(models.BPE(vocabulary, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(single=f"{SPECIAL[0]} $A", special_tokens=[(SPECIAL[0], 0)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=SPECIAL[0], eos_token=SPECIAL[1], pad_token=SPECIAL[2]
    )


@pytest.fixture(scope="session")
def ocr_2(tmp_path_factory, tokenizer) -> Path:
    """A folder with a DeepSeek-OCR-2 of 200 thousand random weights, and its processor."""
    from transformers import (  # noqa: PLC0415 - not in every version that these tests run with
        DeepseekOcr2Config,
        DeepseekOcr2ForConditionalGeneration,
        DeepseekOcr2ImageProcessorPil,
        DeepseekOcr2Processor,
    )

    config = DeepseekOcr2Config(
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_config={
            "sam_config": {
                "hidden_size": 16,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "output_channels": 8,
                "downsample_channels": [16, 32],
                "global_attn_indexes": [],
                "initializer_range": 0.5,
            },
            "encoder_config": {
                "hidden_size": 32,
                "intermediate_size": 48,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "initializer_range": 0.5,
            },
        },
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "intermediate_size": 48,
            "moe_intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "n_routed_experts": 4,
            "n_shared_experts": 1,
            "num_experts_per_tok": 2,
            "mlp_layer_types": ["dense", "sparse"],
            "max_position_embeddings": 8192,
            "initializer_range": 0.5,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 2,
        },
    )
    folder = tmp_path_factory.mktemp("models") / "DeepSeek-OCR-2-tiny"
    torch.manual_seed(3)
    DeepseekOcr2ForConditionalGeneration(config).save_pretrained(folder)
    images = DeepseekOcr2ImageProcessorPil()
    DeepseekOcr2Processor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder
