"""The n-gram rule for vLLM's second runner: answers and logits are on the device, and nothing comes back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor

from dsocr_loaders.vllm_plugin.repeats import NGramLimits, limits_of

if TYPE_CHECKING:
    import numpy as np
    from vllm import SamplingParams
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcRequestState

__all__ = ["DeviceNoRepeatNGram", "ban_repeats"]

_NOTHING = -1


class DeviceNoRepeatNGram(LogitsProcessor):  # type: ignore[misc,unused-ignore]  # vLLM is not installed everywhere
    """Looks at the last tokens of all answers at once, with a handful of tensor operations and no wait for the device.

    Tokens that are only drafted (speculative decoding) count as the tokens of the answer that they would be.
    """

    def __init__(self, vllm_config: object, req_states: LogitsProcRequestState) -> None:  # noqa: ARG002 - vLLM's
        self._states = req_states
        count, device = req_states.max_num_reqs, req_states.device
        self._limits: list[NGramLimits | None] = [None] * count
        self._sizes = torch.zeros(count, dtype=torch.int32, device=device)
        self._windows = torch.zeros(count, dtype=torch.int32, device=device)
        self._whitelists = torch.full((count, 1), _NOTHING, dtype=torch.int32, device=device)
        self._changed: dict[int, NGramLimits | None] = {}

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Raise `ValueError` for arguments that are not allowed."""
        limits_of(sampling_params.extra_args)

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        """Take note of what the request in this slot asks for; return whether that is anything."""
        limits = limits_of(sampling_params.extra_args)
        if limits is not None and not limits.distances:
            limits = None  # no run fits in the window
        if limits != self._limits[req_idx]:
            self._limits[req_idx] = self._changed[req_idx] = limits
        return limits is not None

    def apply_staged_writes(self) -> None:
        """Bring what changed to the device."""
        if not self._changed:
            return
        device = self._sizes.device
        widest = (
            max(len(limits.whitelist) for limits in self._changed.values() if limits)
            if any(self._changed.values())
            else 0
        )
        if widest > self._whitelists.shape[1]:
            wider = torch.full((len(self._limits), widest), _NOTHING, dtype=torch.int32, device=device)
            wider[:, : self._whitelists.shape[1]] = self._whitelists
            self._whitelists = wider
        width = self._whitelists.shape[1]
        none = NGramLimits(1, 1)
        changed = {slot: limits or none for slot, limits in self._changed.items()}
        rows = [
            [limits.size, limits.window, *sorted(limits.whitelist), *[_NOTHING] * (width - len(limits.whitelist))]
            for limits in changed.values()
        ]
        slots = torch.tensor(list(changed), dtype=torch.long).to(device, non_blocking=True)
        values = torch.tensor(rows, dtype=torch.int32).to(device, non_blocking=True)
        self._sizes[slots] = values[:, 0]
        self._windows[slots] = values[:, 1]
        self._whitelists[slots] = values[:, 2:]
        self._changed.clear()

    def apply(self, logits: torch.Tensor, ctx: LogitsContext) -> torch.Tensor:
        """Set the logits of banned tokens to minus infinity, in place."""
        longest, farthest = self._reach(ctx.idx_mapping_np)
        if farthest == 0:
            return logits
        rows = ctx.expanded_idx_mapping.long()
        recent = _recent_tokens(self._states, ctx, rows, longest - 1 + farthest)
        ban_repeats(
            logits, recent, self._sizes[rows], self._windows[rows], self._whitelists[rows],
            longest=longest, farthest=farthest,
        )  # fmt: skip
        return logits

    def _reach(self, slots: np.ndarray) -> tuple[int, int]:
        """Return the largest n-gram size and the farthest distance that any request of this step asks for."""
        asked = [limits for slot in slots.tolist() if (limits := self._limits[slot]) is not None]
        if not asked:
            return 1, 0
        return max(limits.size for limits in asked), max(limits.distances for limits in asked)


def _recent_tokens(states: LogitsProcRequestState, ctx: LogitsContext, rows: torch.Tensor, count: int) -> torch.Tensor:
    """Return `[rows, count]`: each row's last tokens of the answer, the newest first, -1 before its beginning."""
    tokens = states.all_token_ids.gpu
    prompt = states.prompt_len.gpu[rows].long()
    total = states.total_len.gpu[rows].long()
    local = ctx.expanded_local_pos.long()
    back = torch.arange(count, device=tokens.device)
    places = (total + local - 1)[:, None] - back
    committed = tokens[rows[:, None], places.clamp(0, tokens.shape[1] - 1)]
    # This step's drafts stand in the rows of the same request: the first row feeds the last committed token.
    first = torch.arange(len(rows), device=tokens.device) - local
    drafted = first[:, None] + 1 + (places - total[:, None])
    recent = torch.where(
        places < total[:, None], committed, ctx.input_ids[drafted.clamp(0, len(rows) - 1)].to(committed.dtype)
    )
    return torch.where(places >= prompt[:, None], recent, _NOTHING)


def ban_repeats(
    logits: torch.Tensor,
    recent: torch.Tensor,
    sizes: torch.Tensor,
    windows: torch.Tensor,
    whitelists: torch.Tensor,
    *,
    longest: int,
    farthest: int,
) -> None:
    """Set the logits of tokens that would repeat a run to minus infinity, in place, without waiting for the device.

    Args:
        logits: `[rows, vocabulary]`.
        recent: `[rows, longest - 1 + farthest]`, the newest token first, -1 where there is none.
        sizes: `[rows]`, n-gram sizes; a size of 1 bans nothing.
        windows: `[rows]`.
        whitelists: `[rows, any]`, filled up with -1.
        longest: the largest of `sizes`.
        farthest: the largest distance back, `max(windows - sizes + 1)`.
    """
    device = logits.device
    distances = torch.arange(1, farthest + 1, device=device)
    runs = recent.unfold(1, longest - 1, 1)[:, : farthest + 1]  # [rows, distance, place]: runs that end 0, 1, ... back
    equal = (runs[:, 1:] == runs[:, :1]) & (runs[:, :1] >= 0)
    beyond = torch.arange(longest - 1, device=device) >= (sizes[:, None] - 1)
    repeats = (equal | beyond[:, None]).all(dim=2)
    repeats &= (distances <= (windows - sizes + 1)[:, None]) & (sizes > 1)[:, None]
    following = recent[:, :farthest]  # what came after the run that ended `distance` back
    repeats &= ~(following[:, :, None] == whitelists[:, None]).any(dim=2)
    bans = torch.zeros(repeats.shape, dtype=logits.dtype, device=device).masked_fill_(~repeats, torch.inf)
    bans = bans.masked_fill_(repeats, -torch.inf)
    # The smaller of a logit and infinity is itself: places that are not banned change nothing, wherever they point.
    logits.scatter_reduce_(1, following.clamp(min=0).long(), bans, reduce="amin", include_self=True)
