"""What the engine relies on in vLLM: names and signatures, and that its pixels and tokens are vLLM's own."""

from __future__ import annotations

import inspect
from dataclasses import fields
from types import SimpleNamespace

import pytest
import torch
from PIL import Image, ImageDraw
from vllm import ModelRegistry, SamplingParams
from vllm.engine.arg_utils import EngineArgs
from vllm.multimodal import MULTIMODAL_REGISTRY
from vllm.multimodal.inputs import MultiModalKwargsItems, PlaceholderRange
from vllm.outputs import CompletionOutput, RequestOutput
from vllm.renderers import renderer_from_config
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.llm_engine import LLMEngine

from dsocr_loaders.engines.handover import HandoverFolder
from dsocr_loaders.engines.vllm import VllmEngine
from dsocr_loaders.engines.vllm.installed import argument_names, find_vllm
from dsocr_loaders.engines.vllm.interface import SIDES_FIELD, ModelFacts
from dsocr_loaders.engines.vllm.launch import launch_for
from dsocr_loaders.engines.vllm.messages import Ask
from dsocr_loaders.engines.vllm.prepare import prepare_views
from dsocr_loaders.engines.vllm.rendering import PageRenderer
from dsocr_loaders.errors import EngineRejected, SettingsError
from dsocr_loaders.models import MODELS
from dsocr_loaders.resolution import MODES, tile_grid, vision_tokens
from dsocr_loaders.settings import Settings
from dsocr_loaders.testing.closed_book.configuration import write_configuration
from dsocr_loaders.testing.closed_book.tokenizer import make_tokenizer, write_tokenizer
from dsocr_loaders.testing.pages import report_source
from dsocr_loaders.values import Decoding, PageImage, ReadRequest, RgbImage, Task

