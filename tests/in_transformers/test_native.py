"""DeepSeek-OCR-2 as transformers has it, with random weights."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

pytest.importorskip("transformers.models.deepseek_ocr2", reason="transformers is older than 5.16")

from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from dsocr_loaders.engines.transformers import TransformersEngine
from dsocr_loaders.engines.transformers.native import NativeModel
from dsocr_loaders.engines.transformers.prompts import prompt_tokens
from dsocr_loaders.engines.transformers.tensors import normalised, tensors_of
from dsocr_loaders.settings import Settings

pytestmark = pytest.mark.transformers

PROMPT = "<|grounding|>Convert the document to markdown."


@pytest.fixture(scope="module")
def engine(ocr_2):
    made = TransformersEngine(Settings(model=str(ocr_2), engine_options={"batch_size": 4}))
    yield made
    made.close()


def picture_of(page):
    return Image.frombytes("RGB", (page.image.width_px, page.image.height_px), page.image.data)


@pytest.mark.parametrize("backend", ["pil", "torchvision"])
@pytest.mark.parametrize("size", [(1191, 1684), (1684, 1191), (700, 612), (768, 768), (2000, 500)])
def test_inputs_are_those_of_its_own_processor(engine, ocr_2, make_page, make_request, size, backend):
    """This test ensures that pixels and tokens are what the processor of transformers makes of the same page."""
    page = make_page(*size)
    request = make_request(page, PROMPT)
    processor = AutoProcessor.from_pretrained(ocr_2, backend=backend)
    official = processor(images=picture_of(page), text=f"<image>\n{PROMPT}", return_tensors="pt")

    viewed = engine.prepare(page, request).payload
    tensors = tensors_of(viewed)
    ids = prompt_tokens(AutoTokenizer.from_pretrained(ocr_2), PROMPT, viewed.family, viewed.image_tokens)

    like = torch.zeros(())
    step = 2 / 255  # torchvision resizes by arithmetic of its own, which differs by up to two steps in places
    allowed = 1e-6 if backend == "pil" else 2.01 * step
    assert official["input_ids"][0].tolist() == ids
    assert torch.allclose(official["pixel_values"], normalised(tensors.view, like), rtol=0, atol=allowed)
    assert official["num_local_patches"].tolist() == [0 if tensors.tiles is None else len(tensors.tiles)]
    if tensors.tiles is not None:
        tiles = normalised(tensors.tiles, like)
        assert torch.allclose(official["pixel_values_local"], tiles, rtol=0, atol=allowed)


def test_a_page_may_stand_one_pixel_beside_where_its_own_processor_puts_it(engine, ocr_2, make_page, make_request):
    """This test ensures that the known difference is no more than that: the official code rounds half a pixel up."""
    page = make_page(789, 1024)  # leaves 235 columns to fill up
    picture = picture_of(page)
    processor = AutoProcessor.from_pretrained(ocr_2, backend="pil")
    official = processor(images=picture, text="<image>", return_tensors="pt")["pixel_values"][0]

    ours = normalised(tensors_of(engine.prepare(page, make_request(page)).payload).view, torch.zeros(()))[0]

    assert not torch.allclose(official, ours, rtol=0, atol=1e-6)
    assert torch.allclose(official[:, :, :-1], ours[:, :, 1:], rtol=0, atol=1e-6)


def test_an_answer_is_the_models_own(engine, ocr_2, make_page, make_request, read_with):
    """This test ensures that a page's answer is what plain `generate` gives for its processor's inputs."""
    page = make_page(1191, 1684, seed=1)
    model = AutoModelForImageTextToText.from_pretrained(ocr_2).eval()
    processor = AutoProcessor.from_pretrained(ocr_2, backend="pil")
    inputs = processor(images=picture_of(page), text=f"<image>\n{PROMPT}", return_tensors="pt")
    with torch.no_grad():
        ids = model.generate(**inputs, do_sample=False, max_new_tokens=24)[0, inputs["input_ids"].shape[1] :]
    expected = processor.tokenizer.decode(ids, skip_special_tokens=False)

    (answer,) = read_with(engine, make_request(page, PROMPT, ngram_size=0, max_new_tokens=24))

    assert expected == answer.text
    assert (len(inputs["input_ids"][0]), 24, "length") == (
        answer.prompt_tokens,
        answer.output_tokens,
        answer.finish_reason,
    )


def test_an_answer_does_not_depend_on_its_batch(engine, make_page, make_request, read_with):
    """This test ensures that pages of other sizes, prompts and limits beside it change nothing of an answer."""
    requests = [
        make_request(make_page(1191, 1684, seed=1), PROMPT, max_new_tokens=20),
        make_request(make_page(500, 400, seed=2), max_new_tokens=9),
        make_request(make_page(900, 700, seed=3), "Locate the seal.", ngram_size=3, max_new_tokens=14),
        make_request(make_page(800, 800, seed=4), ngram_size=0, max_new_tokens=17),
    ]
    alone = [read_with(engine, request)[0] for request in requests]

    together = read_with(engine, *requests)

    assert alone == together
    assert [20, 9, 14, 17] == [answer.output_tokens for answer in together]
    assert len(requests) == len({answer.text for answer in together})


def test_pages_go_through_the_tower_one_by_one(engine, make_page, make_request, read_with, monkeypatch):
    """This test ensures that a batch takes the memory of one page where the images are."""
    seen = []
    features = NativeModel._features
    monkeypatch.setattr(
        NativeModel, "_features", lambda self, page: seen.append(page.view.shape) or features(self, page)
    )

    read_with(engine, *(make_request(make_page(600, 600, seed)) for seed in range(3)))

    assert [(1, 1024, 1024, 3)] * 3 == [tuple(shape) for shape in seen]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_shorter_numbers(ocr_2, make_page, make_request, read_with, dtype):
    """This test ensures that a model is loaded in the type that was asked for, and reads."""
    options = {"dtype": dtype, "attn_implementation": "eager", "batch_size": 2}
    engine = TransformersEngine(Settings(model=str(ocr_2), engine_options=options))
    answers = read_with(engine, *(make_request(make_page(600, 600, seed)) for seed in range(2)))
    engine.close()

    assert [12, 12] == [answer.output_tokens for answer in answers]
    assert engine.fingerprint.endswith(f" attn_implementation=eager dtype={dtype}")
