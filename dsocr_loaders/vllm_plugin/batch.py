"""The n-gram rule for vLLM's first runner: answers are lists on the host, logits a tensor of one row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from vllm.v1.sample.logits_processor import LogitsProcessor
from vllm.v1.sample.logits_processor.builtin import process_dict_updates

from dsocr_loaders.vllm_plugin.repeats import RepeatCounts, limits_of

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.v1.sample.logits_processor import BatchUpdate

__all__ = ["BatchNoRepeatNGram"]


class BatchNoRepeatNGram(LogitsProcessor):  # type: ignore[misc,unused-ignore]  # vLLM is not installed everywhere
    """Keeps the counts of all requests of the batch and looks at each new token once.

    vLLM hands over each answer as a list that it goes on filling. With asynchronous scheduling a list may end in a
    placeholder between steps; vLLM puts the token in before it calls `apply`, which is why nothing is read earlier.
    """

    def __init__(self, vllm_config: object, device: object, is_pin_memory: object) -> None:  # noqa: ARG002 - vLLM's
        self._counts = RepeatCounts()
        self._requests: dict[int, tuple[int, list[int]]] = {}  # row -> slot and answer
        self._live: set[int] = set()
        self._rows: list[int] = []
        self._slots = np.zeros(0, np.intp)
        self._answers: list[list[int]] = []

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Raise `ValueError` for arguments that are not allowed."""
        limits_of(sampling_params.extra_args)

    def is_argmax_invariant(self) -> bool:
        """Return False: a ban changes what greedy decoding takes."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Take note of requests that came, went or changed their row."""
        if batch_update is None:
            return
        process_dict_updates(self._requests, batch_update, self._admit)
        live = {slot for slot, _ in self._requests.values()}
        for slot in self._live - live:
            self._counts.remove(slot)
        self._live = live
        self._rows = list(self._requests)
        self._slots = np.array([slot for slot, _ in self._requests.values()], np.intp)
        self._answers = [answer for _, answer in self._requests.values()]

    def _admit(
        self, params: SamplingParams, _prompt: list[int] | None, answer: list[int]
    ) -> tuple[int, list[int]] | None:
        limits = limits_of(params.extra_args)
        if limits is None:
            return None
        slot = self._counts.add(limits)
        self._live.add(slot)  # so that one that is replaced within the same update is given back too
        return slot, answer

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Set the logits of banned tokens to minus infinity, in place."""
        if not self._rows:
            return logits
        self._counts.update(self._slots, self._answers)
        banned = [(self._rows[position], token) for position, token in self._counts.banned(self._slots)]
        if banned:
            rows, tokens = torch.tensor(banned, dtype=torch.long).t().to(logits.device, non_blocking=True)
            logits[rows, tokens] = -torch.inf
        return logits