PROMPT = "<|grounding|>Convert the document to markdown."
OPTIONS = {"load_format": "dummy", "dtype": "bfloat16", "enforce_eager": True, "max_model_len": 4096}


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A model without weights, which is enough for everything but computing."""
    folder = tmp_path_factory.mktemp("deepseek-ocr")
    write_configuration(folder)
    write_tokenizer(folder, make_tokenizer([PROMPT, "Free OCR.", "a few words of an answer"]))
    return folder


@pytest.fixture(scope="module")
def launch(model_folder):
    settings = Settings(engine="vllm", model=str(model_folder), engine_options=OPTIONS)
    installed = find_vllm()
    return launch_for(settings, installed, argument_names(installed.folder))


@pytest.fixture(scope="module")
def config(launch):
    return EngineArgs(**launch.arguments).create_engine_config()


@pytest.fixture(scope="module")
def vllms_renderer(config):
    return renderer_from_config(config)


@pytest.fixture(scope="module")
def facts(config, vllms_renderer):
    return ModelFacts(SimpleNamespace(model_config=config.model_config, get_tokenizer=vllms_renderer.get_tokenizer))


@pytest.fixture
def ask(tmp_path):
    with_end = HandoverFolder(str(tmp_path))

    def make(image: Image.Image, resolution: str = "gundam", prompt: str = f"<image>\n{PROMPT}", **decoding) -> Ask:
        page = PageImage(report_source(), 1, "1", *image.size, "px", image=RgbImage(*image.size, image.tobytes()))
        request = ReadRequest(page, Task.DOCUMENT, PROMPT, resolution, Decoding())
        prepared = prepare_views(page, request, folder=with_end.path, model="deepseek-ai/DeepSeek-OCR")
        return Ask(7, prepared.payload, prompt, Decoding(**decoding))

    yield make
    with_end.close()


def drawn(width: int, height: int) -> Image.Image:
    """Return a page with something at every place of it."""
    page = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(page)
    for step in range(0, max(width, height), 37):
        draw.line([(step, 0), (0, step)], fill=(step % 256, 255 - step % 256, 90), width=3)
    return page


class TestNames:
    def test_every_argument_of_ours_is_one_of_vllms(self, launch):
        """This test ensures that the installed vLLM has the arguments that the engine is started with."""
        assert set(launch.arguments) <= {field.name for field in fields(EngineArgs)}

    def test_arguments_are_found_without_importing_vllm(self):
        """This test ensures that the names read from the source are those of the class."""
        assert {field.name for field in fields(EngineArgs)} == set(argument_names(find_vllm().folder))

    @pytest.mark.parametrize(
        ("function", "names"),
        [
            (LLMEngine.from_engine_args, ["engine_args"]),
            (LLMEngine.add_request, ["request_id", "prompt", "params"]),
            (LLMEngine.abort_request, ["request_ids"]),
            (LLMEngine.step, []),
            (LLMEngine.has_unfinished_requests, []),
            (LLMEngine.get_tokenizer, []),
            (MULTIMODAL_REGISTRY.create_processor, ["model_config"]),
            (MultiModalKwargsItems.from_hf_inputs, ["hf_inputs", "config_by_key"]),
            (PlaceholderRange, ["offset", "length"]),
        ],
    )
    def test_functions_take_what_they_are_given(self, function, names):
        """This test ensures that the functions that are called have these parameters, and no others without default."""
        parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]

        assert names == [each.name for each in parameters][: len(names)]
        assert [] == [
            each.name
            for each in parameters[len(names) :]
            if each.default is each.empty and each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}
        ]

    def test_what_comes_out_has_what_is_looked_at(self):
        """This test ensures that outputs and sampling parameters have the attributes that are used."""
        request = set(inspect.signature(RequestOutput).parameters) | set(vars(RequestOutput))
        completion = set(inspect.signature(CompletionOutput).parameters)
        sampling = set(inspect.signature(SamplingParams).parameters)

        assert {"request_id", "prompt_token_ids", "outputs", "finished"} <= request
        assert {"text", "token_ids", "finish_reason"} <= completion
        assert {"temperature", "max_tokens", "skip_special_tokens", "output_kind", "extra_args"} <= sampling
        assert hasattr(RequestOutputKind, "FINAL_ONLY")

    def test_it_knows_the_architectures(self):
        """This test ensures that this vLLM serves every model of the table that it is new enough for."""
        known = ModelRegistry.get_supported_archs()
        installed = find_vllm()

        assert [] == [
            row.architecture
            for row in MODELS.values()
            if not installed.is_older_than(row.least_vllm) and row.architecture not in known
        ]

    def test_an_unknown_option_is_told_with_those_close_to_it(self, model_folder):
        """This test ensures that a typo in engine_options names what was meant, before anything is loaded."""
        options = {"gpu_memory_utilisation": 0.5}
        with pytest.raises(SettingsError, match="'gpu_memory_utilization'"):
            VllmEngine(Settings(engine="vllm", model=str(model_folder), engine_options=options))


class TestRendering:
    @pytest.mark.parametrize("size", [(600, 500), (1224, 1584), (2000, 700), (641, 300), (640, 640)])
    def test_pixels_and_tokens_are_vllms_own(self, size, ask, facts, vllms_renderer):
        """This test ensures that under gundam vLLM's own renderer gives the same tensors, tokens and places."""
        image = drawn(*size)
        (theirs,) = vllms_renderer.render_cmpl([{"prompt": f"<image>\n{PROMPT}", "multi_modal_data": {"image": image}}])

        ours, _ = PageRenderer(facts).render(ask(image))

        assert theirs["type"] == ours["type"]
        assert list(theirs["prompt_token_ids"]) == ours["prompt_token_ids"]
        (their_place,), (our_place,) = theirs["mm_placeholders"]["image"], ours["mm_placeholders"]["image"]
        assert (their_place.offset, their_place.length) == (our_place.offset, our_place.length)
        their_data = theirs["mm_kwargs"]["image"][0].get_data()
        our_data = ours["mm_kwargs"]["image"][0].get_data()
        assert [1024, 640] == our_data.pop(SIDES_FIELD).tolist()
        assert set(their_data) == set(our_data)
        for name, tensor in their_data.items():
            assert tensor.dtype == our_data[name].dtype
            assert torch.equal(tensor, our_data[name]), name

    @pytest.mark.parametrize("resolution", sorted(MODES["deepseek-ocr"]))
    def test_every_mode_has_its_tensors(self, resolution, ask, facts):
        """This test ensures that tensors and tokens of each resolution mode agree with its arithmetic."""
        image, mode = drawn(1224, 1584), MODES["deepseek-ocr"][resolution]

        ours, _ = PageRenderer(facts).render(ask(image, resolution))

        data = ours["mm_kwargs"]["image"][0].get_data()
        columns, rows = tile_grid(mode, *image.size)
        assert (3, mode.base_px, mode.base_px) == tuple(data["pixel_values"].shape)
        assert (columns * rows, 3) == tuple(data["images_crop"].shape)[:2]
        assert ([columns, rows] if columns else [1, 1]) == data["images_spatial_crop"].tolist()
        count = vision_tokens(mode, *image.size)
        assert count == ours["mm_placeholders"]["image"][0].length
        assert count == ours["prompt_token_ids"].count(facts.tokenizer.get_vocab()["<image>"])

    def test_the_answer_gets_what_the_context_leaves(self, ask, facts):
        """This test ensures that an answer may fill the context, or a smaller limit that was chosen, and no more."""
        renderer = PageRenderer(facts)
        image = drawn(300, 200)

        inputs, whole = renderer.render(ask(image))
        _, short = renderer.render(ask(image, max_new_tokens=12))
        _, long = renderer.render(ask(image, max_new_tokens=100_000))

        room = 4096 - len(inputs["prompt_token_ids"])
        assert (room, 12, room) == (whole.max_tokens, short.max_tokens, long.max_tokens)

    def test_the_ngram_rule_is_asked_for(self, ask, facts):
        """This test ensures that the tokens of table cells are looked up in the model's own tokenizer."""
        vocabulary = facts.tokenizer.get_vocab()

        _, sampling = PageRenderer(facts).render(ask(drawn(300, 200), ngram_size=20, ngram_window=50))

        expected = [vocabulary[word] for word in ("<td>", "</td>") if word in vocabulary]
        assert {"ngram_size": 20, "window_size": 50, "whitelist_token_ids": expected} == sampling.extra_args
        assert (0.0, False) == (sampling.temperature, sampling.skip_special_tokens)

    def test_a_prompt_that_places_an_image_is_refused(self, ask, facts):
        """This test ensures that a second image token is that page's error, since there is no image for it."""
        with pytest.raises(EngineRejected, match="places the image itself"):
            PageRenderer(facts).render(ask(drawn(300, 200), prompt="<image>\n<image>Free OCR."))

    def test_a_page_that_fills_the_context_is_refused(self, ask, facts):
        """This test ensures that no room for an answer is that page's error, which names the numbers."""
        facts = SimpleNamespace(**{**vars(facts), "context_tokens": 280})

        with pytest.raises(EngineRejected, match=r"the context is 280.*smaller resolution"):
            PageRenderer(facts).render(ask(drawn(300, 200)))
