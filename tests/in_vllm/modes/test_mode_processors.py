"""Every resolution mode through vLLM's own processing, beside vLLM's own processors."""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
import vllm
from PIL import Image
from vllm.config import ModelConfig
from vllm.model_executor.models import deepseek_ocr, deepseek_ocr2, unlimited_ocr
from vllm.multimodal import MULTIMODAL_REGISTRY
from vllm.multimodal.utils import group_and_batch_mm_kwargs
from vllm.v1.worker.encoder_cudagraph import EncoderCudaGraphManager

from dsocr_loaders.models import MODELS
from dsocr_loaders.resolution import vision_tokens
from dsocr_loaders.views import page_views
from dsocr_loaders.vllm_plugin import mode_models
from dsocr_loaders.vllm_plugin.mode_pixels import SIDES_FIELD
from dsocr_loaders.vllm_plugin.registration import STOCK_MODULES, register

pytestmark = pytest.mark.vllm

STOCK = {
    "deepseek-ocr": deepseek_ocr.DeepseekOCRForCausalLM,
    "deepseek-ocr-2": deepseek_ocr2.DeepseekOCR2ForCausalLM,
    "unlimited-ocr": unlimited_ocr.UnlimitedOCRForCausalLM,
}
FAMILIES = ["deepseek-ocr", "deepseek-ocr-2"]  # a folder of Unlimited-OCR needs a configuration of its own
EVERY_MODE = [(family, resolution) for family in FAMILIES for resolution in MODELS[family].modes]
PAGES = [(1, 1), (640, 640), (641, 640), (768, 768), (1191, 1684), (900, 720), (2000, 90)]


def noise(width_px, height_px):
    dice = random.Random(width_px * height_px)  # noqa: S311 - the same picture each time
    return Image.frombytes("RGB", (width_px, height_px), dice.randbytes(3 * width_px * height_px))


@pytest.fixture(scope="module")
def processor_of(folder_of):
    """Return a function that gives a family's processor as vLLM makes it once the plugin is there."""
    made = {}
    register()

    def processor(family, launched_with=""):
        key = (family, launched_with)
        if key not in made:
            folder = folder_of(MODELS[family].architecture, family)
            chosen = {"resolution": launched_with} if launched_with else None
            config = ModelConfig(str(folder), dtype="bfloat16", max_model_len=8192, mm_processor_kwargs=chosen)
            made[key] = MULTIMODAL_REGISTRY.create_processor(config)
        return made[key]

    return processor


def stock_of(processor, family):
    return STOCK[family]._processor_factory.build_processor(processor.info.ctx)


def processed(processor, pages, **arguments):
    """Return token ids, numbers of image tokens and the values of each image."""
    items = processor.info.parse_mm_data({"image": [noise(*page) for page in pages]})
    prompt = "<image>\n" * len(pages) + "Free OCR."
    made = processor(prompt, items, hf_processor_mm_kwargs=arguments)
    counts = [place.length for place in made["mm_placeholders"]["image"]]
    return made["prompt_token_ids"], counts, made["mm_kwargs"]["image"], made["mm_hashes"]["image"]


def values_of(item):
    return dict(item.get_data())


def numbers_of(picture):
    pixels = np.asarray(picture, np.float32) / np.float32(255)
    return torch.tensor((pixels - np.float32(0.5)) / np.float32(0.5)).permute(2, 0, 1).to(torch.bfloat16)


