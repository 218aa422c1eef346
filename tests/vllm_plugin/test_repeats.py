"""The windowed n-gram rule, against a plain reading of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.vllm_plugin.repeats import NGramLimits, RepeatCounts, limits_of


def plainly_banned(tokens: list[int], limits: NGramLimits) -> set[int]:
    """Look through every run of the window, as one would explain the rule."""
    size, window = limits.size, limits.window
    if size < 2 or len(tokens) < size:
        return set()
    in_window = tokens[-window:] if window < len(tokens) else tokens
    ending = tokens[len(tokens) - (size - 1) :]
    banned = set()
    for start in range(len(in_window) - size + 1):
        run = in_window[start : start + size]
        if run[:-1] == ending:
            banned.add(run[-1])
    return banned - limits.whitelist


def banned_now(counts: RepeatCounts, slots: list[int], sequences: list[list[int]]) -> list[set[int]]:
    places = np.array(slots, np.intp)
    counts.update(places, sequences)
    found = [set() for _ in slots]
    for position, token in counts.banned(places):
        found[position].add(token)
    return found


limits = st.builds(
    NGramLimits,
    size=st.integers(1, 6),
    window=st.integers(1, 24),
    whitelist=st.frozensets(st.integers(0, 3), max_size=2),
)
traces = st.one_of(
    st.lists(st.integers(0, 2), max_size=70),  # few words, so that runs repeat
    st.lists(st.integers(0, 9), min_size=1, max_size=8).flatmap(  # a loop, with slips
        lambda loop: st.lists(st.integers(0, 40), max_size=3).map(
            lambda slips: [11 if at in slips else loop[at % len(loop)] for at in range(60)]
        )
    ),
)


@given(st.lists(st.tuples(limits, traces), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_token_for_token_as_the_plain_rule(requests):
    """This test ensures that at every step of every sequence of a batch the banned tokens are those of the rule."""
    counts = RepeatCounts()
    slots = [counts.add(asked) for asked, _ in requests]

    for step in range(max(len(trace) for _, trace in requests) + 1):
        sequences = [trace[:step] for _, trace in requests]

        assert [
            plainly_banned(sequence, asked) for sequence, (asked, _) in zip(sequences, requests, strict=True)
        ] == banned_now(counts, slots, sequences)


@given(
    limits, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 3)), max_size=12), st.randoms(use_true_random=False)
)
@settings(max_examples=100, deadline=None)
def test_sequences_that_jump(asked, jumps, dice):
    """This test ensures that a sequence that grew by several tokens, or lost some, is counted as it is now."""
    counts = RepeatCounts()
    slot = counts.add(asked)
    sequence: list[int] = []
    for length, _ in jumps:
        sequence = (sequence + [dice.randrange(2) for _ in range(length)])[:length] if length else []

        assert [plainly_banned(sequence, asked)] == banned_now(counts, [slot], [sequence])


class TestWindowEdges:
    @pytest.mark.parametrize(("window", "expected"), [(6, set()), (7, {4}), (8, {4}), (100, {4})])
    def test_the_run_lies_whole_in_the_window(self, window, expected):
        """This test ensures that a run counts from the step on which the window holds all of it."""
        tokens = [1, 2, 3, 4, 1, 2, 3]
        asked = NGramLimits(4, window)
        counts = RepeatCounts()

        assert [expected] == banned_now(counts, [counts.add(asked)], [tokens])
        assert expected == plainly_banned(tokens, asked)

    def test_size_one_bans_nothing(self):
        """This test ensures that, as in the official code, a size of 1 bans nothing."""
        counts = RepeatCounts()

        assert [set()] == banned_now(counts, [counts.add(NGramLimits(1, 10))], [[5, 5, 5]])

    def test_window_smaller_than_the_run(self):
        """This test ensures that a window that holds no run bans nothing."""
        counts = RepeatCounts()

        assert [set()] == banned_now(counts, [counts.add(NGramLimits(4, 3))], [[1] * 20])

    def test_whitelist(self):
        """This test ensures that a token of the whitelist is never banned, others are."""
        counts = RepeatCounts()
        slot = counts.add(NGramLimits(3, 30, frozenset({7})))

        assert [{8}] == banned_now(counts, [slot], [[1, 2, 7, 1, 2, 8, 1, 2]])


class TestSlots:
    def test_a_slot_is_used_again_without_memory(self):
        """This test ensures that a new sequence in an old slot knows nothing of the old one."""
        counts = RepeatCounts()
        asked = NGramLimits(3, 30)
        first = counts.add(asked)
        banned_now(counts, [first], [[1, 2, 3, 1, 2]])
        counts.remove(first)
        second = counts.add(asked)

        assert first == second
        assert [set()] == banned_now(counts, [second], [[1, 2]])

    def test_wider_windows_come_later(self):
        """This test ensures that a request with a wider window does not disturb those that run already."""
        counts = RepeatCounts()
        narrow = counts.add(NGramLimits(3, 5))
        tokens = [1, 2, 3, 1, 2]
        banned_now(counts, [narrow], [tokens[:4]])
        wide = counts.add(NGramLimits(3, 50))

        assert [{3}, {9}] == banned_now(counts, [narrow, wide], [tokens, [4, 5, 9, *range(20, 40), 4, 5]])

    def test_many(self):
        """This test ensures that more sequences than there were slots are told apart."""
        counts = RepeatCounts()
        slots = [counts.add(NGramLimits(3, 30)) for _ in range(50)]

        found = banned_now(counts, slots, [[number, 1, 100 + number, number, 1] for number in range(50)])

        assert [{100 + number} for number in range(50)] == found


def test_a_token_that_is_not_known_yet():
    """This test ensures that a placeholder for a token is counted once the token is known."""
    counts = RepeatCounts()
    slot = counts.add(NGramLimits(3, 30))
    banned_now(counts, [slot], [[1, 2, 3, 1, -1]])

    assert [{3}] == banned_now(counts, [slot], [[1, 2, 3, 1, 2]])


class TestArguments:
    @pytest.mark.parametrize("arguments", [None, {}, {"window_size": 5}, {"ngram_size": None}])
    def test_nothing_asked_for(self, arguments):
        """This test ensures that a request without a size is left alone."""
        assert limits_of(arguments) is None

    def test_names_and_defaults(self):
        """This test ensures that the arguments of vLLM's own processor mean the same here."""
        assert NGramLimits(30, 100) == limits_of({"ngram_size": 30})
        assert NGramLimits(30, 90, frozenset({5, 6})) == limits_of(
            {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [5, 6]}
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ngram_size", 0), ("ngram_size", -1), ("ngram_size", "30"), ("ngram_size", True), ("ngram_size", 2.0),
            ("window_size", 0), ("window_size", None), ("window_size", 1 << 20), ("whitelist_token_ids", "[5, 6]"),
            ("whitelist_token_ids", 5), ("whitelist_token_ids", [-1]), ("whitelist_token_ids", ["5"]),
        ],
    )  # fmt: skip
    def test_what_is_not_allowed(self, name, value):
        """This test ensures that a wrong value names itself instead of switching the rule off."""
        with pytest.raises(ValueError, match=name):
            limits_of({"ngram_size": 30, name: value})
