"""The closed-book checkpoint in real vLLM, and both n-gram processors on the way."""

from __future__ import annotations

import gc
import json

import pytest
import torch
from vllm import LLM, SamplingParams
from vllm.model_executor.models.deepseek_ocr import NGramPerReqLogitsProcessor
from vllm.v1.sample.logits_processor import LogitsProcessor

from dsocr_loaders.models import TOKEN_IDS
from dsocr_loaders.tasks import PROMPTS, prompt_for
from dsocr_loaders.testing.closed_book import LOOPING, MODEL, PAGES, SPECIAL_TOKENS
from dsocr_loaders.values import Task
from dsocr_loaders.vllm_plugin import NoRepeatNGram

WHITELIST = [TOKEN_IDS["<td>"], TOKEN_IDS["</td>"]]


class Both(LogitsProcessor):
    """Our processor and vLLM's own beside each other in a running engine: ours is obeyed, and the two are compared."""

    def __init__(self, vllm_config, device, is_pin_memory):
        self.ours = NoRepeatNGram(vllm_config, device, is_pin_memory)
        self.stock = NGramPerReqLogitsProcessor(vllm_config, device, is_pin_memory)

    seen = {"steps": 0, "bans": 0, "differences": 0}  # noqa: RUF012 - the engine makes the object

    @classmethod
    def validate_params(cls, sampling_params):
        NoRepeatNGram.validate_params(sampling_params)

    def is_argmax_invariant(self):
        return False

    def update_state(self, batch_update):
        self.ours.update_state(batch_update)
        self.stock.update_state(batch_update)

    def apply(self, logits):
        expected = self.stock.apply(logits.clone())
        ours = self.ours.apply(logits)
        self.seen["steps"] += 1
        self.seen["bans"] += int(torch.isinf(expected).sum())
        self.seen["differences"] += int(not torch.equal(expected, ours))
        return ours