class TestPixelsAndTokens:
    @pytest.mark.parametrize(("family", "resolution"), EVERY_MODE)
    def test_every_mode(self, processor_of, family, resolution):
        """This test ensures that vLLM gets the pixels of `page_views`, and prompts the tokens that were counted."""
        mode = MODELS[family].modes[resolution]
        sizes = PAGES if mode.base_px * max(1, mode.max_tiles) < 8000 else [(641, 640), (1191, 1684)]
        for size in sizes:
            ids, counts, items, _ = processed(processor_of(family), [size], resolution=resolution)
            views = page_views(noise(*size), mode)

            values = values_of(items[0])
            assert [vision_tokens(mode, *size)] == counts
            assert counts[0] == ids.count(processor_of(family).info.get_hf_processor().image_token_id)
            assert torch.equal(numbers_of(views.view), values["pixel_values"])
            assert len(views.tiles) == len(values["images_crop"])
            assert all(map(torch.equal, map(numbers_of, views.tiles), values["images_crop"]))
            assert list(views.grid if views.tiles else (1, 1)) == values["images_spatial_crop"].tolist()

    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize("size", PAGES)
    def test_gundam_is_vllms_own(self, processor_of, family, size):
        """This test ensures that gundam with 6 crops has the very pixels and tokens of vLLM's own processor."""
        stock = processed(stock_of(processor_of(family), family), [size])
        ours = processed(processor_of(family), [size], resolution="gundam")

        assert stock[:2] == ours[:2]
        for name, value in values_of(stock[2][0]).items():
            assert torch.equal(value, values_of(ours[2][0])[name])

    @pytest.mark.parametrize("family", FAMILIES)
    def test_nothing_changes_where_nothing_is_asked(self, processor_of, family):
        """This test ensures that a request without a mode is prepared as without the plugin, value for value."""
        pages = [(1191, 1684), (300, 200)]
        stock = processed(stock_of(processor_of(family), family), pages)
        ours = processed(processor_of(family), pages)

        assert stock[0] == ours[0]
        assert stock[1] == ours[1]
        assert stock[3] == ours[3]
        for one, other in zip(stock[2], ours[2], strict=True):
            assert values_of(one).keys() == values_of(other).keys()
            assert all(torch.equal(value, values_of(other)[name]) for name, value in values_of(one).items())

    def test_several_pages_in_one_request(self, processor_of):
        """This test ensures that each page of a request gets its own tiles and tokens."""
        pages = [(1191, 1684), (300, 200), (2000, 700)]
        mode = MODELS["deepseek-ocr"].modes["gundam-9"]
        _, counts, items, _ = processed(processor_of("deepseek-ocr"), pages, resolution="gundam-9")

        assert [vision_tokens(mode, *page) for page in pages] == counts
        for page, item in zip(pages, items, strict=True):
            views = page_views(noise(*page), mode)
            assert torch.equal(numbers_of(views.view), values_of(item)["pixel_values"])
            assert all(map(torch.equal, map(numbers_of, views.tiles), values_of(item)["images_crop"]))

    def test_a_picture_that_is_not_rgb(self, processor_of):
        """This test ensures that a picture in grey is read in a mode as its RGB form is."""
        processor = processor_of("deepseek-ocr")
        grey = noise(300, 200).convert("L")
        made = [
            processor(
                "<image>",
                processor.info.parse_mm_data({"image": picture}),
                hf_processor_mm_kwargs={"resolution": "tiny"},
            )
            for picture in (grey, grey.convert("RGB"))
        ]

        one, other = (values_of(each["mm_kwargs"]["image"][0])["pixel_values"] for each in made)
        assert torch.equal(one, other)


