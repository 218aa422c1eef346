"""Which tokens would repeat a run of tokens, kept up to date token by token for a whole batch.

The rule is that of DeepSeek-OCR's official processor (`process/ngram_norepeat.py`): with an n-gram size of `n` and a
window of `w`, a token is banned if, with the `n - 1` tokens before it, it makes a run of `n` that lies whole within
the last `w` tokens of the answer. Tokens of a whitelist are never banned. The prompt does not count.

The official code looks the whole window through at each step. Here each sequence keeps, for each distance `d` back,
how many of its last tokens are equal to the tokens `d` before them. A new token makes each of these counts one longer
or zero, which is one comparison of small integers for all sequences and distances together; the banned tokens are
those that followed where a count has reached `n - 1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["NGramLimits", "RepeatCounts", "limits_of"]

_NOTHING = -1  # stands where a sequence has no token yet; no token is negative
_LONGEST_WINDOW = 1 << 16


@dataclass(frozen=True, slots=True)
class NGramLimits:
    """What one request asks for.

    Attributes:
        size: no run of this many tokens may repeat ...
        window: ... within this many of the answer's last tokens.
        whitelist: tokens that are never banned.
    """

    size: int
    window: int
    whitelist: frozenset[int] = frozenset()

    @property
    def distances(self) -> int:
        """How far back a run of `size - 1` tokens may begin before the last one and still lie in the window."""
        return max(0, self.window - self.size + 1) if self.size > 1 else 0


def limits_of(arguments: Mapping[str, object] | None) -> NGramLimits | None:
    """Return what a request's extra arguments (`vllm_xargs`) ask for, None if that is nothing.

    The names and defaults are those of vLLM's own processor: `ngram_size`, `window_size` (100 by default) and
    `whitelist_token_ids`.

    Raises:
        ValueError: a value is not allowed; vLLM answers such a request with status 400.
    """
    if not arguments or arguments.get("ngram_size") is None:
        return None
    size = _positive(arguments["ngram_size"], "ngram_size")
    window = _positive(arguments.get("window_size", 100), "window_size")
    if window > _LONGEST_WINDOW:
        raise ValueError(f"`window_size` has to be at most {_LONGEST_WINDOW}, got {window}.")
    listed = arguments.get("whitelist_token_ids") or ()
    if not isinstance(listed, list | tuple | set | frozenset) or not all(map(_is_token, listed)):
        raise ValueError(f"`whitelist_token_ids` has to be a list of token ids, got {listed!r}.")
    return NGramLimits(size, window, frozenset(listed))


def _positive(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"`{name}` has to be a whole number above 0, got {value!r}.")
    return value


def _is_token(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class RepeatCounts:
    """The counts of many sequences, each in a slot of its own.

    Arrays grow with the number of slots and the longest distance in use; 256 sequences with 30/90 take 200 kB.
    """

    def __init__(self) -> None:
        self._limits: list[NGramLimits | None] = []
        self._free: list[int] = []
        self._lengths: NDArray[np.int64] = np.zeros(0, np.int64)  # tokens of the sequence that are counted in
        self._needed: NDArray[np.int32] = np.zeros(0, np.int32)  # equal tokens that make a ban: size - 1
        # Of each slot the last tokens, the newest first, and the counts for distances 1, 2, ...
        self._recent: NDArray[np.int32] = np.zeros((0, 0), np.int32)
        self._counts: NDArray[np.int32] = np.zeros((0, 0), np.int32)
        self._reach: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)  # distances that a slot's window allows

    def add(self, limits: NGramLimits) -> int:
        """Return a slot for a new sequence, empty as yet."""
        if not self._free:
            self._resize(slots=max(8, 2 * len(self._limits)), distances=self._recent.shape[1])
        if limits.distances > self._recent.shape[1]:
            self._resize(slots=len(self._limits), distances=limits.distances)
        slot = self._free.pop()
        self._limits[slot] = limits
        self._needed[slot] = limits.size - 1
        self._reach[slot] = np.arange(1, self._reach.shape[1] + 1) <= limits.distances
        self._clear(slot)
        return slot

    def remove(self, slot: int) -> None:
        """Give a slot back."""
        self._limits[slot] = None
        self._clear(slot)
        self._free.append(slot)

    def _clear(self, slot: int) -> None:
        self._lengths[slot] = 0
        self._recent[slot] = _NOTHING
        self._counts[slot] = 0

    def _resize(self, slots: int, distances: int) -> None:
        before = len(self._limits)
        self._limits += [None] * (slots - before)
        self._free += range(slots - 1, before - 1, -1)
        self._lengths = _grown(self._lengths, (slots,), 0)
        self._needed = _grown(self._needed, (slots,), 0)
        self._recent = _grown(self._recent, (slots, distances), _NOTHING)
        self._counts = _grown(self._counts, (slots, distances), 0)
        self._reach = _grown(self._reach, (slots, distances), fill=False)
        for slot, limits in enumerate(self._limits):
            if limits is not None:
                self._lengths[slot] = -1  # counted anew: the wider arrays know nothing of earlier tokens

    def update(self, slots: NDArray[np.intp], sequences: Sequence[Sequence[int]]) -> None:
        """Count in what `sequences` have got since the last call.

        Args:
            slots: of the sequences, each once.
            sequences: all tokens of each answer so far. One that is longer by one token, as after each decoding step,
                is cheap; anything else (it was resumed, or tokens were taken back) is counted anew.
        """
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        steps = lengths - self._lengths[slots]
        last = np.fromiter((sequence[-1] if sequence else _NOTHING for sequence in sequences), np.int32, len(sequences))
        if steps.min(initial=1) == 1 == steps.max(initial=1) and last.min(initial=0) >= 0:
            self._append(slots, last)
            return
        appended = (steps == 1) & (last >= 0)
        if appended.any():
            self._append(slots[appended], last[appended])
        for position in np.flatnonzero(~appended & ((steps != 0) | (last < 0))).tolist():
            self._recount(int(slots[position]), sequences[position])

    def _append(self, slots: NDArray[np.intp], tokens: NDArray[np.int32]) -> None:
        recent = self._recent[slots]
        self._counts[slots] = (self._counts[slots] + 1) * (recent == tokens[:, None])
        recent[:, 1:] = recent[:, :-1]
        recent[:, :1] = tokens[:, None]
        self._recent[slots] = recent
        self._lengths[slots] += 1

    def _recount(self, slot: int, sequence: Sequence[int]) -> None:
        self._clear(slot)
        limits = self._limits[slot]
        if limits is None:
            raise ValueError(f"slot {slot} holds no sequence")
        only = np.array([slot], np.intp)
        # Older tokens can be part of no run that is still within reach.
        for token in sequence[-(limits.window + limits.size) :]:
            self._append(only, np.array([token], np.int32))
        self._lengths[slot] = len(sequence) if not sequence or sequence[-1] >= 0 else -1

    def banned(self, slots: NDArray[np.intp]) -> Iterable[tuple[int, int]]:
        """Return pairs of a position in `slots` and a token that must not come next there; a pair may come twice."""
        reached = (self._counts[slots] >= self._needed[slots][:, None]) & self._reach[slots]
        if not reached.any():
            return []
        positions, distances = np.nonzero(reached)
        # What followed the run `d` back is the token at distance `d` from the one to come.
        tokens = self._recent[slots[positions], distances]
        return [
            (position, token)
            for position, token in zip(positions.tolist(), tokens.tolist(), strict=True)
            if token not in self._whitelist(int(slots[position]))
        ]

    def _whitelist(self, slot: int) -> frozenset[int]:
        limits = self._limits[slot]
        return limits.whitelist if limits is not None else frozenset()


def _grown(array: NDArray[Any], shape: tuple[int, ...], fill: int | bool) -> NDArray[Any]:  # noqa: FBT001 - a value to fill with
    grown = np.full(shape, fill, array.dtype)
    grown[tuple(slice(0, size) for size in array.shape)] = array
    return grown
