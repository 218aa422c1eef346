"""A model whose code comes with it, behind the interface of DeepSeek-OCR's."""

from __future__ import annotations

import os
import shutil

import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer

from dsocr_loaders.engines.transformers import TransformersEngine
from dsocr_loaders.engines.transformers.remote_code import RemoteCodeModel
from dsocr_loaders.engines.transformers.tensors import PageTensors, tensors_of
from dsocr_loaders.errors import EngineUnavailable, SettingsError
from dsocr_loaders.settings import Settings

pytestmark = pytest.mark.transformers


@pytest.fixture(scope="module")
def engine(own_code):
    made = TransformersEngine(Settings(model=str(own_code), trust_remote_code=True))
    yield made
    made.close()


class Remembering(RemoteCodeModel):
    """Takes no model, and makes its inputs as if there was one of ten hidden numbers."""

    def __init__(self, image):
        self._image = image
        self._model = torch.nn.Module()
        self._model.get_input_embeddings = lambda: torch.nn.Embedding(300, 10)


def test_inputs_are_those_of_the_official_code(engine, own_code, make_page, make_request):
    """This test ensures that tokens, mask, views and grid are laid out as the published `infer()` lays them out."""
    page = make_page(1191, 1684)
    picture = Image.frombytes("RGB", (1191, 1684), page.image.data)
    tokenizer = AutoTokenizer.from_pretrained(own_code)
    image = tokenizer.convert_tokens_to_ids("<image>")
    of_page = [*([image] * 16 + [image]) * 16, image, *([image] * 10 * 2 + [image]) * 10 * 3]
    prompt = [0, *of_page, *tokenizer.encode("\nFree OCR.", add_special_tokens=False)]
    stretched = picture.resize((1280, 1920), Image.Resampling.BICUBIC)

    viewed = engine.prepare(page, make_request(page)).payload
    inputs = Remembering(image).inputs([prompt, [0, 5]], [tensors_of(viewed)] * 2, pad_id=2)

    tiles, view = inputs["images"][0]
    last = torch.frombuffer(bytearray(stretched.crop((640, 1280, 1280, 1920)).tobytes()), dtype=torch.uint8)
    assert len(of_page) == viewed.image_tokens
    assert prompt == inputs["input_ids"][0].tolist()
    assert [2] * (len(prompt) - 2) + [0, 5] == inputs["input_ids"][1].tolist()
    assert [0] * (len(prompt) - 2) + [1, 1] == inputs["attention_mask"][1].tolist()
    assert [token == image for token in prompt] == inputs["images_seq_mask"][0].tolist()
    assert [[2, 3], [2, 3]] == inputs["images_spatial_crop"].tolist()
    assert ((6, 3, 640, 640), (1, 3, 1024, 1024)) == (tuple(tiles.shape), tuple(view.shape))
    expected = (last.reshape(640, 640, 3).permute(2, 0, 1) / 255 - 0.5) / 0.5
    assert torch.allclose(expected, tiles[5], rtol=0, atol=1e-6)


def test_the_mask_stays_where_it_is(engine, make_page, make_request):
    """This test ensures that code which says `.cuda()` runs on a machine without one."""
    page = make_page(500, 500)
    tensors = tensors_of(engine.prepare(page, make_request(page)).payload)
    mask = Remembering(3).inputs([[0, 3, 3]], [tensors], pad_id=2)["images_seq_mask"]

    assert torch.device("cpu") == mask[0].unsqueeze(-1).cuda().device


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_page_that_sums_to_nothing_is_seen(dtype):
    """This test ensures that a page of as much black as white is not taken for one that is not there."""
    view = torch.zeros(1, 1024, 1024, 3, dtype=torch.uint8)
    view[:, 512:] = 255
    model = Remembering(3)
    model._model.get_input_embeddings = lambda: torch.nn.Embedding(300, 10, dtype=dtype)

    tiles, seen = model.inputs([[0, 3]], [PageTensors(view, None, (1, 1))], pad_id=2)["images"][0]

    assert seen.sum().item() != 0
    assert tiles.sum().item() == 0


def test_an_answer_does_not_depend_on_its_batch(engine, make_page, make_request, read_with):
    """This test ensures that pages with and without tiles read the same alone and together, in silence."""
    requests = [
        make_request(make_page(1191, 1684, seed=1), "<|grounding|>OCR this image."),
        make_request(make_page(500, 400, seed=2), max_new_tokens=5),
        make_request(make_page(1191, 1684, seed=3)),
    ]
    alone = [read_with(engine, request)[0] for request in requests]

    together = read_with(engine, *requests)

    assert alone == together
    assert len({answer.text for answer in together}) == len(requests)


def test_nothing_is_printed(engine, make_page, make_request, read_with, capfd, caplog):
    """This test ensures that what the model's code prints on each page goes to the log, and nothing to the output."""
    caplog.set_level("DEBUG", "dsocr_loaders.engines")

    read_with(engine, make_request(make_page(1191, 1684)))

    assert capfd.readouterr().out == ""
    assert "the model's code says: PATCHES:" in caplog.text


def test_a_prompt_of_a_fine_tune(engine, make_page, make_request, read_with):
    """This test ensures that `<image>` in a prompt says where the page stands, and that a second one is refused."""
    page = make_page(500, 400)
    usual, same, other, twice = read_with(
        engine,
        *(make_request(page, prompt) for prompt in ("Say.", "<image>\nSay.", "Say.<image>", "<image><image>")),
    )

    assert usual == same
    assert usual.text != other.text
    assert "more than one <image>" in str(twice)


def test_code_is_not_run_unasked(own_code, tmp_path, monkeypatch):
    """This test ensures that a folder with code is refused, and its code not looked into, until somebody trusts it."""
    folder = tmp_path / "DeepSeek-OCR-unasked"
    shutil.copytree(own_code, folder)
    (folder / "modeling_pages.py").write_text("import os\nos.environ['CODE_RAN'] = 'yes'\n")
    monkeypatch.setenv("CODE_RAN", "no")

    with pytest.raises(SettingsError, match="trust_remote_code=True"):
        TransformersEngine(Settings(model=str(folder)))

    assert os.environ["CODE_RAN"] == "no"


def test_code_for_another_version(own_code, tmp_path, make_page, make_request, read_with):
    """This test ensures that code which cannot be imported here names the version that it was written for."""
    folder = tmp_path / "DeepSeek-OCR-older"
    shutil.copytree(own_code, folder)
    path = folder / "modeling_pages.py"
    path.write_text(path.read_text().replace("import LlamaConfig,", "import LlamaFlashAttention99, LlamaConfig,"))
    config = folder / "config.json"
    config.write_text(
        config.read_text().replace('"transformers_version": "', '"transformers_version": "4.46.3", "x": "')
    )
    engine = TransformersEngine(Settings(model=str(folder), trust_remote_code=True))

    (error,) = read_with(engine, make_request(make_page()))
    engine.close()

    assert isinstance(error, EngineUnavailable)
    assert "LlamaFlashAttention99" in str(error)
    assert "pip install transformers==4.46.3 tokenizers==0.20.3" in str(error)