class TestChoosing:
    @pytest.mark.parametrize("asked", ["huge", "", "gundam-10", ["base"], 3])
    def test_a_mode_that_there_is_not(self, processor_of, asked):
        """This test ensures that an unknown mode is refused with the modes that there are."""
        with pytest.raises(ValueError, match=r"is not a mode of deepseek-ai/DeepSeek-OCR; it has: tiny, small, base"):
            processed(processor_of("deepseek-ocr"), [(10, 10)], resolution=asked)

    @pytest.mark.parametrize("resolution", ["small", "large", "gundam-9"])
    def test_a_mode_chosen_at_launch(self, processor_of, resolution):
        """This test ensures that `--mm-processor-kwargs` sets the mode, and a request may still choose another."""
        processor = processor_of("deepseek-ocr", resolution)
        modes = MODELS["deepseek-ocr"].modes

        for arguments, mode in (({}, modes[resolution]), ({"resolution": "tiny"}, modes["tiny"])):
            _, counts, items, _ = processed(processor, [(1191, 1684)], **arguments)
            assert [vision_tokens(mode, 1191, 1684)] == counts
            assert mode.base_px == values_of(items[0])["pixel_values"].shape[-1]
        assert vision_tokens(modes[resolution], 700, 1900) == processor.info.get_num_image_tokens(
            image_width=700, image_height=1900
        )

    @pytest.mark.parametrize("resolution", MODELS["deepseek-ocr"].modes)
    def test_room_for_the_largest_page(self, processor_of, resolution):
        """This test ensures that a server launched in a mode sets aside what the mode's largest page needs."""
        size = processor_of("deepseek-ocr", resolution).info.get_image_size_with_most_features()
        mode = MODELS["deepseek-ocr"].modes[resolution]
        most = max(
            vision_tokens(mode, width, height) for width in range(60, 6000, 60) for height in range(60, 6000, 60)
        )

        assert most == vision_tokens(mode, size.width, size.height)

    def test_room_is_vllms_own_where_nothing_is_asked(self, processor_of):
        """This test ensures that a server launched without a mode sets aside what it does without the plugin."""
        for family in FAMILIES:
            processor = processor_of(family)
            stock = stock_of(processor, family)

            assert stock.info.get_image_size_with_most_features() == processor.info.get_image_size_with_most_features()
            assert stock.info.get_num_image_tokens(image_width=900, image_height=900) == (
                processor.info.get_num_image_tokens(image_width=900, image_height=900)
            )

    def test_pages_in_two_modes_are_not_encoded_together(self, processor_of):
        """This test ensures that vLLM, which joins the images of a step, keeps those of different sizes apart."""
        asked = [
            {"resolution": "tiny"},
            {"resolution": "tiny"},
            {"resolution": "gundam-m"},
            {},
            {},
            {"resolution": "base"},
        ]
        items = [processed(processor_of("deepseek-ocr"), [(1100, 900)], **each)[2][0] for each in asked]

        batches = list(group_and_batch_mm_kwargs([("image", item) for item in items]))

        assert [2, 1, 2, 1] == [count for _, count, _ in batches]
        assert [512, 1280, 1024, 1024] == [values["pixel_values"].shape[-1] for _, _, values in batches]

    def test_the_same_page_in_two_modes_is_cached_twice(self, processor_of):
        """This test ensures that vLLM's caches tell a page in one mode from the same page in another."""
        hashes = {
            processed(processor_of("deepseek-ocr"), [(50, 60)], **each)[3][0]
            for each in ({}, {"resolution": "tiny"}, {"resolution": "small"})
        }

        assert 3 == len(hashes)


class TestGraphs:
    """vLLM's manager of encoder graphs, without a device: which way a batch goes."""

    def manager(self):
        """Return a manager with graphs for one image, and its model, which encodes to numbers of tokens."""
        model = object.__new__(mode_models.DeepseekOCRForCausalLM)
        torch.nn.Module.__init__(model)
        found = object.__new__(EncoderCudaGraphManager)
        found.model, found.max_batch_size, found.graph_misses, found._capture_axes = model, 8, 0, ()
        found.path_token_budgets = {"global": [272, 544], "local": [0, 600]}
        return found, model

    @pytest.mark.parametrize("resolution", ["tiny", "gundam-9", "gundam-m", "large"])
    def test_other_modes_go_past_them(self, processor_of, monkeypatch, resolution):
        """This test ensures that images in another mode are encoded without graphs, each to its own tokens."""
        pages = [(1500, 700), (300, 200), (900, 1400)]
        mode = MODELS["deepseek-ocr"].modes[resolution]
        counts = [vision_tokens(mode, *page) for page in pages]
        items = [
            ("image", processed(processor_of("deepseek-ocr"), [page], resolution=resolution)[2][0]) for page in pages
        ]
        ((_, _, batch),) = group_and_batch_mm_kwargs(items)
        manager, model = self.manager()

        def encoded(pixel_values, images_crop, images_spatial_crop):
            tiles = images_crop.split([i * j if i * j > 1 else 0 for i, j in images_spatial_crop.tolist()])
            sums = [view.float().sum() + part.float().sum() for view, part in zip(pixel_values, tiles, strict=True)]
            found = [counts[[float(each) for each in truth].index(float(value))] for value in sums]
            return [torch.full((count, 1), float(value)) for count, value in zip(found, sums, strict=True)]

        tiles = batch["images_crop"].split(
            [i * j if i * j > 1 else 0 for i, j in batch["images_spatial_crop"].tolist()]
        )
        truth = [v.float().sum() + t.float().sum() for v, t in zip(batch["pixel_values"], tiles, strict=True)]
        monkeypatch.setattr(model, "_pixel_values_to_embedding", encoded)

        results = manager._execute_local(dict(batch))

        assert counts == [len(result) for result in results]
        assert [float(each) for each in truth] == [float(result[0, 0]) for result in results]

    def test_gundam_keeps_them(self, processor_of):
        """This test ensures that a batch which names no mode is described to the manager as ever."""
        ((_, _, batch),) = group_and_batch_mm_kwargs(
            [("image", processed(processor_of("deepseek-ocr"), [page])[2][0]) for page in [(1500, 700), (300, 200)]]
        )
        _, model = self.manager()

        stock = STOCK["deepseek-ocr"].get_encoder_cudagraph_item_specs(model, batch)
        assert stock == model.get_encoder_cudagraph_item_specs(batch)
        assert SIDES_FIELD not in model.select_encoder_cudagraph_items(batch, [0])


