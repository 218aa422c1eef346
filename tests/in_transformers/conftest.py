"""Tiny models with random weights: DeepSeek-OCR-2 as transformers has it, and one with code of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

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


MODELING = '''
"""A model with the interface of the code that DeepSeek-OCR's repository brings."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel


class PageConfig(LlamaConfig):
    model_type = "page_reader"


class PageModel(LlamaModel):
    config_class = PageConfig

    def __init__(self, config):
        super().__init__(config)
        self.projector = torch.nn.Linear(3 * 16, config.hidden_size)
        self.image_newline = torch.nn.Parameter(torch.randn(config.hidden_size))
        self.view_seperator = torch.nn.Parameter(torch.randn(config.hidden_size))

    def seen(self, pixels):
        """[n, 3, side, side] to [n, side / 64, side / 64, hidden]."""
        small = torch.nn.functional.avg_pool2d(pixels, 16)
        count, _, side, _ = small.shape
        patches = small.reshape(count, 3, side // 4, 4, side // 4, 4).permute(0, 2, 4, 1, 3, 5)
        return self.projector(patches.reshape(count, side // 4, side // 4, 48))

    def rows(self, grid):
        newline = self.image_newline.expand(grid.shape[0], 1, -1)
        return torch.cat([grid, newline], dim=1).flatten(0, 1)

    def forward(self, input_ids=None, attention_mask=None, position_ids=None, past_key_values=None, inputs_embeds=None,
                use_cache=None, images=None, images_seq_mask=None, images_spatial_crop=None, **kwargs):
        inputs_embeds = self.get_input_embeddings()(input_ids)
        if input_ids.shape[1] != 1 and torch.sum(images[0][1]).item() != 0:
            for index, (image, crop) in enumerate(zip(images, images_spatial_crop)):
                tiles, view = image
                parts = [self.rows(self.seen(view)[0]), self.view_seperator[None]]
                if torch.sum(tiles).item() != 0:
                    columns, rows = int(crop[0]), int(crop[1])
                    local = self.seen(tiles)
                    side, hidden = local.shape[1], local.shape[-1]
                    local = local.view(rows, columns, side, side, hidden).permute(0, 2, 1, 3, 4)
                    parts.insert(0, self.rows(local.reshape(rows * side, columns * side, hidden)))
                    print("PATCHES: ", local.shape)
                else:
                    print("NO PATCHES")
                found = torch.cat(parts).to(inputs_embeds.dtype)
                inputs_embeds[index].masked_scatter_(images_seq_mask[index].unsqueeze(-1).cuda(), found)
        return super().forward(
            attention_mask=attention_mask, position_ids=position_ids, past_key_values=past_key_values,
            inputs_embeds=inputs_embeds, use_cache=use_cache,
        )


class PageReader(LlamaForCausalLM):
    config_class = PageConfig

    def __init__(self, config):
        super().__init__(config)
        self.model = PageModel(config)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, position_ids=None, past_key_values=None, inputs_embeds=None,
                use_cache=None, images=None, images_seq_mask=None, images_spatial_crop=None, **kwargs):
        out = self.model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
            past_key_values=past_key_values, use_cache=use_cache, images=images, images_seq_mask=images_seq_mask,
            images_spatial_crop=images_spatial_crop,
        )
        from transformers.modeling_outputs import CausalLMOutputWithPast

        return CausalLMOutputWithPast(logits=self.lm_head(out[0]).float(), past_key_values=out.past_key_values)

    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        images = {name: kwargs.pop(name, None) for name in ("images", "images_seq_mask", "images_spatial_crop")}
        return {**super().prepare_inputs_for_generation(input_ids, **kwargs), **images}

    def infer(self, *args, **kwargs):
        raise AssertionError("infer() writes files")
'''


@pytest.fixture(scope="session")
def own_code(tmp_path_factory, tokenizer) -> Path:
    """A folder with a model whose code comes with it, with random weights."""
    folder = tmp_path_factory.mktemp("models") / "DeepSeek-OCR-tiny"
    folder.mkdir()
    (folder / "modeling_pages.py").write_text(MODELING)
    module: dict = {"__name__": "modeling_pages"}
    exec(compile(MODELING, "modeling_pages.py", "exec"), module)  # noqa: S102 - the code that stands above
    config = module["PageConfig"](
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        initializer_range=0.5,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        tie_word_embeddings=False,
    )
    torch.manual_seed(5)
    model = module["PageReader"](config)
    model.save_pretrained(folder)
    path = folder / "config.json"
    described = json.loads(path.read_text())
    described["architectures"] = ["DeepseekOCRForCausalLM"]
    described["auto_map"] = {"AutoConfig": "modeling_pages.PageConfig", "AutoModel": "modeling_pages.PageReader"}
    path.write_text(json.dumps(described))
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def make_page():
    """Return a function that draws a page, another one for each seed."""

    def make(width: int = 800, height: int = 1000, seed: int = 0) -> PageImage:
        picture = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        for row in range(8):
            left = 20 + (37 * seed + 53 * row) % 200
            top = height * row // 9
            draw.rectangle((left, top, left + width // 2, top + height // 20), fill=(40 * seed % 256, 20 * row, 90))
        path = Path(f"page-{seed}.png")
        source = Source(path.name, path, "0" * 64, "image/png", 1, path.name)
        return PageImage(source, 1, "1", width, height, "px", image=RgbImage(width, height, picture.tobytes()))

    return make


@pytest.fixture(scope="session")
def make_request():
    """Return a function that makes a request for a page, which does not get longer than a test can wait for."""

    def make(page: PageImage, prompt: str = "Free OCR.", **decoding: object) -> ReadRequest:
        chosen = {"max_new_tokens": 12, "ngram_size": 4, "ngram_window": 40, **decoding}
        return ReadRequest(page, Task.FREE, prompt, "gundam", Decoding(**chosen))

    return make


@pytest.fixture(scope="session")
def read_with():
    """Return a function that lets an engine read requests side by side, and returns answers and errors in order."""

    def read(engine, *requests: ReadRequest) -> list:
        prepared = [engine.prepare(request.page, request) for request in requests]
        futures = [
            engine.loop.submit(engine.read(each, request)) for each, request in zip(prepared, requests, strict=True)
        ]
        return [future.exception(timeout=110) or future.result() for future in futures]

    return read
