"""What happens between two tokens: which are banned, and which pages of a batch are done.

Plain objects that `generate` calls, so that they work with every version of transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.errors import engine_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from dsocr_loaders.vllm_plugin.repeats import NGramLimits

__all__ = ["NoRepeats", "OnlyNumbers", "PagesDone"]


class NoRepeats:
    """Bans tokens that would repeat a run of the answer, as `dsocr_loaders.vllm_plugin.repeats` says.

    The official `infer()` bans runs that occurred anywhere in prompt and answer instead, which breaks tags on every
    tenth page: they are alike by nature.

    Args:
        limits: of each row, None for one without a ban.
        prompt_columns: how many of the columns that `generate` shows are no answer.
    """

    def __init__(self, limits: Sequence[NGramLimits | None], prompt_columns: int) -> None:
        import numpy as np  # noqa: PLC0415 - comes with transformers

        from dsocr_loaders.vllm_plugin.repeats import RepeatCounts  # noqa: PLC0415 - imports numpy

        self._counts = RepeatCounts()
        self._rows = [row for row, each in enumerate(limits) if each is not None]
        slots = [self._counts.add(each) for each in limits if each is not None]
        self._slots = np.array(slots, np.intp)
        self._answers: list[list[int]] = [[] for _ in self._rows]
        self._seen = prompt_columns

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores with those of banned tokens at minus infinity."""
        if not self._rows:
            return scores
        fresh = input_ids[:, self._seen :].tolist()
        self._seen = input_ids.shape[1]
        for answer, row in zip(self._answers, self._rows, strict=True):
            answer.extend(fresh[row])
        self._counts.update(self._slots, self._answers)
        banned = [(self._rows[position], token) for position, token in self._counts.banned(self._slots)]
        if banned:
            scores = scores.clone()
            scores[[row for row, _ in banned], [token for _, token in banned]] = float("-inf")
        return scores


class OnlyNumbers:
    """Ends a batch whose first scores are no numbers, as when activations overflow: its answers would be noise."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._is_first = True

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 - generate's
        """Return the scores as they are.

        Raises:
            EngineRejected: cause `not_understood`.
        """
        if self._is_first and bool(scores.isnan().any()):
            raise engine_error(
                "not_understood",
                f"The model computes no numbers (NaN) in {self._dtype}. "
                "Pass engine_options={'dtype': 'float32'}, or 'bfloat16' where the device has it.",
            )
        self._is_first = False
        return scores


class PagesDone:
    """Tells `generate` which rows are done for other reasons than their last token.

    Args:
        most_tokens: of each row's answer.
        is_dropped: of each row, whether nobody waits for it any more.
        prompt_columns: as for `NoRepeats`.
    """

    def __init__(
        self, most_tokens: Sequence[int], is_dropped: Sequence[Callable[[], bool]], prompt_columns: int
    ) -> None:
        self._most_tokens = most_tokens
        self._is_dropped = is_dropped
        self._prompt_columns = prompt_columns

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:  # noqa: ARG002 - generate's
        """Return for each row whether it is done."""
        made = input_ids.shape[1] - self._prompt_columns
        done = [
            made >= most or is_dropped() for most, is_dropped in zip(self._most_tokens, self._is_dropped, strict=True)
        ]
        return input_ids.new_tensor(done).bool()