@pytest.fixture(scope="module")
def llm(checkpoint):
    """Return the engine in this process, so that the processor above can be asked what it saw."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        engine = LLM(
            model=str(checkpoint),
            dtype="bfloat16",
            enforce_eager=True,
            max_model_len=4096,
            max_num_seqs=4,
            enable_prefix_caching=False,
            mm_processor_cache_gb=0,
            logits_processors=[Both],
        )
        yield engine
        engine.llm_engine.engine_core.shutdown()
        del engine
        gc.collect()  # the 4 GB are for the next module


@pytest.fixture
def read(llm, page_images):
    """Return a function that asks for pages by number, 9 being the one that the model loops on."""

    def read(numbers, prompt, *, ngram_size=30, ngram_window=90, whitelist=WHITELIST, max_tokens=600):
        limits = {"ngram_size": ngram_size, "window_size": ngram_window, "whitelist_token_ids": whitelist}
        sampling = SamplingParams(
            temperature=0,
            max_tokens=max_tokens,
            skip_special_tokens=False,
            extra_args=limits if ngram_size else None,
        )
        prompts = [
            {"prompt": f"<image>\n{prompt}", "multi_modal_data": {"image": page_images[number - 1]}}
            for number in numbers
        ]
        return [output.outputs[0] for output in llm.generate(prompts, sampling, use_tqdm=False)]

    return read


def test_files_are_those_of_a_model_on_a_hub(checkpoint):
    """This test ensures that whatever looks into a model's folder finds what it looks for."""
    index = json.loads((checkpoint / "model.safetensors.index.json").read_text())
    config = json.loads((checkpoint / "config.json").read_text())
    names = {path.name for path in checkpoint.iterdir()}

    assert {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"} <= names
    assert set(index["weight_map"].values()) == {name for name in names if name.endswith(".safetensors")}
    assert config["architectures"] == ["DeepseekOCRForCausalLM"]
    assert config["language_config"]["vocab_size"] == 129280


def test_special_tokens_are_the_real_ones(llm):
    """This test ensures that ids known for the real tokenizer hold here, and that skipping them takes cells away."""
    tokenizer = llm.get_tokenizer()
    cells = tokenizer.encode("<tr><td>March</td><td>2.41</td></tr>")

    assert {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS} == dict(SPECIAL_TOKENS)
    assert {token: SPECIAL_TOKENS[token] for token in TOKEN_IDS} == dict(TOKEN_IDS)
    assert cells[0] == SPECIAL_TOKENS["<｜begin▁of▁sentence｜>"]  # noqa: RUF001 - the token's own bars
    assert tokenizer.decode(cells[1:]) == "<tr><td>March</td><td>2.41</td></tr>"
    assert tokenizer.decode(cells, skip_special_tokens=True) == "March2.41"


def test_every_page_is_read_in_any_order(read):
    """This test ensures that each page gets its own text, letter by letter, whatever stands beside it in the batch."""
    order = [3, 1, 7, 5, 8, 2, 6, 4]

    answers = read(order, prompt_for(MODEL, Task.DOCUMENT))

    assert [answer.text for answer in answers] == [PAGES[number - 1].answer() for number in order]
    assert {answer.finish_reason for answer in answers} == {"stop"}
    assert Both.seen["differences"] == 0
    assert Both.seen["steps"] > 200


@pytest.mark.parametrize("task", [task for task in Task if task not in {Task.DOCUMENT, Task.LOCATE}])
def test_other_prompts_get_other_answers(read, task):
    """This test ensures that the prompt decides what is answered to one and the same page."""
    prompt = PROMPTS["deepseek-ocr"][task]
    number = next(number for number, page in enumerate(PAGES, 1) if prompt in page.answers)

    (answer,) = read([number], prompt)

    assert answer.text == PAGES[number - 1].answer(task)


def test_words_are_located(read):
    """This test ensures that one page answers two prompts that differ in the words to find alone."""
    prompts = [prompt for prompt in PAGES[0].answers if prompt.startswith("Locate")]

    texts = [read([1], prompt)[0].text for prompt in prompts]

    assert texts == [PAGES[0].answers[prompt] for prompt in prompts]
    assert len(set(texts)) == 2


def test_a_loop_runs_until_its_limit(read):
    """This test ensures that the page made for it loops where nothing stands against it."""
    (answer,) = read([9], prompt_for(MODEL, Task.DOCUMENT), ngram_size=0, max_tokens=250)

    assert answer.finish_reason == "length"
    assert LOOPING.answer().startswith(answer.text)


def repeats(tokens, size, window):
    """Return the tokens that ended a run of `size` which the `window` before them had held already."""
    found = []
    for end, token in enumerate(tokens):
        before = tokens[max(0, end - window) : end]
        runs = [before[start : start + size] for start in range(len(before) - size + 1)]
        if [*tokens[max(0, end - size + 1) : end], token] in runs:
            found.append(token)
    return found


def test_both_processors_break_a_loop_alike(read):
    """This test ensures that no run of 30 tokens comes twice within 90, and that vLLM's own processor bans the same."""
    before = dict(Both.seen)
    prompt = prompt_for(MODEL, Task.DOCUMENT)

    (answer,) = read([9], prompt, max_tokens=250)

    assert repeats(list(answer.token_ids), 30, 90) == []
    assert not LOOPING.answer().startswith(answer.text)
    assert Both.seen["bans"] > before["bans"]
    assert Both.seen["differences"] == 0


def test_cells_may_repeat(read):
    """This test ensures that the known ids of cells are the ones that a table needs: a second row begins with them."""
    prompt = prompt_for(MODEL, Task.FIGURE)
    two_rows = PAGES[3].answer(Task.FIGURE).partition("2.0</td>")[0]

    (lenient,) = read([4], prompt, ngram_size=2, ngram_window=60, max_tokens=60)
    (strict,) = read([4], prompt, ngram_size=2, ngram_window=60, whitelist=[], max_tokens=60)

    assert lenient.text.startswith(two_rows)
    assert not strict.text.startswith(two_rows)
    assert set(repeats(list(lenient.token_ids), 2, 60)) <= set(WHITELIST)
    assert repeats(list(strict.token_ids), 2, 60) == []
    assert Both.seen["differences"] == 0
