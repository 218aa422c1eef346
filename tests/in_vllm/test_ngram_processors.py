"""The n-gram processors behind vLLM's own interfaces, beside vLLM's own processor."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from vllm import SamplingParams
from vllm.exceptions import VLLMValidationError
from vllm.v1.sample.logits_processor import BatchUpdateBuilder, MoveDirectionality, build_logitsprocs
from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcessor, LogitsProcRequestState
from vllm.v1.worker.gpu.sample.logits_processor.loader import (
    build_custom_logits_processors,
    build_custom_logits_processors_params_validator,
)

from dsocr_loaders.vllm_plugin import NoRepeatNGram
from dsocr_loaders.vllm_plugin.on_device import DeviceNoRepeatNGram

pytestmark = pytest.mark.vllm

OURS = "dsocr_loaders.vllm_plugin:NoRepeatNGram"
STOCK = "vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor"
VOCABULARY = 12


def asking(size: int | None = 4, window: int = 16, whitelist: tuple[int, ...] = ()) -> SamplingParams:
    arguments = {"ngram_size": size, "window_size": window, "whitelist_token_ids": list(whitelist)}
    return SamplingParams(temperature=0, extra_args=arguments if size else None)


def batch_processor(name: str):
    """Return the processor as the first runner makes it from the launch option."""
    config = SimpleNamespace(speculative_config=None, scheduler_config=SimpleNamespace(max_num_seqs=512))
    built = build_logitsprocs(
        config, torch.device("cpu"), is_pin_memory=False, is_pooling_model=False, custom_logitsprocs=[name]
    )
    return built.non_argmax_invariant[-1]


class Batch:
    """A batch as the first runner keeps it: rows that come, go and move, answers that grow."""

    def __init__(self, names: list[str], seed: int) -> None:
        self.processors = [batch_processor(name) for name in names]
        self.rows: dict[int, list[int]] = {}
        self.dice = random.Random(seed)  # noqa: S311 - the same batch each time

    def step(self) -> list[torch.Tensor]:
        """Change the batch now and then, apply the processors, and append a token to each answer."""
        update = BatchUpdateBuilder()
        if self.rows and self.dice.random() < 0.1:
            gone = self.dice.choice(list(self.rows))
            del self.rows[gone]
            update.removed_append(gone)
        if len(self.rows) > 1 and self.dice.random() < 0.1:
            one, other = self.dice.sample(list(self.rows), 2)
            self.rows[one], self.rows[other] = self.rows[other], self.rows[one]
            update.moved.append((one, other, MoveDirectionality.SWAP))
        if not self.rows or (len(self.rows) < 8 and self.dice.random() < 0.3):
            row = next(row for row in range(10) if row not in self.rows)
            size = self.dice.choice([None, 2, 3, 4, 6])
            started = [self.dice.randrange(3) for _ in range(self.dice.choice([0, 0, 7]))]  # resumed ones have some
            self.rows[row] = started
            update.added.append((row, asking(size, self.dice.choice([3, 8, 16]), (1,)), [0, 1, 2], started))
        change = update.get_and_reset(len(self.rows))
        results = []
        for processor in self.processors:
            processor.update_state(change)
            results.append(processor.apply(torch.zeros(10, VOCABULARY)))
        for answer in self.rows.values():
            answer.append(self.dice.randrange(3))
        return results


class TestFirstRunner:
    @pytest.mark.parametrize("seed", range(5))
    def test_token_for_token_as_vllms_own(self, seed):
        """This test ensures that over a life of a batch the same logits are banned as by vLLM's own processor."""
        batch = Batch([OURS, STOCK], seed)
        bans = 0

        for _ in range(300):
            ours, stock = batch.step()
            bans += int(torch.isinf(stock).sum())

            assert torch.equal(stock, ours)
        assert bans > 100

    def test_bad_arguments_are_refused(self):
        """This test ensures that a wrong argument is refused when the request comes in."""
        with pytest.raises(ValueError, match="ngram_size"):
            NoRepeatNGram.validate_params(asking(-1))

    def test_costs_a_tenth(self):
        """This test ensures that at 256 sequences a step costs at most a tenth of what vLLM's own processor costs."""
        dice = random.Random(1)  # noqa: S311 - the same batch each time
        answers = [[dice.randrange(5000) for _ in range(300)] for _ in range(256)]
        processors = [batch_processor(name) for name in (OURS, STOCK)]
        for processor in processors:
            update = BatchUpdateBuilder()
            update.added.extend((row, asking(30, 90, (1, 2)), [0], answer) for row, answer in enumerate(answers))
            processor.update_state(update.get_and_reset(256))
            processor.apply(torch.zeros(256, 8))
        best = [1.0, 1.0]

        for _ in range(25):
            for answer in answers:
                answer.append(dice.randrange(5000))
            for position, processor in enumerate(processors):
                logits = torch.zeros(256, 8)
                began = time.perf_counter()
                processor.update_state(None)
                processor.apply(logits)
                best[position] = min(best[position], time.perf_counter() - began)

        print(f"ours {1e3 * best[0]:.3f} ms, vLLM's own {1e3 * best[1]:.3f} ms a step")  # noqa: T201 - shown by pytest -s
        assert best[0] <= best[1] / 10