class TestRegistration:
    def test_the_entry_point_is_found(self, installed):
        """This test ensures that vLLM loads the plugin by itself where the package is installed."""
        code = (
            "from vllm.plugins import load_general_plugins as load; load(); import vllm; "
            "print(vllm.ModelRegistry.models['DeepseekOCRForCausalLM'].module_name)"
        )
        paths = [str(installed), os.environ.get("PYTHONPATH", "")]
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=True,
        )

        assert "dsocr_loaders.vllm_plugin.mode_models" == ran.stdout.split()[-1]

    @pytest.mark.parametrize("family", STOCK)
    def test_the_models_are_vllms(self, family):
        """This test ensures that each class is the one of vLLM under the same name, so that weights load as ever."""
        architecture = MODELS[family].architecture
        ours = getattr(mode_models, architecture)

        assert architecture == ours.__name__
        assert issubclass(ours, STOCK[family])
        assert getattr(mode_models, architecture) is ours
        assert STOCK_MODULES[architecture] == STOCK[family].__module__

    def test_unlimited_ocr_gets_its_modes(self):
        """This test ensures that the third model's processors are replaced as those of the others."""
        factory = mode_models.UnlimitedOCRForCausalLM._processor_factory

        assert issubclass(factory.info, unlimited_ocr.UnlimitedOCRProcessingInfo)
        assert issubclass(factory.processor, unlimited_ocr.UnlimitedOCRMultiModalProcessor)

    @pytest.mark.parametrize("version", ["0.12.0", "0.19.1", "1", "unknown"])
    def test_an_unknown_version_is_left_alone(self, monkeypatch, caplog, version):
        """This test ensures that vLLM starts as it is, with one warning, where the plugin cannot work."""
        before = {"DeepseekOCRForCausalLM": object()}
        monkeypatch.setattr(vllm, "__version__", version)
        monkeypatch.setattr(vllm.ModelRegistry, "models", dict(before))
        monkeypatch.setattr(logging.getLogger("vllm"), "propagate", True)

        register()

        assert before == vllm.ModelRegistry.models
        assert [logging.WARNING] == [record.levelno for record in caplog.records]
        assert version in caplog.text

    def test_a_model_that_has_moved_is_left_alone(self, monkeypatch, caplog):
        """This test ensures that a class which is not where it was is not replaced."""
        moved = {"DeepseekOCRForCausalLM": type("Entry", (), {"module_name": "vllm.models.ocr", "class_name": "A"})()}
        monkeypatch.setattr(vllm.ModelRegistry, "models", dict(moved))
        monkeypatch.setattr(logging.getLogger("vllm"), "propagate", True)

        register()

        assert moved == vllm.ModelRegistry.models
        assert "elsewhere" in caplog.text

    @pytest.mark.parametrize(
        ("changed", "name", "value"),
        [
            (deepseek_ocr.DeepseekOCRForCausalLM, "_processor_factory", object()),
            (deepseek_ocr.DeepseekOCRProcessingInfo, "get_image_size_with_most_features", None),
            (deepseek_ocr.DeepseekOCRMultiModalProcessor, "_get_prompt_updates", lambda self, items, kwargs: []),
            (ModelConfig, "get_multimodal_config", None),
        ],
    )
    def test_a_processor_that_has_changed_is_left_alone(self, monkeypatch, caplog, changed, name, value):
        """This test ensures that the class is vLLM's own, with one warning, where what it is built on is otherwise."""
        stock = deepseek_ocr.DeepseekOCRForCausalLM
        monkeypatch.setattr(changed, name, value)
        monkeypatch.setattr(logging.getLogger("vllm"), "propagate", True)
        mode_models._model_class.cache_clear()
        try:
            found = mode_models.DeepseekOCRForCausalLM
        finally:
            mode_models._model_class.cache_clear()

        assert found is stock
        assert [logging.WARNING] == [record.levelno for record in caplog.records]