class Slots:
    """What the second runner keeps of its requests, on the CPU: buffers that are filled in place."""

    def __init__(self, count: int, longest: int) -> None:
        self.device = torch.device("cpu")
        self.max_num_reqs = count
        self.all_token_ids = SimpleNamespace(gpu=torch.zeros(count, longest, dtype=torch.int32))
        self.prompt_len = SimpleNamespace(gpu=torch.zeros(count, dtype=torch.int32))
        self.prefill_len = SimpleNamespace(gpu=torch.zeros(count, dtype=torch.int32))
        self.total_len = SimpleNamespace(gpu=torch.zeros(count, dtype=torch.int32))

    def state(self) -> LogitsProcRequestState:
        return LogitsProcRequestState(
            device=self.device,
            max_num_reqs=self.max_num_reqs,
            vocab_size=VOCABULARY,
            all_token_ids=self.all_token_ids,
            prompt_len=self.prompt_len,
            prefill_len=self.prefill_len,
            total_len=self.total_len,
        )

    def fill(self, slot: int, prompt: list[int], answer: list[int]) -> None:
        tokens = [*prompt, *answer]
        self.all_token_ids.gpu[slot] = 7  # what an earlier request left
        self.all_token_ids.gpu[slot, : len(tokens)] = torch.tensor(tokens, dtype=torch.int32)
        self.prompt_len.gpu[slot], self.total_len.gpu[slot] = len(prompt), len(tokens)


def step_of(slots: list[int], lasts: list[list[int]]) -> LogitsContext:
    """Return a step in which `slots[i]` feeds its last token and drafts: `lasts[i]`."""
    rows = [slot for slot, fed in zip(slots, lasts, strict=True) for _ in fed]
    return LogitsContext(
        expanded_idx_mapping=torch.tensor(rows, dtype=torch.int32),
        idx_mapping=torch.tensor(slots, dtype=torch.int32),
        idx_mapping_np=np.array(slots, np.int32),
        expanded_local_pos=torch.tensor([at for fed in lasts for at in range(len(fed))], dtype=torch.int32),
        input_ids=torch.tensor([token for fed in lasts for token in fed], dtype=torch.int32),
        pos=torch.zeros(len(rows), dtype=torch.int64),
        seq_lens_upper_bound_np=np.zeros(len(slots), np.int32),
    )


def banned_by_stock(answer: list[int], params: SamplingParams) -> torch.Tensor:
    processor = batch_processor(STOCK)
    update = BatchUpdateBuilder()
    update.added.append((0, params, [0], answer))
    processor.update_state(update.get_and_reset(1))
    return processor.apply(torch.zeros(1, VOCABULARY))[0]


def on_device(slots: Slots):
    (made,) = build_custom_logits_processors(None, slots.state(), is_pooling_model=False, custom_logitsprocs=(OURS,))
    return made


class TestSecondRunner:
    def test_its_loader_takes_the_class(self):
        """This test ensures that the second runner's own loader accepts the name and makes the device's variant."""
        made = on_device(Slots(4, 64))

        assert isinstance(made, LogitsProcessor)
        assert DeviceNoRepeatNGram is type(made)

    def test_its_front_end_refuses_bad_arguments(self):
        """This test ensures that a wrong argument is refused when the request comes in."""
        validate = build_custom_logits_processors_params_validator([OURS])
        validate(asking())

        with pytest.raises(VLLMValidationError, match="ngram_size"):
            validate(asking(-1))

    @pytest.mark.parametrize("seed", range(40))
    def test_token_for_token_as_vllms_own(self, seed):
        """This test ensures that answers of any length, in any slots, get the bans of vLLM's own processor."""
        dice = random.Random(seed)  # noqa: S311 - the same batch each time
        slots = Slots(8, 96)
        processor = on_device(slots)
        params, answers = {}, {}
        for _ in range(3):  # slots are used again
            for slot in dice.sample(range(8), 5):
                params[slot] = asking(
                    dice.choice([None, 1, 2, 3, 5]),
                    dice.choice([2, 6, 20]),
                    tuple(dice.sample(range(3), dice.randrange(3))),
                )
                answers[slot] = [dice.randrange(3) for _ in range(dice.randrange(60))]
                slots.fill(slot, [dice.randrange(3) for _ in range(dice.randrange(1, 9))], answers[slot])
                processor.add_request(slot, params[slot])
            processor.apply_staged_writes()
            order = dice.sample(list(params), len(params))
            last = [[int(slots.all_token_ids.gpu[slot, slots.total_len.gpu[slot] - 1])] for slot in order]

            logits = processor.apply(torch.zeros(len(order), VOCABULARY), step_of(order, last))

            expected = [banned_by_stock(answers[slot], params[slot]) for slot in order]
            assert torch.equal(torch.stack(expected), logits)

    @pytest.mark.parametrize("seed", range(10))
    def test_drafts_count_as_tokens(self, seed):
        """This test ensures that a row of a drafted token sees the drafts before it as part of the answer."""
        dice = random.Random(seed)  # noqa: S311 - the same batch each time
        slots = Slots(4, 64)
        processor = on_device(slots)
        answer = [dice.randrange(2) for _ in range(20)]
        slots.fill(2, [5, 5], answer)
        processor.add_request(2, asking(3, 12))
        processor.apply_staged_writes()
        drafts = [dice.randrange(2) for _ in range(3)]

        logits = processor.apply(torch.zeros(4, VOCABULARY), step_of([2], [[answer[-1], *drafts]]))

        expected = [banned_by_stock([*answer, *drafts[:count]], asking(3, 12)) for count in range(4)]
        assert torch.equal(torch.stack(expected), logits)

    def test_nobody_asks(self):
        """This test ensures that a step without such requests is left alone."""
        slots = Slots(4, 64)
        processor = on_device(slots)
        declined = [processor.add_request(0, asking(None)), processor.add_request(1, asking(5, 3))]
        processor.apply_staged_writes()

        logits = processor.apply(torch.ones(2, VOCABULARY), step_of([0, 1], [[1], [1]]))

        assert [False, False] == declined
        assert torch.equal(torch.ones(2, VOCABULARY), logits)
